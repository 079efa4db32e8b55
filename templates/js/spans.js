// Masks as spans: for each column the stretches of rows that belong to the mask. Run lengths are
// such spans already, so an edit costs what the outline is long, not what the photo has pixels.
// No DOM.
//
// A region is {left, columns}: `columns[i]` = [from, to, from, to, ...] of column left + i, rows in
// order, `to` exclusive. A mask is {box: [left, top, width, height], counts} as it travels.
const Spans = (() => {
  "use strict";

  const EMPTY = Object.freeze({ left: 0, columns: [] });
  const THINNEST = 0.5; // the radius of a brush that still paints the pixel it is on

  const known = new WeakMap(); // mask -> its region

  /** The region of a mask. */
  function of(mask) {
    if (!known.has(mask)) known.set(mask, read(mask));
    return known.get(mask);
  }

  function read({ box: [left, top, width, height], counts }) {
    const columns = Array.from({ length: width }, () => []);
    let at = 0;
    Rle.runs(counts).forEach((length, index) => {
      const end = at + length;
      for (let from = at; index % 2 && from < end; ) {
        const column = Math.floor(from / height);
        const to = Math.min(end, (column + 1) * height);
        const above = top - column * height;
        columns[column].push(above + from, above + to);
        from = to;
      }
      at = end;
    });
    return { left, columns };
  }

  /** [left, top, width, height] of a region; all 0 if it is empty. */
  function box({ left, columns }) {
    const first = columns.findIndex((spans) => spans.length);
    if (first < 0) return [0, 0, 0, 0];
    const last = columns.findLastIndex((spans) => spans.length);
    let [top, bottom] = [Infinity, 0];
    for (const spans of columns) {
      if (!spans.length) continue;
      top = Math.min(top, spans[0]);
      bottom = Math.max(bottom, spans[spans.length - 1]);
    }
    return [left + first, top, last - first + 1, bottom - top];
  }

  /** The mask of a region. */
  function mask(region) {
    const [left, top, width, height] = box(region);
    const lengths = [];
    let end = 0; // of the last run of ones
    for (let index = 0; index < width; index++) {
      const spans = region.columns[left - region.left + index];
      for (let at = 0; at < spans.length; at += 2) {
        const from = index * height + spans[at] - top;
        const to = index * height + spans[at + 1] - top;
        if (from === end && lengths.length) lengths[lengths.length - 1] += to - from;
        else lengths.push(from - end, to - from);
        end = to;
      }
    }
    if (end < width * height) lengths.push(width * height - end);
    const made = { box: [left, top, width, height], counts: Rle.write(lengths) };
    known.set(made, region);
    return made;
  }

  // Both columns' spans in one sweep; `keep(inOne, inOther)` says what the result has.
  function sweep(one, other, keep) {
    const spans = [];
    let [i, j] = [0, 0];
    while (i < one.length || j < other.length) {
      const at = Math.min(one[i] ?? Infinity, other[j] ?? Infinity);
      while (one[i] === at) i++;
      while (other[j] === at) j++;
      if (keep(i % 2 === 1, j % 2 === 1) !== (spans.length % 2 === 1)) spans.push(at);
    }
    return spans;
  }

  function combine(one, other, keep) {
    if (!one.columns.length && !other.columns.length) return EMPTY;
    const lefts = [one, other].filter(({ columns }) => columns.length);
    const left = Math.min(...lefts.map((region) => region.left));
    const right = Math.max(...lefts.map((region) => region.left + region.columns.length));
    const columns = Array.from({ length: right - left }, (_, index) =>
      sweep(column(one, left + index), column(other, left + index), keep),
    );
    return { left, columns };
  }

  const NONE = [];
  const column = (region, x) => region.columns[x - region.left] ?? NONE;
  const union = (one, other) => combine(one, other, (a, b) => a || b);
  const subtract = (one, other) => combine(one, other, (a, b) => a && !b);

  const area = ({ columns }) =>
    columns.reduce(
      (sum, spans) => spans.reduce((all, at, index) => all + (index % 2 ? at : -at), sum), 0,
    );

  /** True if the pixel that owns the point {x, y} belongs to the region. */
  function contains(region, { x, y }) {
    const row = Math.floor(y);
    const spans = column(region, Math.floor(x));
    const after = spans.findIndex((at) => at > row);
    return after % 2 === 1;
  }

  /** Collects pairs of real heights between which a column is inside; a pixel is with its centre. */
  function createDrawing(photo) {
    const columns = Array.from({ length: photo.width }, () => null);
    return {
      /** The columns that may have something between two real places. */
      *columns(from, to) {
        const right = Math.min(photo.width, Math.ceil(to) + 1);
        for (let x = Math.max(0, Math.floor(from)); x < right; x++) yield x;
      },
      add(x, top, bottom) {
        const begin = Math.max(0, Math.ceil(top - 0.5));
        const end = Math.min(photo.height, Math.floor(bottom - 0.5) + 1);
        if (begin < end) (columns[x] ??= []).push([begin, end]);
      },
      region() {
        const left = columns.findIndex(Boolean);
        if (left < 0) return EMPTY;
        const drawn = columns.slice(left, columns.findLastIndex(Boolean) + 1);
        return { left, columns: drawn.map((pairs) => joined(pairs ?? [])) };
      },
    };
  }

  /** Pairs [from, to] in any order as spans. */
  function joined(pairs) {
    const spans = [];
    for (const [from, to] of pairs.sort((one, other) => one[0] - other[0])) {
      const last = spans.length - 1;
      if (last >= 0 && from <= spans[last]) spans[last] = Math.max(spans[last], to);
      else spans.push(from, to);
    }
    return spans;
  }

  // Between which heights a disc drawn from `p` to `q` covers the vertical line at `x`: it is
  // convex, so between the highest and the lowest of its parts there. null: nowhere.
  function capsule(p, q, radius, x) {
    let [top, bottom] = [Infinity, -Infinity];
    const take = (y) => {
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    };
    for (const end of [p, q]) {
      const half = radius ** 2 - (x - end.x) ** 2;
      if (half < 0) continue;
      take(end.y - Math.sqrt(half));
      take(end.y + Math.sqrt(half));
    }
    const length = Math.hypot(q.x - p.x, q.y - p.y);
    if (length > 0) {
      const [dx, dy] = [((p.y - q.y) / length) * radius, ((q.x - p.x) / length) * radius];
      for (const sign of [-1, 1]) {
        const [from, to] = [p, q].map((end) => ({ x: end.x + sign * dx, y: end.y + sign * dy }));
        if (Math.min(from.x, to.x) > x || Math.max(from.x, to.x) < x || from.x === to.x) continue;
        take(from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x));
      }
    }
    return top <= bottom ? [top, bottom] : null;
  }

  /** What a round brush of `radius` (image pixels) covers along `points`. */
  function stroke(points, radius, photo) {
    const reach = Math.max(radius, THINNEST);
    const drawing = createDrawing(photo);
    points.forEach((to, index) => {
      const from = points[Math.max(index - 1, 0)];
      if (index === 0 && points.length > 1) return;
      const [low, high] = [Math.min(from.x, to.x) - reach, Math.max(from.x, to.x) + reach];
      for (const x of drawing.columns(low, high)) {
        const found = capsule(from, to, reach, x + 0.5);
        if (found) drawing.add(x, ...found);
      }
    });
    return drawing.region();
  }

  /** The inside of a polygon, by the even-odd rule. */
  function polygon(points, photo) {
    const xs = points.map(({ x }) => x);
    const drawing = createDrawing(photo);
    for (const column of drawing.columns(Math.min(...xs), Math.max(...xs))) {
      const x = column + 0.5;
      const crossings = [];
      points.forEach((to, index) => {
        const from = points[(index || points.length) - 1];
        if (from.x <= x === to.x <= x) return;
        crossings.push(from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x));
      });
      crossings.sort((one, other) => one - other);
      // A centre on the lower edge is outside, so that polygons side by side do not overlap.
      for (let at = 0; at < crossings.length; at += 2) {
        drawing.add(column, crossings[at], crossings[at + 1] - 1e-9);
      }
    }
    return drawing.region();
  }

  /** The parts of a region, connected by pixels' sides, that come within `reach` of a point. */
  function near(region, point, reach) {
    const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
    const taken = region.columns.map(() => new Set());
    const open = [];
    const add = (index, at) => {
      if (taken[index].has(at)) return;
      taken[index].add(at);
      open.push([index, at]);
    };
    for (let dx = -reach; dx <= reach; dx++) {
      const index = x + dx - region.left;
      const half = Math.sqrt(reach ** 2 - dx ** 2);
      const spans = region.columns[index] ?? NONE;
      for (let at = 0; at < spans.length; at += 2) {
        if (spans[at] <= y + half && spans[at + 1] - 1 >= y - half) add(index, at);
      }
    }
    while (open.length) {
      const [index, at] = open.pop();
      const [from, to] = region.columns[index].slice(at, at + 2);
      for (const beside of [index - 1, index + 1]) {
        const spans = region.columns[beside] ?? NONE;
        for (let other = 0; other < spans.length && spans[other] < to; other += 2) {
          if (spans[other + 1] > from) add(beside, other);
        }
      }
    }
    const columns = region.columns.map((spans, index) =>
      spans.filter((_, at) => taken[index].has(at - (at % 2))),
    );
    return { left: region.left, columns };
  }

  /** The extreme points of a region that is not empty: top, left, bottom, right. */
  function extremes(region) {
    const [left, top, width, height] = box(region);
    const at = (x) => column(region, x);
    const middle = (x) => (at(x)[0] + at(x)[1]) / 2;
    const along = (test) => {
      const xs = [];
      for (let x = left; x < left + width; x++) {
        if (test(at(x))) xs.push(x);
        else if (xs.length) break;
      }
      return (xs[0] + xs[xs.length - 1] + 1) / 2;
    };
    return [
      { x: along((spans) => spans[0] === top), y: top },
      { x: left, y: middle(left) },
      { x: along((spans) => spans[spans.length - 1] === top + height), y: top + height },
      { x: left + width, y: middle(left + width - 1) },
    ];
  }

  /**
   * The region as a coarse picture: a pixel for each `step` x `step` of the photo's, 1 where the
   * middle one belongs to it: {pixels, left, top (image pixels), width, height (of the picture)}.
   */
  function picture(region, step) {
    const [left, top, across, down] = box(region);
    const [firstColumn, firstRow] = [Math.floor(left / step), Math.floor(top / step)];
    const width = across ? Math.floor((left + across - 1) / step) - firstColumn + 1 : 0;
    const height = down ? Math.floor((top + down - 1) / step) - firstRow + 1 : 0;
    const pixels = new Uint8Array(width * height);
    const half = step >> 1;
    const sample = (row) => Math.max(0, Math.ceil((row - half) / step) - firstRow);
    for (let index = 0; index < width; index++) {
      const spans = column(region, (firstColumn + index) * step + half);
      for (let at = 0; at < spans.length; at += 2) {
        const end = Math.min(height, sample(spans[at + 1]));
        for (let row = sample(spans[at]); row < end; row++) pixels[row * width + index] = 1;
      }
    }
    return { pixels, left: firstColumn * step, top: firstRow * step, width, height };
  }

  return {
    EMPTY, of, mask, box, union, subtract, area, contains, stroke, polygon, near, extremes, picture,
  };
})();
