"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Rle, Spans, grid, vectors } = require("./page_scripts.js");

const PHOTO = { width: 12, height: 8 };

/** The mask of a picture, its box cut to what is set. */
function maskOf(rows) {
  const [width, height] = [rows[0].length, rows.length];
  const whole = { box: [0, 0, width, height], counts: Rle.encode(grid(rows), width, height) };
  return Spans.mask(Spans.of(whole));
}

/** A region as a picture again. */
function picture(region, { width, height } = PHOTO) {
  const rows = Array.from({ length: height }, () => Array(width).fill("."));
  const { box: [left, top, across, down], counts } = Spans.mask(region);
  Rle.decode(counts, across, down).forEach((pixel, at) => {
    if (pixel) rows[top + Math.floor(at / across)][left + (at % across)] = "#";
  });
  return rows.map((row) => row.join(""));
}

const regionOf = (rows) => Spans.of(maskOf(rows));

for (const { name, rows } of vectors("rle").good) {
  test(`spans give back the mask that they were read from: ${name}`, () => {
    const [width, height] = [rows[0].length, rows.length];
    const region = regionOf(rows);
    assert.deepEqual(picture(region, { width, height }), rows);
  });
}

test("a mask is written with the box of what is set, as the service writes it", () => {
  assert.deepEqual(maskOf(["......", "..##..", "...#.."]).box, [2, 1, 2, 2]);
  const empty = maskOf(["...", "..."]);
  assert.deepEqual(empty, { box: [0, 0, 0, 0], counts: "" });
});

test("regions are put together and taken away wherever they lie", () => {
  const one = regionOf(["##......", "##......", "........"]);
  const other = regionOf([".....##.", ".#...##.", ".#......"]);
  const size = { width: 8, height: 3 };
  assert.deepEqual(picture(Spans.union(one, other), size), ["##...##.", "##...##.", ".#......"]);
  assert.deepEqual(picture(Spans.subtract(one, other), size), ["##......", "#.......", "........"]);
  assert.deepEqual(picture(Spans.subtract(one, one), size), ["........", "........", "........"]);
  assert.deepEqual(picture(Spans.union(Spans.EMPTY, one), size), picture(one, size));
});

test("two regions of random pixels are combined as their pixels are", () => {
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let round = 0; round < 60; round++) {
    const rows = () =>
      Array.from({ length: 6 }, () => Array.from({ length: 9 }, () => (random() < 0.5 ? "#" : ".")).join(""));
    const [a, b] = [rows(), rows()];
    const expected = (keep) => a.map((row, y) => [...row].map((mark, x) => (keep(mark === "#", b[y][x] === "#") ? "#" : ".")).join(""));
    const size = { width: 9, height: 6 };
    assert.deepEqual(picture(Spans.union(regionOf(a), regionOf(b)), size), expected((p, q) => p || q));
    assert.deepEqual(picture(Spans.subtract(regionOf(a), regionOf(b)), size), expected((p, q) => p && !q));
    assert.equal(Spans.area(regionOf(a)), a.join("").split("#").length - 1);
  }
});

test("a point belongs to the pixel that owns it", () => {
  const region = regionOf(["....", ".##.", "...."]);
  assert.ok(Spans.contains(region, { x: 1, y: 1 }));
  assert.ok(Spans.contains(region, { x: 2.9, y: 1.9 }));
  assert.ok(!Spans.contains(region, { x: 3, y: 1.5 }));
  assert.ok(!Spans.contains(region, { x: 1.5, y: 2 }));
  assert.ok(!Spans.contains(region, { x: 90, y: 1 }));
});

test("a brush covers the pixels whose centres it reaches, and stays on the photo", () => {
  assert.deepEqual(picture(Spans.stroke([{ x: 3.5, y: 3.5 }], 1.5, PHOTO)), [
    "............", "............", "..###.......", "..###.......", "..###.......", "............",
    "............", "............",
  ]);
  assert.deepEqual(picture(Spans.stroke([{ x: 0.2, y: 0.4 }], 0.1, PHOTO))[0], "#...........");
  const along = Spans.stroke([{ x: 1.5, y: 1.5 }, { x: 9.5, y: 5.5 }], 0.8, PHOTO);
  const circles = Array.from({ length: 200 }, (_, at) => ({ x: 1.5 + at / 25, y: 1.5 + at / 50 }));
  const dabs = circles.reduce((all, at) => Spans.union(all, Spans.stroke([at], 0.8, PHOTO)), Spans.EMPTY);
  assert.equal(Spans.area(Spans.subtract(dabs, along)), 0);
  assert.ok(Spans.area(Spans.subtract(along, dabs)) <= 2);
  assert.deepEqual(Spans.box(Spans.stroke([{ x: -5, y: 3 }, { x: 40, y: 3 }], 2, PHOTO)), [0, 1, 12, 4]);
  assert.equal(Spans.area(Spans.stroke([{ x: -50, y: 3 }], 2, PHOTO)), 0);
});

test("a polygon covers its inside, and polygons side by side do not overlap", () => {
  const left = Spans.polygon([{ x: 1, y: 1 }, { x: 5, y: 1 }, { x: 5, y: 5 }, { x: 1, y: 5 }], PHOTO);
  assert.deepEqual(Spans.box(left), [1, 1, 4, 4]);
  assert.equal(Spans.area(left), 16);
  const corners = [[0, 0], [12, 3], [5.5, 8]].map(([x, y]) => ({ x, y }));
  const others = [[[0, 0], [5.5, 8], [0, 8]], [[0, 0], [12, 3], [12, 0]], [[5.5, 8], [12, 3], [12, 8]]];
  let sum = Spans.area(Spans.polygon(corners, PHOTO));
  for (const points of others) sum += Spans.area(Spans.polygon(points.map(([x, y]) => ({ x, y })), PHOTO));
  assert.equal(sum, PHOTO.width * PHOTO.height);
});

test("extreme points are the middles of the outermost rows and columns", () => {
  assert.deepEqual(Spans.extremes(regionOf(["...##...", ".#####..", "..##..##"])), [
    { x: 4, y: 0 }, { x: 1, y: 1.5 }, { x: 3, y: 3 }, { x: 8, y: 2.5 },
  ]);
});

test("only the parts that come near a point are found, whole", () => {
  const region = regionOf(["#..#....", "#..#....", "##.#.##.", "...####."]);
  const size = { width: 8, height: 4 };
  const at = (x, y, reach) => picture(Spans.near(region, { x: x + 0.5, y: y + 0.5 }, reach), size);
  assert.deepEqual(at(0, 0, 1), ["#.......", "#.......", "##......", "........"]);
  assert.deepEqual(at(6, 1, 1), ["...#....", "...#....", "...#.##.", "...####."]);
  assert.deepEqual(at(7, 0, 1), ["........", "........", "........", "........"]);
});

test("a coarse picture has the middle pixel of each square", () => {
  const rows = ["........", "..####..", "..####..", "..####..", "........", "......##"];
  const { pixels, left, top, width, height } = Spans.picture(regionOf(rows), 2);
  assert.deepEqual([left, top, width, height], [2, 0, 3, 3]);
  assert.deepEqual([...pixels], [1, 1, 0, 1, 1, 0, 0, 0, 1]);
  const whole = Spans.picture(regionOf(rows), 1);
  assert.equal(whole.pixels.reduce((sum, pixel) => sum + pixel, 0), 14);
});
