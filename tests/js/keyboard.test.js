"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Keyboard } = require("./page_scripts.js");

const event = (key, held = "") => ({
  key,
  shiftKey: held.includes("shift"),
  ctrlKey: held.includes("ctrl"),
  metaKey: held.includes("meta"),
});

for (const [name, pressed, chord] of [
  ["a letter", event("i"), "i"],
  ["a letter under caps lock", event("I"), "i"],
  ["undo", event("z", "ctrl"), "ctrl+z"],
  ["redo", event("Z", "ctrl shift"), "ctrl+shift+z"],
  ["undo on a Mac", event("z", "meta"), "ctrl+z"],
  ["a sign that needs Shift", event("?", "shift"), "?"],
  ["a bracket", event("["), "["],
  ["Delete with Shift", event("Delete", "shift"), "shift+delete"],
]) {
  test(`the chord of ${name} is ${chord}`, () => {
    assert.equal(Keyboard.chord(pressed), chord);
  });
}
