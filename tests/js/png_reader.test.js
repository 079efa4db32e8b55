"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const zlib = require("node:zlib");
const { Png, PngReader } = require("./page_scripts.js");

const COLORS = ["#ffffff", "#e69f00", "#0072b2"];
const NOTHING = Buffer.alloc(0);

function chunk(type, data) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type, "latin1"), data, Buffer.alloc(4)]);
}

/** A palette PNG of rows that have their filter byte in front. Its checksums are not looked at. */
function file({ width, height, depth = 8, type = 3, interlace = 0, rows, exif, end = true }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, type, 0, 0, interlace], 8);
  return Uint8Array.from(Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(COLORS.map((color) => color.slice(1)).join(""), "hex")),
    exif ? chunk("eXIf", exif) : NOTHING,
    chunk("IDAT", zlib.deflateSync(Buffer.from(rows.flat()))),
    end ? chunk("IEND", NOTHING) : NOTHING,
  ]));
}

/** An EXIF block with nothing but an orientation, in either byte order. */
function orientation(value, little = true) {
  const data = Buffer.alloc(26);
  const word = (at, number) => (little ? data.writeUInt16LE(number, at) : data.writeUInt16BE(number, at));
  data.write(little ? "II" : "MM", 0, "latin1");
  word(2, 42);
  if (little) data.writeUInt32LE(8, 4);
  else data.writeUInt32BE(8, 4);
  word(8, 1);
  word(10, 0x0112);
  word(12, 3);
  if (little) data.writeUInt32LE(1, 14);
  else data.writeUInt32BE(1, 14);
  word(18, value);
  return data;
}

test("what the page writes is read back", async () => {
  const pixels = Uint8Array.of(0, 1, 2, 2, 1, 0);
  const image = await PngReader.read(await Png.palette({ width: 3, height: 2 }, pixels, COLORS));
  assert.deepEqual([image.width, image.height], [3, 2]);
  assert.deepEqual([...image.pixels], [...pixels]);
  assert.deepEqual(image.colors, COLORS);
});

test("every row filter is undone", async () => {
  const wanted = [[1, 2, 0, 1], [2, 2, 1, 0], [0, 1, 1, 2], [1, 0, 2, 2], [2, 1, 0, 1]];
  const byte = (value) => value & 255;
  const at = (row, column) => (row < 0 || column < 0 ? 0 : wanted[row][column]);
  const paeth = (left, above, corner) => {
    const guess = left + above - corner;
    const order = [left, above, corner].map((value) => [Math.abs(guess - value), value]);
    return order.reduce((best, one) => (one[0] < best[0] ? one : best))[1];
  };
  const rows = wanted.map((values, row) => [
    row,
    ...values.map((value, column) => {
      const [left, above, corner] = [at(row, column - 1), at(row - 1, column), at(row - 1, column - 1)];
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][row];
      return byte(value - guess);
    }),
  ]);
  const image = await PngReader.read(file({ width: 4, height: 5, rows }));
  assert.deepEqual([...image.pixels], wanted.flat());
});

for (const [depth, rows] of [[1, [[0, 0b10110000]]], [2, [[0, 0b01000101, 0b00000000]]], [4, [[0, 0x10, 0x11, 0x00]]]]) {
  test(`${depth} bits a pixel`, async () => {
    const image = await PngReader.read(file({ width: 5, height: 1, depth, rows }));
    assert.deepEqual([...image.pixels], [1, 0, 1, 1, 0]);
  });
}

const colorAt = ({ pixels, colors }, at) => colors[pixels[at]];

for (const [what, type, row, seen] of [
  ["true colours", 2, [1, 2, 3, 255, 0, 16], ["#010203", "#ff0010"]],
  ["true colours that are see-through", 6, [1, 2, 3, 0, 255, 0, 16, 9], ["#010203", "#ff0010"]],
  ["grey", 0, [7, 255], ["#070707", "#ffffff"]],
  ["grey that is see-through", 4, [7, 0, 255, 255], ["#070707", "#ffffff"]],
]) {
  test(`${what} are read as colours`, async () => {
    const image = await PngReader.read(file({ width: 2, height: 1, type, rows: [[0, ...row]] }));
    assert.deepEqual([colorAt(image, 0), colorAt(image, 1)], seen);
  });
}

test("a row filter reaches back one pixel of true colours", async () => {
  const rows = [[1, 1, 2, 3, 1, 0, 0], [4, 1, 1, 1, 0, 0, 0]];
  const image = await PngReader.read(file({ width: 2, height: 2, type: 2, rows }));
  const seen = [0, 1, 2, 3].map((at) => colorAt(image, at));
  assert.deepEqual(seen, ["#010203", "#020203", "#020304", "#020304"]);
});

test("more colours than a mask has classes are no colour", async () => {
  const row = Array.from({ length: 300 }, (_, at) => [at >> 8, at & 255, 9]).flat();
  const image = await PngReader.read(file({ width: 300, height: 1, type: 2, rows: [[0, ...row]] }));
  assert.equal(colorAt(image, 254), "#00fe09");
  assert.equal(colorAt(image, 299), undefined);
});

// The file's pixels are 0 1 2 / 3 4 5; what is upright for each orientation.
const UPRIGHT = {
  1: [3, 2, [0, 1, 2, 3, 4, 5]],
  2: [3, 2, [2, 1, 0, 5, 4, 3]],
  3: [3, 2, [5, 4, 3, 2, 1, 0]],
  4: [3, 2, [3, 4, 5, 0, 1, 2]],
  5: [2, 3, [0, 3, 1, 4, 2, 5]],
  6: [2, 3, [3, 0, 4, 1, 5, 2]],
  7: [2, 3, [5, 2, 4, 1, 3, 0]],
  8: [2, 3, [2, 5, 1, 4, 0, 3]],
};
for (const [value, [width, height, pixels]] of Object.entries(UPRIGHT)) {
  test(`orientation ${value} is turned upright`, async () => {
    for (const little of [true, false]) {
      const exif = orientation(Number(value), little);
      const rows = [[0, 0, 1, 2], [0, 3, 4, 5]];
      const image = await PngReader.read(file({ width: 3, height: 2, rows, exif }));
      assert.deepEqual([image.width, image.height, [...image.pixels]], [width, height, pixels]);
    }
  });
}

test("an EXIF block that says nothing of use is as good as none", async () => {
  const odd = [Buffer.from("II"), orientation(9), Buffer.concat([Buffer.from("MM\0*\xff\xff\xff\xff", "latin1"), Buffer.alloc(20)])];
  for (const exif of odd) {
    const image = await PngReader.read(file({ width: 2, height: 1, rows: [[0, 1, 2]], exif }));
    assert.deepEqual([...image.pixels], [1, 2]);
  }
});

for (const [what, bytes, reason] of [
  ["a text", Uint8Array.from(Buffer.from("hello")), /no PNG/],
  ["a file without an end", file({ width: 1, height: 1, rows: [[0, 1]], end: false }), /cut off/],
  ["interlacing", file({ width: 1, height: 1, interlace: 1, rows: [[0, 1]] }), /masks do not come in/],
  ["sixteen bits a pixel", file({ width: 1, height: 1, depth: 16, type: 0, rows: [[0, 1, 1]] }), /masks do not come in/],
  ["a missing row", file({ width: 1, height: 2, rows: [[0, 1]] }), /too few pixels/],
  ["an unknown row filter", file({ width: 1, height: 1, rows: [[9, 1]] }), /row filter/],
]) {
  test(`${what} is refused`, async () => {
    await assert.rejects(PngReader.read(bytes), reason);
  });
}
