// COCO's compressed run lengths, the form in which masks travel.
//
// A mask of a box is read column by column; its runs, zeros first, are written from the third on
// as the difference to the run two before, each in groups of five bits, low group first, a sixth
// bit saying that more follow, as characters from "0" on (pycocotools' `counts`). The Python side
// is hooks/core/masks.py; both are tested with tests/vectors/rle.json.
const Rle = (() => {
  "use strict";

  const FIRST_CHARACTER = 48;
  const MAX_DIGITS = 7;

  /** Run lengths of `counts`; throws an Error when it is not run lengths. */
  function runs(counts) {
    const lengths = [];
    let at = 0;
    while (at < counts.length) {
      let value = 0;
      let digit = 0;
      let places = 0;
      do {
        digit = counts.charCodeAt(at++) - FIRST_CHARACTER;
        if (!(digit >= 0 && digit <= 0x3f) || places === MAX_DIGITS) {
          throw new Error("These are not run lengths.");
        }
        // Not a shift: seven groups are more than the 32 bits that shifts work on.
        value += (digit & 0x1f) * 32 ** places++;
      } while (digit & 0x20);
      if (digit & 0x10) value -= 32 ** places;
      if (lengths.length > 2) value += lengths[lengths.length - 2];
      if (value < 0) throw new Error("A run length is negative.");
      lengths.push(value);
    }
    return lengths;
  }

  /** Pixels (0 or 1, row by row) of a mask of width x height; throws if `counts` is another's. */
  function decode(counts, width, height) {
    const pixels = new Uint8Array(width * height);
    let at = 0;
    runs(counts).forEach((length, index) => {
      const end = at + length;
      if (end > pixels.length) throw new Error("The run lengths overflow the mask.");
      if (index % 2 === 1) fill(pixels, at, end, width, height);
      at = end;
    });
    if (at !== pixels.length) throw new Error("The run lengths do not fill the mask.");
    return pixels;
  }

  // Sets the pixels from `start` to `end`, counted down the columns.
  function fill(pixels, start, end, width, height) {
    let column = Math.floor(start / height);
    let row = start - column * height;
    for (let at = start; at < end; at++) {
      pixels[row * width + column] = 1;
      if (++row === height) {
        row = 0;
        column++;
      }
    }
  }

  /** The inverse of `decode`. */
  function encode(pixels, width, height) {
    if (pixels.length === 0) return "";
    const lengths = [];
    let value = 0;
    let length = 0;
    for (let column = 0; column < width; column++) {
      for (let row = 0; row < height; row++) {
        const pixel = pixels[row * width + column] ? 1 : 0;
        if (pixel !== value) {
          lengths.push(length);
          value = pixel;
          length = 0;
        }
        length++;
      }
    }
    lengths.push(length);
    return write(lengths);
  }

  /** The inverse of `runs`. */
  const write = (lengths) =>
    lengths.map((run, index) => digits(index > 2 ? run - lengths[index - 2] : run)).join("");

  function digits(value) {
    let text = "";
    for (;;) {
      const digit = value & 0x1f;
      value >>= 5; // keeps the sign
      const last = digit & 0x10 ? value === -1 : value === 0;
      text += String.fromCharCode(FIRST_CHARACTER + digit + (last ? 0 : 0x20));
      if (last) return text;
    }
  }

  /** Throws unless `mask`, {box: [left, top, width, height], counts}, is one of this photo. */
  function check(mask, photo) {
    const { box, counts } = mask ?? {};
    const whole = Array.isArray(box) && box.length === 4 && box.every(Number.isInteger);
    if (!whole || typeof counts !== "string") throw new Error("A mask needs a box and counts.");
    const [left, top, width, height] = box;
    const inside = left + width <= photo.width && top + height <= photo.height;
    if (Math.min(...box) < 0 || !inside) throw new Error("The mask reaches beyond the photo.");
    const total = runs(counts).reduce((sum, length) => sum + length, 0);
    if (total !== width * height) throw new Error("The run lengths do not fill the mask.");
  }

  return { decode, encode, check, runs, write };
})();
