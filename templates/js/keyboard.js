// The keyboard road: which key does what, and when a key is not ours.
const Keyboard = (() => {
  "use strict";

  // Keys that work wherever the focus is, but in a field that is typed into.
  const EVERYWHERE = {
    "ctrl+z": "undo", "ctrl+shift+z": "redo", "ctrl+y": "redo", "ctrl+enter": "submit",
    i: "inside", o: "outside", b: "boundary", p: "brush", e: "eraser", g: "polygon", v: "pick",
    "<": "thinner", ">": "thicker", m: "move-point", escape: "cancel",
    n: "new-object", "[": "previous-object", "]": "next-object",
    pageup: "raise", pagedown: "lower",
    delete: "delete-point", backspace: "delete-point", "shift+delete": "delete-object",
    "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", f: "fit",
    h: "hide-masks", l: "outline-only", k: "theme", "/": "find-label", t: "latency", r: "retry",
    "?": "keys",
    ",": "previous-candidate", ".": "next-candidate", u: "use-candidate", d: "disagreement",
  };
  // Keys that need the photo to have the focus, since buttons and lists use them too.
  const ON_STAGE = { enter: "place" };
  const ARROWS = {
    arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1],
  };
  const LARGE_STEP = 10;
  const DIGITS_MS = 700; // digits that follow each other faster are one number
  const TYPED_INTO =
    "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]";

  /** "ctrl+shift+z" and the like. Shift is named only where the character does not show it. */
  function chord(event) {
    const key = event.key.toLowerCase();
    const named = event.shiftKey && (key.length > 1 || /[a-z]/.test(key));
    const control = event.ctrlKey || event.metaKey; // the Mac's command key
    return `${control ? "ctrl+" : ""}${named ? "shift+" : ""}${key}`;
  }

  /**
   * Reads numbers from digits: `digit(text, time)` is the index, from 0, of the label meant so far.
   * 0 alone is the tenth.
   */
  function createNumber(count) {
    let typed = "";
    let last = -Infinity;
    return (text, time) => {
      typed = time - last <= DIGITS_MS && Number(typed + text) <= count ? typed + text : text;
      last = time;
      return typed === "0" ? 9 : Number(typed) - 1;
    };
  }

  /**
   * `actions`: functions by the names above, and `label(index)`, `step(columns, rows)`. An action
   * of another page's may be missing; its key then does nothing. `hold` = {begin(), end()}: Space
   * on the stage, which places a point unless the photo was moved meanwhile. `own`: keys that a
   * page has in place of those above.
   */
  function listen(page, stage, actions, { labels, hold, own = {} }) {
    const everywhere = { ...EVERYWHERE, ...own };
    const number = createNumber(labels);

    const isOurs = (event) => {
      const target = event.composedPath()[0];
      if (!(target instanceof Element) || target.closest(TYPED_INTO)) return false;
      return !target.closest("dialog, [popover]");
    };

    page.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.altKey || event.isComposing || !isOurs(event)) return;
      const run = meaning(event, event.composedPath()[0] === stage);
      if (!run || run() === false) return;
      event.preventDefault();
    });
    page.addEventListener("keyup", (event) => {
      if (event.key === " ") hold.end();
    });

    function meaning(event, onStage) {
      const pressed = chord(event);
      if (onStage && pressed === " ") return () => event.repeat || hold.begin();
      const arrow = ARROWS[event.key.toLowerCase()];
      if (onStage && arrow && !event.ctrlKey && !event.metaKey) {
        const length = event.shiftKey ? LARGE_STEP : 1;
        return () => actions.step(arrow[0] * length, arrow[1] * length);
      }
      if (/^[0-9]$/.test(pressed)) return () => actions.label(number(pressed, event.timeStamp));
      const name = everywhere[pressed] ?? (onStage ? ON_STAGE[pressed] : undefined);
      return name === undefined ? undefined : actions[name];
    }
  }

  return { listen, chord, createNumber };
})();
