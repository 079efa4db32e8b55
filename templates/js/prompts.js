// Prompts: what is known of an object's shape at one time, its points and what was painted.
//
// The mask is kept with its prompt, so a late answer can never land on newer points, and an undone
// click finds its earlier mask still there. A prompt knows the earlier one that it goes on from
// (`base`: same extreme points, its clicks and edits the first of these) and the one that was seen
// before it (`before`).
//
// An *edit* is what was painted by hand: {tool: "brush" | "polygon", adds, region: {box, counts}}.
// Edits lie over what the model draws: a click after an edit changes the mask only at the click,
// and when an earlier point is moved the edits are laid over the model's new mask. No DOM.
const Prompts = (() => {
  "use strict";

  const EXTREME_POINTS = 4;

  /** The prompt of an object in its new shape; `object.prompt` is the one before. null: too little. */
  function next({ id, extremePoints: placed, clicks, edits, prompt: before = null }) {
    const first = (some, all) => some.every((one, index) => one === all[index]);
    const goesOn = (prompt) =>
      prompt.placed === placed && first(prompt.clicks, clicks) && first(prompt.edits, edits);
    let base = before;
    while (base && !goesOn(base)) base = base.base;
    const clicked = base && clicks.length > base.clicks.length;
    if (base && !clicked && edits.length === base.edits.length) return base;
    const prompt = { objectId: id, placed, clicks, edits, base, before, result: null };
    // What was only painted since needs no model: it has its result at once.
    if (base ? !clicked : placed.length < EXTREME_POINTS) {
      return edits.length ? settle(prompt) : null;
    }
    prompt.extremePoints = pointsToSend(base, placed, edits);
    return prompt.extremePoints && prompt;
  }

  // The crop is the one that the placed points give, or after an edit that of the mask itself.
  function pointsToSend(base, placed, edits) {
    if (!base || !edits.length) return placed;
    if (base.extremePoints && base.edits.length === edits.length) return base.extremePoints;
    const mask = shown(base)?.mask;
    return mask?.box[2] ? Object.freeze(Spans.extremes(Spans.of(mask))) : null;
  }

  /** The prompt of an object whose mask was there already; `object.extremePoints` are measured. */
  function given({ id, extremePoints, clicks, edits }, mask) {
    return {
      objectId: id, placed: extremePoints, extremePoints, clicks, edits, base: null, before: null,
      result: byHand(mask), given: true,
    };
  }

  /**
   * The prompt of an object as a draft has it: its shape, `given`, and `sent`, `mask`,
   * `previousMask` of what was shown. `waits`: the mask is not yet that of the last click.
   */
  function resumed({ id, extremePoints, clicks, edits, given: isGiven, ...kept }) {
    const { sent, mask, previousMask, waits } = kept;
    const result = mask && { mask, score: null, previousMask, model: "" };
    const none = Object.freeze([]);
    const base = isGiven ? given({ id, extremePoints, clicks: none, edits: none }, mask) : null;
    if (isGiven && !clicks.length && !edits.length) return base;
    const prompt = {
      objectId: id, placed: extremePoints, clicks, edits, base, before: null, result,
      ...(sent && { extremePoints: sent }),
    };
    if (result && !waits) return prompt;
    // Asked for anew; until the answer comes the mask that was seen before it is shown.
    return sent && { ...prompt, result: null, before: result && prompt };
  }

  // The result of edits alone: they are laid over what the base shows now, and once more when
  // the base's own answer comes late.
  function settle(prompt) {
    const { base, edits } = prompt;
    const begin = base ? shown(base)?.mask : undefined;
    prompt.result = byHand(withEdits(begin, edits.slice(base?.edits.length ?? 0)));
    prompt.provisional = Boolean(base) && (!base.result || base.provisional === true);
    if (prompt.provisional) (base.followers ??= new Set()).add(prompt);
    return prompt;
  }

  function settleAgain({ followers = [] }) {
    for (const prompt of followers) settleAgain(settle(prompt));
  }

  /** Keeps the service's answer with its prompt: {mask, score, previousMask, model}. */
  function answer(prompt, result) {
    const base = answeredBase(prompt);
    let { mask } = result;
    if (base && (base.edits.length || beganWithMask(base))) {
      mask = LocalChange.merge(base.result.mask, mask, prompt.clicks.slice(base.clicks.length));
      prompt.unfollowed = same(mask, base.result.mask); // its last click changed nothing
    }
    mask = withEdits(mask, prompt.edits.slice(base?.edits.length ?? 0));
    prompt.result = { ...result, mask };
    prompt.before = null; // not needed any more, and it holds on to older masks
    settleAgain(prompt);
  }

  /** The newest prompt with a mask that the clicks of `prompt` go on from; null for none. */
  function answeredBase(prompt) {
    let { base } = prompt;
    while (base && !base.result) base = base.base;
    return base;
  }

  /** What the next request sends back: the model's own, as long as the crop is the same. */
  function previousMask(prompt) {
    const base = answeredBase(prompt);
    return base && base.extremePoints === prompt.extremePoints ? base.result.previousMask : null;
  }

  /** True if the first mask of this prompt's object was loaded. */
  const beganWithMask = (prompt) =>
    prompt.base ? beganWithMask(prompt.base) : prompt.given === true;

  /** The result to show: the prompt's own, or while it is on its way the one seen before. */
  function shown(prompt) {
    while (prompt && !prompt.result) prompt = prompt.before;
    return prompt ? prompt.result : null;
  }

  /** True if painting `edit` over what the prompt shows makes a difference. */
  function changes(prompt, edit) {
    const before = shown(prompt)?.mask;
    const after = painted(before, edit);
    return before ? !same(before, after) : after.box[2] > 0;
  }

  /** True if the model had a part in the mask. */
  function usesModel(prompt) {
    if (!prompt) return false;
    const asked = prompt.result && prompt.extremePoints && !prompt.given;
    return Boolean(asked) || usesModel(prompt.base);
  }

  const byHand = (mask) => ({ mask, score: null, previousMask: null, model: "" });
  const same = (one, other) => one.counts === other.counts && `${one.box}` === `${other.box}`;

  function painted(mask, { adds, region }) {
    const before = mask ? Spans.of(mask) : Spans.EMPTY;
    return Spans.mask((adds ? Spans.union : Spans.subtract)(before, Spans.of(region)));
  }

  const withEdits = (mask, edits) => edits.reduce(painted, mask) ?? Spans.mask(Spans.EMPTY);

  return {
    next, given, resumed, answer, answeredBase, previousMask, shown, changes, usesModel, EXTREME_POINTS,
  };
})();
