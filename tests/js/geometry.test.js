"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Geometry } = require("./page_scripts.js");

const photo = { width: 640, height: 480 };
const stage = { width: 1000, height: 700 };
const view = Geometry.fit(photo, stage);

test("a fitted photo is centred and wholly in sight", () => {
  const from = Geometry.toScreen(view, { x: 0, y: 0 });
  const to = Geometry.toScreen(view, { x: 640, y: 480 });
  assert.ok(from.x >= 0 && from.y >= 0 && to.x <= 1000 && to.y <= 700);
  assert.ok(Math.abs(from.x + to.x - 1000) < 1e-9);
  assert.ok(Math.abs(from.y + to.y - 700) < 1e-9);
});

test("screen and image coordinates undo each other", () => {
  const point = { x: 12.25, y: 400.5 };
  const back = Geometry.toImage(view, Geometry.toScreen(view, point));
  assert.ok(Geometry.distance(point, back) < 1e-9);
});

test("zooming keeps the image point under the pointer where it is", () => {
  const at = { x: 300, y: 200 };
  const held = Geometry.toImage(view, at);
  const zoomed = Geometry.zoom(view, 3, at, photo, stage);
  assert.ok(Geometry.distance(Geometry.toScreen(zoomed, held), at) < 1e-9);
  assert.ok(Math.abs(zoomed.scale / view.scale - 3) < 1e-9);
});

test("zoom has a limit on both sides", () => {
  const at = { x: 0, y: 0 };
  assert.equal(Geometry.zoom(view, 1e9, at, photo, stage).scale, 40);
  assert.ok(Geometry.zoom(view, 1e-9, at, photo, stage).scale >= view.scale / 2);
});

test("a photo cannot be panned out of sight", () => {
  for (const [dx, dy] of [[1e6, 1e6], [-1e6, -1e6], [1e6, -1e6]]) {
    const panned = Geometry.pan(view, dx, dy, photo, stage);
    const from = Geometry.toScreen(panned, { x: 0, y: 0 });
    const to = Geometry.toScreen(panned, { x: 640, y: 480 });
    assert.ok(from.x <= 920 && from.y <= 620 && to.x >= 80 && to.y >= 80);
  }
});

test("a point out of sight is brought into sight", () => {
  const near = Geometry.zoom(view, 10, { x: 0, y: 0 }, photo, stage);
  const point = { x: 600, y: 450 };
  const at = Geometry.toScreen(Geometry.reveal(near, point, stage, 48), point);
  assert.ok(at.x <= 952 && at.y <= 652 && at.x >= 48 && at.y >= 48);
});

test("the pixel that owns the photo's far corner is the last one", () => {
  assert.deepEqual(Geometry.pixelCentre({ x: 640, y: 480 }, photo), { x: 639.5, y: 479.5 });
  assert.deepEqual(Geometry.pixelCentre({ x: -3, y: 10 }, photo), { x: 0.5, y: 10.5 });
});

const top = { x: 50, y: 0 };
const left = { x: 0, y: 50 };
const bottom = { x: 50, y: 100 };
const right = { x: 100, y: 50 };

for (const [name, points, expected] of [
  ["nothing placed", [], "top"],
  ["the top", [top], "left"],
  ["top and left", [top, left], "bottom"],
  ["top and right", [top, right], "left"],
  ["top, right, bottom", [top, right, bottom], "left"],
  ["left, bottom, right", [left, bottom, right], "top"],
  ["right, top, left", [right, top, left], "bottom"],
  // The bottom is the leftmost of these three, but it is further down than it is to the left.
  ["bottom, right, top of a leaning object",
    [{ x: 300, y: 380 }, { x: 430, y: 250 }, { x: 330, y: 120 }], "left"],
  ["all four", [top, left, bottom, right], null],
]) {
  test(`the next extreme after ${name} is ${expected}`, () => {
    assert.equal(Geometry.nextExtreme(points), expected);
  });
}

test("the next extreme of points on one place is still one of the four", () => {
  assert.equal(Geometry.nextExtreme([top, top, top]), "right");
});

test("the octagon through four extreme points touches their box, whatever their order", () => {
  const points = [[50, 90], [90, 50], [50, 10], [10, 50]].map(([x, y]) => ({ x, y }));
  const corners = Geometry.octagon(points);
  assert.equal(corners.length, 8);
  for (const [axis, low, high] of [["x", 10, 90], ["y", 10, 90]]) {
    const values = corners.map((corner) => corner[axis]);
    assert.deepEqual([Math.min(...values), Math.max(...values)], [low, high]);
  }
  const corner = Geometry.octagon([[0, 0], [0, 0], [9, 9], [9, 9]].map(([x, y]) => ({ x, y })));
  assert.ok(corner.every(({ x, y }) => x >= 0 && x <= 9 && y >= 0 && y <= 9));
});
