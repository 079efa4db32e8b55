"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Judgement, clock } = require("./page_scripts.js");

const JOB = { tool: "fewclick/0", kind: "verification" };

function begin(reasons = ["outline", "class"], now = clock()) {
  return Judgement.create({ verdicts: ["good", "fix", "redo"], reasons, now });
}

const answer = (judgement) => JSON.parse(judgement.answer(JOB));

test("without a verdict there is nothing to submit", () => {
  const judgement = begin();
  assert.equal(judgement.obstacle(), "verify.need-verdict");
  judgement.choose(7);
  assert.equal(judgement.verdict, null);
});

test("a good label needs no more than that", () => {
  const now = clock();
  const judgement = begin(["outline"], now);
  now.pass(2.34);
  judgement.choose(0);
  assert.equal(judgement.obstacle(), null);
  assert.deepEqual(answer(judgement), {
    label: "good",
    fewclick: {
      schema_version: 1, tool: "fewclick/0", job_kind: "verification", outcome: "labeled",
      reason: "", reasons: [], seconds: 2.3,
    },
  });
});

test("any other verdict needs a reason or a comment, if the job has reasons", () => {
  const judgement = begin();
  judgement.choose(2);
  assert.equal(judgement.obstacle(), "verify.need-reason");
  judgement.toggleReason(1);
  judgement.toggleReason(0);
  assert.equal(judgement.obstacle(), null);
  assert.deepEqual(answer(judgement).fewclick.reasons, ["outline", "class"]);
  judgement.toggleReason(0);
  judgement.toggleReason(1);
  judgement.setComment("  no cat ");
  assert.equal(judgement.obstacle(), null);
  assert.equal(answer(judgement).workerComment, "no cat");
  const free = begin([]);
  free.choose(1);
  assert.equal(free.obstacle(), null);
});

test("reasons go only with a verdict that has them", () => {
  const judgement = begin();
  judgement.choose(1);
  judgement.toggleReason(0);
  judgement.choose(0);
  assert.deepEqual(answer(judgement).fewclick.reasons, []);
});

test("who cannot tell gives no verdict, and a verdict takes that back", () => {
  const judgement = begin();
  judgement.choose(1);
  judgement.setCannot("");
  assert.deepEqual([judgement.verdict, judgement.obstacle()], [null, "verify.need-why"]);
  judgement.setCannot(" dark ");
  const { label, fewclick } = answer(judgement);
  assert.deepEqual([label, fewclick.outcome, fewclick.reason], [undefined, "cannot-label", "dark"]);
  judgement.choose(1);
  assert.equal(judgement.cannot, false);
});

test("every change is told and makes another revision", () => {
  const judgement = begin();
  let told = 0;
  judgement.onChange(() => { told++; });
  const before = judgement.revision;
  judgement.choose(0);
  judgement.setComment("x");
  assert.deepEqual([told, judgement.revision - before], [2, 2]);
});
