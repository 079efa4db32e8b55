// What the worker has done to one photo: boxes, the extreme points that they are made of, and how
// to undo it (js/snapshots.js). No DOM.
const BoxSession = (() => {
  "use strict";

  const EXTREME_POINTS = 4;
  const MAX_BOXES = 1000; // as many as consolidation takes of one worker

  /** `now()` is the time in seconds; `labels` the number of labels that can be chosen. */
  function create({ labels, photo, now }) {
    const snapshots = Snapshots.create({ labels, now });
    const { session, find, nextId, change, replace } = snapshots;
    const { current, deleteObject } = session;
    let origin = null; // the boxes that the task began with

    /**
     * Puts down an extreme point: of the current object, if it has no box yet, or else of a new
     * one. The fourth makes the box. False for a point that would make a box of no size.
     */
    function addPoint(point) {
      const at = Object.freeze({ x: hundredths(point.x), y: hundredths(point.y) });
      const object = current();
      if (!object || object.box) {
        if (session.state.objects.length >= MAX_BOXES) return false;
        const id = nextId();
        snapshots.forget(id);
        const extremePoints = Object.freeze([at]);
        const added = Object.freeze({
          id, label: session.label, extremePoints, box: null, madeBy: "extreme-points",
        });
        change({ objects: [...session.state.objects, added], currentId: id, outcome: "labeled" });
        return true;
      }
      const extremePoints = Object.freeze([...object.extremePoints, at]);
      const isLast = extremePoints.length === EXTREME_POINTS;
      const box = isLast ? BoxEdges.around(extremePoints) : null;
      if (box && BoxEdges.isFlat(box)) return false;
      replace(object, { extremePoints, box });
      return true;
    }

    /** Takes back the last point of a box that is being made; or else deletes the current box. */
    function deletePoint() {
      const object = current();
      if (!object) return;
      const extremePoints = object.extremePoints.slice(0, -1);
      if (object.box || !extremePoints.length) deleteObject(object.id);
      else replace(object, { extremePoints: Object.freeze(extremePoints) });
    }

    /** Gives an object another box. */
    function reshape(id, box) {
      const object = find(id);
      const same = BoxEdges.EDGES.every((edge) => box[edge] === object.box[edge]);
      if (!same) replace(object, { box, madeBy: "mixed" }, { currentId: id });
    }

    /** Begins with boxes that are there already: [{label, left, top, width, height}]. */
    function load(boxes) {
      const objects = boxes.map(({ label: index, left, top, width, height }, place) =>
        Object.freeze({
          id: place + 1, label: index, extremePoints: Object.freeze([]), madeBy: "given",
          box: BoxEdges.around([
            Geometry.clampToPhoto({ x: left, y: top }, photo),
            Geometry.clampToPhoto({ x: left + width, y: top + height }, photo),
          ]),
        }),
      );
      const outcome = objects.length ? "labeled" : "nothing-here";
      origin = Object.freeze({ objects: Object.freeze(objects), outcome });
      change({ ...origin, currentId: null }, { keep: false });
    }

    /** Puts a draft (box_draft.js) in place of all there is, as one step. */
    function resume({ objects, currentId, outcome, ...rest }) {
      const put = objects.map(({ seconds: _, ...object }) => Object.freeze(object));
      const spent = objects.map(({ id, seconds }) => [id, seconds]);
      snapshots.restore({ objects: put, currentId, outcome }, { ...rest, spent });
    }

    return Object.setPrototypeOf({
      addPoint, deletePoint, reshape, load, resume,
      /** Whether what the task began with was changed; null if it began with nothing. */
      get changed() {
        if (!origin) return null;
        return session.state.objects !== origin.objects || session.state.outcome !== origin.outcome;
      },
    }, session);
  }

  const hundredths = (value) => Math.round(value * 100) / 100;

  return { create, EXTREME_POINTS, MAX_BOXES };
})();
