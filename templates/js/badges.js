// What stands over the photo's corner: whether the model is away and, when it is switched on, how
// long masks take.
const Badges = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  function put(id, text) {
    const badge = byId(id);
    badge.hidden = !text;
    if (badge.textContent !== text) badge.textContent = text;
  }

  /** Shows `page`: {api, say, latency, latencyShown}. */
  function show({ api, say, latency, latencyShown }) {
    const trouble = api.trouble();
    const key = trouble?.failed ? "badge.failed" : "badge.away";
    put("service-badge", trouble ? say(key, trouble) : "");
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
