"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { ClickApi, Texts, texts } = require("./page_scripts.js");

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A click service whose answers, and a clock whose timers, wait for the test. */
function bench({ onAnswer, tokens = ["v1.abc.def"] } = {}) {
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
  const service = ClickApi.create({
    url: "https://api.example/prod/",
    access,
    say: Texts.create(texts),
    onAnswer: onAnswer ?? ((prompt, answer) => taken.push([prompt.name, answer.sequence])),
    onChange: () => {},
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
  const { ask, retry, prewarm } = service;
  const api = { ...service, ask: soon(ask), retry: soon(retry), prewarm: soon(prewarm) };
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
  return { api, sent, timers, taken, reply, due };
}

const promptOf = (name, objectId = 1) => ({
  name, objectId,
  extremePoints: [{ x: 1, y: 2 }, { x: 3, y: 4 }, { x: 5, y: 6 }, { x: 7, y: 8 }],
  clicks: [{ x: 9, y: 10, kind: "outside" }],
});

test("a request is what the service reads", async () => {
  const { api, sent } = bench();
  await api.ask(promptOf("a"), "earlier");
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
  await api.ask(promptOf("a"), null);
  assert.equal(api.standing(1).status, "waiting");
  await reply(0);
  assert.deepEqual(taken, [["a", 1]]);
  assert.equal(api.standing(1), null);
});

test("an answer older than one already taken is dropped", async () => {
  const { api, taken, reply } = bench();
  await api.ask(promptOf("a"), null);
  await api.ask(promptOf("b"), null);
  await reply(1);
  await reply(0);
  assert.deepEqual(taken, [["b", 2]]);
});

test("answers of different objects do not wait for each other", async () => {
  const { api, taken, reply } = bench();
  await api.ask(promptOf("a", 1), null);
  await api.ask(promptOf("b", 2), null);
  await reply(1);
  await reply(0);
  assert.deepEqual(taken, [["b", 2], ["a", 1]]);
});

test("an earlier answer fills in while the newest is on its way", async () => {
  const { api, taken, reply } = bench();
  await api.ask(promptOf("a"), null);
  await api.ask(promptOf("b"), null);
  await reply(0);
  assert.deepEqual(taken, [["a", 1]]);
  assert.equal(api.standing(1).prompt.name, "b");
});

test("a service that is away is asked again, with longer and longer pauses", async () => {
  const { api, sent, reply, due, taken } = bench();
  await api.ask(promptOf("a"), null);
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

test("after six attempts only the worker can ask again", async () => {
  const { api, sent, due } = bench();
  await api.ask(promptOf("a"), null);
  for (const [index, pause] of [500, 1000, 2000, 4000, 8000, null].entries()) {
    sent[index].reject(new TypeError("Failed to fetch"));
    await turn();
    if (pause) await due(pause);
  }
  assert.equal(api.standing(1).status, "failed");
  assert.equal(sent.length, 6);
  await api.retry();
  assert.equal(api.standing(1).status, "waiting");
  assert.equal(sent.length, 7);
});

test("a newer click takes the place of one that is being retried", async () => {
  const { api, sent, due } = bench();
  await api.ask(promptOf("a"), null);
  sent[0].reject(new TypeError("Failed to fetch"));
  await turn();
  await api.ask(promptOf("b"), null);
  await due(500);
  assert.equal(sent.length, 2);
  assert.equal(api.standing(1).prompt.name, "b");
});

test("the service's own sentence is what the worker reads", async () => {
  const { api, reply } = bench();
  await api.ask(promptOf("a"), null);
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
    await api.ask(promptOf("a"), null);
    await reply(0, status, null);
    assert.equal(api.standing(1).status, standing);
    assert.equal(api.standing(1).message, texts[message].replace("{status}", status));
  });
}

test("a pause that the service asks for is kept", async () => {
  const { api, timers, reply } = bench();
  await api.ask(promptOf("a"), null);
  await reply(0, 503, { error: "cold", message: "Starting.", retryable: true }, { "retry-after": "7" });
  assert.ok(timers.some(({ delay }) => delay === 7000));
  assert.equal(api.standing(1).message, "Starting.");
});

test("an answer that cannot be used is told and not asked for again", async () => {
  const { api, reply } = bench({
    onAnswer: () => { throw new Error("The mask reaches beyond the photo."); },
  });
  await api.ask(promptOf("a"), null);
  await reply(0);
  assert.equal(api.standing(1).status, "failed");
  assert.equal(api.standing(1).message, "The click service's answer could not be used: The mask reaches beyond the photo.");
});

test("an answer to another request is not taken", async () => {
  const { api, taken, reply } = bench();
  await api.ask(promptOf("a"), null);
  await reply(0, 200, { sequence: 99 });
  assert.deepEqual(taken, []);
  assert.equal(api.standing(1).status, "failed");
});

test("a request that takes long is said to", async () => {
  const { api, due } = bench();
  await api.ask(promptOf("a"), null);
  await due(3000);
  assert.equal(api.standing(1).status, "slow");
});

test("a request of a click that was undone is given up", async () => {
  const { api, sent, due } = bench();
  await api.ask(promptOf("a"), null);
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
  await api.ask(promptOf("a"), null);
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
    await api.ask(promptOf("a"), null);
    assert.equal("session" in sent[1].body, false);
    await reply(1);
    assert.deepEqual(taken, [["a", 1]]);
  });
}

test("a token that ended early is renewed and the call made once more", async () => {
  const { api, sent, taken, reply } = bench({ tokens: ["v1.old", "v1.new"] });
  await api.ask(promptOf("a"), null);
  await reply(0, 403, { error: "token-expired", message: "Time is over.", retryable: false });
  assert.deepEqual(
    sent.map(({ options }) => options.headers.authorization), ["Bearer v1.old", "Bearer v1.new"],
  );
  await reply(1);
  assert.deepEqual(taken, [["a", 1]]);
});

test("a service that refuses the new token as well is not asked a third time", async () => {
  const { api, sent, reply } = bench({ tokens: ["v1.old", "v1.new"] });
  await api.ask(promptOf("a"), null);
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
  await api.ask(promptOf("a"), null);
  assert.deepEqual([api.standing(1).status, api.standing(1).message], ["failed", "Too often."]);
  assert.equal(sent.length, 0);
});

test("a token that nobody could be asked for is asked for again", async () => {
  const { api, sent, taken, reply, due } = bench({ tokens: [new TypeError("away"), "v1.new"] });
  await api.ask(promptOf("a"), null);
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
  await api.ask(promptOf("a", 1), null);
  await api.ask(promptOf("b", 2), null);
  assert.deepEqual([1, 2].map((id) => api.standing(id).message), ["Too often.", "Too often."]);
});
