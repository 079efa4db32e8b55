// The click service as the page uses it: opened at once, told of the photo before the page itself
// has read it, and asked again when the network is back.
const Service = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  function openAccess(task) {
    const { grant } = byId("task").dataset;
    return Access.create({
      grantUrl: grant ?? "",
      exchangeUrl: `${(task.clickApi ?? "").replace(/\/+$/, "")}/token`,
      fixed: task.token ?? "",
      fetch: (...request) => window.fetch(...request),
      now: () => performance.now(),
    });
  }

  /** A ClickApi for `page` (as in Main); its session need not be there yet. */
  function open(page, task) {
    const api = ClickApi.create({
      url: task.clickApi ?? "",
      access: openAccess(task),
      say: page.say,
      previousMask: (prompt) => page.session.previousMask(prompt),
      fetch: (...request) => window.fetch(...request),
      setTimeout: (...request) => window.setTimeout(...request),
      now: () => performance.now(),
      random: Math.random,
      online: () => navigator.onLine,
      onChange: () => page.screen?.all(),
      onAnswer: (prompt, answer, ms) => {
        Rle.check(answer.mask, page.size);
        const { score, previous_mask: previousMask, model } = answer;
        page.latency.add(ms, answer.timings_ms);
        page.session.accept(prompt, { mask: answer.mask, score, previousMask, model });
      },
    });
    if (page.hasService) api.prewarm();
    window.addEventListener("online", () => api.wake());
    return api;
  }

  return { open };
})();
