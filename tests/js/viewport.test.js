"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Geometry, Viewport } = require("./page_scripts.js");

function open(photo = { width: 640, height: 480 }) {
  const calls = [];
  const viewport = Viewport.create({
    photo, onView: () => calls.push("view"), onCursor: () => calls.push("cursor"),
  });
  viewport.resize({ width: 1000, height: 700 });
  calls.length = 0;
  return { viewport, calls };
}

test("a photo that was not touched follows the window", () => {
  const { viewport } = open();
  viewport.resize({ width: 500, height: 700 });
  assert.deepEqual(viewport.view, Geometry.fit(viewport.photo, viewport.stage));
});

test("a photo that was zoomed keeps its scale, and its middle in the middle", () => {
  const { viewport } = open();
  viewport.zoom(3, { x: 500, y: 350 });
  const { scale } = viewport.view;
  const middle = Geometry.toImage(viewport.view, { x: 500, y: 350 });
  viewport.resize({ width: 800, height: 600 });
  assert.equal(viewport.view.scale, scale);
  const now = Geometry.toImage(viewport.view, { x: 400, y: 300 });
  assert.ok(Geometry.distance(middle, now) < 1e-6);
});

test("moving the pointer does not redraw the photo", () => {
  const { viewport, calls } = open();
  viewport.point({ x: 500, y: 350 });
  assert.deepEqual(calls, ["cursor"]);
});

test("just outside the photo the pointer is on its edge, far outside it is nowhere", () => {
  const { viewport } = open();
  const edge = Geometry.toScreen(viewport.view, { x: 0, y: 240 });
  viewport.point({ x: edge.x - 15, y: edge.y });
  assert.equal(viewport.cursor.x, 0);
  viewport.point({ x: edge.x - 40, y: edge.y });
  assert.equal(viewport.cursor, null);
});

test("arrow keys begin in the middle, on a pixel's centre", () => {
  const { viewport } = open();
  viewport.step(1, 0);
  assert.deepEqual(viewport.cursor, { x: 321.5, y: 240.5 });
});

test("arrow keys go on from where the pointer was", () => {
  const { viewport } = open();
  viewport.point(Geometry.toScreen(viewport.view, { x: 100.2, y: 50.7 }));
  viewport.point(null);
  viewport.step(0, 10);
  assert.deepEqual(viewport.cursor, { x: 100.5, y: 60.5 });
});

test("arrow keys stop at the photo's last pixel", () => {
  const { viewport } = open();
  viewport.step(10_000, -10_000);
  assert.deepEqual(viewport.cursor, { x: 639.5, y: 0.5 });
});

test("a step is at least one pixel of the screen", () => {
  const { viewport } = open({ width: 8000, height: 6000 });
  viewport.step(1, 0);
  const before = viewport.cursor.x;
  viewport.step(1, 0);
  const moved = (viewport.cursor.x - before) * viewport.view.scale;
  assert.ok(moved > 0.9 && moved < 2, `${moved}`);
});

test("the view follows the arrow keys when zoomed in", () => {
  const { viewport } = open();
  viewport.zoom(20, { x: 500, y: 350 });
  viewport.step(200, 0);
  const at = Geometry.toScreen(viewport.view, viewport.cursor);
  assert.ok(at.x <= 1000 - 47 && at.x >= 0, `${at.x}`);
});
