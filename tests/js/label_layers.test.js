"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { LabelLayers, Rle, grid } = require("./page_scripts.js");

const PHOTO = { width: 6, height: 3 };
const CLASSES = [{ name: "cat", color: "#e69f00" }, { name: "dog", color: "#56b4e9" }];
const LOOK = { opacity: 0.5, filled: true };

function ofMap(rows) {
  const map = Uint8Array.from(rows.join(""), Number);
  const layers = LabelLayers.create({
    label: { classes: CLASSES, map, boxes: null }, photo: PHOTO, onChange: () => {},
  });
  return layers;
}

function ofBoxes(boxes) {
  return LabelLayers.create({
    label: { classes: CLASSES, map: null, boxes }, photo: PHOTO, onChange: () => {},
  });
}

test("masks lie in one layer, in their class's colour", () => {
  const [layer, ...others] = ofMap(["110022", "110022", "000000"]).layers(LOOK);
  assert.deepEqual([others.length, layer.opacity, layer.filled], [0, 0.5, true]);
  assert.deepEqual(layer.objects.map(({ color }) => color).sort(), ["#56b4e9", "#e69f00"]);
});

test("boxes lie each in a layer of its own, as the mask that fills them", () => {
  const layers = ofBoxes([
    { label: 1, left: 1, top: 0, width: 2, height: 2 },
    { label: 0, left: 4.4, top: 1, width: 9, height: 9 },
  ]).layers(LOOK);
  const masks = layers.map(({ objects: [{ mask }] }) => mask);
  assert.deepEqual(masks.map(({ box }) => box), [[1, 0, 2, 2], [4, 1, 2, 2]]);
  assert.deepEqual([...Rle.decode(masks[0].counts, 2, 2)], [...grid(["##", "##"])]);
});

test("the legend has the classes that are there, and hides them one by one", () => {
  const layers = ofBoxes([
    { label: 1, left: 0, top: 0, width: 1, height: 1 },
    { label: 1, left: 3, top: 0, width: 1, height: 1 },
  ]);
  assert.deepEqual(layers.classes().map(({ name, count }) => [name, count]), [["dog", 2]]);
  layers.toggleClass(1);
  assert.deepEqual(layers.layers(LOOK), []);
  layers.toggleClass(1);
  assert.equal(layers.layers(LOOK).length, 2);
});

test("a label of nothing is empty", () => {
  assert.ok(ofMap(["000000", "000000", "000000"]).isEmpty);
  assert.ok(ofBoxes([]).isEmpty);
  assert.ok(!ofMap(["100000", "000000", "000000"]).isEmpty);
});
