"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const zlib = require("node:zlib");
const { Png } = require("./page_scripts.js");

/** Reads what the tests need of a PNG: header, chunks, unfiltered bytes. Checks every CRC. */
function read(bytes) {
  const buffer = Buffer.from(bytes);
  assert.equal(buffer.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  const chunks = {};
  for (let at = 8; at < buffer.length; ) {
    const length = buffer.readUInt32BE(at);
    const type = buffer.subarray(at + 4, at + 8).toString("latin1");
    const data = buffer.subarray(at + 8, at + 8 + length);
    const crc = zlib.crc32 ? zlib.crc32(buffer.subarray(at + 4, at + 8 + length)) : null;
    if (crc !== null) assert.equal(buffer.readUInt32BE(at + 8 + length), crc);
    chunks[type] = data;
    at += 12 + length;
  }
  const [width, height] = [chunks.IHDR.readUInt32BE(0), chunks.IHDR.readUInt32BE(4)];
  const [depth, colorType] = [chunks.IHDR[8], chunks.IHDR[9]];
  const raw = zlib.inflateSync(chunks.IDAT);
  const stride = (width * depth) / 8;
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row++) {
    assert.equal(raw[row * (stride + 1)], 2);
    for (let at = 0; at < stride; at++) {
      const above = row ? pixels[(row - 1) * stride + at] : 0;
      pixels[row * stride + at] = raw[row * (stride + 1) + 1 + at] + above;
    }
  }
  return { width, height, depth, colorType, chunks, pixels };
}

test("a palette PNG keeps every index and colour, index 0 transparent", async () => {
  const pixels = Uint8Array.of(0, 1, 2, 2, 1, 0);
  const bytes = await Png.palette({ width: 3, height: 2 }, pixels, ["#ffffff", "#e69f00", "#0072b2"]);
  const image = read(bytes);
  assert.deepEqual([image.width, image.height, image.depth, image.colorType], [3, 2, 8, 3]);
  assert.deepEqual([...image.pixels], [...pixels]);
  assert.equal(image.chunks.PLTE.toString("hex"), "ffffffe69f000072b2");
  assert.deepEqual([...image.chunks.tRNS], [0]);
});

test("a greyscale PNG of bytes has 8 bits a pixel", async () => {
  const pixels = Uint8Array.of(0, 255, 7, 128);
  const image = read(await Png.greyscale({ width: 2, height: 2 }, pixels));
  assert.deepEqual([image.depth, image.colorType], [8, 0]);
  assert.deepEqual([...image.pixels], [...pixels]);
});

test("a greyscale PNG of words has 16 bits a pixel, high byte first", async () => {
  const pixels = Uint16Array.of(0, 256, 65535, 300);
  const image = read(await Png.greyscale({ width: 2, height: 2 }, pixels));
  assert.deepEqual([image.depth, image.colorType], [16, 0]);
  assert.deepEqual([...image.pixels], [0, 0, 1, 0, 255, 255, 1, 44]);
});

test("a mask of a large photo is small", async () => {
  const [width, height] = [2000, 1500];
  const pixels = new Uint8Array(width * height);
  for (let row = 300; row < 1200; row++) pixels.fill(1, row * width + row, row * width + 1900);
  const bytes = await Png.palette({ width, height }, pixels, ["#ffffff", "#e69f00"]);
  assert.ok(bytes.length < 12_000, `${bytes.length} bytes`);
  assert.deepEqual(read(bytes).pixels, Buffer.from(pixels));
});

test("base64 of more bytes than an argument list holds", () => {
  const bytes = Uint8Array.from({ length: 300_001 }, (_, index) => index * 31);
  assert.equal(Png.base64(bytes), Buffer.from(bytes).toString("base64"));
});
