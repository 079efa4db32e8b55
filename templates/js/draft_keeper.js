// Keeps the worker's draft while the work goes on, offers it again when the task is opened anew,
// and drops it when the answer is sent.
const DraftKeeper = (() => {
  "use strict";

  const REST_MS = 700; // without a change before a draft is written

  const byId = (id) => document.getElementById(id);

  /** When something was, in the page's language: "12 minutes ago". */
  function ago(ms) {
    const minutes = Math.round(ms / 60_000);
    const [count, unit] = [[minutes, "minute"], [minutes / 60, "hour"], [minutes / 1440, "day"]]
      .map(([value, name]) => [Math.round(value), name])
      .findLast(([value]) => value >= 1) ?? [0, "minute"];
    const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
    return format.format(-count, unit);
  }

  /**
   * `page`: {session, screen, stage, form, size, job, say}, as in Main; `task`: what tells this task
   * from others; `form`: {of, restore, isWorth}, how a draft of that session looks (js/draft.js).
   */
  function join(page, task, form) {
    const { session, say, job } = page;
    const { taskObject, manifestLine } = task;
    const store = DraftStore.create({
      storage: () => window.localStorage,
      key: DraftStore.keyOf([job.name, job.kind, job.labels, taskObject, manifestLine]),
      now: () => Date.now(),
    });
    tellProblem(store.isOpen ? "" : say("draft.denied"));
    let timer = null;
    let isSent = false;
    let isAsked = false; // whether to go on with the draft: until that is answered it stays

    function save() {
      window.clearTimeout(timer);
      timer = null;
      if (isAsked) return;
      if (!form.isWorth(session)) store.drop();
      else tellProblem(store.write(form.of(session)) ? "" : say("draft.too-large"));
    }

    function tellProblem(text) {
      byId("draft-badge").hidden = !text;
      byId("draft-badge").textContent = text;
    }

    function watch() {
      session.onChange(() => {
        isSent = false;
        window.clearTimeout(timer);
        timer = window.setTimeout(save, REST_MS);
      });
      // The last chance: whoever closes the window or lets the phone sleep may not come back.
      window.addEventListener("pagehide", () => {
        // A form that has been sent and has not complained is why the page is left.
        if (isSent && !page.form.querySelector(":scope > [role=alert]")) store.drop();
        else if (timer !== null) save();
      });
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "hidden" && timer !== null) save();
      });
    }

    function take(draft) {
      try {
        form.restore(session, draft, { size: page.size, labels: job.labels.length });
      } catch (error) {
        page.notice = {
          level: "warning", text: say("draft.unreadable", { detail: error.message }), retry: false,
        };
        page.screen.all();
      }
    }

    /** Asks whether to go on with a draft; whatever closes the question but "no" is a yes. */
    function offer({ saved, draft }) {
      const dialog = byId("draft");
      const values = { ago: ago(Date.now() - saved), count: draft.objects?.length ?? 0 };
      byId("draft-text").textContent = say("draft.text", values);
      isAsked = true;
      dialog.onclose = () => {
        isAsked = false;
        if (dialog.returnValue === "no") store.drop();
        else take(draft);
        page.stage.focus({ preventScroll: true });
      };
      byId("draft-no").onclick = () => dialog.close("no");
      byId("draft-yes").onclick = () => dialog.close("yes");
      dialog.showModal();
    }

    page.onSent = () => {
      if (timer !== null) save();
      isSent = true;
    };
    if (store.isOpen) watch();
    const kept = store.read();
    if (kept) offer(kept);
  }

  return { join };
})();
