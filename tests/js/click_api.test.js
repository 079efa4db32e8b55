"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { ClickApi, Session, Texts, texts } = require("./page_scripts.js");

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A click service whose answers, and a clock whose timers, wait for the test. */
function bench({ onAnswer, tokens = ["v1.abc.def"], random = () => 0.5, english } = {}) {
  const sent = [];
  const access = {
    async token() {
      if (tokens[0] instanceof Error) throw tokens.shift();
      return tokens[0];
    },
    async renew() {
      if (tokens.length > 1) tokens.shift();
      return access.token();
    },
  };
  const timers = [];
  const taken = [];
  const state = { online: true, ms: 0 };
  const service = ClickApi.create({
    url: "https://api.example/prod/",
    access,
    say: Texts.create(texts, english),
    onAnswer: onAnswer ?? ((prompt, answer) => taken.push([prompt.name, answer.sequence])),
    onChange: () => {},
    previousMask: (prompt) => prompt.previousMask ?? null,
    online: () => state.online,
    now: () => state.ms,
    random,
    fetch: (url, options) =>
      new Promise((resolve, reject) => {
        sent.push({ url, options, body: JSON.parse(options.body), resolve, reject });
      }),
    setTimeout: (act, delay) => timers.push({ act, delay }),
  });
  // A token comes from a promise, so that a request is sent a moment after it is asked for.
  const soon = (act) => async (...given) => {
    act(...given);
    await turn();
  };
  const api = { ...service };
  for (const name of ["ask", "retry", "wake", "prewarm"]) api[name] = soon(service[name]);
  const reply = async (index, status = 200, change = {}, headers = {}) => {
    const { body, resolve } = sent[index];
    const answer = { object_id: body.object_id, sequence: body.sequence, ...change };
    const text = change === null ? "<html>" : JSON.stringify(answer);
    resolve(new Response(text, { status, headers }));
    await turn();
    await turn();
  };
  const due = async (delay) => {
    const timer = timers.find((one) => one.delay === delay && !one.done);
    timer.done = true;
    timer.act();
    await turn();
  };
  return { api, sent, timers, taken, reply, due, state };
}

const promptOf = (name, objectId = 1) => ({
  name, objectId,
  extremePoints: [{ x: 1, y: 2 }, { x: 3, y: 4 }, { x: 5, y: 6 }, { x: 7, y: 8 }],
  clicks: [{ x: 9, y: 10, kind: "outside" }],
});

test("a request is what the service reads", async () => {
  const { api, sent } = bench();
  await api.ask({ ...promptOf("a"), previousMask: "earlier" });
  assert.equal(sent[0].url, "https://api.example/prod/segment");
  assert.equal(sent[0].options.headers.authorization, "Bearer v1.abc.def");
  assert.equal(sent[0].options.credentials, "omit");
  assert.deepEqual(sent[0].body, {
    schema_version: 1,
    object_id: "1",
    sequence: 1,
    extreme_points: [[1, 2], [3, 4], [5, 6], [7, 8]],
    clicks: [{ x: 9, y: 10, kind: "outside" }],
    previous_mask: "earlier",
  });
});

test("an answer is taken and the request is over", async () => {
  const { api, taken, reply } = bench();
  await api.ask(promptOf("a"));
  assert.equal(api.standing(1).status, "waiting");
  await reply(0);
  assert.deepEqual(taken, [["a", 1]]);
  assert.equal(api.standing(1), null);
});

test("an answer older than one already taken is dropped", async () => {
  const { api, taken, reply } = bench();
  await api.ask(promptOf("a"));
  await api.ask(promptOf("b"));
  await reply(1);
  await reply(0);
  assert.deepEqual(taken, [["b", 2]]);
});

test("answers of different objects do not wait for each other", async () => {
  const { api, taken, reply } = bench();
  await api.ask(promptOf("a", 1));
  await api.ask(promptOf("b", 2));
  await reply(1);
  await reply(0);
  assert.deepEqual(taken, [["b", 2], ["a", 1]]);
});

test("an earlier answer fills in while the newest is on its way", async () => {
  const { api, taken, reply } = bench();
  await api.ask(promptOf("a"));
  await api.ask(promptOf("b"));
  await reply(0);
  assert.deepEqual(taken, [["a", 1]]);
  assert.equal(api.standing(1).prompt.name, "b");
});

test("a service that is away is asked again, with longer and longer pauses", async () => {
  const { api, sent, reply, due, taken } = bench();
  await api.ask(promptOf("a"));
  for (const [index, pause] of [500, 1000, 2000].entries()) {
    sent[index].reject(new TypeError("Failed to fetch"));
    await turn();
    assert.equal(api.standing(1).status, "retrying");
    assert.equal(api.standing(1).message, texts["api.unreachable"]);
    await due(pause);
  }
  await reply(3);
  assert.deepEqual(taken, [["a", 1]]);
});

test("a service that fails on a request is asked six times, then only by the worker", async () => {
  const { api, sent, due, reply } = bench();
  await api.ask(promptOf("a"));
  for (const [index, pause] of [500, 1000, 2000, 4000, 8000, null].entries()) {
    await reply(index, 500, { error: "failed", message: "Failed.", retryable: true });
    if (pause) await due(pause);
  }
  assert.equal(api.standing(1).status, "failed");
  assert.equal(sent.length, 6);
  await api.retry();
  assert.equal(api.standing(1).status, "waiting");
  assert.equal(sent.length, 7);
});

test("a service that is away is asked far more often", async () => {
  const { api, sent, due, reply, taken } = bench();
  await api.ask(promptOf("a"));
  for (const [index, pause] of [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000].entries()) {
    await reply(index, 503, null);
    assert.equal(api.standing(1).message, texts["api.away"]);
    await due(pause);
  }
  await reply(8);
  assert.deepEqual(taken, [["a", 1]]);
  assert.equal(sent.length, 9);
});

test("pauses differ between pages, by up to a half either way", async () => {
  const pauses = [];
  for (const chance of [0, 0.999]) {
    const { api, sent, timers } = bench({ random: () => chance });
    await api.ask(promptOf("a"));
    sent[0].reject(new TypeError("Failed to fetch"));
    await turn();
    pauses.push(timers.at(-1).delay);
  }
  assert.equal(pauses[0], 250);
  assert.ok(pauses[1] > 740 && pauses[1] < 750);
});

test("one answer ends everybody else's pause", async () => {
  const { api, sent, reply, taken } = bench();
  for (const id of [1, 2, 3]) await api.ask(promptOf(`o${id}`, id));
  for (const index of [0, 1, 2]) await reply(index, 503, null);
  await api.ask(promptOf("o4", 4));
  assert.equal(sent.length, 4);
  await reply(3);
  assert.equal(sent.length, 7);
  for (const index of [4, 5, 6]) await reply(index);
  assert.equal(taken.length, 4);
  assert.equal(api.trouble(), null);
});

test("when the network is back, what waits is asked for at once, and once", async () => {
  const { api, sent, state, due, reply } = bench();
  state.online = false;
  await api.ask(promptOf("a"));
  sent[0].reject(new TypeError("Failed to fetch"));
  await turn();
  assert.equal(api.standing(1).message, texts["api.offline"]);
  assert.deepEqual(api.trouble(), { message: texts["api.offline"], failed: false, count: 1 });
  await api.wake();
  assert.equal(sent.length, 2);
  await due(500); // the pause that was cut short
  assert.equal(sent.length, 2);
  await reply(1);
  assert.equal(api.standing(1), null);
});

test("while clicks come faster than answers, two are on their way and the newest waits", async () => {
  const { api, sent, taken, reply } = bench();
  for (const name of ["a", "b", "c", "d", "e"]) await api.ask(promptOf(name));
  assert.deepEqual(sent.map(({ body }) => body.sequence), [1, 2]);
  await reply(0);
  assert.deepEqual(sent.map(({ body }) => body.sequence), [1, 2, 5]);
  await reply(2);
  await reply(1);
  assert.deepEqual(taken, [["a", 1], ["e", 5]]);
  assert.equal(sent.length, 3);
});

test("a click that waited goes on from the newest mask there is when it is sent", async () => {
  const { api, sent, reply } = bench();
  const third = promptOf("c");
  for (const prompt of [promptOf("a"), promptOf("b"), third]) await api.ask(prompt);
  third.previousMask = "of b";
  await reply(1);
  assert.equal(sent[2].body.previous_mask, "of b");
});

test("six requests are on their way at most, and what was asked for last is first in turn", async () => {
  const { api, sent, reply } = bench();
  for (let id = 1; id <= 9; id++) await api.ask(promptOf("a", id));
  assert.equal(sent.length, 6);
  await reply(0);
  assert.equal(sent[6].body.object_id, "9");
});

test("how long an answer took is told with it", async () => {
  const told = [];
  const { api, reply, state } = bench({ onAnswer: (prompt, answer, ms) => told.push(ms) });
  await api.ask(promptOf("a"));
  state.ms = 42;
  await reply(0);
  assert.deepEqual(told, [42]);
});

test("a newer click takes the place of one that is being retried", async () => {
  const { api, sent, due } = bench();
  await api.ask(promptOf("a"));
  sent[0].reject(new TypeError("Failed to fetch"));
  await turn();
  await api.ask(promptOf("b"));
  await due(500);
  assert.equal(sent.length, 2);
  assert.equal(api.standing(1).prompt.name, "b");
});

test("the service's own sentence is what the worker reads", async () => {
  const { api, reply } = bench();
  await api.ask(promptOf("a"));
  await reply(0, 403, { error: "token-expired", message: "Time is over.", retryable: false });
  assert.deepEqual([api.standing(1).status, api.standing(1).message], ["failed", "Time is over."]);
});

for (const [status, message, standing] of [
  [401, "api.refused", "failed"],
  [403, "api.expired", "failed"],
  [404, "api.status", "failed"],
  [429, "api.busy", "retrying"],
  [502, "api.status", "retrying"],
  [504, "api.status", "retrying"],
]) {
  test(`a gateway's own page with status ${status} leaves the request ${standing}`, async () => {
    const { api, reply } = bench();
    await api.ask(promptOf("a"));
    await reply(0, status, null);
    assert.equal(api.standing(1).status, standing);
    assert.equal(api.standing(1).message, texts[message].replace("{status}", status));
  });
}

test("where the page is translated, a known case is said in its own words", async () => {
  const { api, reply } = bench({ english: { "photo.missing": "" } });
  await api.ask(promptOf("a"));
  await reply(0, 403, { error: "token-expired", message: "Time is over.", retryable: false });
  assert.equal(api.standing(1).message, texts["api.expired"]);
});

test("a service that starts is said to, with a gateway's own page", async () => {
  const { api, reply } = bench();
  await api.ask(promptOf("a"));
  await reply(0, 503, null, { "retry-after": "30" });
  assert.equal(api.standing(1).message, texts["api.starting"]);
});

test("a pause that the service asks for is kept", async () => {
  const { api, timers, reply } = bench();
  await api.ask(promptOf("a"));
  await reply(0, 503, { error: "cold", message: "Starting.", retryable: true }, { "retry-after": "7" });
  assert.ok(timers.some(({ delay }) => delay === 7500));
  assert.equal(api.standing(1).message, "Starting.");
});

test("an answer that cannot be used is told and not asked for again", async () => {
  const { api, reply } = bench({
    onAnswer: () => { throw new Error("The mask reaches beyond the photo."); },
  });
  await api.ask(promptOf("a"));
  await reply(0);
  assert.equal(api.standing(1).status, "failed");
  assert.equal(api.standing(1).message, "The click service's answer could not be used: The mask reaches beyond the photo.");
});

test("an answer to another request is not taken", async () => {
  const { api, taken, reply } = bench();
  await api.ask(promptOf("a"));
  await reply(0, 200, { sequence: 99 });
  assert.deepEqual(taken, []);
  assert.equal(api.standing(1).status, "failed");
});

test("a request that takes long is said to", async () => {
  const { api, due } = bench();
  await api.ask(promptOf("a"));
  await due(3000);
  assert.equal(api.standing(1).status, "slow");
});

test("a request of a click that was undone is given up", async () => {
  const { api, sent, due } = bench();
  await api.ask(promptOf("a"));
  sent[0].reject(new TypeError("Failed to fetch"));
  await turn();
  api.keep(() => false);
  await due(500);
  assert.equal(api.standing(1), null);
  assert.equal(sent.length, 1);
});

test("a photo is announced before the first click, and its session goes with every click", async () => {
  const { api, sent } = bench();
  await api.prewarm();
  assert.equal(sent[0].url, "https://api.example/prod/prewarm");
  assert.equal(sent[0].options.headers.authorization, "Bearer v1.abc.def");
  assert.deepEqual(sent[0].body, { schema_version: 1, action: "prewarm" });
  sent[0].resolve(new Response(JSON.stringify({ model: "m", timings_ms: {}, session: "s-1" })));
  await turn();
  await turn();
  await api.ask(promptOf("a"));
  assert.equal(sent[1].body.session, "s-1");
});

for (const [name, settle] of [
  ["that is refused", ({ resolve }) => resolve(new Response("{}", { status: 503 }))],
  ["that is not JSON", ({ resolve }) => resolve(new Response("<html>"))],
  ["that gets no answer", ({ reject }) => reject(new TypeError("failed"))],
]) {
  test(`an announcement ${name} changes nothing`, async () => {
    const { api, sent, taken, reply } = bench();
    await api.prewarm();
    settle(sent[0]);
    await turn();
    await api.ask(promptOf("a"));
    assert.equal("session" in sent[1].body, false);
    await reply(1);
    assert.deepEqual(taken, [["a", 1]]);
  });
}

test("a token that ended early is renewed and the call made once more", async () => {
  const { api, sent, taken, reply } = bench({ tokens: ["v1.old", "v1.new"] });
  await api.ask(promptOf("a"));
  await reply(0, 403, { error: "token-expired", message: "Time is over.", retryable: false });
  assert.deepEqual(
    sent.map(({ options }) => options.headers.authorization), ["Bearer v1.old", "Bearer v1.new"],
  );
  await reply(1);
  assert.deepEqual(taken, [["a", 1]]);
});

test("a service that refuses the new token as well is not asked a third time", async () => {
  const { api, sent, reply } = bench({ tokens: ["v1.old", "v1.new"] });
  await api.ask(promptOf("a"));
  const refused = { error: "token-refused", message: "Not valid.", retryable: false };
  await reply(0, 401, refused);
  await reply(1, 401, refused);
  assert.deepEqual([api.standing(1).status, api.standing(1).message], ["failed", "Not valid."]);
  assert.equal(sent.length, 2);
});

test("why there is no token to be had is what the worker reads", async () => {
  const said = { error: "too-many-calls", message: "Too often.", retryable: false };
  const response = new Response(JSON.stringify(said), { status: 429 });
  const { api, sent } = bench({ tokens: [Object.assign(new Error("refused"), { response })] });
  await api.ask(promptOf("a"));
  assert.deepEqual([api.standing(1).status, api.standing(1).message], ["failed", "Too often."]);
  assert.equal(sent.length, 0);
});

test("a token that nobody could be asked for is asked for again", async () => {
  const { api, sent, taken, reply, due } = bench({ tokens: [new TypeError("away"), "v1.new"] });
  await api.ask(promptOf("a"));
  assert.equal(api.standing(1).status, "retrying");
  assert.equal(api.standing(1).message, texts["api.unreachable"]);
  assert.equal(sent.length, 0);
  await due(500);
  await reply(0);
  assert.deepEqual(taken, [["a", 1]]);
});

test("two objects that wait for a token both hear why there is none", async () => {
  const said = { error: "too-many-calls", message: "Too often.", retryable: false };
  const response = new Response(JSON.stringify(said), { status: 429 });
  const refused = Object.assign(new Error("refused"), { response });
  const { api } = bench({ tokens: [refused, refused] });
  await api.ask(promptOf("a", 1));
  await api.ask(promptOf("b", 2));
  assert.deepEqual([1, 2].map((id) => api.standing(id).message), ["Too often.", "Too often."]);
});

test("a click of an object with all the clicks it takes is below 20 kB", async () => {
  const { api, sent } = bench();
  const clicks = Array.from({ length: Session.MAX_CLICKS }, (_, at) => (
    { x: 3000.25 + at, y: 2000.75 + at, kind: "boundary" }
  ));
  const previousMask = "x".repeat(9_500); // more than the shipped model's are on large photos
  await api.ask({ ...promptOf("a"), clicks, previousMask });
  assert.ok(sent[0].options.body.length < 20 * 1024);
});
