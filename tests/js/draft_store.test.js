"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { DraftStore } = require("./page_scripts.js");

const DAY = 24 * 3600 * 1000;

/** A browser's storage of so many characters, which others use as well. */
function storageOf(room = 5_000_000) {
  const kept = new Map([["another's", "x"]]);
  const used = () => [...kept].reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  return {
    kept,
    get length() { return kept.size; },
    key: (index) => [...kept.keys()][index],
    getItem: (name) => kept.get(name) ?? null,
    removeItem: (name) => kept.delete(name),
    setItem(name, text) {
      const before = kept.get(name);
      kept.set(name, text);
      if (used() <= room) return;
      if (before === undefined) kept.delete(name);
      else kept.set(name, before);
      throw new Error("QuotaExceededError");
    },
  };
}

const open = (storage, key = "a", at = { ms: 1000 }) =>
  DraftStore.create({ storage: () => storage, key, now: () => at.ms });

test("a draft is read again by the same task alone", () => {
  const storage = storageOf();
  assert.equal(open(storage).read(), null);
  assert.ok(open(storage).write({ points: [1, "\n", 2] }));
  assert.deepEqual(open(storage).read(), { saved: 1000, draft: { points: [1, "\n", 2] } });
  assert.equal(open(storage, "b").read(), null);
});

test("a dropped draft is gone", () => {
  const storage = storageOf();
  const store = open(storage);
  store.write({});
  store.drop();
  assert.equal(store.read(), null);
  assert.deepEqual([...storage.kept.keys()], ["another's"]);
});

test("drafts older than a week go, whoever opens the page next", () => {
  const storage = storageOf();
  open(storage, "old").write({});
  open(storage, "new", { ms: 3 * DAY }).write({});
  open(storage, "other", { ms: 8 * DAY });
  assert.deepEqual([...storage.kept.keys()], ["another's", "fewclick-draft:new"]);
});

test("of many drafts the twenty newest stay", () => {
  const storage = storageOf();
  for (let number = 0; number < 25; number++) open(storage, `k${number}`, { ms: number }).write({});
  open(storage, "z", { ms: 30 });
  const numbers = [...storage.kept.keys()].slice(1).map((name) => Number(name.split(":k")[1]));
  assert.deepEqual(numbers, Array.from({ length: 20 }, (_, index) => index + 5));
});

test("where there is no room, older drafts make some, and nobody else's things", () => {
  const storage = storageOf(500);
  open(storage, "1", { ms: 1 }).write("x".repeat(150));
  open(storage, "2", { ms: 2 }).write("x".repeat(150));
  assert.ok(open(storage, "3", { ms: 3 }).write("x".repeat(200)));
  assert.deepEqual([...storage.kept.keys()].slice(1).sort(), ["fewclick-draft:2", "fewclick-draft:3"]);
});

test("a draft for which there is no room at all says so, and the one before it stays", () => {
  const storage = storageOf(500);
  const store = open(storage);
  assert.ok(store.write("small"));
  assert.equal(store.write("x".repeat(600)), false);
  assert.equal(store.read().draft, "small");
  assert.equal(open(storageOf(9_000_000)).write("x".repeat(1_600_000)), false);
});

test("a page that may not keep anything knows it", () => {
  const store = DraftStore.create({
    storage: () => { throw new Error("SecurityError"); }, key: "a", now: () => 0,
  });
  assert.equal(store.isOpen, false);
  assert.equal(store.write({}), false);
  assert.equal(store.read(), null);
  store.drop();
});

test("what is no draft reads as none", () => {
  const storage = storageOf();
  storage.setItem("fewclick-draft:a", "1000\n{broken");
  assert.equal(open(storage).read(), null);
});

test("tasks that differ in anything have different keys, which tell nothing of them", () => {
  const keys = [["job", "s3://b/1.jpg"], ["job", "s3://b/2.jpg"], ["job2", "s3://b/1.jpg"]].map(
    DraftStore.keyOf,
  );
  assert.equal(new Set(keys).size, 3);
  for (const key of keys) assert.match(key, /^[0-9a-f]{16}$/);
  assert.equal(DraftStore.keyOf(["job", "s3://b/1.jpg"]), keys[0]);
});
