"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { BoxDraft, BoxSession, clock } = require("./page_scripts.js");

const SIZE = { width: 100, height: 80 };
const EXTREMES = [[50, 10], [10, 40], [50, 70], [90, 40]].map(([x, y]) => ({ x, y }));

const create = () => BoxSession.create({ labels: 2, photo: SIZE, now: clock() });

function begun() {
  const session = create();
  session.setLabel(1);
  for (const point of EXTREMES) session.addPoint(point);
  session.addPoint({ x: 5, y: 6 });
  return session;
}

function reloaded(session, job = { size: SIZE, labels: 2 }) {
  const fresh = create();
  BoxDraft.restore(fresh, JSON.parse(JSON.stringify(BoxDraft.of(session))), job);
  return fresh;
}

test("boxes, points, label and choice come back, and undo goes before them", () => {
  const session = begun();
  const back = reloaded(session);
  assert.deepEqual(back.state, session.state);
  assert.equal(back.label, 1);
  back.undo();
  assert.deepEqual(back.state.objects, []);
});

test("a box that was begun is finished after it came back", () => {
  const back = reloaded(begun());
  for (const [x, y] of [[15, 2], [25, 8], [12, 20]]) back.addPoint({ x, y });
  assert.equal(back.state.objects.length, 2);
  assert.ok(back.current().box);
});

test("boxes that were given and left alone are nothing to keep", () => {
  const session = create();
  assert.equal(BoxDraft.isWorth(session), false);
  session.load([{ label: 0, left: 1, top: 2, width: 30, height: 20 }]);
  assert.equal(BoxDraft.isWorth(session), false);
  session.deleteObject(1);
  assert.equal(BoxDraft.isWorth(session), true);
});

test("“cannot label” and its reason come back", () => {
  const session = create();
  session.setOutcome("cannot-label");
  session.setReason("too dark");
  const back = reloaded(session);
  assert.deepEqual([back.state.outcome, back.reason], ["cannot-label", "too dark"]);
});

for (const [name, job, complaint] of [
  ["with a label that the job has not", { size: SIZE, labels: 1 }, /label 1/],
  ["that reaches beyond the photo", { size: { width: 60, height: 80 }, labels: 2 }, /beyond/],
]) {
  test(`a draft ${name} is refused`, () => {
    assert.throws(() => reloaded(begun(), job), complaint);
  });
}

test("a draft of another version is refused", () => {
  const draft = { ...BoxDraft.of(begun()), version: 9 };
  assert.throws(() => BoxDraft.restore(create(), draft, { size: SIZE, labels: 2 }), /version 9/);
});
