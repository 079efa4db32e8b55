"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Latency } = require("./page_scripts.js");

test("before the first answer there is nothing to tell", () => {
  assert.equal(Latency.create().summary(), null);
});

test("last, median and ninetieth percentile are of this photo's waits", () => {
  const latency = Latency.create();
  for (const ms of [90, 10, 20, 30, 40, 50, 60, 70, 80, 100.4]) latency.add(ms);
  const { last, median, p90, count } = latency.summary();
  assert.deepEqual([last.ms, median, p90, count], [100, 50, 90, 10]);
});

test("the last wait is split by what the answer says, the rest is the way", () => {
  const latency = Latency.create();
  latency.add(60, { queue: 4, fetch: 0, decode_photo: 0, encode: 20.4, decode: 9.6, total: 31 });
  assert.deepEqual(latency.summary().last.stages, [
    ["way", 25], ["queue", 4], ["encode", 20], ["decode", 10],
  ]);
});

test("an answer without timings has no split", () => {
  const latency = Latency.create();
  latency.add(60);
  assert.deepEqual(latency.summary().last.stages, []);
});
