"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Actions, Guide, Rle, Session, Texts, clock, texts } = require("./page_scripts.js");

const say = Texts.create(texts);
const labels = [{ name: "cat" }, { name: "<dog>" }];
const EXTREMES = [[50, 10], [10, 50], [50, 90], [90, 50]].map(([x, y]) => ({ x, y }));

function page(changes = {}) {
  return {
    session: Session.create({ labels: 2, now: clock() }),
    api: { standing: () => null },
    say, labels, tool: "inside", photoProblem: "", pageProblem: "", hasService: true,
    waived: new Set(), ...changes,
  };
}

const whole = (box) => ({ box, counts: Rle.encode(new Uint8Array(box[2] * box[3]).fill(1), box[2], box[3]) });

function draw({ session }, box = [0, 0, 10, 10]) {
  session.select(null);
  for (const point of EXTREMES) session.addPoint(point, "inside");
  if (!box) return;
  const mask = box[2] ? whole(box) : { box, counts: "" };
  session.accept(session.current().prompt, { mask, previousMask: "p", model: "m", score: 1 });
}

const standing = (status, message) => ({ standing: () => ({ status, message }) });

test("first it asks for the topmost point of the chosen label", () => {
  const one = page();
  one.session.setLabel(1);
  assert.match(Guide.next(one).text, /topmost point of an object of class “<dog>”/);
});

test("each point is followed by a hint at the next", () => {
  const one = page();
  const hints = EXTREMES.slice(0, 3).map((point) => {
    one.session.addPoint(point, "inside");
    return Guide.next(one).text;
  });
  assert.deepEqual(hints, [
    "Now the leftmost point (2 of 4).",
    "Now the bottommost point (3 of 4).",
    "Now the rightmost point (4 of 4).",
  ]);
});

for (const [status, level, retry] of [
  ["waiting", "busy", false],
  ["slow", "busy", false],
  ["retrying", "warning", true],
  ["failed", "error", true],
]) {
  test(`a request that is ${status} is told as ${level}`, () => {
    const one = page({ api: standing(status, "Out of order.") });
    draw(one, null);
    const told = Guide.next(one);
    assert.deepEqual([told.level, told.retry], [level, retry]);
    assert.equal(told.text.includes("Out of order."), retry);
  });
}

for (const tool of Actions.POINT_TOOLS) {
  test(`with a mask there, the step told is to correct it with ${tool} clicks`, () => {
    const one = page({ tool });
    draw(one);
    assert.equal(Guide.next(one).text, texts[`next.correct.${tool}`]);
  });
}

test("an empty mask is told", () => {
  const one = page();
  draw(one, [0, 0, 0, 0]);
  assert.equal(Guide.next(one).text, texts["next.empty"]);
});

test("a job without a click service says so", () => {
  assert.equal(Guide.next(page({ hasService: false })).text, texts["next.no-service"]);
});

test("why the photo is not shown comes before everything but the worker's own verdict", () => {
  const one = page({ photoProblem: "It is gone." });
  assert.equal(Guide.next(one).text, "It is gone.");
  one.session.setOutcome("cannot-label");
  assert.equal(Guide.next(one).text, texts["next.reason"]);
});

const obstacles = [
  ["nothing is drawn", () => {}, "submit.nothing"],
  ["an object is unfinished", ({ session }) => session.addPoint(EXTREMES[0]), "submit.drawing"],
  ["a mask is on its way", (one) => draw(one, null), "submit.waiting"],
  ["a mask is empty", (one) => draw(one, [0, 0, 0, 0]), "submit.empty"],
  ["“nothing here” is ticked over objects", (one) => {
    draw(one);
    one.session.setOutcome("nothing-here");
  }, "submit.not-nothing"],
  ["“cannot label” has no reason", ({ session }) => session.setOutcome("cannot-label"), "submit.reason"],
  ["the reason is blank", ({ session }) => {
    session.setOutcome("cannot-label");
    session.setReason("  ");
  }, "submit.reason"],
];

for (const [name, prepare, key] of obstacles) {
  test(`an answer is kept back when ${name}`, () => {
    const one = page();
    prepare(one);
    assert.equal(Guide.obstacle(one).text, say(key, { number: 1, count: 1 }));
  });
}

test("an answer is kept back when a mask has failed, naming the object", () => {
  const one = page({ api: standing("failed", "") });
  draw(one);
  draw(one, null);
  assert.deepEqual(Guide.obstacle(one), { text: say("submit.failed", { number: 2 }), objectId: 2 });
});

test("an answer is kept back when the photo is not shown", () => {
  assert.equal(Guide.obstacle(page({ photoProblem: "gone" })).text, texts["submit.photo"]);
});

for (const [name, prepare] of [
  ["all objects have masks", (one) => draw(one)],
  ["nothing is here", ({ session }) => session.setOutcome("nothing-here")],
  ["the photo cannot be labeled, with a reason", (one) => {
    one.photoProblem = "gone";
    one.session.setOutcome("cannot-label");
    one.session.setReason("gone");
  }],
]) {
  test(`an answer may go when ${name}`, () => {
    const one = page();
    prepare(one);
    assert.equal(Guide.obstacle(one), null);
  });
}

test("an answer is kept back while the model is away, with why, and not once it is painted", () => {
  const one = page({ api: standing("retrying", "Away.") });
  draw(one, null);
  assert.equal(Guide.obstacle(one).text, say("submit.away", { number: 1, message: "Away." }));
  one.session.paint({ tool: "brush", adds: true, region: whole([20, 20, 9, 9]) });
  const found = Guide.obstacle(one);
  assert.equal(found.text, say("submit.painted", { number: 1 }));
  one.waived.add(found.waiver);
  assert.equal(Guide.obstacle(one), null);
});

test("a mask of a few pixels is a doubt, which holds until it is dispelled or the mask changes", () => {
  const one = page();
  draw(one);
  draw(one, [5, 5, 3, 1]);
  const found = Guide.obstacle(one);
  assert.deepEqual([found.text, found.objectId], [say("submit.tiny", { number: 2, count: 3 }), 2]);
  one.waived.add(found.waiver);
  assert.equal(Guide.obstacle(one), null);
  one.session.paint({ tool: "brush", adds: true, region: whole([8, 5, 1, 1]) });
  assert.equal(Guide.obstacle(one).text, say("submit.tiny", { number: 2, count: 4 }));
  one.session.paint({ tool: "brush", adds: true, region: whole([5, 5, 4, 4]) });
  assert.equal(Guide.obstacle(one), null);
});
