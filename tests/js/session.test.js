"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Session, clock } = require("./page_scripts.js");

const EXTREMES = [[50, 10], [10, 50], [50, 90], [90, 50]].map(([x, y]) => ({ x, y }));

function begin(now = clock()) {
  return Session.create({ labels: 3, now });
}

/** Places four extreme points and, unless told otherwise, answers with a mask. */
function draw(session, name = "first") {
  for (const point of EXTREMES) session.addPoint(point, "inside");
  if (name) answer(session, name);
}

function answer(session, name) {
  session.accept(session.current().prompt, {
    mask: { box: [0, 0, 1, 1], counts: "01" }, previousMask: name, score: 1, model: "m",
  });
}

const shown = (session) => session.shownResult(session.current())?.previousMask ?? null;
const ids = (session) => session.state.objects.map(({ id }) => id);

test("the first point begins an object of the chosen label", () => {
  const session = begin();
  session.setLabel(2);
  session.addPoint(EXTREMES[0], "outside");
  const object = session.current();
  assert.deepEqual([object.id, object.label], [1, 2]);
  assert.deepEqual(object.extremePoints, [EXTREMES[0]]);
  assert.deepEqual(object.clicks, []);
});

test("points are kept to hundredths of a pixel", () => {
  const session = begin();
  session.addPoint({ x: 1.23456, y: 2.999 }, "inside");
  assert.deepEqual(session.current().extremePoints, [{ x: 1.23, y: 3 }]);
});

test("the fifth point is a corrective click", () => {
  const session = begin();
  draw(session);
  session.addPoint({ x: 5, y: 5 }, "boundary");
  assert.equal(session.current().extremePoints.length, 4);
  assert.deepEqual(session.current().clicks, [{ x: 5, y: 5, kind: "boundary" }]);
});

test("there is a prompt only once there are four extreme points", () => {
  const session = begin();
  for (const [index, point] of EXTREMES.entries()) {
    session.addPoint(point, "inside");
    assert.equal(session.current().prompt !== null, index === 3);
  }
});

test("while a click's mask is on its way the mask before it is shown", () => {
  const session = begin();
  draw(session);
  session.addPoint({ x: 5, y: 5 }, "inside");
  assert.equal(session.current().prompt.result, null);
  assert.equal(shown(session), "first");
  answer(session, "second");
  assert.equal(shown(session), "second");
});

test("a late answer to an older click does not overwrite the newer one", () => {
  const session = begin();
  draw(session, null);
  const older = session.current().prompt;
  session.addPoint({ x: 5, y: 5 }, "inside");
  answer(session, "newer");
  session.accept(older, { mask: {}, previousMask: "older", score: 1, model: "m" });
  assert.equal(shown(session), "newer");
});

test("an undone click finds its earlier mask, a redone one its later", () => {
  const session = begin();
  draw(session);
  session.addPoint({ x: 5, y: 5 }, "inside");
  answer(session, "second");
  session.undo();
  assert.equal(shown(session), "first");
  session.redo();
  assert.equal(shown(session), "second");
});

test("deleting the last click needs no new request", () => {
  const session = begin();
  draw(session);
  session.addPoint({ x: 5, y: 5 }, "inside");
  answer(session, "second");
  session.deletePoint(session.lastPoint());
  assert.equal(session.current().prompt.result.previousMask, "first");
});

test("deleting a click in the middle sends the mask that did not know it", () => {
  const session = begin();
  draw(session);
  for (const [index, name] of ["second", "third"].entries()) {
    session.addPoint({ x: index, y: 5 }, "inside");
    answer(session, name);
  }
  session.deletePoint({ list: "clicks", index: 0 });
  const { prompt } = session.current();
  assert.equal(prompt.result, null);
  assert.equal(session.previousMask(prompt), "first");
  assert.equal(shown(session), "third");
});

test("other extreme points mean another crop, so no earlier mask is sent", () => {
  const session = begin();
  draw(session);
  session.deletePoint({ list: "extremePoints", index: 3 });
  assert.equal(session.current().prompt, null);
  session.addPoint({ x: 95, y: 50 }, "inside");
  assert.equal(session.previousMask(session.current().prompt), null);
});

test("deleting an object's only point deletes the object", () => {
  const session = begin();
  session.addPoint(EXTREMES[0], "inside");
  session.deletePoint(session.lastPoint());
  assert.deepEqual(session.state.objects, []);
  assert.equal(session.state.currentId, null);
});

test("undo goes all the way back and redo all the way forth", () => {
  const session = begin();
  draw(session);
  session.addPoint({ x: 5, y: 5 }, "outside");
  session.select(null);
  session.setLabel(1);
  draw(session);
  session.restack(1, 1);
  session.setLabel(2);
  session.deleteObject(1);
  session.setOutcome("cannot-label");
  session.clear();
  const last = session.state;
  let steps = 0;
  while (session.canUndo) {
    session.undo();
    steps++;
  }
  assert.deepEqual(session.state.objects, []);
  while (session.canRedo) session.redo();
  assert.equal(session.state, last);
  assert.equal(steps, 14);
});

test("a new action after undo forgets what could be redone", () => {
  const session = begin();
  draw(session);
  session.undo();
  session.addPoint({ x: 91, y: 50 }, "inside");
  assert.equal(session.canRedo, false);
});

test("choosing an object is not a step of its own", () => {
  const session = begin();
  draw(session);
  session.select(null);
  session.addPoint(EXTREMES[0], "inside");
  session.select(1);
  session.undo();
  assert.deepEqual(ids(session), [1]);
});

test("choosing an object chooses its label", () => {
  const session = begin();
  draw(session);
  session.select(null);
  session.setLabel(2);
  assert.equal(session.state.objects[0].label, 0);
  session.select(1);
  assert.equal(session.label, 0);
});

test("a label that the job does not have is not chosen", () => {
  const session = begin();
  session.setLabel(3);
  assert.equal(session.label, 0);
});

test("objects are stacked in the order they were drawn until they are moved", () => {
  const session = begin();
  for (let index = 0; index < 3; index++) {
    session.select(null);
    draw(session);
  }
  assert.deepEqual(ids(session), [1, 2, 3]);
  session.restack(1, 1);
  assert.deepEqual(ids(session), [2, 1, 3]);
  session.restack(3, 1);
  session.restack(2, -1);
  session.restack(2, 2);
  assert.deepEqual(ids(session), [1, 3, 2]);
  session.restack(2, -2);
  assert.deepEqual(ids(session), [2, 1, 3]);
});

test("drawing takes back that there is nothing to label", () => {
  const session = begin();
  session.setOutcome("nothing-here");
  session.addPoint(EXTREMES[0], "inside");
  assert.equal(session.state.outcome, "labeled");
});

test("an object takes no more clicks than the service", () => {
  const session = begin();
  draw(session);
  for (let index = 0; index < 205; index++) session.addPoint({ x: index, y: 1 }, "inside");
  assert.equal(session.current().clicks.length, 200);
});

test("time goes to the object that was worked on, long pauses aside", () => {
  const now = clock();
  const session = begin(now);
  now.pass(3);
  session.addPoint(EXTREMES[0], "inside");
  now.pass(2);
  session.addPoint(EXTREMES[1], "inside");
  now.pass(600);
  session.addPoint(EXTREMES[2], "inside");
  session.select(null);
  now.pass(4);
  session.addPoint(EXTREMES[0], "inside");
  assert.equal(session.seconds(1), 65);
  assert.equal(session.seconds(2), 4);
  assert.equal(session.seconds(), 609);
});

test("snapshots cannot be changed", () => {
  const session = begin();
  draw(session);
  assert.ok(Object.isFrozen(session.state));
  assert.ok(Object.isFrozen(session.current()));
  assert.ok(Object.isFrozen(session.current().extremePoints));
});

const GIVEN = [
  { label: 1, mask: { box: [0, 0, 2, 2], counts: "04" }, extremePoints: EXTREMES },
  { label: 0, mask: { box: [5, 5, 1, 1], counts: "01" }, extremePoints: EXTREMES },
];

test("loaded masks take the place of all objects, in one step", () => {
  const session = begin();
  draw(session);
  session.load(GIVEN, "A");
  assert.deepEqual(ids(session), [2, 3]); // never an id that a request may still be out for
  assert.equal(session.current(), undefined);
  assert.deepEqual(session.state.objects.map((object) => session.shownResult(object).mask), [
    GIVEN[0].mask, GIVEN[1].mask,
  ]);
  assert.equal(session.state.origin.name, "A");
  assert.equal(session.state.origin.objects, session.state.objects);
  session.undo();
  assert.deepEqual(ids(session), [1]);
  assert.equal(session.state.origin, null);
});

test("what is done to loaded masks shows, and undo gets back to them", () => {
  const session = begin();
  session.load(GIVEN, "A");
  session.deleteObject(1);
  assert.notEqual(session.state.origin.objects, session.state.objects);
  session.undo();
  assert.equal(session.state.origin.objects, session.state.objects);
});

test("a click on a loaded mask asks for a new one, and shows the old until then", () => {
  const session = begin();
  session.load(GIVEN, "A");
  session.select(1);
  session.addPoint({ x: 1, y: 1 }, "outside");
  const { prompt } = session.current();
  assert.equal(prompt.result, null);
  assert.deepEqual(prompt.extremePoints, EXTREMES);
  assert.equal(session.previousMask(prompt), null);
  assert.deepEqual(session.shownResult(session.current()).mask, GIVEN[0].mask);
});

test("the measured extreme points of a loaded mask are nobody's to delete", () => {
  const session = begin();
  session.load(GIVEN, "A");
  session.select(1);
  assert.equal(session.lastPoint(), null);
  assert.deepEqual(Session.placedExtremes(session.current()), []);
  session.addPoint({ x: 1, y: 1 }, "outside");
  assert.deepEqual(session.lastPoint(), { list: "clicks", index: 0 });
});

test("an empty load says that there is nothing to label", () => {
  const session = begin();
  session.load([], "consensus");
  assert.equal(session.state.outcome, "nothing-here");
  assert.equal(session.state.origin.name, "consensus");
});
