// A draft of boxes, as js/draft.js is one of masks: plain JSON, and the way back into a session.
const BoxDraft = (() => {
  "use strict";

  const VERSION = 1;

  /** True if there is anything to lose: more than what the task began with. */
  function isWorth({ state: { objects, outcome }, changed }) {
    return changed ?? (objects.length > 0 || outcome !== "labeled");
  }

  function of(session) {
    const { objects, currentId, outcome } = session.state;
    return {
      version: VERSION, currentId, outcome,
      objects: objects.map((object) => ({ ...object, seconds: session.seconds(object.id) })),
      reason: session.reason,
      seconds: session.seconds(),
    };
  }

  const isWithin = ({ left, top, right, bottom }, { width, height }) =>
    left >= 0 && top >= 0 && left < right && top < bottom && right <= width && bottom <= height;

  /** Throws an Error if the draft does not fit a photo of `size` and so many `labels`. */
  function restore(session, draft, { size, labels }) {
    if (draft.version !== VERSION) throw new Error(`The draft has version ${draft.version}.`);
    const objects = draft.objects.map(({ extremePoints, box, ...object }) => {
      if (!(object.label >= 0 && object.label < labels)) {
        throw new Error(`The draft has a label ${object.label}.`);
      }
      if (box && !isWithin(box, size)) throw new Error("A box reaches beyond the photo.");
      const points = Object.freeze(extremePoints.map((point) => Object.freeze({ ...point })));
      return { ...object, extremePoints: points, box: box && Object.freeze({ ...box }) };
    });
    session.resume({ ...draft, objects });
  }

  return { of, restore, isWorth };
})();
