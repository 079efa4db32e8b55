"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { LabelMap, Rle } = require("./page_scripts.js");

/** A map of rows such as [".12", "..2"], and its size. */
function mapOf(rows) {
  const values = [...rows.join("")].map((mark) => (mark === "." ? 0 : Number(mark)));
  return [Uint8Array.from(values), { width: rows[0].length, height: rows.length }];
}

/** The pieces drawn on one map again. */
function drawn(pieces, { width, height }) {
  const map = new Uint8Array(width * height);
  for (const { label, mask } of pieces) {
    const [left, top, across, down] = mask.box;
    Rle.decode(mask.counts, across, down).forEach((pixel, at) => {
      const place = (top + Math.floor(at / across)) * width + left + (at % across);
      if (pixel) map[place] = label + 1;
    });
  }
  return map;
}

test("colours are labels, and other colours are nothing", () => {
  const labels = [{ color: "#e69f00" }, { color: "#0072b2" }];
  const png = { pixels: Uint8Array.of(0, 1, 2, 3, 9), colors: ["#ffffff", "#0072b2", "#000000", "#e69f00"] };
  assert.deepEqual([...LabelMap.fromPng(png, labels)], [0, 2, 0, 1, 0]);
});

test("each connected piece of a label is an object, the largest first", () => {
  const big = "1".repeat(40);
  const other = "2".repeat(35);
  const gap = ".".repeat(5);
  const rows = Array.from({ length: 4 }, () => big + gap + other + gap + "1".repeat(20));
  const [map, size] = mapOf(rows);
  const pieces = LabelMap.pieces(map, size);
  assert.deepEqual(pieces.map(({ label, area }) => [label, area]), [[0, 160], [1, 140], [0, 80]]);
  assert.deepEqual(pieces[0].mask.box, [0, 0, 40, 4]);
  assert.deepEqual([...drawn(pieces, size)], [...map]);
});

test("arms that meet further down are one piece", () => {
  const wide = (text) => [...text].map((mark) => mark.repeat(8)).join("");
  const rows = ["1.1.1", "1.1.1", "111.1", "1.111"].flatMap((row) => Array(4).fill(wide(row)));
  const [map, size] = mapOf(rows);
  const pieces = LabelMap.pieces(map, size);
  assert.equal(pieces.length, 1);
  assert.deepEqual([...drawn(pieces, size)], [...map]);
});

test("pieces that only touch at a corner are two, and rows do not meet round the edge", () => {
  const half = (mark) => mark.repeat(10);
  const rows = [...Array(8).fill(half("1") + half(".")), ...Array(8).fill(half(".") + half("1"))];
  const [map, size] = mapOf(rows);
  assert.equal(LabelMap.pieces(map, size).length, 2);
});

test("specks belong to their label's largest piece", () => {
  const rows = Array.from({ length: 10 }, () => "1".repeat(10) + "....");
  rows[4] = "1".repeat(10) + "..1.";
  rows[6] = "1".repeat(10) + "..2.";
  const [map, size] = mapOf(rows);
  const pieces = LabelMap.pieces(map, size);
  assert.deepEqual(pieces.map(({ label, area }) => [label, area]), [[0, 101], [1, 1]]);
  assert.deepEqual([...drawn(pieces, size)], [...map]);
});

test("noise does not become thousands of objects, and no pixel is lost", () => {
  const size = { width: 200, height: 150 };
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const map = Uint8Array.from({ length: size.width * size.height }, () => Math.floor(random() * 3));
  const pieces = LabelMap.pieces(map, size);
  assert.ok(pieces.length <= 80, `${pieces.length} pieces`);
  assert.deepEqual(drawn(pieces, size), map);
});

test("the extreme points are the outermost places of a piece", () => {
  const [map, size] = mapOf(["......", "..11..", ".1111.", ".1111.", "..1111"]);
  const [{ extremePoints }] = LabelMap.pieces(map, size);
  assert.deepEqual(extremePoints, [
    { x: 3, y: 1 }, { x: 1, y: 2.5 }, { x: 4, y: 5 }, { x: 6, y: 4.5 },
  ]);
});

test("nothing has no pieces", () => {
  const [map, size] = mapOf(["...", "..."]);
  assert.deepEqual(LabelMap.pieces(map, size), []);
});

test("a dispute is where workers differ, and how many do", () => {
  const [one] = mapOf(["1122."]);
  const [two] = mapOf(["1112."]);
  const [three] = mapOf(["1132."]);
  const [four] = mapOf(["1122."]);
  assert.deepEqual([...LabelMap.disputes([one, two])], [0, 0, 1, 0, 0]);
  assert.deepEqual([...LabelMap.disputes([one, two, four])], [0, 0, 1, 0, 0]);
  assert.deepEqual([...LabelMap.disputes([one, two, three, four])], [0, 0, 2, 0, 0]);
  assert.deepEqual([...LabelMap.disputes([one, one])], [0, 0, 0, 0, 0]);
});

test("one value of a map is a mask", () => {
  const [map, size] = mapOf([".2.", "212"]);
  const mask = LabelMap.maskOf(map, 2, size);
  assert.deepEqual(mask.box, [0, 0, 3, 2]);
  assert.deepEqual([...Rle.decode(mask.counts, 3, 2)], [0, 1, 0, 1, 0, 1]);
  assert.deepEqual(LabelMap.maskOf(map, 3, size), { box: [0, 0, 0, 0], counts: "" });
});
