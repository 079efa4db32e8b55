// Reads masks' PNGs, byte by byte: palette PNGs, as consolidation writes them, and those of grey or
// true colours of up to 8 bits, as other tools do.
//
// A canvas would decode them in one call, but what is read back from a canvas may have noise
// added against fingerprinting, and whether an image element turns a PNG by its EXIF orientation
// differs between browsers. Here the values come out as they were written.
const PngReader = (() => {
  "use strict";

  const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  const PALETTE = 3;
  const CHANNELS = { 0: 1, 2: 3, [PALETTE]: 1, 4: 2, 6: 4 }; // bytes of a pixel, by colour type
  const MOST_COLORS = 255; // a mask has one a class; more come from smoothing and mean nothing
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

  /** Undoes PNG's row filters in place; `reach`: bytes to the pixel before. */
  function unfilter(rows, stride, height, reach) {
    const before = (at, column) => (column >= reach ? rows[at - reach] : 0);
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
          const corner = up && column >= reach ? rows[at - up - reach] : 0;
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

  // Pixels of several bytes get a palette: {pixels, colors}.
  function indexed(rows, width, height, channels) {
    const stride = width * channels;
    const pixels = new Uint8Array(width * height);
    const known = new Map(); // packed colour -> its index
    const colors = [];
    for (let row = 0, to = 0; row < height; row++) {
      let at = row * (stride + 1) + 1;
      for (let column = 0; column < width; column++, to++, at += channels) {
        const grey = channels < 3;
        const [red, green, blue] = grey
          ? [rows[at], rows[at], rows[at]]
          : [rows[at], rows[at + 1], rows[at + 2]];
        const code = (red << 16) | (green << 8) | blue;
        let index = known.get(code);
        if (index === undefined) {
          index = Math.min(colors.length, MOST_COLORS);
          known.set(code, index);
          if (index < MOST_COLORS) colors.push(hexColor([red, green, blue]));
        }
        pixels[to] = index;
      }
    }
    return { pixels, colors };
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
  const hexColor = (bytes) => `#${[...bytes].map(hex).join("")}`;

  // A palette's colours, or the greys that `depth` bits can say.
  function colorsOf({ PLTE }, colorType, depth) {
    if (colorType !== PALETTE) {
      const last = (1 << depth) - 1;
      return Array.from({ length: last + 1 }, (_, value) => {
        const grey = Math.round((value * 255) / last);
        return hexColor([grey, grey, grey]);
      });
    }
    return Array.from({ length: PLTE.length / 3 }, (_, index) =>
      hexColor(PLTE.subarray(3 * index, 3 * index + 3)),
    );
  }

  /**
   * {width, height, pixels, colors}: the upright image's palette indices row by row, and the
   * palette as "#rrggbb"; an index past its end is a colour too many. How opaque a colour is says
   * nothing of its class. Rejects with an Error that says what is wrong with the file.
   */
  async function read(bytes) {
    const chunks = chunksOf(bytes);
    const { IHDR, PLTE, IDAT, eXIf } = chunks;
    const view = new DataView(IHDR.buffer, IHDR.byteOffset, IHDR.byteLength);
    const [width, height] = [view.getUint32(0), view.getUint32(4)];
    const [depth, colorType, interlace] = [IHDR[8], IHDR[9], IHDR[12]];
    const channels = CHANNELS[colorType];
    if (!channels || interlace || depth > 8 || (colorType === PALETTE && !PLTE)) {
      throw new Error("It is a kind of PNG that masks do not come in.");
    }
    const rows = await inflated(IDAT);
    const stride = Math.ceil((width * channels * depth) / 8);
    if (rows.length !== (stride + 1) * height) throw new Error("It has too few pixels.");
    unfilter(rows, stride, height, channels);
    const { pixels, colors } = channels > 1
      ? indexed(rows, width, height, channels)
      : { pixels: unpack(rows, width, height, depth), colors: colorsOf(chunks, colorType, depth) };
    return { ...upright(pixels, width, height, orientationOf(eXIf)), colors };
  }

  return { read };
})();
