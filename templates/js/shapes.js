// Masks as something that can be put on a canvas, no finer than the screen shows it: what a large
// photo's masks cost does not depend on how many pixels the photo has.
const Shapes = (() => {
  "use strict";

  function create() {
    const made = new Map(); // key -> {mask, color, step, ...}; see `get`

    /**
     * {bitmap, outline, left, top, step}: an opaque canvas and a Path2D whose units are `step`
     * image pixels, and the image point that they begin at. `key` is one object's.
     */
    function get(key, mask, color, step) {
      const known = made.get(key);
      if (known && known.mask === mask && known.color === color && known.step === step) return known;
      const picture = Spans.picture(Spans.of(mask), step);
      const shape = {
        mask, color, step, left: picture.left, top: picture.top,
        bitmap: bitmap(picture, color), outline: outline(picture),
      };
      made.set(key, shape);
      return shape;
    }

    /** Forgets all but these keys. */
    function keep(keys) {
      for (const key of made.keys()) if (!keys.has(key)) made.delete(key);
    }

    return { get, keep };
  }

  /** The finest step, a power of two, at which a step is not much smaller than a screen pixel. */
  const stepFor = (scale) => 2 ** Math.max(0, Math.floor(Math.log2(1 / scale) + 1e-9));

  function bitmap({ pixels, width, height }, color) {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(width, 1);
    canvas.height = Math.max(height, 1);
    if (!width) return canvas;
    const context = canvas.getContext("2d");
    const data = context.createImageData(width, height);
    const words = new Uint32Array(data.data.buffer);
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
    const word = new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0];
    for (let at = 0; at < pixels.length; at++) if (pixels[at]) words[at] = word;
    context.putImageData(data, 0, 0);
    return canvas;
  }

  // The edges between mask and not-mask, along the pixels' own borders.
  function outline({ pixels, width, height }) {
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

  return { create, stepFor };
})();
