// What stands beside the status line: whether the model is away, whether drafts can be kept, and,
// when it is switched on, how long masks take.
const Badges = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  function put(id, text, title = text) {
    const badge = byId(id);
    badge.hidden = !text;
    if (badge.textContent !== text) badge.textContent = text;
    badge.title = title;
  }

  /** Shows `page`: {api, say, latency, latencyShown, draftProblem}. */
  function show({ api, say, latency, latencyShown, draftProblem }) {
    const trouble = api.trouble();
    const key = trouble?.failed ? "badge.failed" : "badge.away";
    put("service-badge", trouble ? say(key, trouble) : "", trouble?.message);
    put("draft-badge", draftProblem ? say("badge.no-draft") : "", draftProblem);
    put("latency-badge", latencyShown ? times(latency.summary(), say) : "");
  }

  function times(summary, say) {
    if (!summary) return say("badge.latency.none");
    const { last, median, p90, count } = summary;
    const stages = last.stages.map(([stage, ms]) => `${say(`stage.${stage}`)} ${ms}`);
    const split = stages.length ? ` (${stages.join(", ")})` : "";
    return say("badge.latency", { last: `${last.ms} ms${split}`, median, p90, count });
  }

  return { show };
})();
