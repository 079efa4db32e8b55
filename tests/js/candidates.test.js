"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Candidates, Png, Texts, texts } = require("./page_scripts.js");

const PHOTO = { width: 12, height: 10 };
const LABELS = [{ name: "cat", color: "#e69f00" }, { name: "dog", color: "#0072b2" }];
const COLORS = ["#ffffff", ...LABELS.map(({ color }) => color)];
const say = Texts.create(texts);

/** A mask of the photo whose first `columns` columns are `number`. */
const mask = (columns, number = 1) =>
  Uint8Array.from({ length: 120 }, (_, at) => (at % PHOTO.width < columns ? number : 0));

/** Candidates whose masks are `maps` by name; a number is a status to answer with. */
async function begin(maps, size = PHOTO) {
  const files = {};
  for (const [name, map] of Object.entries(maps)) {
    files[name] = typeof map === "number" ? map : await Png.palette(size, map, COLORS);
  }
  let changes = 0;
  const candidates = Candidates.create({
    sources: Object.keys(maps).map((name) => ({ name, address: `https://masks/${name}` })),
    labels: LABELS, photo: PHOTO, say,
    fetch: async (address) => {
      const file = files[address.split("/").pop()];
      if (typeof file === "number") return { ok: false, status: file };
      return { ok: true, arrayBuffer: async () => file.buffer };
    },
    onChange: () => changes++,
  });
  await candidates.loadAll();
  return { candidates, changes: () => changes };
}

const names = (candidates) => candidates.items.filter(({ index }) => candidates.isShown(index)).map(({ name }) => name);

test("the consensus is shown first, and each load is told", async () => {
  const { candidates, changes } = await begin({ consensus: mask(5), A: mask(6), B: mask(4) });
  assert.deepEqual(names(candidates), ["consensus"]);
  assert.deepEqual(candidates.items.map(({ title }) => title), ["Consensus", "Worker A", "Worker B"]);
  assert.equal(changes(), 3);
  assert.equal(candidates.loading, false);
  assert.deepEqual(candidates.items[1].pieces.map(({ label, area }) => [label, area]), [[0, 60]]);
});

test("candidates are laid over each other and taken off one by one", async () => {
  const { candidates } = await begin({ consensus: mask(5), A: mask(6), B: mask(4) });
  candidates.toggle(2);
  assert.deepEqual(names(candidates), ["consensus", "B"]);
  assert.deepEqual(candidates.layers().map(({ objects }) => objects.length), [1, 1]);
  assert.notDeepEqual(candidates.layers()[0].objects[0].dash, candidates.layers()[1].objects[0].dash);
  candidates.toggle(0);
  assert.deepEqual(names(candidates), ["B"]);
  candidates.clear(1);
  assert.deepEqual(candidates.layers(), []);
  assert.equal(candidates.current.name, "A");
});

test("one step shows the next one alone, and goes round", async () => {
  const { candidates } = await begin({ consensus: mask(5), A: mask(6), B: mask(4) });
  candidates.step(1);
  assert.deepEqual(names(candidates), ["A"]);
  assert.equal(candidates.current.name, "A");
  candidates.step(1);
  candidates.step(1);
  assert.deepEqual(names(candidates), ["consensus"]);
  candidates.step(-1);
  assert.deepEqual(names(candidates), ["B"]);
  candidates.clear(2);
  candidates.step(1);
  assert.deepEqual(names(candidates), ["consensus"]);
});

test("disagreement is between workers, whatever the consensus says", async () => {
  const { candidates } = await begin({ consensus: mask(1), A: mask(6), B: mask(4) });
  assert.equal(candidates.undisputed, false);
  candidates.toggleDisputes();
  const [, layer] = candidates.layers();
  assert.deepEqual(layer.objects.map(({ mask: { box } }) => box), [[4, 0, 2, 10], [0, 0, 0, 0]]);
});

test("with one worker nothing can differ", async () => {
  const { candidates } = await begin({ consensus: mask(1), A: mask(6) });
  assert.equal(candidates.undisputed, true);
  candidates.toggleDisputes();
  assert.deepEqual(candidates.layers()[1].objects, []);
});

test("a mask that cannot be loaded says why, and the others go on", async () => {
  const { candidates } = await begin({ consensus: 403, A: mask(6) });
  assert.equal(candidates.items[0].problem, "The mask “Consensus” could not be loaded: its server answered 403.");
  assert.deepEqual(names(candidates), ["A"]);
  assert.deepEqual(candidates.items.map(({ status }) => status), ["failed", "ready"]);
});

test("a mask of another size is refused", async () => {
  const { candidates } = await begin({ A: new Uint8Array(4) }, { width: 2, height: 2 });
  assert.match(candidates.items[0].problem, /2 × 2 pixels/);
});

test("how much of the photo shows through can be chosen", async () => {
  const { candidates } = await begin({ A: mask(6), B: mask(4) });
  candidates.setOpacity(0.9);
  assert.ok(Math.abs(candidates.layers()[0].opacity - 0.9) < 1e-9);
  candidates.toggle(1);
  const [one, two] = candidates.layers().map(({ opacity }) => 1 - opacity);
  assert.ok(Math.abs(one * two - 0.1) < 1e-9); // together they cover as much as one alone
});

test("without candidates every action does nothing", async () => {
  const { candidates } = await begin({});
  candidates.step(1);
  candidates.toggleDisputes();
  assert.equal(candidates.current, null);
  assert.deepEqual(candidates.layers().map(({ objects }) => objects), [[]]);
});
