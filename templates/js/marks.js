// Draws what moves with the pointer, on a canvas of its own: points, cursor, and what is being
// painted but not yet part of a mask.
const Marks = (() => {
  "use strict";

  const POINT_RADIUS = 6;
  const LIGHT = "#ffffff";
  const DARK = "#101418";
  const POINT_COLORS = { inside: "#0072b2", outside: "#d55e00", boundary: "#f0e442" };
  const CROSSHAIR_GAP = 9;
  const PREVIEW_DASH = [5, 5];

  function create(canvas) {
    const top = canvas.getContext("2d");
    let ratio = 1;

    function resize({ width, height }, pixelRatio) {
      ratio = pixelRatio;
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    }

    /**
     * `points`: {x, y, kind: "extreme" | "inside" | "outside" | "boundary"} in image coordinates;
     * `previews`: {corners, color} of what is being waited for; `sketch` as in Sketch, or null;
     * `cursor`: null, or {point, kind, hint, radius} with a word to show beside it and a brush's
     * radius in image pixels.
     */
    function draw({ view, photo, points, color, cursor, sketch, previews = [] }) {
      top.setTransform(1, 0, 0, 1, 0, 0);
      top.clearRect(0, 0, canvas.width, canvas.height);
      top.setTransform(ratio, 0, 0, ratio, 0, 0);
      const onScreen = (point) => Geometry.toScreen(view, point);
      for (const one of previews) drawPreview(one.corners.map(onScreen), one.color);
      if (sketch) drawSketch(sketch, view, cursor, color);
      if (cursor?.radius) drawRing(onScreen(cursor.point), cursor.radius * view.scale);
      else if (cursor) drawCursor(cursor, view, photo);
      for (const point of points) drawPoint(onScreen(point), point.kind, color);
      if (cursor?.hint) drawHint(onScreen(cursor.point), cursor.hint);
    }

    function trace(corners, path = new Path2D()) {
      corners.forEach(({ x, y }, index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
      return path;
    }

    function drawPreview(corners, color) {
      const shape = trace(corners);
      shape.closePath();
      top.globalAlpha = 0.25;
      top.fillStyle = color;
      top.fill(shape);
      top.globalAlpha = 1;
      top.setLineDash(PREVIEW_DASH);
      twice(shape, 3, 1.5);
      top.setLineDash([]);
    }

    function drawSketch({ kind, points, radius, adds }, view, cursor, color) {
      const corners = points.map((point) => Geometry.toScreen(view, point));
      if (kind === "stroke") {
        top.lineCap = top.lineJoin = "round";
        top.lineWidth = Math.max(2 * radius * view.scale, 1);
        top.globalAlpha = 0.5;
        top.strokeStyle = adds ? color : DARK;
        // A dab is a line of no length, which canvases do not draw.
        const [{ x, y }] = corners;
        top.stroke(trace(corners.length > 1 ? corners : [{ x, y }, { x: x + 0.01, y }]));
        top.globalAlpha = 1;
        top.lineCap = "butt";
        top.lineJoin = "miter";
      } else if (kind === "polygon") {
        const shape = trace(cursor ? [...corners, Geometry.toScreen(view, cursor.point)] : corners);
        top.globalAlpha = 0.3;
        top.fillStyle = adds ? color : DARK;
        top.fill(shape, "evenodd");
        top.globalAlpha = 1;
        twice(shape, 3.5, 1.5);
        corners.forEach((corner, index) => drawCorner(corner, index === 0));
      }
    }

    function drawCorner({ x, y }, isFirst) {
      const reach = isFirst ? 5 : 3;
      top.fillStyle = isFirst ? LIGHT : DARK;
      top.strokeStyle = isFirst ? DARK : LIGHT;
      top.lineWidth = 1.5;
      top.fillRect(x - reach, y - reach, 2 * reach, 2 * reach);
      top.strokeRect(x - reach, y - reach, 2 * reach, 2 * reach);
    }

    function drawRing({ x, y }, radius) {
      const ring = new Path2D();
      ring.arc(x, y, Math.max(radius, 1.5), 0, 2 * Math.PI);
      twice(ring, 3, 1.25);
    }

    // Hairlines over the whole photo while extreme points are placed: the outermost point of an
    // object is where the hairline just touches it.
    function drawCursor({ point, kind }, view, photo) {
      const at = Geometry.toScreen(view, point);
      const from = Geometry.toScreen(view, { x: 0, y: 0 });
      const to = Geometry.toScreen(view, { x: photo.width, y: photo.height });
      const reach = kind === "extreme" ? Infinity : 3 * CROSSHAIR_GAP;
      const lines = new Path2D();
      const line = (x1, y1, x2, y2) => {
        lines.moveTo(x1, y1);
        lines.lineTo(x2, y2);
      };
      line(Math.max(from.x, at.x - reach), at.y, at.x - CROSSHAIR_GAP, at.y);
      line(at.x + CROSSHAIR_GAP, at.y, Math.min(to.x, at.x + reach), at.y);
      line(at.x, Math.max(from.y, at.y - reach), at.x, at.y - CROSSHAIR_GAP);
      line(at.x, at.y + CROSSHAIR_GAP, at.x, Math.min(to.y, at.y + reach));
      twice(lines, 3, 1);
      const spot = new Path2D();
      spot.arc(at.x, at.y, 1, 0, 2 * Math.PI);
      twice(spot, 3, 1.5);
    }

    // Light on dark, so that it is seen on any photo.
    function twice(path, wide, narrow) {
      top.globalAlpha = 0.55;
      top.lineWidth = wide;
      top.strokeStyle = DARK;
      top.stroke(path);
      top.globalAlpha = 1;
      top.lineWidth = narrow;
      top.strokeStyle = LIGHT;
      top.stroke(path);
    }

    function drawHint(at, text) {
      top.font = "600 13px system-ui, sans-serif";
      const width = top.measureText(text).width + 14;
      const left = at.x + 14 + width > top.canvas.width / ratio ? at.x - 14 - width : at.x + 14;
      const up = at.y < 40 ? at.y + 12 : at.y - 34;
      top.fillStyle = DARK;
      top.globalAlpha = 0.85;
      top.beginPath();
      top.roundRect(left, up, width, 22, 5);
      top.fill();
      top.globalAlpha = 1;
      top.fillStyle = LIGHT;
      top.textBaseline = "middle";
      top.fillText(text, left + 7, up + 11.5);
    }

    // Each kind has a shape of its own, for those who do not see its colour.
    function drawPoint(at, kind, color) {
      const radius = POINT_RADIUS;
      const body = new Path2D();
      const sign = new Path2D();
      const arm = radius - 2.5;
      if (kind === "boundary") {
        body.moveTo(at.x, at.y - radius - 1);
        body.lineTo(at.x + radius + 1, at.y);
        body.lineTo(at.x, at.y + radius + 1);
        body.lineTo(at.x - radius - 1, at.y);
        body.closePath();
      } else {
        body.arc(at.x, at.y, kind === "extreme" ? radius - 1 : radius, 0, 2 * Math.PI);
      }
      if (kind === "inside" || kind === "outside") {
        sign.moveTo(at.x - arm, at.y);
        sign.lineTo(at.x + arm, at.y);
      }
      if (kind === "inside") {
        sign.moveTo(at.x, at.y - arm);
        sign.lineTo(at.x, at.y + arm);
      }
      top.fillStyle = kind === "extreme" ? color : POINT_COLORS[kind];
      top.strokeStyle = DARK;
      top.lineWidth = 4;
      top.stroke(body);
      top.strokeStyle = LIGHT;
      top.lineWidth = 2;
      top.stroke(body);
      top.fill(body);
      top.stroke(sign);
    }

    return { resize, draw };
  }

  return { create, POINT_RADIUS };
})();
