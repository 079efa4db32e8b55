// What the worker has done to one photo: objects, their points, and how to undo it. No DOM.
//
// The state is a chain of frozen snapshots, so undo and redo only choose another one. Masks are
// not part of it: they arrive later. Each set of points that can be answered is a *prompt*; the
// answer is kept with its prompt, so a late one can never land on newer points, and an undone
// click finds its earlier mask still there.
const Session = (() => {
  "use strict";

  const EXTREME_POINTS = 4;
  const MAX_CLICKS = 200; // what the click service takes for one object
  const IDLE_SECONDS = 60; // a longer pause is not counted as work
  const KINDS = ["inside", "outside", "boundary"];

  /** `now()` is the time in seconds; `labels` the number of labels that can be chosen. */
  function create({ labels, now }) {
    let present = Object.freeze({
      objects: Object.freeze([]), currentId: null, outcome: "labeled", origin: null,
    });
    let past = [];
    let future = [];
    let label = 0; // index of the label that the next object gets
    let reason = "";
    let model = "";
    let revision = 0; // goes up with every change, answers that arrive included
    const started = now();
    let counted = started;
    const spent = new Map(); // object id -> seconds
    const listeners = [];

    const find = (id) => present.objects.find((object) => object.id === id);
    const current = () => find(present.currentId);

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
      present = Object.freeze({ ...present, ...changes });
      notify();
    }

    function replace(object, changes, more = {}) {
      const next = Object.freeze({ ...object, ...changes });
      const objects = present.objects.map((other) => (other.id === object.id ? next : other));
      change({ objects, ...more });
    }

    /** Adds an extreme point, or from the fifth on a corrective click of `kind`. */
    function addPoint(point, kind) {
      const at = { x: hundredths(point.x), y: hundredths(point.y) };
      const object = current();
      if (!object) {
        const id = 1 + Math.max(0, ...present.objects.map((other) => other.id));
        spent.delete(id);
        const added = { id, label, extremePoints: Object.freeze([at]), clicks: Object.freeze([]) };
        const objects = [...present.objects, Object.freeze({ ...added, prompt: null })];
        change({ objects, currentId: id, outcome: "labeled" });
      } else if (object.extremePoints.length < EXTREME_POINTS) {
        withPoints(object, [...object.extremePoints, at], object.clicks, "labeled");
      } else if (object.clicks.length < MAX_CLICKS) {
        const clicks = [...object.clicks, Object.freeze({ ...at, kind })];
        withPoints(object, object.extremePoints, clicks, "labeled");
      }
    }

    function withPoints(object, extremePoints, clicks, outcome = present.outcome) {
      Object.freeze(extremePoints);
      Object.freeze(clicks);
      const prompt = promptFor(object, extremePoints, clicks);
      replace(object, { extremePoints, clicks, prompt }, { outcome });
    }

    /** Takes away one point of the current object: {list: "extremePoints" | "clicks", index}. */
    function deletePoint({ list, index }) {
      const object = current();
      const points = { extremePoints: object.extremePoints, clicks: object.clicks };
      points[list] = points[list].filter((_, place) => place !== index);
      const { extremePoints, clicks } = points;
      if (extremePoints.length || clicks.length) withPoints(object, extremePoints, clicks);
      else deleteObject(object.id);
    }

    /** The place of the point that was put down last, for `deletePoint`; null without one. */
    function lastPoint() {
      const object = current();
      if (!object || (object.given && !object.clicks.length)) return null;
      if (object.clicks.length) return { list: "clicks", index: object.clicks.length - 1 };
      return { list: "extremePoints", index: object.extremePoints.length - 1 };
    }

    function deleteObject(id) {
      const objects = present.objects.filter((object) => object.id !== id);
      change({ objects, currentId: present.currentId === id ? null : present.currentId });
    }

    function clear() {
      if (present.objects.length) change({ objects: [], currentId: null });
    }

    /**
     * Puts objects with masks that are there already in place of all others, as one step:
     * `given`: [{label, mask, extremePoints}], bottom first; `name` is what they are known by.
     * None at all says that there is nothing to label.
     */
    function load(given, name) {
      const first = 1 + Math.max(0, ...present.objects.map((object) => object.id));
      const objects = given.map(({ label: index, mask, extremePoints }, place) => {
        const id = first + place;
        spent.delete(id);
        const points = Object.freeze(extremePoints.map((point) => Object.freeze({ ...point })));
        const clicks = Object.freeze([]);
        const result = { mask, score: null, previousMask: null, model: "" };
        const prompt = {
          objectId: id, extremePoints: points, clicks, base: null, before: null, result,
          given: true,
        };
        return Object.freeze({ id, label: index, extremePoints: points, clicks, prompt, given: true });
      });
      Object.freeze(objects);
      const outcome = objects.length ? "labeled" : "nothing-here";
      change({ objects, currentId: null, outcome, origin: Object.freeze({ name, objects }) });
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

    /** Moves an object up (1) or down (-1); where objects overlap the upper one owns the pixel. */
    function restack(id, step) {
      const objects = [...present.objects];
      const from = objects.findIndex((object) => object.id === id);
      const to = from + step;
      if (from < 0 || to < 0 || to >= objects.length) return;
      [objects[from], objects[to]] = [objects[to], objects[from]];
      change({ objects });
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

    // A prompt knows the earlier one that it goes on from (`base`: same extreme points, its
    // clicks the first of these) and the one that was seen before it (`before`).
    function promptFor(object, extremePoints, clicks) {
      if (extremePoints.length < EXTREME_POINTS) return null;
      const goesOn = (prompt) =>
        prompt.extremePoints === extremePoints &&
        prompt.clicks.every((click, index) => click === clicks[index]);
      let base = object.prompt;
      while (base && !goesOn(base)) base = base.base;
      if (base && base.clicks.length === clicks.length) return base;
      const before = object.prompt;
      return { objectId: object.id, extremePoints, clicks, base, before, result: null };
    }

    /** Keeps the service's answer with its prompt. */
    function accept(prompt, result) {
      prompt.result = result;
      prompt.before = null; // not needed any more, and it holds on to older masks
      model = result.model;
      notify();
    }

    /** The newest prompt with a mask that the clicks of `prompt` go on from; null for none. */
    function answeredBase(prompt) {
      let base = prompt.base;
      while (base && !base.result) base = base.base;
      return base;
    }

    /** What the next request sends back. */
    function previousMask(prompt) {
      return answeredBase(prompt)?.result.previousMask ?? null;
    }

    /** True if the first mask of this prompt's object was loaded. */
    function beganWithMask(prompt) {
      return prompt.base ? beganWithMask(prompt.base) : prompt.given === true;
    }

    /** The mask to show: the prompt's own, or while it is on its way the one seen before. */
    function shownResult(object) {
      let prompt = object.prompt;
      while (prompt && !prompt.result) prompt = prompt.before;
      return prompt ? prompt.result : null;
    }

    function seconds(id) {
      return id === undefined ? now() - started : (spent.get(id) ?? 0);
    }

    return {
      addPoint, deletePoint, lastPoint, deleteObject, clear, load, select, setLabel, restack,
      setOutcome, setReason, accept, previousMask, answeredBase, beganWithMask, shownResult, seconds, current,
      undo: () => travel(past, future),
      redo: () => travel(future, past),
      /**
       * The snapshot: {objects (bottom first), currentId, outcome, origin: {name, objects} that
       * were loaded, or null}. Never changes.
       */
      get state() { return present; },
      get canUndo() { return past.length > 0; },
      get canRedo() { return future.length > 0; },
      get label() { return label; },
      get reason() { return reason; },
      get model() { return model; },
      get revision() { return revision; },
      onChange: (listener) => listeners.push(listener),
    };
  }

  /** The extreme points that a worker put down; those of a loaded mask were only measured. */
  const placedExtremes = (object) => (object.given ? [] : object.extremePoints);

  const hundredths = (value) => Math.round(value * 100) / 100;

  return { create, placedExtremes, KINDS, EXTREME_POINTS, MAX_CLICKS };
})();
