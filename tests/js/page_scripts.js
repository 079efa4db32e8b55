// Loads the page's scripts as the page does: one after the other, in one scope, in its order.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const TEMPLATES = path.join(__dirname, "..", "..", "templates");
const PAGES = ["adjudication", "adjustment", "verification", "bounding_box"];
const order = ["js", ...PAGES]
  .flatMap((folder) => {
    const names = JSON.parse(fs.readFileSync(path.join(TEMPLATES, folder, "order.json"), "utf8"));
    return names.map((name) => (name.includes("/") ? name : path.join(folder, name)));
  })
  .filter((name, index, names) => names.indexOf(name) === index); // pages share some
const texts = Object.assign(
  {},
  ...[".", ...PAGES].map((folder) =>
    JSON.parse(fs.readFileSync(path.join(TEMPLATES, folder, "texts.en.json"), "utf8")),
  ),
);

const constantOf = (name) =>
  path.basename(name).split("_").map((part) => part[0].toUpperCase() + part.slice(1)).join("");

const source = order
  .map((name) => fs.readFileSync(path.join(TEMPLATES, `${name}.js`), "utf8"))
  .join("\n");
// What is tested is the sources, or what a minifier made of them.
const code = process.env.FEWCLICK_PAGE_SCRIPT
  ? fs.readFileSync(process.env.FEWCLICK_PAGE_SCRIPT, "utf8")
  : source;
const constants = vm.runInThisContext(`(() => {${code}
  return { ${order.map(constantOf).join(", ")} };
})()`);

function vectors(name) {
  const file = path.join(__dirname, "..", "vectors", `${name}.json`);
  return JSON.parse(fs.readFileSync(file, "utf8"));
}

/** Pixels of a picture such as ["..#", ".##"]: `#` is 1. */
const grid = (rows) => Uint8Array.from(rows.join(""), (mark) => (mark === "#" ? 1 : 0));

/** A clock whose time only the test moves. */
function clock() {
  let time = 0;
  const now = () => time;
  now.pass = (seconds) => { time += seconds; };
  return now;
}

module.exports = { ...constants, order, source, texts, vectors, grid, clock, TEMPLATES };
