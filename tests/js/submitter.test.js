"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Submitter } = require("./page_scripts.js");

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A form of which it is not sure whether `submit()` fires `onsubmit`, as with the real one. */
function bench({ fires }) {
  const sent = [];
  const told = [];
  const passed = [];
  const field = { value: "" };
  const state = { revision: 1, obstacle: null, build: async () => `answer ${state.revision}` };
  const form = {
    press() {
      let prevented = false;
      form.onsubmit({ preventDefault: () => { prevented = true; } });
      if (!prevented) sent.push(field.value);
    },
    submit() {
      if (fires) form.press();
      else sent.push(field.value);
    },
  };
  const submit = Submitter.attach(form, field, {
    obstacle: () => state.obstacle,
    revision: () => state.revision,
    build: () => state.build(),
    onObstacle: (found) => told.push(found),
    onTrouble: (message) => told.push(message),
    onPass: () => passed.push(sent.length),
    onBusy: (busy) => told.push(busy),
  });
  return { form, submit, sent, told, passed, state };
}

for (const fires of [true, false]) {
  const kind = fires ? "fires" : "does not fire";
  for (const way of ["press", "submit"]) {
    test(`one complete answer is sent by ${way} when submit() ${kind} onsubmit`, async () => {
      const one = bench({ fires });
      if (way === "press") one.form.press();
      else one.submit();
      assert.deepEqual(one.sent, []);
      await turn();
      assert.deepEqual(one.sent, ["answer 1"]);
      assert.deepEqual(one.told, [true, false]);
      assert.equal(one.passed[0], 0); // told before it is sent
    });
  }

  test(`pressing twice sends once when submit() ${kind} onsubmit`, async () => {
    const { form, sent } = bench({ fires });
    form.press();
    form.press();
    await turn();
    assert.deepEqual(sent, ["answer 1"]);
  });

  test(`after a failed sending it can be sent again when submit() ${kind} onsubmit`, async () => {
    const { form, sent, state } = bench({ fires });
    form.press();
    await turn();
    form.press();
    state.revision = 2;
    form.press();
    await turn();
    assert.deepEqual(sent, ["answer 1", "answer 1", "answer 2"]);
  });
}

test("what the worker does while the answer is written is in the answer", async () => {
  const { form, sent, state } = bench({ fires: true });
  state.build = async () => {
    const text = `answer ${state.revision}`;
    if (state.revision === 1) state.revision = 2;
    return text;
  };
  form.press();
  await turn();
  await turn();
  assert.deepEqual(sent, ["answer 2"]);
});

test("an obstacle is told and nothing is sent", async () => {
  const { form, submit, sent, told, passed, state } = bench({ fires: true });
  state.obstacle = { text: "Nothing is drawn." };
  form.press();
  submit();
  await turn();
  assert.deepEqual([sent, passed], [[], []]);
  assert.deepEqual(told, [state.obstacle, state.obstacle]);
});

test("an answer that cannot be written is told and nothing is sent", async () => {
  const { form, sent, told, state } = bench({ fires: true });
  state.build = async () => { throw new Error("Too large."); };
  form.press();
  await turn();
  assert.deepEqual(sent, []);
  assert.deepEqual(told, [true, "Too large.", false]);
});
