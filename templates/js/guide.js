// What to tell the worker: the next step, what is being waited for, what went wrong, and what
// stands in the way of submitting. No DOM.
const Guide = (() => {
  "use strict";

  const TINY = 12; // pixels: a mask of fewer is more likely a slip than an object

  /** "drawing", "waiting", "failed", "empty" or "done". */
  function condition(object, session, api) {
    if (!object.prompt) return "drawing";
    const { result } = object.prompt;
    if (result) return result.mask.box[2] === 0 ? "empty" : "done";
    return api.standing(object.id)?.status === "failed" ? "failed" : "waiting";
  }

  /** {level: "info" | "busy" | "warning" | "error", text, retry} for the status line. */
  function next({ session, api, say, labels, tool, sketch, photoProblem, pageProblem, hasService }) {
    const { state } = session;
    const tell = (level, key, values, retry = false) => ({ level, text: say(key, values), retry });

    if (pageProblem) return { level: "error", text: pageProblem, retry: false };
    if (state.outcome === "cannot-label") {
      return session.reason.trim() ? tell("info", "next.cannot") : tell("warning", "next.reason");
    }
    if (photoProblem) return { level: "error", text: photoProblem, retry: false };
    if (state.outcome === "nothing-here") return tell("info", "next.nothing");

    const object = session.current();
    const byHand = !Actions.POINT_TOOLS.includes(tool);
    if (sketch?.present?.kind === "polygon") return tell("info", "next.corners");
    if (!object && !hasService && !state.objects.length) return tell("warning", "next.no-service");
    if (!object && byHand) {
      return tell("info", `next.begin.${tool}`, { label: labels[session.label].name });
    }
    if (!object) {
      return tell("info", state.objects.length ? "next.another" : "next.first", {
        label: labels[session.label].name,
        place: say("place.top"),
      });
    }
    if (!byHand && session.takesExtremes(object)) {
      return tell("info", "next.point", {
        place: say(`place.${Geometry.nextExtreme(object.extremePoints)}`),
        number: object.extremePoints.length + 1,
      });
    }
    const standing = api.standing(object.id);
    if (byHand && (!standing || object.prompt?.result)) return tell("info", `next.correct.${tool}`);
    if (standing?.status === "failed") {
      return tell("error", "next.failed", { message: standing.message }, true);
    }
    if (standing?.status === "retrying") {
      return tell("warning", "next.retrying", { message: standing.message }, true);
    }
    if (standing) return tell("busy", standing.status === "slow" ? "next.slow" : "next.waiting");
    if (object.clicks.length >= Session.MAX_CLICKS) {
      return tell("warning", "next.full", { count: Session.MAX_CLICKS });
    }
    if (object.prompt.unfollowed) return tell("warning", "next.unfollowed");
    if (condition(object, session, api) === "empty") return tell("warning", "next.empty");
    return tell("info", `next.correct.${tool}`);
  }

  /**
   * What keeps the answer from being submitted: null, or {text, objectId}. With a `waiver` it is
   * only a doubt: once that is among `waived`, it keeps nothing back.
   */
  function obstacle({ session, api, say, photoProblem, waived }) {
    const { state } = session;
    const because = (key, values, objectId = null) => ({ text: say(key, values), objectId });

    if (state.outcome === "cannot-label") {
      return session.reason.trim() ? null : because("submit.reason");
    }
    if (photoProblem) return because("submit.photo");
    if (state.outcome === "nothing-here") {
      return state.objects.length ? because("submit.not-nothing") : null;
    }
    if (!state.objects.length) return because("submit.nothing");
    for (const object of state.objects) {
      const found = condition(object, session, api);
      if (found === "done") continue;
      const message = api.standing(object.id)?.message;
      const name = found === "waiting" && message ? "away" : found;
      const values = { number: object.id, count: object.extremePoints.length, message };
      return because(`submit.${name}`, values, object.id);
    }
    for (const object of state.objects) {
      const found = doubt(object);
      if (!found || waived.has(found.waiver)) continue;
      return { ...because(found.key, found.values, object.id), waiver: found.waiver };
    }
    return null;
  }

  /** What may be wrong with an object that has its mask: null, or {key, values, waiver}. */
  function doubt({ id, prompt }) {
    const { mask } = prompt.result;
    const is = (key, count) => ({
      key, values: { number: id, count }, waiver: `${key} ${id} ${mask.box} ${mask.counts}`,
    });
    const [, , width, height] = mask.box;
    if (width * height <= TINY ** 2) {
      const count = Spans.area(Spans.of(mask));
      if (count < TINY) return is("submit.tiny", count);
    }
    return prompt.provisional ? is("submit.painted") : null;
  }

  return { condition, next, obstacle };
})();
