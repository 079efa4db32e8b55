// How long the worker waits for masks on this photo, and where that time goes.
const Latency = (() => {
  "use strict";

  const STAGES = ["queue", "fetch", "decode_photo", "encode", "decode"]; // as the answer names them

  /** The value below which `share` of the sorted values lie: one of them, none between two. */
  const quantile = (sorted, share) =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];

  function create() {
    const waits = []; // milliseconds, in the order of the answers
    let last = null;

    /** `ms` from sending to the answer; `timings`: the service's milliseconds by stage. */
    function add(ms, timings = {}) {
      const stages = STAGES.filter((stage) => timings[stage] >= 0.5).map((stage) => [
        stage, Math.round(timings[stage]),
      ]);
      const told = Number.isFinite(timings.total) ? (timings.queue ?? 0) + timings.total : null;
      // Network, gateway and proxy: what the model's own clock does not see.
      const way = told === null ? [] : [["way", Math.max(0, Math.round(ms - told))]];
      waits.push(ms);
      last = { ms: Math.round(ms), stages: [...way, ...stages] };
    }

    /** null before the first answer, or {last: {ms, stages: [[name, ms]]}, median, p90, count}. */
    function summary() {
      if (!last) return null;
      const sorted = [...waits].sort((one, other) => one - other);
      const [median, p90] = [0.5, 0.9].map((share) => Math.round(quantile(sorted, share)));
      return { last, median, p90, count: waits.length };
    }

    return { add, summary };
  }

  return { create };
})();
