"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Pointer } = require("./page_scripts.js");

/** A stage that hears events without a browser, and what the page was told. */
function begin({ tool = "point", holds = false } = {}) {
  const heard = {};
  const stage = {
    clientLeft: 0, clientTop: 0,
    addEventListener: (kind, listener) => { heard[kind] = listener; },
    getBoundingClientRect: () => ({ left: 0, top: 0 }),
    focus() {}, setPointerCapture() {},
  };
  const told = [];
  const gesture = {
    move: ({ x, y }) => told.push(["draw", x, y]),
    end: () => told.push(["end"]),
    cancel: () => told.push(["cancel"]),
  };
  Pointer.listen(stage, {
    onClick: ({ x, y }, button) => told.push(["click", x, y, button]),
    onMove() {},
    onPan: (dx, dy) => told.push(["pan", dx, dy]),
    onZoom: (factor) => told.push(["zoom", factor]),
    onWheelSize: (step) => told.push(["size", step]),
    onPress: () => (tool === "brush" ? gesture : null),
    onDrag: () => (tool === "handle" ? gesture : null),
    holdsPhoto: () => holds,
  });
  const send = (kind, x, y, more = {}) =>
    heard[kind]({
      clientX: x, clientY: y, pointerId: 1, pointerType: "mouse", button: 0, deltaMode: 0,
      target: { closest: () => null }, preventDefault() {}, ...more,
    });
  return { send, told };
}

const finger = (id) => ({ pointerType: "touch", pointerId: id });

test("a press that stays put is a click where it began", () => {
  const { send, told } = begin();
  send("pointerdown", 10, 10, { button: 2 });
  send("pointermove", 12, 11);
  send("pointerup", 12, 11);
  assert.deepEqual(told, [["click", 10, 10, "right"]]);
});

test("a click with Ctrl is one with the right button, as Macs have it", () => {
  const { send, told } = begin();
  send("pointerdown", 10, 10, { ctrlKey: true });
  send("pointerup", 10, 10, { ctrlKey: true });
  assert.deepEqual(told, [["click", 10, 10, "right"]]);
});

test("a press that moves moves the photo, unless the page takes it", () => {
  for (const [tool, expected] of [
    ["point", [["pan", 10, 0], ["pan", 5, 5]]],
    ["handle", [["draw", 20, 10], ["draw", 25, 15], ["end"]]],
    ["brush", [["draw", 20, 10], ["draw", 25, 15], ["end"]]],
  ]) {
    const { send, told } = begin({ tool });
    send("pointerdown", 10, 10);
    send("pointermove", 20, 10);
    send("pointermove", 25, 15);
    send("pointerup", 25, 15);
    assert.deepEqual(told, expected, tool);
  }
});

test("the middle button moves the photo, and so does any while it is held", () => {
  const middle = begin({ tool: "brush" });
  middle.send("pointerdown", 10, 10, { button: 1 });
  middle.send("pointermove", 30, 10);
  middle.send("pointerup", 30, 10);
  const held = begin({ tool: "brush", holds: true });
  held.send("pointerdown", 10, 10);
  held.send("pointermove", 30, 10);
  held.send("pointerup", 30, 10);
  for (const { told } of [middle, held]) assert.deepEqual(told, [["pan", 20, 0]]);
});

test("a second finger ends the stroke of the first and zooms", () => {
  const { send, told } = begin({ tool: "brush" });
  send("pointerdown", 100, 100, finger(1));
  send("pointerdown", 200, 100, finger(2));
  send("pointermove", 300, 100, finger(2));
  assert.deepEqual(told, [["cancel"], ["pan", 50, 0], ["zoom", 2]]);
  send("pointerup", 300, 100, finger(2));
  send("pointermove", 120, 130, finger(1));
  send("pointerup", 120, 130, finger(1));
  assert.equal(told.length, 3);
});

test("a third finger, or one that the system takes back, does no harm", () => {
  const { send, told } = begin();
  for (const id of [1, 2, 3]) send("pointerdown", 100 * id, 100, finger(id));
  send("pointermove", 350, 100, finger(3));
  for (const id of [3, 2, 1]) send("pointercancel", 0, 0, finger(id));
  told.length = 0;
  send("pointerdown", 10, 10, finger(4));
  send("pointerup", 10, 10, finger(4));
  assert.deepEqual(told, [["click", 10, 10, "left"]]);
});

test("once a pen was used a finger only moves the photo", () => {
  const { send, told } = begin({ tool: "brush" });
  send("pointerdown", 10, 10, { pointerType: "pen", pointerId: 7 });
  send("pointerup", 10, 10, { pointerType: "pen", pointerId: 7 });
  told.length = 0;
  send("pointerdown", 10, 10, finger(1));
  send("pointerup", 10, 10, finger(1));
  send("pointerdown", 10, 10, finger(2));
  send("pointermove", 40, 10, finger(2));
  send("pointerup", 40, 10, finger(2));
  assert.deepEqual(told, [["pan", 30, 0]]);
});

test("the wheel zooms, with Shift it sizes the brush", () => {
  const { send, told } = begin();
  send("wheel", 10, 10, { deltaY: -100, deltaX: 0 });
  send("wheel", 10, 10, { deltaY: 0, deltaX: -100, shiftKey: true });
  assert.ok(told[0][1] > 1.1);
  assert.deepEqual(told[1], ["size", 1]);
});
