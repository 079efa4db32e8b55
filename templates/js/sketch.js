// What the worker has begun and not finished: a stroke of the brush, a polygon's corners, a point
// that is being moved. Only when it is finished does it go to the session, as one step. No DOM.
const Sketch = (() => {
  "use strict";

  const CLOSE = 12; // screen pixels within which a click on the first corner closes the polygon
  const LEAST_CORNERS = 3;
  const [THINNEST, FIRST_SIZE, THICKEST] = [1, 14, 200]; // brush radius in screen pixels
  const SIZE_STEP = 1.2;

  /** `onChange()` is called when there is another sketch or brush, `onMove()` when it has grown. */
  function create({ session, viewport, onChange, onMove }) {
    let present = null; // {kind: "stroke" | "polygon" | "point", points, adds, radius, place}
    let undone = []; // corners of the polygon that were taken back
    let size = FIRST_SIZE;

    function put(next) {
      present = next;
      onChange();
    }

    function begin(kind, at, more) {
      undone = [];
      put({ kind, points: [at], ...more });
    }

    /** Begins a stroke that adds to the mask or takes away from it. */
    const stroke = (at, adds) =>
      begin("stroke", at, { adds, radius: size / viewport.view.scale });

    /** Takes hold of a placed point: {point, list, index}. */
    const grab = (place) => begin("point", place.point, { place });

    /** Goes on with a stroke or a point that is being moved. */
    function follow(at) {
      if (!present || present.kind === "polygon") return;
      const { kind, points, radius = 0 } = present;
      const { scale } = viewport.view;
      const step = Math.max(0.5, (radius * scale) / 12); // screen pixels; a wide brush shows no less
      if (kind === "point") points[0] = at;
      else if (Geometry.distance(at, points[points.length - 1]) * scale < step) return;
      else points.push(at);
      onMove();
    }

    /** Adds a corner to the polygon; on the first corner it closes it. */
    function corner(at, adds) {
      if (present?.kind !== "polygon") return begin("polygon", at, { adds });
      const { points } = present;
      const near = Geometry.distance(at, points[0]) * viewport.view.scale <= CLOSE;
      if (near && points.length >= LEAST_CORNERS) return finish();
      if (near && points.length > 1) return;
      undone = [];
      put({ ...present, points: [...points, at] });
    }

    /** Hands the sketch over; too few corners of a polygon are given up. */
    function finish() {
      const done = present;
      put(null);
      if (!done) return;
      const { kind, points, adds, radius, place } = done;
      const { photo } = viewport;
      if (kind === "point") {
        const to = Geometry.clampToPhoto(points[0], photo);
        if (Geometry.distance(to, place.point) > 0) session.movePoint(place, to);
      } else if (kind === "stroke") {
        const region = Spans.mask(Spans.stroke(points, radius, photo));
        session.paint({ tool: "brush", adds, region });
      } else if (points.length >= LEAST_CORNERS) {
        session.paint({ tool: "polygon", adds, region: Spans.mask(Spans.polygon(points, photo)) });
      }
    }

    function cancel() {
      if (!present) return false;
      put(null);
      return true;
    }

    /** Takes back the last corner, or another sketch; false if there is none. */
    function undo() {
      if (!present) return false;
      if (present.kind !== "polygon") return cancel();
      const points = [...present.points];
      undone.push(points.pop());
      put(points.length ? { ...present, points } : null);
      return true;
    }

    function redo() {
      if (present?.kind !== "polygon" || !undone.length) return false;
      put({ ...present, points: [...present.points, undone.pop()] });
      return true;
    }

    function resize(factor) {
      size = Geometry.clamp(size * factor, THINNEST, THICKEST);
      onChange();
    }

    return {
      stroke, grab, follow, corner, finish, cancel, undo, redo,
      thicker: () => resize(SIZE_STEP),
      thinner: () => resize(1 / SIZE_STEP),
      get present() { return present; },
      get size() { return size; },
      set size(value) { resize(value / size); },
    };
  }

  return { create, THINNEST, THICKEST };
})();
