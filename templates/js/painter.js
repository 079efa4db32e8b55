// Draws; decides nothing. Two canvases lie on each other: the lower one has the photo and the
// masks and is drawn when these change, the upper one has points and the cursor and is drawn
// with every move of the pointer.
const Painter = (() => {
  "use strict";

  const FILL_OPACITY = 0.45;
  const POINT_RADIUS = 6;
  const LIGHT = "#ffffff";
  const DARK = "#101418";
  const POINT_COLORS = { inside: "#0072b2", outside: "#d55e00", boundary: "#f0e442" };
  const CROSSHAIR_GAP = 9;
  const WAITING_DASH = [6, 6];

  function create({ lower, upper }) {
    const bottom = lower.getContext("2d");
    const top = upper.getContext("2d");
    const layer = document.createElement("canvas");
    const masks = layer.getContext("2d");
    const shapes = new Map(); // object id -> {mask, color, bitmap, outline}
    let ratio = 1;

    /** Sizes are in CSS pixels; the canvases get as many pixels as the screen has. */
    function resize({ width, height }, pixelRatio) {
      ratio = pixelRatio;
      for (const canvas of [lower, upper, layer]) {
        canvas.width = Math.max(1, Math.round(width * ratio));
        canvas.height = Math.max(1, Math.round(height * ratio));
      }
    }

    function wipe(context) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    }

    // From here on the context is drawn on in image coordinates.
    function place(context, view) {
      const scale = view.scale * ratio;
      context.setTransform(scale, 0, 0, scale, view.left * ratio, view.top * ratio);
      // Enlarged, a pixel is shown as the square it is.
      context.imageSmoothingEnabled = scale < 2;
    }

    function shape({ id, mask, color }) {
      const known = shapes.get(id);
      if (known && known.mask === mask && known.color === color) return known;
      const [, , width, height] = mask.box;
      const pixels = Rle.decode(mask.counts, width, height);
      const made = {
        mask, color,
        bitmap: bitmap(pixels, width, height, color),
        outline: outline(pixels, width, height),
      };
      shapes.set(id, made);
      return made;
    }

    /**
     * `objects`, bottom first: {id, mask, color, current, waiting}; mask null: not there yet.
     * `overlays`: [{opacity, objects: {id, mask, color, dash}}], each laid over what lies below it.
     */
    function drawPhoto({ image, view, objects, overlays, masksHidden }) {
      wipe(bottom);
      place(bottom, view);
      bottom.drawImage(image, 0, 0);
      const layers = [{ opacity: FILL_OPACITY, objects }, ...overlays];
      const drawn = new Set(layers.flatMap((one) => one.objects.map(({ id }) => id)));
      for (const id of shapes.keys()) if (!drawn.has(id)) shapes.delete(id);
      if (masksHidden) return;
      for (const one of layers) {
        wipe(masks);
        for (const object of one.objects) {
          if (object.mask && object.mask.box[2] > 0) drawMask(object, view, one.opacity);
        }
        bottom.setTransform(1, 0, 0, 1, 0, 0);
        bottom.drawImage(layer, 0, 0);
      }
    }

    function drawMask(object, view, opacity) {
      const { bitmap, outline } = shape(object);
      const [left, up] = object.mask.box;
      place(masks, view);
      // One class a pixel: what lies below goes before this one is drawn.
      masks.globalCompositeOperation = "destination-out";
      masks.drawImage(bitmap, left, up);
      masks.globalCompositeOperation = "source-over";
      masks.globalAlpha = opacity;
      masks.drawImage(bitmap, left, up);
      masks.globalAlpha = 1;
      masks.translate(left, up);
      masks.lineCap = "square";
      const width = (object.current ? 2.5 : 1.5) / view.scale;
      masks.lineWidth = width + 2 / view.scale;
      masks.strokeStyle = object.current ? LIGHT : DARK;
      const onScreen = (dash) => dash.map((length) => length / view.scale);
      masks.setLineDash(object.waiting ? onScreen(WAITING_DASH) : []);
      masks.stroke(outline);
      // On a whole dark line a dashed one is seen best.
      if (object.dash) masks.setLineDash(onScreen(object.dash));
      masks.lineWidth = width;
      masks.strokeStyle = object.color;
      masks.stroke(outline);
      masks.setLineDash([]);
    }

    /**
     * `points`: {x, y, kind: "extreme" | "inside" | "outside" | "boundary"} in image coordinates;
     * `cursor`: null, or {point, kind, hint} where `hint` is a word to show beside it.
     */
    function drawMarks({ view, photo, points, color, cursor }) {
      wipe(top);
      top.setTransform(ratio, 0, 0, ratio, 0, 0);
      if (cursor) drawCursor(cursor, view, photo);
      const extremes = points.filter(({ kind }) => kind === "extreme");
      for (const point of points) drawPoint(Geometry.toScreen(view, point), point.kind, color);
      if (cursor?.hint && extremes.length < 4) {
        drawHint(Geometry.toScreen(view, cursor.point), cursor.hint);
      }
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

    return { resize, drawPhoto, drawMarks };
  }

  function bitmap(pixels, width, height, color) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    const data = context.createImageData(width, height);
    const words = new Uint32Array(data.data.buffer);
    for (let at = 0; at < pixels.length; at++) if (pixels[at]) words[at] = 0xffffffff;
    context.putImageData(data, 0, 0);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = color;
    context.fillRect(0, 0, width, height);
    return canvas;
  }

  // The edges between mask and not-mask, along the pixels' own borders.
  function outline(pixels, width, height) {
    const path = new Path2D();
    const at = (row, column) =>
      row >= 0 && column >= 0 && row < height && column < width
        ? pixels[row * width + column]
        : 0;
    for (let row = 0; row <= height; row++) {
      for (let column = 0; column < width; column++) {
        if (at(row, column) === at(row - 1, column)) continue;
        const from = column;
        while (column < width && at(row, column) !== at(row - 1, column)) column++;
        path.moveTo(from, row);
        path.lineTo(column, row);
      }
    }
    for (let column = 0; column <= width; column++) {
      for (let row = 0; row < height; row++) {
        if (at(row, column) === at(row, column - 1)) continue;
        const from = row;
        while (row < height && at(row, column) !== at(row, column - 1)) row++;
        path.moveTo(column, from);
        path.lineTo(column, row);
      }
    }
    return path;
  }

  return { create, POINT_RADIUS };
})();
