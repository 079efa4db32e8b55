"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { LabelMap, LocalChange, Rle, Session, clock, grid } = require("./page_scripts.js");

/** The mask of a picture such as [".##.", "####"]. */
function maskOf(rows) {
  return LabelMap.maskOf(grid(rows), 1, { width: rows[0].length, height: rows.length });
}

/** A mask as a picture again. */
function picture({ box, counts }, width, height) {
  const rows = Array.from({ length: height }, () => Array(width).fill("."));
  const [left, top, across, down] = box;
  Rle.decode(counts, across, down).forEach((pixel, at) => {
    if (pixel) rows[top + Math.floor(at / across)][left + (at % across)] = "#";
  });
  return rows.map((row) => row.join(""));
}

/** A click in the middle of a pixel. */
const at = (column, row, kind) => ({ x: column + 0.5, y: row + 0.5, kind });

const BEFORE = ["....................", "..######............", "..######............", "...................."];
const AFTER = ["..................##", "....########......##", "....########......##", "...................."];

function merged(...clicks) {
  return picture(LocalChange.merge(maskOf(BEFORE), maskOf(AFTER), clicks), 20, 4);
}

test("a click inside adds the part at the click, and nothing elsewhere", () => {
  assert.deepEqual(merged(at(11, 1, "inside")), [
    "....................", "..##########........", "..##########........", "....................",
  ]);
  assert.deepEqual(merged(at(19, 0, "inside")), [
    "..................##", "..######..........##", "..######..........##", "....................",
  ]);
});

test("a click outside takes away the part at the click", () => {
  assert.deepEqual(merged(at(2, 2, "outside")), [
    "....................", "....####............", "....####............", "....................",
  ]);
});

test("several clicks are all followed", () => {
  assert.deepEqual(merged(at(2, 2, "outside"), at(18, 1, "inside")), [
    "..................##", "....####..........##", "....####..........##", "....................",
  ]);
});

test("a boundary click moves the outline that is near it, either way", () => {
  assert.deepEqual(merged(at(12, 1, "boundary")), [
    "..................##", "..##########......##", "..##########......##", "....................",
  ]);
});

test("where the model does not follow, nothing changes", () => {
  assert.deepEqual(merged(at(15, 3, "inside")), BEFORE);
  assert.deepEqual(merged(at(7, 1, "outside")), BEFORE);
  assert.deepEqual(merged(at(11, 1, "outside")), BEFORE);
  assert.deepEqual(merged(), BEFORE);
});

test("masks may be empty, before or after", () => {
  const nothing = { box: [0, 0, 0, 0], counts: "" };
  const some = maskOf(BEFORE);
  assert.deepEqual(LocalChange.merge(nothing, some, [at(3, 1, "inside")]), some);
  assert.deepEqual(LocalChange.merge(some, nothing, [at(3, 1, "outside")]), nothing);
  assert.deepEqual(LocalChange.merge(nothing, nothing, [at(3, 1, "inside")]), nothing);
});

test("a part does not go on round the photo's edge", () => {
  const before = maskOf(["....", "....", ".##."]);
  const after = maskOf(["...#", "#...", ".##."]);
  assert.deepEqual(picture(LocalChange.merge(before, after, [at(3, 0, "inside")]), 4, 3)[1], "....");
});

test("the model's answer to a click on a loaded mask changes it at the click alone", () => {
  const session = Session.create({ labels: 1, now: clock() });
  const extremePoints = [[50, 10], [10, 50], [50, 90], [90, 50]].map(([x, y]) => ({ x, y }));
  session.load([{ label: 0, mask: maskOf(BEFORE), extremePoints }], "A");
  session.select(1);
  session.addPoint(at(11, 1), "inside");
  const answer = { mask: maskOf(AFTER), previousMask: "m", score: 1, model: "m" };
  session.accept(session.current().prompt, answer);
  assert.deepEqual(picture(session.shownResult(session.current()).mask, 20, 4), [
    "....................", "..##########........", "..##########........", "....................",
  ]);
  session.addPoint(at(0, 0), "inside");
  const { prompt } = session.current();
  assert.equal(session.previousMask(prompt), "m");
  session.accept(prompt, answer);
  assert.ok(prompt.unfollowed);
});
