// Reads the palette PNGs that consolidation writes, byte by byte.
//
// A canvas would decode them in one call, but what is read back from a canvas may have noise
// added against fingerprinting, and whether an image element turns a PNG by its EXIF orientation
// differs between browsers. Here the values come out as they were written.
const PngReader = (() => {
  "use strict";

  const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  const PALETTE = 3;
  const ORIENTATION = 0x0112;

  /** {IHDR: bytes, PLTE: bytes, IDAT: [bytes, ...], eXIf: bytes}, as far as they are there. */
  function chunksOf(bytes) {
    if (SIGNATURE.some((value, at) => bytes[at] !== value)) throw new Error("It is no PNG.");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const chunks = { IDAT: [] };
    for (let at = SIGNATURE.length; at + 12 <= bytes.length; ) {
      const length = view.getUint32(at);
      const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
      const data = bytes.subarray(at + 8, at + 8 + length);
      if (type === "IDAT") chunks.IDAT.push(data);
      else chunks[type] = data;
      at += 12 + length;
    }
    if (!chunks.IEND || !chunks.IHDR) throw new Error("It is cut off.");
    return chunks;
  }

  async function inflated(parts) {
    const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /** Undoes PNG's row filters in place; a filter reaches back one byte, as pixels have no more. */
  function unfilter(rows, stride, height) {
    const before = (at, column) => (column ? rows[at - 1] : 0);
    for (let row = 0; row < height; row++) {
      const start = row * (stride + 1) + 1;
      const filter = rows[start - 1];
      const up = row ? stride + 1 : 0; // distance to the byte above
      for (let column = 0; column < stride && filter; column++) {
        const at = start + column;
        const above = up ? rows[at - up] : 0;
        if (filter === 1) rows[at] += before(at, column);
        else if (filter === 2) rows[at] += above;
        else if (filter === 3) rows[at] += (before(at, column) + above) >> 1;
        else if (filter === 4) {
          const corner = up && column ? rows[at - up - 1] : 0;
          rows[at] += paeth(before(at, column), above, corner);
        } else throw new Error("It has a row filter that PNG does not know.");
      }
    }
  }

  function paeth(left, above, corner) {
    const guess = left + above - corner;
    const [a, b, c] = [left, above, corner].map((value) => Math.abs(guess - value));
    if (a <= b && a <= c) return left;
    return b <= c ? above : corner;
  }

  function unpack(rows, width, height, depth) {
    const stride = Math.ceil((width * depth) / 8);
    const pixels = new Uint8Array(width * height);
    const last = (1 << depth) - 1;
    for (let row = 0, to = 0; row < height; row++) {
      const start = row * (stride + 1) + 1;
      if (depth === 8) {
        pixels.set(rows.subarray(start, start + width), to);
        to += width;
        continue;
      }
      for (let column = 0; column < width; column++, to++) {
        const bit = column * depth;
        pixels[to] = (rows[start + (bit >> 3)] >> (8 - depth - (bit & 7))) & last;
      }
    }
    return pixels;
  }

  /** The EXIF orientation, 1 to 8, of an eXIf chunk; 1 without one. */
  function orientationOf(exif) {
    if (!exif || exif.length < 14) return 1;
    const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
    const little = view.getUint16(0) === 0x4949;
    const from = view.getUint32(4, little);
    if (from + 2 > exif.length) return 1;
    const entries = view.getUint16(from, little);
    for (let entry = 0; entry < entries; entry++) {
      const at = from + 2 + 12 * entry;
      if (at + 12 > exif.length) return 1;
      if (view.getUint16(at, little) !== ORIENTATION) continue;
      const value = view.getUint16(at + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
  }

  // Where a pixel of the file lies in the upright image (Exif 2.32, "Orientation").
  const PLACES = {
    2: (x, y, width) => [width - 1 - x, y],
    3: (x, y, width, height) => [width - 1 - x, height - 1 - y],
    4: (x, y, width, height) => [x, height - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y, width, height) => [height - 1 - y, x],
    7: (x, y, width, height) => [height - 1 - y, width - 1 - x],
    8: (x, y, width) => [y, width - 1 - x],
  };

  function upright(pixels, width, height, orientation) {
    if (orientation === 1) return { width, height, pixels };
    const turned = orientation > 4 ? { width: height, height: width } : { width, height };
    const placed = new Uint8Array(pixels.length);
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const [column, row] = PLACES[orientation](x, y, width, height);
        placed[row * turned.width + column] = pixels[at];
      }
    }
    return { ...turned, pixels: placed };
  }

  const hex = (byte) => byte.toString(16).padStart(2, "0");

  /**
   * {width, height, pixels, colors}: the upright image's palette indices row by row, and the
   * palette as "#rrggbb". Rejects with an Error that says what is wrong with the file.
   */
  async function read(bytes) {
    const { IHDR, PLTE, IDAT, eXIf } = chunksOf(bytes);
    const view = new DataView(IHDR.buffer, IHDR.byteOffset, IHDR.byteLength);
    const [width, height] = [view.getUint32(0), view.getUint32(4)];
    const [depth, colorType, interlace] = [IHDR[8], IHDR[9], IHDR[12]];
    if (colorType !== PALETTE || interlace || !PLTE) throw new Error("It is no palette PNG.");
    const rows = await inflated(IDAT);
    const stride = Math.ceil((width * depth) / 8);
    if (rows.length !== (stride + 1) * height) throw new Error("It has too few pixels.");
    unfilter(rows, stride, height);
    const pixels = unpack(rows, width, height, depth);
    const colors = Array.from({ length: PLTE.length / 3 }, (_, index) =>
      `#${[...PLTE.subarray(3 * index, 3 * index + 3)].map(hex).join("")}`,
    );
    return { ...upright(pixels, width, height, orientationOf(eXIf)), colors };
  }

  return { read };
})();
