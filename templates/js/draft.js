// A draft: what the worker has done so far, as plain JSON, and the way back into a session. Masks
// are in it as they were shown, so that all is there again without the model; steps to undo are
// not. Nothing in it opens anything: no token, no link. No DOM.
const Draft = (() => {
  "use strict";

  const VERSION = 1;

  const pairs = (points) => points.map(({ x, y }) => [x, y]);
  const points = (list) => Object.freeze(list.map(([x, y]) => Object.freeze({ x, y })));
  const frozen = (list) => Object.freeze(list.map((one) => Object.freeze({ ...one })));

  /** True if there is anything to lose: more than what the task began with. */
  function isWorth({ state: { objects, outcome, origin } }) {
    if (origin?.objects === objects) return outcome === "cannot-label";
    return objects.length > 0 || outcome !== "labeled";
  }

  /** The session as plain values. */
  function of(session) {
    const { objects, currentId, outcome, origin } = session.state;
    return {
      version: VERSION,
      objects: objects.map((object) => describe(object, session)),
      currentId, outcome,
      reason: session.reason,
      model: session.model,
      seconds: session.seconds(),
      origin: origin && { name: origin.name, unchanged: origin.objects === objects },
    };
  }

  function describe(object, session) {
    const { id, label, extremePoints, clicks, edits, prompt, given = false } = object;
    const shown = session.shownResult(object);
    return {
      id, label, given,
      extremePoints: pairs(extremePoints),
      clicks, edits,
      sent: sentPoints(prompt),
      mask: shown && shown.mask,
      previousMask: shown && shown.previousMask,
      waits: Boolean(prompt) && !prompt.result,
      seconds: session.seconds(id),
    };
  }

  // The extreme points that the model was sent: null for none, true for those that were put down;
  // after painting they are others. What it was sent for a mask that was painted over is further down.
  function sentPoints(prompt) {
    let asked = prompt;
    const counts = ({ extremePoints, result }) => extremePoints && (result || asked === prompt);
    while (asked && !counts(asked)) asked = asked.base;
    if (!asked) return null;
    return asked.extremePoints === prompt.placed || pairs(asked.extremePoints);
  }

  /**
   * Puts a draft back, as one step that can be undone. `size`: {width, height} of the photo,
   * `labels`: how many there are. Throws an Error if the draft does not fit them.
   */
  function restore(session, draft, { size, labels }) {
    if (draft.version !== VERSION) throw new Error(`The draft has version ${draft.version}.`);
    for (const { label, mask } of draft.objects) {
      if (!(label >= 0 && label < labels)) throw new Error(`The draft has a label ${label}.`);
      if (mask) Rle.check(mask, size);
    }
    session.resume({
      ...draft,
      objects: draft.objects.map(revive),
    });
  }

  function revive({ sent, ...object }) {
    const extremePoints = points(object.extremePoints);
    return {
      ...object, extremePoints,
      clicks: frozen(object.clicks),
      edits: frozen(object.edits),
      sent: sent === true ? extremePoints : sent && points(sent),
    };
  }

  return { of, restore, isWorth };
})();
