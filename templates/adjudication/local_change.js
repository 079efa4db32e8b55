// Corrects a mask that is there already: of what the model would draw instead, only the part at
// the click is taken. Elsewhere the mask stays as it was chosen.
//
// After the progressive merge of Chen et al., "FocalClick" (CVPR 2022), with added and removed
// parts kept apart. No DOM.
const LocalChange = (() => {
  "use strict";

  // How far from the click a part may lie, in image pixels. A boundary click says that the
  // outline passes there, so what changes lies beside it.
  const REACH = { inside: 2, outside: 2, boundary: 8 };
  const ADDED = 1;
  const REMOVED = 2;
  const SIGNS = { inside: [ADDED], outside: [REMOVED], boundary: [ADDED, REMOVED] };

  /** The pixels of a mask in a window of the photo. */
  function within({ box, counts }, window) {
    const [left, top, width, height] = box;
    const placed = new Uint8Array(window.width * window.height);
    if (!width || !height) return placed;
    const pixels = Rle.decode(counts, width, height);
    for (let row = 0; row < height; row++) {
      const to = (top + row - window.top) * window.width + left - window.left;
      placed.set(pixels.subarray(row * width, (row + 1) * width), to);
    }
    return placed;
  }

  function around(boxes) {
    const [left, top] = [0, 1].map((side) => Math.min(...boxes.map((box) => box[side])));
    const [right, bottom] = [0, 1].map((side) =>
      Math.max(...boxes.map((box) => box[side] + box[side + 2])),
    );
    return { left, top, width: right - left, height: bottom - top };
  }

  /** Pixels of `sign` in reach of a click, as places in the window. */
  function seeds(changes, sign, click, { left, top, width, height }) {
    const reach = REACH[click.kind];
    const [column, row] = [Math.floor(click.x) - left, Math.floor(click.y) - top];
    const found = [];
    for (let y = Math.max(row - reach, 0); y <= Math.min(row + reach, height - 1); y++) {
      for (let x = Math.max(column - reach, 0); x <= Math.min(column + reach, width - 1); x++) {
        const near = Math.hypot(x - column, y - row) <= reach;
        if (near && changes[y * width + x] === sign) found.push(y * width + x);
      }
    }
    return found;
  }

  /** Takes over every pixel of `sign` that is connected with `from`; they are no changes then. */
  function spread(changes, sign, from, width, take) {
    const open = [...from];
    while (open.length) {
      const at = open.pop();
      if (changes[at] !== sign) continue;
      changes[at] = 0;
      take(at);
      const column = at % width;
      if (column > 0) open.push(at - 1);
      if (column < width - 1) open.push(at + 1);
      if (at >= width) open.push(at - width);
      if (at + width < changes.length) open.push(at + width);
    }
  }

  /**
   * `before` with the parts of `after` at `clicks` ({x, y, kind} in image coordinates): masks are
   * {box, counts}. Where the model did not follow a click nothing changes.
   */
  function merge(before, after, clicks) {
    const boxes = [before.box, after.box].filter(([, , width]) => width > 0);
    if (!boxes.length) return before;
    const window = around(boxes);
    const pixels = within(before, window);
    const changes = within(after, window);
    for (let at = 0; at < changes.length; at++) {
      if (changes[at] === pixels[at]) changes[at] = 0;
      else changes[at] = pixels[at] ? REMOVED : ADDED;
    }
    for (const click of clicks) {
      for (const sign of SIGNS[click.kind]) {
        spread(changes, sign, seeds(changes, sign, click, window), window.width, (at) => {
          pixels[at] = sign === ADDED ? 1 : 0;
        });
      }
    }
    const { box, counts } = LabelMap.maskOf(pixels, 1, window);
    if (!box[2]) return { box, counts };
    return { box: [box[0] + window.left, box[1] + window.top, box[2], box[3]], counts };
  }

  return { merge };
})();
