"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const zlib = require("node:zlib");
const { Answer, Rle, Session, clock, grid, texts, Texts } = require("./page_scripts.js");

const job = {
  kind: "segmentation",
  tool: "fewclick/9",
  labels: [
    { name: "cat", color: "#e69f00" },
    { name: "<b>\"{dog}\" 🐕", color: "#56b4e9" },
    { name: "__proto__", color: "#009e73" },
  ],
};
const say = Texts.create(texts);

/** Draws objects of given masks: [label index, left, top, rows of the mask or its pixels]. */
function drawn(objects) {
  const now = clock();
  const session = Session.create({ labels: job.labels.length, now });
  for (const [label, left, top, rows] of objects) {
    session.select(null);
    session.setLabel(label);
    now.pass(2.04);
    for (const x of [1, 2, 3, 4]) session.addPoint({ x, y: x }, "inside");
    const isNoise = rows instanceof Uint8Array;
    const height = isNoise ? Math.sqrt(rows.length) : rows.length;
    const width = isNoise ? height : rows[0].length;
    const counts = Rle.encode(isNoise ? rows : grid(rows), width, height);
    const mask = { box: [left, top, width, height], counts };
    session.accept(session.current().prompt, { mask, previousMask: "p", model: "small-1", score: 1 });
  }
  return session;
}

async function build(session, photo = { width: 4, height: 3 }) {
  const text = await Answer.build({ session, job, photo, say });
  return { text, answer: JSON.parse(text) };
}

/** Rows of pixel values of one of our PNGs. */
function rowsOf(base64, width) {
  const bytes = Buffer.from(base64, "base64");
  const start = bytes.indexOf("IDAT");
  const length = bytes.readUInt32BE(start - 4);
  const raw = zlib.inflateSync(bytes.subarray(start + 4, start + 4 + length));
  const rows = [];
  for (let at = 0; at < raw.length; at += width + 1) {
    const above = rows.at(-1);
    rows.push([...raw.subarray(at + 1, at + 1 + width)].map((value, x) =>
      (value + (above ? above[x] : 0)) & 255));
  }
  return rows;
}

test("the later object owns the pixels, the earlier one keeps its own mask", async () => {
  const { answer } = await build(drawn([
    [0, 0, 0, ["##", "##"]],
    [1, 1, 1, ["##", "##"]],
  ]));
  const { fewclick } = answer;
  assert.deepEqual(rowsOf(answer.labeledImage.pngImageData, 4), [
    [1, 1, 0, 0],
    [1, 2, 2, 0],
    [0, 2, 2, 0],
  ]);
  assert.deepEqual(rowsOf(fewclick.instances.pngImageData, 4), [
    [1, 1, 0, 0],
    [1, 2, 2, 0],
    [0, 2, 2, 0],
  ]);
  assert.deepEqual(fewclick.objects[0].mask, { box: [0, 0, 2, 2], counts: "04" });
  assert.equal("mask" in fewclick.objects[1], false);
  assert.deepEqual(answer.inputImageProperties, { width: 4, height: 3 });
  assert.deepEqual(Object.entries(answer.labelMappings), [
    ["cat", { color: "#e69f00" }],
    ["<b>\"{dog}\" 🐕", { color: "#56b4e9" }],
  ]);
});

test("an object tells how it was made", async () => {
  const session = drawn([[0, 0, 0, ["#"]]]);
  session.addPoint({ x: 3.5, y: 1.25 }, "boundary");
  session.accept(session.current().prompt, {
    mask: { box: [0, 0, 1, 1], counts: "01" }, previousMask: "p", model: "small-2", score: 1,
  });
  const { answer } = await build(session);
  assert.deepEqual(answer.fewclick.objects, [{
    id: 1,
    label: "cat",
    extreme_points: [[1, 1], [2, 2], [3, 3], [4, 4]],
    clicks: [{ x: 3.5, y: 1.25, kind: "boundary" }],
    made_by: "model",
    seconds: 2,
    box: [0, 0, 1, 1],
  }]);
  const { objects, instances, ...rest } = answer.fewclick;
  assert.deepEqual(rest, {
    schema_version: 1, tool: "fewclick/9", job_kind: "segmentation", outcome: "labeled",
    reason: "", model: "small-2", seconds: 2, left_out: [],
  });
});

test("a label that is wholly hidden is not painted", async () => {
  const { answer } = await build(drawn([[0, 0, 0, ["#"]], [1, 0, 0, ["#"]]]));
  assert.deepEqual(Object.keys(answer.labelMappings), [job.labels[1].name]);
});

test("a label may have the name of a property that every object has", async () => {
  const { text } = await build(drawn([[2, 0, 0, ["#"]]]));
  assert.ok(text.includes('"__proto__":{"color":"#009e73"}'));
});

for (const [outcome, reason] of [["nothing-here", ""], ["cannot-label", "too dark"]]) {
  test(`the outcome ${outcome} has an empty mask`, async () => {
    const session = drawn([]);
    session.setOutcome(outcome);
    session.setReason("  too dark ");
    const { answer } = await build(session);
    assert.deepEqual([answer.fewclick.outcome, answer.fewclick.reason], [outcome, reason]);
    assert.deepEqual(answer.labelMappings, {});
    assert.ok(rowsOf(answer.labeledImage.pngImageData, 4).flat().every((value) => value === 0));
  });
}

test("a photo that cannot be labeled is answered without the objects begun on it", async () => {
  const session = drawn([[0, 0, 0, ["#"]]]);
  session.setOutcome("cannot-label");
  session.setReason("too dark");
  assert.deepEqual((await build(session)).answer.fewclick.objects, []);
});

test("more objects than a byte counts make a 16-bit instance image", async () => {
  const many = Array.from({ length: 300 }, (_, index) => [0, index % 20, Math.floor(index / 20), ["#"]]);
  const { answer } = await build(drawn(many), { width: 20, height: 15 });
  const png = Buffer.from(answer.fewclick.instances.pngImageData, "base64");
  assert.deepEqual([png[24], png[25]], [16, 0]);
});

/** Noise does not compress: `count` objects of it, over each other. */
function noisy(count, side) {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  return Array.from({ length: count }, () => [
    0, 0, 0, Uint8Array.from({ length: side * side }, () => random() < 0.5),
  ]);
}

test("past the budget the objects' own masks are left out first", async () => {
  const { text, answer } = await build(drawn(noisy(8, 500)), { width: 500, height: 500 });
  assert.ok(text.length <= Answer.BUDGET);
  assert.deepEqual(answer.fewclick.left_out, ["object-masks"]);
  assert.ok(answer.fewclick.objects.every((object) => !("mask" in object)));
  assert.ok(answer.fewclick.instances.pngImageData);
});

test("then the instances are left out, never the label image", async () => {
  const { text, answer } = await build(drawn(noisy(4, 1600)), { width: 1600, height: 1600 });
  assert.ok(text.length <= Answer.BUDGET);
  assert.deepEqual(answer.fewclick.left_out, ["object-masks", "instances"]);
  assert.equal("instances" in answer.fewclick, false);
  assert.ok(answer.labeledImage.pngImageData);
});

test("an answer that does not fit at all is refused with a sentence", async () => {
  await assert.rejects(
    build(drawn(noisy(1, 2600)), { width: 2600, height: 2600 }),
    { message: texts["answer.too-large"] },
  );
});
