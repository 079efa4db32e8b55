// What the worker submits: the session as the answer schema, version 1, which is a superset of
// what crowd-semantic-segmentation posts. The parser is hooks/core/answer.py.
const Answer = (() => {
  "use strict";

  const SCHEMA_VERSION = 1;
  const BUDGET = 1_000_000; // characters of JSON
  const EIGHT_BITS = 255;

  /** Objects in stacking order, bottom first, numbered from 1, each with its mask's pixels. */
  function placed(session) {
    if (session.state.outcome !== "labeled") return [];
    return session.state.objects.map((object, index) => {
      const { mask } = object.prompt.result;
      const [, , width, height] = mask.box;
      return { object, number: index + 1, mask, pixels: Rle.decode(mask.counts, width, height) };
    });
  }

  /** For each pixel of the photo the number of the uppermost object on it, 0 for none. */
  function owners(parts, photo) {
    const length = photo.width * photo.height;
    const map = parts.length > EIGHT_BITS ? new Uint16Array(length) : new Uint8Array(length);
    for (const { number, mask, pixels } of parts) {
      const [left, top, width, height] = mask.box;
      for (let row = 0, from = 0; row < height; row++) {
        const to = (top + row) * photo.width + left;
        for (let column = 0; column < width; column++, from++) {
          if (pixels[from]) map[to + column] = number;
        }
      }
    }
    return map;
  }

  /**
   * The answer as JSON text; `parts` are another page's own fields of the block, `fields` those
   * beside it. The session is read before the first await, so what the worker does meanwhile is
   * not in it.
   *
   * Past the budget the objects' own masks are left out, then the instances; throws an Error with
   * a worker's sentence when that is not enough.
   */
  async function build({ session, job, photo, say, parts: own = {}, fields = {} }) {
    const parts = placed(session);
    const map = owners(parts, photo);
    const visible = new Uint32Array(parts.length + 1);
    for (let at = 0; at < map.length; at++) visible[map[at]]++;

    const labels = job.labels
      .map(({ name, color }, index) => ({ name, color, index }))
      .filter(({ index }) =>
        parts.some(({ object, number }) => object.label === index && visible[number]),
      );
    const paletteIndex = (label) => labels.findIndex(({ index }) => index === label) + 1;
    const classOf = Uint8Array.of(0, ...parts.map(({ object }) => paletteIndex(object.label)));
    const classes = new Uint8Array(map.length);
    for (let at = 0; at < map.length; at++) classes[at] = classOf[map[at]];

    const answer = {
      inputImageProperties: { width: photo.width, height: photo.height },
      labelMappings: Object.fromEntries(labels.map(({ name, color }) => [name, { color }])),
      labeledImage: {},
      ...fields,
      fewclick: {
        schema_version: SCHEMA_VERSION,
        tool: job.tool,
        job_kind: job.kind,
        outcome: session.state.outcome,
        reason: session.state.outcome === "cannot-label" ? session.reason.trim() : "",
        objects: parts.map((part) => describe(part, session, job, visible[part.number])),
        instances: {},
        model: session.model,
        seconds: tenths(session.seconds()),
        left_out: [],
        ...own,
      },
    };
    const colors = ["#ffffff", ...labels.map(({ color }) => color)];
    answer.labeledImage.pngImageData = Png.base64(await Png.palette(photo, classes, colors));
    answer.fewclick.instances.pngImageData = Png.base64(await Png.greyscale(photo, map));
    return withinBudget(answer, say);
  }

  function describe({ object, number, mask, pixels }, session, job, visible) {
    const area = pixels.reduce((sum, pixel) => sum + pixel, 0);
    const extremes = Session.placedExtremes(object).map(({ x, y }) => [x, y]);
    return {
      id: number,
      label: job.labels[object.label].name,
      extreme_points: extremes.length === Session.EXTREME_POINTS ? extremes : [],
      clicks: object.clicks,
      made_by: Session.madeBy(object),
      seconds: tenths(session.seconds(object.id)),
      box: mask.box,
      // The instances hold the rest; only what lies under another object is said twice.
      ...(visible < area ? { mask: { box: mask.box, counts: mask.counts } } : {}),
    };
  }

  function withinBudget(answer, say) {
    const block = answer.fewclick;
    const cuts = [
      ["object-masks", () => block.objects.map((object) => delete object.mask)],
      ["instances", () => delete block.instances],
    ];
    let text = JSON.stringify(answer);
    for (const [name, cut] of cuts) {
      if (text.length <= BUDGET) return text;
      cut();
      block.left_out.push(name);
      text = JSON.stringify(answer);
    }
    if (text.length > BUDGET) throw new Error(say("answer.too-large"));
    return text;
  }

  const tenths = (value) => Math.round(value * 10) / 10;

  return { build, BUDGET };
})();
