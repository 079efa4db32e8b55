"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Access } = require("./page_scripts.js");

const GRANT_URL = "https://bucket.example/grant.json?signed";
const EXCHANGE_URL = "https://api.example/token";

/** A bucket and a click service that answer as they are told, and a clock that only tests move. */
function bench({ seconds = 600, statuses = [], grantStatuses = [], ...options } = {}) {
  const asked = [];
  const clock = { ms: 0 };
  let given = 0;
  const fetch = async (url, request) => {
    asked.push({ url, ...request });
    const status = (url === GRANT_URL ? grantStatuses : statuses).shift() ?? 200;
    if (status === "away") throw new TypeError("Failed to fetch");
    const content = url === GRANT_URL
      ? { schema_version: 1, grant: "g1.the.grant" }
      : { token: `v1.token.${++given}`, expires_in: seconds };
    return new Response(JSON.stringify(content), { status });
  };
  const access = Access.create({
    grantUrl: GRANT_URL, exchangeUrl: EXCHANGE_URL, fetch, now: () => clock.ms, ...options,
  });
  const exchanges = () => asked.filter(({ url }) => url === EXCHANGE_URL);
  return { access, asked, clock, exchanges };
}

test("the grant is fetched at once, before anybody needs a token", () => {
  const { asked } = bench();
  assert.deepEqual(asked.map(({ url, credentials }) => [url, credentials]), [[GRANT_URL, "omit"]]);
});

test("a grant is exchanged for a token, which serves until it ends", async () => {
  const { access, asked, clock, exchanges } = bench();
  assert.equal(await access.token(), "v1.token.1");
  clock.ms = 560_000;
  assert.equal(await access.token(), "v1.token.1");
  assert.equal(exchanges().length, 1);
  assert.equal(exchanges()[0].method, "POST");
  assert.equal(exchanges()[0].headers.authorization, "Bearer g1.the.grant");
  assert.equal(asked.length, 2);
});

test("a token is renewed a little before it ends, without another look at the link", async () => {
  const { access, asked, clock } = bench();
  await access.token();
  clock.ms = 571_000;
  assert.equal(await access.token(), "v1.token.2");
  assert.deepEqual(asked.map(({ url }) => url), [GRANT_URL, EXCHANGE_URL, EXCHANGE_URL]);
});

test("a token that is refused before its time can be renewed", async () => {
  const { access } = bench();
  assert.equal(await access.token(), "v1.token.1");
  assert.equal(await access.renew(), "v1.token.2");
  assert.equal(await access.token(), "v1.token.2");
});

test("all who wait for a token wait for the same one", async () => {
  const { access, exchanges } = bench();
  const tokens = await Promise.all([access.token(), access.token(), access.renew()]);
  assert.deepEqual(tokens, ["v1.token.1", "v1.token.1", "v1.token.1"]);
  assert.equal(exchanges().length, 1);
});

test("an exchange that is refused says so with the answer", async () => {
  const { access } = bench({ statuses: [403] });
  await assert.rejects(access.token(), ({ response }) => response.status === 403);
  assert.equal(await access.token(), "v1.token.2");
});

test("a link that has ended says so with the answer", async () => {
  const { access } = bench({ grantStatuses: [403, 403] });
  await assert.rejects(access.token(), ({ response }) => response.status === 403);
});

test("a link that could not be reached is tried again when a token is needed", async () => {
  const { access } = bench({ grantStatuses: ["away", "away"] });
  await assert.rejects(access.token(), TypeError);
  await assert.rejects(access.token(), TypeError);
  assert.equal(await access.token(), "v1.token.1");
});

test("an older task's own token serves as long as it lasts", async () => {
  const { access, asked } = bench({ grantUrl: "", fixed: "v1.old.token" });
  assert.equal(await access.token(), "v1.old.token");
  assert.equal(await access.renew(), "v1.old.token");
  assert.deepEqual(asked, []);
});
