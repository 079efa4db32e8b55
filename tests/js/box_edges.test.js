"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { BoxEdges } = require("./page_scripts.js");

const PHOTO = { width: 100, height: 80 };
const BOX = { left: 10, top: 20, right: 50, bottom: 60 };

test("a box lies around its points in hundredths of a pixel", () => {
  const points = [{ x: 30, y: 5.005 }, { x: 10.123, y: 20 }, { x: 31, y: 60 }, { x: 50, y: 21 }];
  assert.deepEqual(BoxEdges.around(points), { left: 10.12, top: 5.01, right: 50, bottom: 60 });
});

test("points on a line enclose nothing", () => {
  assert.ok(BoxEdges.isFlat(BoxEdges.around([{ x: 1, y: 1 }, { x: 50, y: 1.5 }])));
  assert.ok(!BoxEdges.isFlat(BOX));
});

test("an edge stays in the photo and does not pass the opposite one", () => {
  assert.equal(BoxEdges.withEdge(BOX, "left", -5, PHOTO).left, 0);
  assert.equal(BoxEdges.withEdge(BOX, "left", 70, PHOTO).left, 49);
  assert.equal(BoxEdges.withEdge(BOX, "bottom", 200, PHOTO).bottom, 80);
  assert.equal(BoxEdges.withEdge(BOX, "bottom", 0, PHOTO).bottom, 21);
});

test("a corner moves two edges", () => {
  const moved = BoxEdges.dragged(BOX, ["right", "bottom"], { x: 55, y: 70 }, PHOTO);
  assert.deepEqual(moved, { left: 10, top: 20, right: 55, bottom: 70 });
});

for (const [what, point, held] of [
  ["the left edge", { x: 11, y: 40 }, ["left"]],
  ["a corner", { x: 51, y: 59 }, ["right", "bottom"]],
  ["the middle", { x: 30, y: 40 }, []],
  ["beside the box", { x: 54, y: 40 }, []],
  ["the height of an edge, but far away", { x: 80, y: 20 }, []],
]) {
  test(`${what} takes hold of ${held.join(" and ") || "nothing"}`, () => {
    assert.deepEqual(BoxEdges.heldAt(BOX, point, 3), held);
  });
}

test("of a box smaller than the reach the nearer edges are held", () => {
  const tiny = { left: 10, top: 10, right: 12, bottom: 12 };
  assert.deepEqual(BoxEdges.heldAt(tiny, { x: 12.5, y: 11.5 }, 5), ["right", "bottom"]);
});
