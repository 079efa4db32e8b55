"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Session, Sketch, Spans, Viewport, clock } = require("./page_scripts.js");

const PHOTO = { width: 200, height: 150 };

function begin() {
  const session = Session.create({ labels: 2, now: clock() });
  const viewport = Viewport.create({ photo: PHOTO, onView: () => {}, onCursor: () => {} });
  viewport.resize({ width: 240, height: 190 }); // one screen pixel an image pixel
  const seen = { changes: 0, moves: 0 };
  const sketch = Sketch.create({
    session, viewport, onChange: () => seen.changes++, onMove: () => seen.moves++,
  });
  return { session, viewport, sketch, seen };
}

const at = (x, y) => ({ x, y });
const regionOf = (session) => Spans.of(session.shownResult(session.current()).mask);

test("a stroke becomes one step when it is finished, and nothing before", () => {
  const { session, sketch, seen } = begin();
  sketch.stroke(at(50, 50), true);
  for (let x = 51; x <= 80; x++) sketch.follow(at(x, 50));
  assert.equal(session.canUndo, false);
  assert.equal(seen.moves, 15); // every other pixel, for a brush of 28
  sketch.finish();
  assert.equal(sketch.present, null);
  assert.equal(session.current().edits.length, 1);
  assert.deepEqual(Spans.box(regionOf(session)).slice(0, 1), [36]);
  session.undo();
  assert.deepEqual(session.state.objects, []);
});

test("the brush is as wide on the screen whatever the zoom", () => {
  const { session, viewport, sketch } = begin();
  sketch.stroke(at(100, 75), true);
  sketch.finish();
  const before = Spans.box(regionOf(session))[2];
  session.undo();
  viewport.zoom(2, at(120, 95));
  sketch.stroke(at(100, 75), true);
  sketch.finish();
  assert.equal(Spans.box(regionOf(session))[2], before / 2);
});

test("movements that are not seen are not kept", () => {
  const { sketch, seen } = begin();
  sketch.stroke(at(50, 50), true);
  for (let step = 1; step < 100; step++) sketch.follow(at(50 + step / 1000, 50));
  assert.deepEqual([sketch.present.points.length, seen.moves], [1, 0]);
});

test("a polygon closes at its first corner, from the third on", () => {
  const { session, sketch } = begin();
  for (const corner of [at(20, 20), at(60, 20), at(20.5, 20.5), at(60, 60)]) sketch.corner(corner, true);
  assert.equal(sketch.present.points.length, 3); // too early to close
  sketch.corner(at(22, 19), false);
  assert.equal(sketch.present, null);
  assert.equal(Spans.area(regionOf(session)), 780); // half of 40 x 40, the diagonal left out
  assert.equal(Session.madeBy(session.current()), "polygon");
});

test("a polygon that was begun to take away takes away", () => {
  const { session, sketch } = begin();
  for (const corner of [at(20, 20), at(60, 20), at(60, 60), at(20, 60), at(20, 20)]) sketch.corner(corner, true);
  for (const corner of [at(20, 20), at(40, 20), at(40, 60), at(20, 60)]) sketch.corner(corner, false);
  sketch.finish();
  assert.deepEqual(Spans.box(regionOf(session)), [40, 20, 20, 40]);
});

test("corners are taken back and put down again one by one", () => {
  const { sketch } = begin();
  for (const corner of [at(20, 20), at(60, 20), at(60, 60)]) sketch.corner(corner, true);
  assert.ok(sketch.undo());
  assert.ok(sketch.undo());
  assert.ok(sketch.redo());
  assert.deepEqual(sketch.present.points, [at(20, 20), at(60, 20)]);
  sketch.corner(at(90, 90), true);
  assert.ok(!sketch.redo());
  for (let corner = 0; corner < 3; corner++) sketch.undo();
  assert.equal(sketch.present, null);
  assert.ok(!sketch.undo());
});

test("too few corners are given up, and so is what is cancelled", () => {
  const { session, sketch } = begin();
  sketch.corner(at(20, 20), true);
  sketch.corner(at(60, 20), true);
  sketch.finish();
  sketch.stroke(at(20, 20), true);
  assert.ok(sketch.cancel());
  assert.ok(!sketch.cancel());
  assert.deepEqual(session.state.objects, []);
});

test("a point is moved when it is let go, and stays on the photo", () => {
  const { session, sketch } = begin();
  session.addPoint(at(50, 20), "inside");
  const place = { point: session.current().extremePoints[0], list: "extremePoints", index: 0 };
  sketch.grab(place);
  sketch.follow(at(60, -30));
  assert.deepEqual(session.current().extremePoints, [at(50, 20)]);
  sketch.finish();
  assert.deepEqual(session.current().extremePoints, [at(60, 0)]);
  sketch.grab({ ...place, point: session.current().extremePoints[0] });
  sketch.finish();
  session.undo();
  assert.deepEqual(session.current().extremePoints, [at(50, 20)]); // the second was no step
});

test("the brush has a smallest and a largest size", () => {
  const { sketch } = begin();
  for (let step = 0; step < 40; step++) sketch.thinner();
  assert.equal(sketch.size, Sketch.THINNEST);
  for (let step = 0; step < 80; step++) sketch.thicker();
  assert.equal(sketch.size, Sketch.THICKEST);
  sketch.size = 20;
  assert.equal(Math.round(sketch.size), 20);
});
