"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Session, Spans, clock } = require("./page_scripts.js");

const PHOTO = { width: 200, height: 200 };
const EXTREMES = [[50, 10], [10, 50], [50, 90], [90, 50]].map(([x, y]) => ({ x, y }));

const rectangle = (left, top, right, bottom) =>
  Spans.polygon([[left, top], [right, top], [right, bottom], [left, bottom]].map(([x, y]) => ({ x, y })), PHOTO);
const edit = (tool, adds, ...sides) => ({ tool, adds, region: Spans.mask(rectangle(...sides)) });

function begin() {
  return Session.create({ labels: 3, now: clock() });
}

function answer(session, region, name = "m") {
  answerTo(session, session.current().prompt, region, name);
}

function answerTo(session, prompt, region, name = "m") {
  session.accept(prompt, { mask: Spans.mask(region), previousMask: name, score: 1, model: "model-1" });
}

function draw(session, region = rectangle(10, 10, 90, 90)) {
  for (const point of EXTREMES) session.addPoint(point, "inside");
  if (region) answer(session, region);
}

const boxOf = (session) => session.shownResult(session.current())?.mask.box ?? null;
const areaOf = (session) => Spans.area(Spans.of(session.shownResult(session.current()).mask));

test("a brush stroke begins an object, with its mask at once and no request", () => {
  const session = begin();
  session.setLabel(2);
  session.paint(edit("brush", true, 20, 20, 40, 50));
  const object = session.current();
  assert.deepEqual([object.label, Session.madeBy(object)], [2, "brush"]);
  assert.deepEqual(boxOf(session), [20, 20, 20, 30]);
  assert.ok(object.prompt.result);
  assert.ok(!session.takesExtremes(object));
});

test("an eraser begins nothing, and a stroke that changes nothing is no step", () => {
  const session = begin();
  session.paint(edit("brush", false, 20, 20, 40, 50));
  assert.equal(session.canUndo, false);
  session.paint(edit("brush", true, 20, 20, 40, 50));
  session.paint(edit("brush", true, 25, 25, 30, 30));
  session.paint(edit("brush", false, 90, 90, 95, 95));
  assert.equal(session.current().edits.length, 1);
  session.undo();
  assert.equal(session.canUndo, false);
});

test("strokes and polygons are undone and redone one by one", () => {
  const session = begin();
  session.paint(edit("polygon", true, 10, 10, 50, 50));
  session.paint(edit("brush", false, 10, 10, 30, 50));
  session.paint(edit("brush", true, 60, 10, 70, 50));
  assert.deepEqual(boxOf(session), [30, 10, 40, 40]);
  session.undo();
  assert.deepEqual(boxOf(session), [30, 10, 20, 40]);
  session.undo();
  assert.deepEqual(boxOf(session), [10, 10, 40, 40]);
  session.redo();
  session.redo();
  assert.deepEqual(boxOf(session), [30, 10, 40, 40]);
  assert.equal(Session.madeBy(session.current()), "mixed");
});

test("a click after an edit goes on from the edited mask", () => {
  const session = begin();
  draw(session);
  session.paint(edit("brush", false, 10, 10, 90, 50));
  assert.deepEqual(boxOf(session), [10, 50, 80, 40]);
  session.addPoint({ x: 150, y: 60 }, "inside");
  const { prompt } = session.current();
  assert.deepEqual(prompt.extremePoints, Spans.extremes(rectangle(10, 50, 90, 90)));
  assert.equal(session.previousMask(prompt), null); // another crop
  assert.deepEqual(boxOf(session), [10, 50, 80, 40]); // shown until the answer is there
  answer(session, Spans.union(rectangle(10, 10, 90, 90), rectangle(85, 55, 155, 65)));
  // The part at the click, not what had been erased.
  assert.deepEqual(boxOf(session), [10, 50, 145, 40]);
  session.addPoint({ x: 151, y: 60 }, "outside");
  const second = session.current().prompt;
  assert.equal(second.extremePoints, prompt.extremePoints);
  assert.equal(session.previousMask(second), "m");
  assert.equal(Session.madeBy(session.current()), "mixed");
});

test("an object painted without the model takes clicks too", () => {
  const session = begin();
  session.paint(edit("polygon", true, 20, 20, 60, 60));
  session.addPoint({ x: 70, y: 30 }, "inside");
  const object = session.current();
  assert.deepEqual(object.extremePoints, []);
  assert.deepEqual(object.clicks.map(({ kind }) => kind), ["inside"]);
  assert.deepEqual(object.prompt.extremePoints, Spans.extremes(rectangle(20, 20, 60, 60)));
  answer(session, rectangle(20, 20, 80, 60));
  assert.deepEqual(boxOf(session), [20, 20, 60, 40]);
  session.deletePoint(session.lastPoint());
  assert.deepEqual(boxOf(session), [20, 20, 40, 40]);
  assert.equal(session.lastPoint(), null);
});

test("edits are laid over the mask that comes back when an earlier point is moved", () => {
  const session = begin();
  draw(session);
  session.paint(edit("brush", true, 90, 40, 120, 60));
  session.movePoint({ list: "extremePoints", index: 1 }, { x: 20, y: 50 });
  const { prompt, extremePoints } = session.current();
  assert.deepEqual(extremePoints[1], { x: 20, y: 50 });
  assert.equal(prompt.extremePoints, extremePoints);
  answer(session, rectangle(20, 10, 90, 90));
  assert.deepEqual(boxOf(session), [20, 10, 100, 80]);
  session.undo();
  assert.deepEqual(boxOf(session), [10, 10, 110, 80]);
});

test("a moved click keeps its kind and asks again from the mask before it", () => {
  const session = begin();
  draw(session);
  session.addPoint({ x: 95, y: 50 }, "outside");
  answer(session, rectangle(10, 10, 80, 90), "second");
  session.movePoint({ list: "clicks", index: 0 }, { x: 96.123, y: 51 });
  assert.deepEqual(session.current().clicks, [{ x: 96.12, y: 51, kind: "outside" }]);
  assert.equal(session.previousMask(session.current().prompt), "m");
});

test("a point that was deleted meanwhile is moved nowhere", () => {
  const session = begin();
  draw(session);
  session.movePoint({ list: "clicks", index: 0 }, { x: 1, y: 1 });
  session.deleteObject(1);
  const { state } = session;
  session.movePoint({ list: "extremePoints", index: 0 }, { x: 1, y: 1 });
  assert.equal(session.state, state);
});

test("painting while a mask is on its way is not lost when it comes", () => {
  const session = begin();
  draw(session, null);
  const asked = session.current().prompt;
  session.paint(edit("brush", true, 100, 10, 120, 30));
  session.paint(edit("brush", false, 110, 10, 120, 30));
  assert.deepEqual(boxOf(session), [100, 10, 10, 20]);
  assert.ok(session.awaits(asked));
  answerTo(session, asked, rectangle(10, 10, 90, 90));
  assert.deepEqual(boxOf(session), [10, 10, 100, 80]);
  assert.equal(areaOf(session), 80 * 80 + 10 * 20);
  assert.equal(Session.madeBy(session.current()), "mixed");
});

test("with the model away an object begun with points is finished with the brush", () => {
  const session = begin();
  draw(session, null);
  session.paint(edit("brush", true, 10, 10, 90, 90));
  assert.ok(session.current().prompt.result);
  assert.equal(Session.madeBy(session.current()), "brush");
});

test("an object with two points and a stroke takes the other two points", () => {
  const session = begin();
  for (const point of EXTREMES.slice(0, 2)) session.addPoint(point, "inside");
  session.paint(edit("brush", true, 20, 20, 30, 30));
  assert.ok(session.takesExtremes(session.current()));
  for (const point of EXTREMES.slice(2)) session.addPoint(point, "inside");
  assert.equal(session.current().extremePoints.length, 4);
  answer(session, rectangle(40, 10, 90, 90));
  assert.deepEqual(boxOf(session), [20, 10, 70, 80]);
});

test("a click on a mask that was wholly erased does nothing", () => {
  const session = begin();
  session.paint(edit("brush", true, 20, 20, 30, 30));
  session.paint(edit("brush", false, 10, 10, 40, 40));
  session.addPoint({ x: 25, y: 25 }, "inside");
  assert.deepEqual(session.current().clicks, []);
});

test("deleting every point of an object that was painted on keeps what was painted", () => {
  const session = begin();
  draw(session);
  session.paint(edit("brush", true, 100, 10, 120, 30));
  for (let index = 0; index < 4; index++) session.deletePoint(session.lastPoint());
  assert.deepEqual(boxOf(session), [100, 10, 20, 20]);
});

test("a loaded mask is corrected by brush and click", () => {
  const session = begin();
  const mask = Spans.mask(rectangle(20, 20, 60, 60));
  session.load([{ label: 1, mask, extremePoints: Spans.extremes(rectangle(20, 20, 60, 60)) }], "A");
  assert.equal(Session.madeBy(session.state.objects[0]), "given");
  session.select(1);
  session.paint(edit("brush", false, 20, 20, 30, 60));
  assert.deepEqual(boxOf(session), [30, 20, 30, 40]);
  session.addPoint({ x: 70, y: 40 }, "inside");
  answer(session, rectangle(20, 20, 80, 60));
  assert.deepEqual(boxOf(session), [30, 20, 50, 40]);
  assert.equal(Session.madeBy(session.current()), "mixed");
});
