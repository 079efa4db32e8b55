"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Draft, Rle, Session, clock } = require("./page_scripts.js");

const SIZE = { width: 100, height: 100 };
const EXTREMES = [[50, 10], [10, 50], [50, 90], [90, 50]].map(([x, y]) => ({ x, y }));
const block = (box) => ({
  box, counts: Rle.encode(new Uint8Array(box[2] * box[3]).fill(1), box[2], box[3]),
});

function begun({ answered = true } = {}) {
  const now = clock();
  const session = Session.create({ labels: 3, now });
  session.setLabel(2);
  now.pass(5);
  for (const point of EXTREMES) session.addPoint(point, "inside");
  now.pass(3);
  answer(session, [10, 10, 80, 80], "p1");
  session.addPoint({ x: 20, y: 20 }, "outside");
  if (answered) answer(session, [12, 10, 78, 80], "p2");
  return session;
}

function answer(session, box, previousMask) {
  session.accept(session.current().prompt, { mask: block(box), previousMask, model: "m-1", score: 1 });
}

/** The draft of a session, after a reload: through JSON, into a new session. */
function reloaded(session, { size = SIZE, labels = 3 } = {}) {
  const draft = JSON.parse(JSON.stringify(Draft.of(session)));
  const fresh = Session.create({ labels, now: clock() });
  Draft.restore(fresh, draft, { size, labels });
  return fresh;
}

test("objects, masks, points, label, choice and times come back", () => {
  const session = begun();
  const back = reloaded(session);
  const [object] = back.state.objects;
  assert.deepEqual(object.extremePoints, EXTREMES);
  assert.deepEqual(object.clicks, [{ x: 20, y: 20, kind: "outside" }]);
  assert.deepEqual(back.shownResult(object).mask, block([12, 10, 78, 80]));
  assert.deepEqual([object.label, back.label, back.state.currentId], [2, 2, object.id]);
  assert.equal(back.model, "m-1");
  assert.equal(back.seconds(object.id), session.seconds(object.id));
  assert.equal(back.seconds(), session.seconds());
  assert.equal(Session.madeBy(object), "model");
});

test("the next click goes on from where the work was left", () => {
  const back = reloaded(begun());
  back.addPoint({ x: 30, y: 30 }, "inside");
  const { prompt } = back.current();
  assert.equal(back.previousMask(prompt), "p2");
  assert.deepEqual(prompt.extremePoints, EXTREMES);
  assert.equal(prompt.clicks.length, 2);
});

test("a mask that was on its way is asked for anew, and the one before it shown meanwhile", () => {
  const back = reloaded(begun({ answered: false }));
  const [object] = back.state.objects;
  assert.equal(object.prompt.result, null);
  assert.ok(back.awaits(object.prompt));
  assert.deepEqual(back.shownResult(object).mask, block([10, 10, 80, 80]));
  answer(back, [11, 11, 5, 5], "p2");
  assert.deepEqual(back.shownResult(back.current()).mask, block([11, 11, 5, 5]));
});

test("points that have no mask yet come back", () => {
  const session = Session.create({ labels: 1, now: clock() });
  session.addPoint({ x: 1, y: 2 }, "inside");
  session.addPoint({ x: 3, y: 4 }, "inside");
  const back = reloaded(session);
  assert.deepEqual(back.current().extremePoints, [{ x: 1, y: 2 }, { x: 3, y: 4 }]);
  for (const point of EXTREMES.slice(2)) back.addPoint(point, "inside");
  assert.equal(back.current().prompt.extremePoints.length, 4);
});

test("what was painted comes back, and who made it", () => {
  const session = Session.create({ labels: 1, now: clock() });
  session.paint({ tool: "brush", adds: true, region: block([5, 5, 4, 4]) });
  session.select(null);
  for (const point of EXTREMES) session.addPoint(point, "inside");
  answer(session, [10, 10, 80, 80], "p1");
  session.paint({ tool: "polygon", adds: false, region: block([10, 10, 4, 80]) });
  const back = reloaded(session);
  assert.deepEqual(back.state.objects.map(Session.madeBy), ["brush", "mixed"]);
  assert.deepEqual(
    back.state.objects.map((object) => back.shownResult(object).mask),
    [block([5, 5, 4, 4]), block([14, 10, 76, 80])],
  );
  back.paint({ tool: "brush", adds: true, region: block([10, 10, 4, 80]) });
  assert.deepEqual(back.shownResult(back.current()).mask, block([10, 10, 80, 80]));
});

test("a mask that was given comes back as given, changed or not", () => {
  const session = Session.create({ labels: 1, now: clock() });
  const piece = { label: 0, mask: block([5, 5, 4, 4]), extremePoints: EXTREMES };
  session.load([piece, piece], "A");
  let back = reloaded(session);
  assert.deepEqual(back.state.objects.map(Session.madeBy), ["given", "given"]);
  assert.equal(back.state.origin.name, "A");
  assert.equal(back.state.origin.objects, back.state.objects); // unchanged
  session.select(session.state.objects[0].id);
  session.paint({ tool: "brush", adds: true, region: block([9, 5, 4, 4]) });
  back = reloaded(session);
  assert.deepEqual(back.state.objects.map(Session.madeBy), ["mixed", "given"]);
  assert.deepEqual(Session.placedExtremes(back.state.objects[0]), []);
  assert.notEqual(back.state.origin.objects, back.state.objects);
});

test("“cannot label” and its reason come back", () => {
  const session = Session.create({ labels: 1, now: clock() });
  assert.equal(Draft.isWorth(session), false);
  session.setOutcome("cannot-label");
  session.setReason("too dark");
  assert.equal(Draft.isWorth(session), true);
  const back = reloaded(session);
  assert.deepEqual([back.state.outcome, back.reason], ["cannot-label", "too dark"]);
});

test("masks that were given and left as they were are nothing to keep", () => {
  const session = Session.create({ labels: 2, now: clock() });
  session.load([{ label: 0, mask: block([5, 5, 4, 4]), extremePoints: EXTREMES }], "earlier");
  assert.equal(Draft.isWorth(session), false);
  session.select(session.state.objects[0].id);
  session.setLabel(1);
  assert.equal(Draft.isWorth(session), true);
});

test("taking a draft is one step that can be undone", () => {
  const back = reloaded(begun());
  back.undo();
  assert.equal(back.state.objects.length, 0);
  back.redo();
  assert.equal(back.state.objects.length, 1);
});

for (const [name, change, complaint] of [
  ["of another version", { version: 99 }, /version 99/],
  ["with a label that the job has not", { labels: 2 }, /label 2/],
  ["that reaches beyond the photo", { size: { width: 50, height: 50 } }, /./],
]) {
  test(`a draft ${name} is refused`, () => {
    const { version, ...fits } = change;
    const draft = { ...Draft.of(begun()), ...(version && { version }) };
    const fresh = Session.create({ labels: 3, now: clock() });
    const job = { size: SIZE, labels: 3, ...fits };
    assert.throws(() => Draft.restore(fresh, draft, job), complaint);
    assert.equal(fresh.state.objects.length, 0);
  });
}
