// What the worker says of the label: a verdict, what is wrong, a comment; or that it cannot be
// told. No DOM.
const Judgement = (() => {
  "use strict";

  const SCHEMA_VERSION = 1;

  /** `verdicts`, `reasons`: texts to choose from; the first verdict says that nothing is wrong. */
  function create({ verdicts, reasons, now }) {
    const started = now();
    const listeners = [];
    const chosen = new Set();
    let verdict = null; // its place in the list
    let comment = "";
    let why = null; // it cannot be told; null: it can
    let revision = 0;

    function notify() {
      revision++;
      for (const listener of listeners) listener();
    }

    function choose(index) {
      if (!(index >= 0 && index < verdicts.length)) return;
      verdict = index;
      why = null;
      notify();
    }

    function toggleReason(index) {
      if (!chosen.delete(index)) chosen.add(index);
      notify();
    }

    function setComment(text) {
      comment = text;
      notify();
    }

    /** `text`: why it cannot be told, which may still be empty; null: it can. */
    function setCannot(text) {
      why = text;
      notify();
    }

    const asksWhatIsWrong = () => why === null && verdict > 0 && reasons.length > 0;

    /** What keeps the answer from being submitted: the key of a text, or null. */
    function obstacle() {
      if (why !== null) return why.trim() ? null : "verify.need-why";
      if (verdict === null) return "verify.need-verdict";
      const said = chosen.size || comment.trim();
      return asksWhatIsWrong() && !said ? "verify.need-reason" : null;
    }

    /** The answer as JSON text: what crowd-image-classifier posts, and this tool's block. */
    function answer({ tool, kind }) {
      const cannot = why !== null;
      const said = asksWhatIsWrong() ? reasons.filter((_, index) => chosen.has(index)) : [];
      return JSON.stringify({
        ...(cannot ? {} : { label: verdicts[verdict] }),
        ...(comment.trim() ? { workerComment: comment.trim() } : {}),
        fewclick: {
          schema_version: SCHEMA_VERSION,
          tool,
          job_kind: kind,
          outcome: cannot ? "cannot-label" : "labeled",
          reason: cannot ? why.trim() : "",
          reasons: said,
          seconds: Math.round((now() - started) * 10) / 10,
        },
      });
    }

    return {
      choose, toggleReason, setComment, setCannot, obstacle, answer, asksWhatIsWrong,
      get verdict() { return why === null ? verdict : null; },
      get cannot() { return why !== null; },
      get revision() { return revision; },
      onChange: (listener) => listeners.push(listener),
    };
  }

  return { create };
})();
