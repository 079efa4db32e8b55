// What every kind of session has: a chain of frozen snapshots, so that undo and redo only choose
// another one, the label that the next object gets, and the time that each object took. No DOM.
const Snapshots = (() => {
  "use strict";

  const IDLE_SECONDS = 60; // a longer pause is not counted as work

  /**
   * `now()` is the time in seconds; `labels` the number of labels that can be chosen; `more` what
   * a snapshot holds beside {objects, currentId, outcome}.
   *
   * Returns what a session builds on, and `session`, its part that pages use.
   */
  function create({ labels, now, more = {} }) {
    let present = Object.freeze({
      objects: Object.freeze([]), currentId: null, outcome: "labeled", ...more,
    });
    let past = [];
    let future = [];
    let label = 0; // index of the label that the next object gets
    let reason = "";
    let revision = 0; // goes up with every change, answers that arrive included
    let started = now();
    let counted = started;
    const spent = new Map(); // object id -> seconds
    const listeners = [];

    const find = (id) => present.objects.find((object) => object.id === id);
    const current = () => find(present.currentId);

    // Never an id that a request may still be out for.
    const nextId = () => 1 + Math.max(0, ...present.objects.map(({ id }) => id));

    // The time since the last action belongs to the object that this action was about.
    function count(id) {
      const time = now();
      const passed = Math.min(time - counted, IDLE_SECONDS);
      counted = time;
      if (id !== null) spent.set(id, (spent.get(id) ?? 0) + passed);
    }

    function notify() {
      revision++;
      for (const listener of listeners) listener();
    }

    /** Puts a new snapshot in place; `keep` makes the old one reachable by undo. */
    function change(changes, { keep = true } = {}) {
      if (keep) {
        past.push(present);
        future = [];
      }
      count(changes.currentId ?? present.currentId);
      const next = { ...present, ...changes };
      Object.freeze(next.objects);
      present = Object.freeze(next);
      notify();
    }

    function replace(object, changes, others = {}) {
      const next = Object.freeze({ ...object, ...changes });
      const objects = present.objects.map((other) => (other.id === object.id ? next : other));
      change({ objects, ...others });
    }

    /** Puts a draft in place of all there is, as one step; `spent`: [[object id, seconds]]. */
    function restore(changes, { reason: text, seconds: passed, spent: times }) {
      for (const [id, time] of times) spent.set(id, time);
      reason = text;
      started -= passed;
      const chosen = changes.objects.find(({ id }) => id === changes.currentId);
      if (chosen) label = chosen.label;
      change({ ...changes, currentId: chosen ? chosen.id : null });
    }

    function deleteObject(id) {
      const objects = present.objects.filter((object) => object.id !== id);
      change({ objects, currentId: present.currentId === id ? null : present.currentId });
    }

    function clear() {
      if (present.objects.length) change({ objects: [], currentId: null });
    }

    /** Makes an object the current one; null: the next point begins a new object. */
    function select(id) {
      const object = find(id);
      if (object) label = object.label;
      change({ currentId: object ? id : null }, { keep: false });
    }

    /** Chooses the label of the current object and of those to come. */
    function setLabel(index) {
      if (!(index >= 0 && index < labels)) return;
      label = index;
      const object = current();
      if (object && object.label !== index) replace(object, { label: index });
      else notify();
    }

    /** "labeled", "nothing-here" or "cannot-label". */
    function setOutcome(outcome) {
      if (outcome !== present.outcome) change({ outcome });
    }

    function setReason(text) {
      reason = text;
      notify();
    }

    function travel(from, to) {
      if (!from.length) return;
      to.push(present);
      present = from.pop();
      count(present.currentId);
      const object = current();
      if (object) label = object.label;
      notify();
    }

    function seconds(id) {
      return id === undefined ? now() - started : (spent.get(id) ?? 0);
    }

    const session = {
      current, deleteObject, clear, select, setLabel, setOutcome, setReason, seconds,
      undo: () => travel(past, future),
      redo: () => travel(future, past),
      /** The snapshot: {objects (bottom first), currentId, outcome, …}. Never changes. */
      get state() { return present; },
      get canUndo() { return past.length > 0; },
      get canRedo() { return future.length > 0; },
      get label() { return label; },
      get reason() { return reason; },
      get revision() { return revision; },
      onChange: (listener) => listeners.push(listener),
    };
    return {
      session, find, nextId, change, replace, restore, notify,
      /** Counts the time of an id anew: an undone object's may be given again. */
      forget: (id) => spent.delete(id),
    };
  }

  return { create };
})();
