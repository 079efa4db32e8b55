// The masks that a reviewer chooses from: the consensus and each worker's. Which of them lie over
// the photo, and how. No DOM.
const Candidates = (() => {
  "use strict";

  const CONSENSUS = "consensus";
  const FIRST_OPACITY = 0.45;
  // Each candidate's outline has a line of its own, as several of one class may lie over each
  // other; the consensus has the plain one. In screen pixels.
  const DASHES = [[7, 4], [2, 4], [12, 4, 2, 4], [16, 6], [2, 8], [7, 3, 2, 3, 2, 3]];
  const DISPUTE_COLORS = ["#ffb3ec", "#e6007e"]; // one differs, more differ: no label's colours

  /**
   * `sources`: {name, address} of each; `fetch` is an argument for the tests' sake. `onChange()`
   * is called with everything that should be shown anew.
   */
  function create({ sources, labels, photo, say, fetch, onChange }) {
    const items = sources.map(({ name, address }, index) => ({
      name, address, index,
      title: name === CONSENSUS ? say("candidate.consensus") : say("candidate.worker", { name }),
      dash: name === CONSENSUS ? [] : DASHES[index % DASHES.length],
      status: "loading", problem: "", map: null, pieces: [],
    }));
    const shown = new Set();
    let current = 0; // the one that was looked at last, and that "use" takes
    let opacity = FIRST_OPACITY;
    let showsDisputes = false;
    let disputeMasks = null; // made when first asked for

    async function load(item) {
      try {
        const response = await fetch(item.address, { credentials: "omit" });
        if (!response.ok) throw new Error(say("candidate.status", { status: response.status }));
        const png = await PngReader.read(new Uint8Array(await response.arrayBuffer()));
        if (png.width !== photo.width || png.height !== photo.height) {
          const seen = `${png.width} × ${png.height}`;
          throw new Error(say("candidate.size", { seen }));
        }
        item.map = LabelMap.fromPng(png, labels);
        item.pieces = LabelMap.pieces(item.map, photo);
        item.status = "ready";
      } catch (error) {
        item.status = "failed";
        item.problem = say("candidate.failed", { title: item.title, detail: error.message });
      }
      disputeMasks = null;
    }

    /** Loads one after the other, so that only one large mask is being decoded at a time. */
    async function loadAll() {
      for (const item of items) {
        await load(item);
        if (item.status === "ready" && !shown.size && !showsDisputes) show(item.index);
        onChange();
      }
    }

    function show(index) {
      shown.clear();
      shown.add(index);
      current = index;
    }

    /** Lays a candidate over the photo or takes it away. */
    function toggle(index) {
      current = index;
      if (!shown.delete(index)) shown.add(index);
      onChange();
    }

    /** Shows only the next candidate (or with -1 the previous one). */
    function step(direction) {
      if (!items.length) return;
      const from = shown.size ? current : direction > 0 ? -1 : 0;
      show((from + direction + items.length) % items.length);
      onChange();
    }

    /** Takes everything off the photo, since one of the candidates is the answer now. */
    function clear(index) {
      current = index;
      shown.clear();
      showsDisputes = false;
      onChange();
    }

    function setOpacity(value) {
      opacity = value;
      onChange();
    }

    function toggleDisputes() {
      showsDisputes = !showsDisputes;
      onChange();
    }

    const workers = () => items.filter(({ name, map }) => name !== CONSENSUS && map);

    function disputes() {
      if (disputeMasks) return disputeMasks;
      const maps = workers().map(({ map }) => map);
      if (maps.length < 2) return [];
      const levels = LabelMap.disputes(maps);
      disputeMasks = DISPUTE_COLORS.map((color, index) => ({
        id: `dispute-${index}`, color, mask: LabelMap.maskOf(levels, index + 1, photo),
      }));
      return disputeMasks;
    }

    /** What lies over the photo, the lowest first: {opacity, objects: {id, color, mask, dash}}. */
    function layers() {
      // Several together cover the photo as much as one alone would. Below the disagreement only
      // their outlines are of use.
      const share = showsDisputes ? 0 : 1 - (1 - opacity) ** (1 / shown.size);
      const laid = items
        .filter(({ index }) => shown.has(index))
        .map(({ index, pieces, dash }) => ({
          opacity: share,
          objects: pieces.map(({ label, mask }, piece) => ({
            id: `candidate-${index}-${piece}`, color: labels[label].color, mask, dash,
          })),
        }));
      if (showsDisputes) laid.push({ opacity, objects: disputes() });
      return laid;
    }

    return {
      loadAll, toggle, step, clear, setOpacity, toggleDisputes, layers, items,
      isShown: (index) => shown.has(index),
      /** True while no more than one worker's mask could be read: nothing can differ then. */
      get undisputed() { return workers().length < 2; },
      get current() { return items[current] ?? null; },
      get opacity() { return opacity; },
      get showsDisputes() { return showsDisputes; },
      get loading() { return items.some(({ status }) => status === "loading"); },
    };
  }

  return { create, DISPUTE_COLORS };
})();
