// The label of an earlier job that a task begins with: its mask, read by colour, or its boxes.
// No DOM.
const EarlierLabel = (() => {
  "use strict";

  const UNKNOWN = "#8a94a6"; // of a class that the job has not and that has no colour of its own

  /** Why the label is not shown: `message` for the worker, `report` for the requester. */
  class EarlierProblem extends Error {
    constructor(say, key, values, wrapped) {
      const tell = (speak, detail) =>
        wrapped ? speak(wrapped, { detail: detail(key, values) }) : speak(key, values);
      super(tell(say, say));
      this.report = tell(say.inEnglish, say.inEnglish);
    }
  }

  /**
   * `earlier`: what the task says, {mask, colors: {"#rrggbb": class's name, "" for nothing}} or
   * {boxes: [{label, left, top, width, height}]}; `address`: the link to the mask.
   * `labels`: the job's, [{name, color}].
   *
   * Returns {classes: the job's labels, then those that only the earlier label has; map: a label
   * map of the classes, or null; boxes: with the class's index for a label, or null}. Rejects with
   * an EarlierProblem.
   */
  async function load({ earlier, address, labels, photo, say, fetch }) {
    if (earlier?.boxes) return ofBoxes(earlier.boxes, labels);
    if (!earlier?.mask) throw new EarlierProblem(say, "earlier.none");
    const failed = (key, values) => new EarlierProblem(say, key, values, "earlier.failed");
    let response;
    try {
      response = await fetch(address, { credentials: "omit" });
    } catch {
      throw failed("earlier.unreachable");
    }
    if (!response.ok) throw failed("earlier.status", { status: response.status });
    let png;
    try {
      png = await PngReader.read(new Uint8Array(await response.arrayBuffer()));
    } catch (error) {
      throw failed("earlier.unreadable", { detail: error.message });
    }
    if (png.width !== photo.width || png.height !== photo.height) {
      throw failed("earlier.size", { seen: `${png.width} × ${png.height}` });
    }
    return ofMask(png, earlier.colors, labels);
  }

  // Colours are looked up in the label's own map; on the photo a class has the job's colour.
  function ofMask(png, colors, labels) {
    const classes = [...labels];
    for (const [color, name] of Object.entries(colors)) {
      if (name && !classes.some((known) => known.name === name)) classes.push({ name, color });
    }
    const entries = classes.flatMap(({ name }, index) =>
      Object.keys(colors)
        .filter((color) => colors[color] === name)
        .map((color) => ({ color, index })),
    );
    const map = LabelMap.fromPng(
      png,
      // One entry a colour: a class may have several.
      entries.map(({ color }) => ({ color })),
    );
    const classOf = Uint8Array.of(0, ...entries.map(({ index }) => index + 1));
    return { classes, map: map.map((number) => classOf[number]), boxes: null };
  }

  function ofBoxes(boxes, labels) {
    const classes = [...labels];
    const found = boxes.map(({ label: name, ...box }) => {
      let label = classes.findIndex((known) => known.name === name);
      if (label < 0) label = classes.push({ name, color: UNKNOWN }) - 1;
      return { label, ...box };
    });
    return { classes, map: null, boxes: found };
  }

  return { load };
})();
