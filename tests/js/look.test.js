"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Look, Shapes } = require("./page_scripts.js");

function begin(storage, isDark = false) {
  globalThis.localStorage = storage;
  const parts = { brightness: {}, contrast: {}, opacity: {} };
  const page = { root: { style: {} }, photo: { style: {} }, changes: 0 };
  const look = Look.create({
    ...page, slider: (name) => parts[name], isDark: () => isDark, onChange: () => page.changes++,
  });
  return { look, parts, page };
}

function memory(kept = {}) {
  return { kept, getItem: (key) => kept[key] ?? null, setItem: (key, value) => (kept[key] = value) };
}

const denied = { get getItem() { throw new Error("denied"); }, get setItem() { throw new Error("denied"); } };

test("sliders change the photo's filter and the masks' opacity", () => {
  const { look, parts, page } = begin(memory());
  parts.brightness.oninput({ target: { value: "1.5" } });
  parts.opacity.oninput({ target: { value: "0.8" } });
  assert.equal(page.photo.style.filter, "brightness(1.5) contrast(1)");
  assert.equal(look.opacity, 0.8);
  look.reset();
  assert.deepEqual([parts.brightness.value, parts.opacity.value, look.opacity], [1, 0.45, 0.45]);
});

test("how the page was made to look is kept, where it may be", () => {
  const storage = memory();
  begin(storage).look.filled = false;
  assert.equal(begin(storage).look.filled, false);
  const { look } = begin(denied);
  look.filled = false;
  assert.equal(look.filled, false);
});

test("what was kept by others, or spoiled, is not taken", () => {
  assert.equal(begin(memory({ "fewclick-look": '{"opacity":"much","brightness":2}' })).look.opacity, 0.45);
  assert.equal(begin(memory({ "fewclick-look": "no JSON" })).look.opacity, 0.45);
});

test("the theme is the system's until it is turned", () => {
  const { look, page } = begin(memory(), true);
  assert.equal(page.root.style.colorScheme, "light dark");
  look.turnTheme();
  assert.equal(page.root.style.colorScheme, "light");
  look.turnTheme();
  assert.equal(page.root.style.colorScheme, "dark");
});

test("masks are drawn no finer than the screen shows them", () => {
  const steps = [2, 1, 0.6, 0.5, 0.3, 0.25, 0.1].map(Shapes.stepFor);
  assert.deepEqual(steps, [1, 1, 1, 2, 2, 4, 8]);
});
