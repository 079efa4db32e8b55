"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { TEMPLATES, Texts, order, source, texts } = require("./page_scripts.js");

const templates = fs
  .readdirSync(TEMPLATES, { recursive: true })
  .filter((name) => name.endsWith(".j2"))
  .map((name) => fs.readFileSync(path.join(TEMPLATES, name), "utf8"))
  .join("\n");

test("values are put in as they are", () => {
  const say = Texts.create({ greeting: "Hello {name}, {name}! {missing}" });
  assert.equal(say("greeting", { name: "$&<b>{x}" }), "Hello $&<b>{x}, $&<b>{x}! {missing}");
});

test("what becomes a part of the answer is said in English", () => {
  const say = Texts.create({ "photo.size": "{seen} Pixel", a: "A" }, { "photo.size": "{seen} pixels" });
  assert.deepEqual([say("photo.size", { seen: 3 }), say.inEnglish("photo.size", { seen: 3 })], [
    "3 Pixel", "3 pixels",
  ]);
  assert.equal(say.inEnglish("a"), "A");
  assert.equal(say.isTranslated, true);
  assert.equal(Texts.create(texts).isTranslated, false);
});

test("a text that is not in the table is an error that names it", () => {
  assert.throws(() => Texts.create({})("status.gone"), /status\.gone/);
});

test("scripts and templates use no text that is not in the table", () => {
  const used = [
    ...source.matchAll(/(?:say|tell|because)\((?:"\w+", )?"([a-z][\w-]*\.[\w.-]*)"/g),
    ...templates.matchAll(/texts\["([\w.-]+)"\]/g),
  ].map(([, key]) => key);
  assert.ok(used.length > 40);
  assert.deepEqual(used.filter((key) => !(key in texts)), []);
});

test("scripts use no text that is left to the markup", () => {
  const markup = /(?:say|tell|because)\((?:"\w+", )?["`](?:tool|panel|reason|compare|keys|how)\./;
  assert.doesNotMatch(source, markup);
});

test("every text in the table is used", () => {
  const all = source + templates;
  const composed = ["place.", "hint.", "condition.", "submit.", "next.correct.", "next.begin.", "tool.", "keys.",
    "reason.", "how.", "box.edge.", "look.", "page.direction",
    "stage."];
  const unused = Object.keys(texts).filter(
    (key) => !all.includes(key) && !composed.some((prefix) => key.startsWith(prefix)),
  );
  assert.deepEqual(unused, []);
});

test("each script defines one constant and is in the order", () => {
  const files = fs
    .readdirSync(TEMPLATES, { recursive: true })
    .filter((name) => name.endsWith(".js"));
  assert.deepEqual(files.map((name) => name.slice(0, -3)).sort(), [...order].sort());
  assert.equal(source.match(/^(?:const|let|var|function|class) /gm).length, order.length);
});
