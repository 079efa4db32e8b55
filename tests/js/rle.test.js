"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Rle, grid, vectors } = require("./page_scripts.js");

const { good, bad } = vectors("rle");

for (const { name, rows, counts } of good) {
  const [width, height] = [rows[0].length, rows.length];
  test(`a mask is written as pycocotools writes it: ${name}`, () => {
    assert.equal(Rle.encode(grid(rows), width, height), counts);
  });
  test(`a mask is read back: ${name}`, () => {
    assert.deepEqual(Rle.decode(counts, width, height), grid(rows));
  });
}

for (const { name, counts, width, height } of bad) {
  test(`not a mask: ${name}`, () => {
    assert.throws(() => Rle.decode(counts, width, height), Error);
    const mask = { box: [0, 0, width, height], counts };
    assert.throws(() => Rle.check(mask, { width: 10, height: 10 }), Error);
  });
}

test("a run longer than 2^25 keeps its length", () => {
  // 40 million zeros of a photo of that many pixels, as pycocotools writes them.
  let [value, counts] = [40_000_000, ""];
  while (value >= 16) {
    counts += String.fromCharCode(48 + (value % 32) + 32);
    value = Math.floor(value / 32);
  }
  counts += String.fromCharCode(48 + value);
  assert.equal(Rle.encode(new Uint8Array(40_000_000), 8000, 5000), counts);
  Rle.check({ box: [0, 0, 8000, 5000], counts }, { width: 8000, height: 5000 });
});

test("an empty mask has no run lengths", () => {
  assert.equal(Rle.encode(new Uint8Array(0), 0, 0), "");
  Rle.check({ box: [0, 0, 0, 0], counts: "" }, { width: 10, height: 10 });
});

for (const [name, mask] of [
  ["nothing", undefined],
  ["a box of floats", { box: [0, 0, 1.5, 1], counts: "1" }],
  ["a box beyond the photo", { box: [9, 0, 2, 1], counts: "2" }],
  ["a box before the photo", { box: [-1, 0, 1, 1], counts: "1" }],
  ["a box of texts", { box: ["0", "0", "1", "1"], counts: "1" }],
  ["counts that are no text", { box: [0, 0, 1, 1], counts: [1] }],
]) {
  test(`a service's mask is refused: ${name}`, () => {
    assert.throws(() => Rle.check(mask, { width: 10, height: 10 }), Error);
  });
}
