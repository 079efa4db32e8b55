"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { BoxAnswer, BoxGuide, BoxSession, Texts, clock, texts } = require("./page_scripts.js");

const PHOTO = { width: 100, height: 80 };
const JOB = { labels: [{ name: "cat" }, { name: "dog" }], tool: "fewclick/0", kind: "bounding-box" };
const CORNERS = [[30, 10], [20, 30], [30, 50], [60, 30]];
const GIVEN = [{ label: 1, left: 5, top: 6, width: 10, height: 20 }];
const say = Texts.create(texts);

function begin(now = clock()) {
  return BoxSession.create({ labels: 2, photo: PHOTO, now });
}

function draw(session, points = CORNERS) {
  return points.map(([x, y]) => session.addPoint({ x, y }));
}

const boxes = (session) => session.state.objects.map(({ box }) => box);
const told = (session, more = {}) =>
  BoxGuide.obstacle({ session, say, problem: "", loading: false, ...more })?.text ?? null;

test("the fourth extreme point makes the box, in any order", () => {
  for (const order of [[0, 1, 2, 3], [3, 0, 2, 1]]) {
    const session = begin();
    draw(session, order.map((at) => CORNERS[at]));
    assert.deepEqual(boxes(session), [{ left: 20, top: 10, right: 60, bottom: 50 }]);
  }
});

test("the fifth point begins the next box", () => {
  const session = begin();
  draw(session);
  session.addPoint({ x: 1, y: 1 });
  assert.equal(session.state.objects.length, 2);
  assert.equal(session.current().box, null);
});

test("a fourth point that would enclose nothing is not taken", () => {
  const session = begin();
  const taken = draw(session, [[1, 1], [2, 1], [3, 1], [4, 1]]);
  assert.deepEqual(taken, [true, true, true, false]);
  assert.equal(session.current().extremePoints.length, 3);
});

test("undo goes back point by point, redo forth", () => {
  const session = begin();
  draw(session);
  session.reshape(1, { left: 0, top: 10, right: 60, bottom: 50 });
  session.undo();
  assert.equal(boxes(session)[0].left, 20);
  session.undo();
  assert.equal(session.current().extremePoints.length, 3);
  session.redo();
  session.redo();
  assert.equal(boxes(session)[0].left, 0);
});

test("deleting takes the last point of an open box, and all of a made one", () => {
  const session = begin();
  draw(session, CORNERS.slice(0, 2));
  session.deletePoint();
  assert.equal(session.current().extremePoints.length, 1);
  session.deletePoint();
  assert.deepEqual(session.state.objects, []);
  draw(session);
  session.deletePoint();
  assert.deepEqual(session.state.objects, []);
});

test("a drag that ends where it began changes nothing", () => {
  const session = begin();
  draw(session);
  const before = session.state;
  session.reshape(1, { ...before.objects[0].box });
  assert.equal(session.state, before);
});

test("given boxes are unchanged until they are changed, and undo goes back to them", () => {
  const session = begin();
  assert.equal(session.changed, null);
  session.load(GIVEN);
  assert.equal(session.changed, false);
  assert.equal(session.canUndo, false);
  session.select(1);
  assert.equal(session.changed, false);
  session.setLabel(0);
  assert.equal(session.changed, true);
  session.undo();
  assert.equal(session.changed, false);
  session.setOutcome("cannot-label");
  assert.equal(session.changed, true);
});

test("a label of no boxes says that there is nothing, which can be taken back", () => {
  const session = begin();
  session.load([]);
  assert.deepEqual([session.state.outcome, session.changed], ["nothing-here", false]);
  draw(session);
  assert.deepEqual([session.state.outcome, session.changed], ["labeled", true]);
});

test("given boxes that stick out of the photo end at its edge", () => {
  const session = begin();
  session.load([{ label: 0, left: -5, top: 70, width: 20, height: 20 }]);
  assert.deepEqual(boxes(session), [{ left: 0, top: 70, right: 15, bottom: 80 }]);
});

test("the answer says what was drawn, and how", () => {
  const now = clock();
  const session = begin(now);
  session.load(GIVEN);
  session.select(null);
  session.setLabel(0);
  now.pass(2);
  draw(session);
  now.pass(3);
  session.reshape(1, { left: 5, top: 6, right: 16, bottom: 26 });
  const answer = JSON.parse(BoxAnswer.build({ session, job: JOB, photo: PHOTO }));
  assert.deepEqual(answer.boundingBoxes, [
    { label: "dog", left: 5, top: 6, width: 11, height: 20 },
    { label: "cat", left: 20, top: 10, width: 40, height: 40 },
  ]);
  assert.equal(answer.initialValueModified, true);
  assert.deepEqual(answer.inputImageProperties, PHOTO);
  const { objects, seconds, outcome } = answer.fewclick;
  assert.deepEqual(objects.map(({ made_by: by }) => by), ["mixed", "extreme-points"]);
  assert.deepEqual(objects[1].extreme_points, CORNERS);
  assert.deepEqual([objects[1].seconds, objects[0].seconds, seconds, outcome], [2, 3, 5, "labeled"]);
});

test("without given boxes the answer does not say whether they were changed", () => {
  const session = begin();
  draw(session);
  assert.ok(!("initialValueModified" in JSON.parse(BoxAnswer.build({ session, job: JOB, photo: PHOTO }))));
});

test("what stands in the way of submitting is named", () => {
  const session = begin();
  assert.match(told(session), /Nothing is drawn/);
  assert.match(told(session, { loading: true }), /Loading/);
  assert.equal(told(session, { problem: "Gone." }), "Gone.");
  draw(session, CORNERS.slice(0, 3));
  assert.match(told(session), /Object 1 has 3 of 4 points/);
  draw(session, CORNERS.slice(3));
  assert.equal(told(session), null);
  session.setOutcome("nothing-here");
  assert.match(told(session), /there are objects/);
  session.setOutcome("cannot-label");
  assert.match(told(session), /Choose why/);
  session.setReason("dark");
  assert.equal(told(session, { problem: "Gone." }), null);
});
