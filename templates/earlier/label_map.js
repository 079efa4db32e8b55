// Label maps of a photo: one byte a pixel, row by row, 0 for nothing, else a label's number from
// 1. Cuts them into pieces that the editor takes for objects, and compares several. No DOM.
const LabelMap = (() => {
  "use strict";

  const SPECK = 64; // pixels; smaller pieces are nobody's object
  const MOST_PIECES = 40; // of one label; more is noise, and the list of objects would be useless

  /** The label map of a decoded PNG; colours that are no label's are nothing. */
  function fromPng({ pixels, colors }, labels) {
    const numbers = new Uint8Array(256);
    colors.forEach((color, index) => {
      numbers[index] = labels.findIndex((label) => label.color === color) + 1;
    });
    return pixels.map((index) => numbers[index]);
  }

  /** Stretches of one label in one row: {row, from, to (exclusive), number, parent}. */
  function runsOf(map, { width, height }) {
    const runs = [];
    let above = 0;
    for (let row = 0; row < height; row++) {
      const begin = runs.length;
      const start = row * width;
      for (let from = 0, to; from < width; from = to) {
        const number = map[start + from];
        for (to = from + 1; to < width && map[start + to] === number; ) to++;
        if (number) runs.push({ row, from, to, number, parent: runs.length });
      }
      join(runs, above, begin);
      above = begin;
    }
    return runs;
  }

  function root(runs, index) {
    while (runs[index].parent !== index) {
      runs[index].parent = runs[runs[index].parent].parent;
      index = runs[index].parent;
    }
    return index;
  }

  // Joins the runs of the row from `begin` on with those of the row above that they touch.
  function join(runs, above, begin) {
    let [upper, lower] = [above, begin];
    while (upper < begin && lower < runs.length) {
      const [a, b] = [runs[upper], runs[lower]];
      if (a.number === b.number && a.from < b.to && b.from < a.to) {
        runs[root(runs, lower)].parent = root(runs, upper);
      }
      if (a.to < b.to) upper++;
      else lower++;
    }
  }

  /**
   * The connected pieces of each label, the largest first: {label (index from 0), area,
   * mask: {box, counts}, extremePoints: top, left, bottom, right}. Specks belong to their
   * label's largest piece, so that no pixel is lost.
   */
  function pieces(map, size) {
    const runs = runsOf(map, size);
    const found = new Map();
    runs.forEach((run, index) => {
      const at = root(runs, index);
      if (!found.has(at)) found.set(at, { number: run.number, area: 0, runs: [] });
      const piece = found.get(at);
      piece.area += run.to - run.from;
      piece.runs.push(run);
    });
    const largest = new Map(); // label's number -> its pieces
    const kept = [];
    for (const piece of [...found.values()].sort((one, other) => other.area - one.area)) {
      const own = largest.get(piece.number) ?? [];
      largest.set(piece.number, own);
      if (own.length && (piece.area < SPECK || own.length >= MOST_PIECES)) {
        own[0].area += piece.area;
        for (const run of piece.runs) own[0].runs.push(run);
      } else {
        own.push(piece);
        kept.push(piece);
      }
    }
    return kept.map(({ number, area, runs: own }) => ({ label: number - 1, area, ...outline(own) }));
  }

  function outline(runs) {
    runs.sort((one, other) => one.row - other.row || one.from - other.from);
    const [first, last] = [runs[0], runs[runs.length - 1]];
    const leftmost = runs.reduce((best, run) => (run.from < best.from ? run : best));
    const rightmost = runs.reduce((best, run) => (run.to > best.to ? run : best));
    const [left, top] = [leftmost.from, first.row];
    const [width, height] = [rightmost.to - left, last.row + 1 - top];
    const pixels = new Uint8Array(width * height);
    for (const { row, from, to } of runs) {
      const start = (row - top) * width - left;
      pixels.fill(1, start + from, start + to);
    }
    const middle = ({ from, to }) => (from + to) / 2;
    return {
      mask: { box: [left, top, width, height], counts: Rle.encode(pixels, width, height) },
      extremePoints: [
        { x: middle(first), y: first.row },
        { x: leftmost.from, y: leftmost.row + 0.5 },
        { x: middle(last), y: last.row + 1 },
        { x: rightmost.to, y: rightmost.row + 0.5 },
      ],
    };
  }

  /**
   * How far several maps differ: 0 where all say the same, 1 where one differs from the most
   * common opinion, 2 where more do.
   */
  function disputes(maps) {
    const [first, ...others] = maps;
    const levels = new Uint8Array(first.length);
    const votes = new Uint8Array(256);
    // A photo has millions of pixels, nearly all of them undisputed: those are passed over map by
    // map before the others are counted.
    for (const map of others) {
      for (let at = 0; at < first.length; at++) if (map[at] !== first[at]) levels[at] = 1;
    }
    for (let at = levels.indexOf(1); at >= 0; at = levels.indexOf(1, at + 1)) {
      let most = 0;
      for (const map of maps) most = Math.max(most, ++votes[map[at]]);
      for (const map of maps) votes[map[at]] = 0;
      levels[at] = maps.length - most === 1 ? 1 : 2;
    }
    return levels;
  }

  /** The mask {box, counts} of all pixels of `value`; its box is empty if there are none. */
  function maskOf(map, value, { width, height }) {
    const runs = runsOf(map, { width, height }).filter((run) => run.number === value);
    return runs.length ? outline(runs).mask : { box: [0, 0, 0, 0], counts: "" };
  }

  return { fromPng, pieces, disputes, maskOf };
})();
