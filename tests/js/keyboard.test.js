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

for (const [name, count, presses, index] of [
  ["one digit", 9, [["3", 0]], 2],
  ["zero is the tenth", 12, [["0", 0]], 9],
  ["two digits in quick succession", 12, [["1", 0], ["2", 300]], 11],
  ["two digits with a pause", 12, [["1", 0], ["2", 900]], 1],
  ["two digits that are too many", 3, [["1", 0], ["2", 100]], 1],
  ["three digits", 254, [["2", 0], ["5", 100], ["4", 200]], 253],
  ["a fourth digit begins anew", 254, [["2", 0], ["5", 100], ["4", 200], ["7", 300]], 6],
]) {
  test(`a label's number: ${name}`, () => {
    const number = Keyboard.createNumber(count);
    let read = null;
    for (const [digit, time] of presses) read = number(digit, time);
    assert.equal(read, index);
  });
}
