// Writes PNG files byte by byte.
//
// A canvas would do it in one call, but browsers that protect against fingerprinting add noise
// to what is read back from a canvas, and one changed pixel is a wrong class. Only
// CompressionStream is used; it is in every browser since 2023.
const Png = (() => {
  "use strict";

  const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  const GREYSCALE = 0;
  const PALETTE = 3;
  const FILTER_UP = 2;

  const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });

  function crc32(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
  }

  const uint32 = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

  function chunk(type, data) {
    const body = new Uint8Array(4 + data.length);
    body.set([...type].map((character) => character.charCodeAt(0)));
    body.set(data, 4);
    return [Uint8Array.from(uint32(data.length)), body, Uint8Array.from(uint32(crc32(body)))];
  }

  // Rows of `stride` bytes, each written as its difference to the row above: rows of a mask
  // mostly repeat, so this leaves zeros.
  function filtered(bytes, stride, height) {
    const rows = new Uint8Array((stride + 1) * height);
    for (let row = 0; row < height; row++) {
      const from = row * stride;
      const to = row * (stride + 1);
      rows[to] = FILTER_UP;
      for (let at = 0; at < stride; at++) {
        const above = row === 0 ? 0 : bytes[from - stride + at];
        rows[to + 1 + at] = bytes[from + at] - above;
      }
    }
    return rows;
  }

  async function deflated(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  async function encode({ width, height }, depth, colorType, bytes, extraChunks) {
    const header = [...uint32(width), ...uint32(height), depth, colorType, 0, 0, 0];
    const data = await deflated(filtered(bytes, (width * depth) / 8, height));
    const parts = [
      Uint8Array.from(SIGNATURE),
      ...chunk("IHDR", header),
      ...extraChunks,
      ...chunk("IDAT", data),
      ...chunk("IEND", []),
    ];
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  const rgb = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

  /** A palette PNG: `pixels` index `colors` ("#rrggbb"); index 0 is transparent. */
  function palette(size, pixels, colors) {
    const extra = [...chunk("PLTE", colors.flatMap(rgb)), ...chunk("tRNS", [0])];
    return encode(size, 8, PALETTE, pixels, extra);
  }

  /** A greyscale PNG of a Uint8Array or, with 16 bits a pixel, of a Uint16Array. */
  function greyscale(size, pixels) {
    if (pixels instanceof Uint8Array) return encode(size, 8, GREYSCALE, pixels, []);
    const bytes = new Uint8Array(pixels.length * 2); // high byte first, as PNG has it
    pixels.forEach((value, index) => {
      bytes[2 * index] = value >>> 8;
      bytes[2 * index + 1] = value & 255;
    });
    return encode(size, 16, GREYSCALE, bytes, []);
  }

  function base64(bytes) {
    let text = "";
    // In pieces: an argument list of a million bytes overflows the stack.
    for (let at = 0; at < bytes.length; at += 0x8000) {
      text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    }
    return btoa(text);
  }

  return { palette, greyscale, base64 };
})();
