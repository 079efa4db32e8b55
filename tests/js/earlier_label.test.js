"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { EarlierLabel, Png, Texts, texts } = require("./page_scripts.js");

const PHOTO = { width: 3, height: 1 };
const LABELS = [{ name: "cat", color: "#e69f00" }, { name: "dog", color: "#56b4e9" }];
const say = Texts.create(texts);

/** Loads a mask of three pixels with these colours, served with `status`. */
async function load(colors, earlier, { status = 200, photo = PHOTO } = {}) {
  const png = await Png.palette(PHOTO, Uint8Array.of(0, 1, 2), colors);
  return EarlierLabel.load({
    earlier: { mask: "s3://b/0.png", ...earlier }, address: "https://x", labels: LABELS, photo, say,
    fetch: async () => new Response(png, { status }),
  });
}

test("colours mean what the label's own map says, whatever their place", async () => {
  const colors = { "#ffffff": "", "#123456": "dog", "#654321": "cat" };
  const label = await load(["#654321", "#ffffff", "#123456"], { colors });
  assert.deepEqual([...label.map], [1, 0, 2]);
  assert.deepEqual(label.classes, LABELS);
});

test("a colour that the map does not have is nothing", async () => {
  const label = await load(["#654321", "#000000", "#ffffff"], { colors: { "#654321": "cat" } });
  assert.deepEqual([...label.map], [1, 0, 0]);
});

test("two colours may be of one class", async () => {
  const colors = { "#111111": "cat", "#222222": "cat", "#ffffff": "" };
  const label = await load(["#111111", "#222222", "#ffffff"], { colors });
  assert.deepEqual([...label.map], [1, 1, 0]);
});

test("a class that the job has not keeps the colour it had", async () => {
  const label = await load(["#ffffff", "#111111", "#222222"], {
    colors: { "#ffffff": "", "#111111": "cow", "#222222": "dog" },
  });
  assert.deepEqual([...label.map], [0, 3, 2]);
  assert.deepEqual(label.classes[2], { name: "cow", color: "#111111" });
});

test("boxes are found by their class's name", async () => {
  const box = { left: 1, top: 2, width: 3, height: 4 };
  const label = await EarlierLabel.load({
    earlier: { boxes: [{ label: "dog", ...box }, { label: "cow", ...box }] },
    labels: LABELS, photo: PHOTO, say,
  });
  assert.deepEqual(label.boxes.map((found) => found.label), [1, 2]);
  assert.deepEqual(label.boxes[0], { label: 1, ...box });
  assert.equal(label.classes[2].name, "cow");
  assert.equal(label.map, null);
});

test("why a mask cannot be shown is said", async () => {
  const colors = { "#ffffff": "" };
  const png = ["#ffffff", "#111111", "#222222"];
  await assert.rejects(load(png, { colors }, { status: 403 }), /answered 403/);
  const other = { photo: { width: 4, height: 1 } };
  await assert.rejects(load(png, { colors }, other), /3 × 1 pixels/);
  await assert.rejects(load(png, { mask: undefined }), /no earlier label/);
  const german = Texts.create({ ...texts, "earlier.failed": "Nein: {detail}" }, texts);
  const away = EarlierLabel.load({
    earlier: { mask: "s3://b/0.png" }, say: german, labels: LABELS, photo: PHOTO,
    fetch: async () => { throw new TypeError(); },
  });
  await assert.rejects(away, ({ message, report }) =>
    /^Nein: its server/.test(message) && /^The earlier label could not/.test(report));
});
