// What to tell a worker who draws boxes: the next step, and what stands in the way of submitting.
// No DOM.
const BoxGuide = (() => {
  "use strict";

  /** {level, text} for the status line. */
  function next({ session, say, labels, problem, loading, edge }) {
    const { state } = session;
    const tell = (level, key, values) => ({ level, text: say(key, values) });
    if (state.outcome === "cannot-label") {
      return session.reason.trim() ? tell("info", "next.cannot") : tell("warning", "next.reason");
    }
    if (problem) return { level: "error", text: problem };
    if (loading) return tell("busy", "box.loading");
    if (state.outcome === "nothing-here") return tell("info", "next.nothing");
    const object = session.current();
    const values = { label: labels[session.label].name, place: say("place.top") };
    if (object && !object.box) {
      return tell("info", "next.point", {
        place: say(`place.${Geometry.nextExtreme(object.extremePoints)}`),
        number: object.extremePoints.length + 1,
      });
    }
    if (object && edge) return tell("info", "box.edge", { edge: say(`box.edge.${edge}`) });
    if (object) return tell("info", "box.made", values);
    if (session.changed === false) return tell("info", "box.begin");
    return tell("info", state.objects.length ? "next.another" : "next.first", values);
  }

  /** What keeps the answer from being submitted: null, or {text, objectId}. */
  function obstacle({ session, say, problem, loading }) {
    const { state } = session;
    const because = (key, values, objectId = null) => ({ text: say(key, values), objectId });
    if (state.outcome === "cannot-label") {
      return session.reason.trim() ? null : because("submit.reason");
    }
    if (problem) return { text: problem, objectId: null };
    if (loading) return because("box.loading");
    if (state.outcome === "nothing-here") {
      return state.objects.length ? because("submit.not-nothing") : null;
    }
    if (!state.objects.length) return because("submit.nothing");
    const open = state.objects.find(({ box }) => !box);
    if (!open) return null;
    const values = { number: open.id, count: open.extremePoints.length };
    return because("submit.drawing", values, open.id);
  }

  return { next, obstacle };
})();
