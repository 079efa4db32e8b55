// What the worker has done to one photo: objects, their points, and how to undo it. No DOM.
//
// The state is a chain of frozen snapshots, so undo and redo only choose another one. Masks are
// not part of it: they arrive later, and are kept with their prompts (js/prompts.js).
const Session = (() => {
  "use strict";

  const { EXTREME_POINTS } = Prompts;
  const MAX_CLICKS = 200; // what the click service takes for one object
  const IDLE_SECONDS = 60; // a longer pause is not counted as work

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
    let started = now();
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
        begin({ extremePoints: Object.freeze([at]) });
      } else if (takesExtremes(object)) {
        withShape(object, { extremePoints: [...object.extremePoints, at] }, "labeled");
      } else if (object.clicks.length < MAX_CLICKS) {
        const clicks = [...object.clicks, Object.freeze({ ...at, kind })];
        withShape(object, { clicks }, "labeled");
      }
    }

    // Never an id that a request may still be out for.
    const nextId = () => 1 + Math.max(0, ...present.objects.map(({ id }) => id));

    function begin(shape) {
      const [id, none] = [nextId(), Object.freeze([])];
      spent.delete(id);
      const object = { id, label, extremePoints: none, clicks: none, edits: none, ...shape };
      object.prompt = Prompts.next(object);
      const objects = [...present.objects, Object.freeze(object)];
      change({ objects, currentId: id, outcome: "labeled" });
    }

    /** Gives the object other `extremePoints`, `clicks` or `edits`. */
    function withShape(object, shape, outcome = present.outcome) {
      for (const list of Object.values(shape)) Object.freeze(list);
      const next = { ...object, ...shape };
      const prompt = Prompts.next(next);
      // A click on a mask of which nothing is left: there is nothing to measure a crop by.
      if (!prompt && next.clicks.length && shape.clicks) return;
      replace(object, { ...shape, prompt }, { outcome });
    }

    /** Paints on the current object's mask, or begins an object: `edit` as above. */
    function paint(edit) {
      const frozen = Object.freeze({ ...edit });
      const object = current();
      if (object) {
        if (!Prompts.changes(object.prompt, frozen)) return;
        withShape(object, { edits: [...object.edits, frozen] }, "labeled");
      } else if (edit.adds && edit.region.box[2]) {
        begin({ edits: Object.freeze([frozen]) });
      }
    }

    /** Moves one point of the current object, and so asks for its mask anew. */
    function movePoint({ list, index }, to) {
      const object = current();
      if (!object?.[list][index]) return; // deleted meanwhile
      const at = { x: hundredths(to.x), y: hundredths(to.y) };
      const points = object[list].map((point, place) =>
        place === index ? Object.freeze({ ...point, ...at }) : point,
      );
      withShape(object, { [list]: points });
    }

    /** Takes away one point of the current object: {list: "extremePoints" | "clicks", index}. */
    function deletePoint({ list, index }) {
      const object = current();
      const points = { extremePoints: object.extremePoints, clicks: object.clicks };
      points[list] = points[list].filter((_, place) => place !== index);
      const { extremePoints, clicks } = points;
      const left = extremePoints.length || clicks.length || object.edits.length;
      if (left) withShape(object, { [list]: points[list] });
      else deleteObject(object.id);
    }

    /** The place of the point that was put down last, for `deletePoint`; null without one. */
    function lastPoint() {
      const object = current();
      if (!object || (object.given && !object.clicks.length)) return null;
      if (object.clicks.length) return { list: "clicks", index: object.clicks.length - 1 };
      if (!object.extremePoints.length) return null;
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
     * None at all says that there is nothing to label. Unless `keep`, undo does not go behind it.
     */
    function load(given, name, { keep = true } = {}) {
      const first = nextId();
      const objects = given.map(({ label: index, mask, extremePoints }, place) => {
        const id = first + place;
        spent.delete(id);
        const points = Object.freeze(extremePoints.map((point) => Object.freeze({ ...point })));
        const none = Object.freeze([]);
        const shape = { extremePoints: points, clicks: none, edits: none };
        const prompt = Prompts.given({ id, ...shape }, mask);
        return Object.freeze({ id, label: index, ...shape, prompt, given: true });
      });
      Object.freeze(objects);
      const outcome = objects.length ? "labeled" : "nothing-here";
      const origin = Object.freeze({ name, objects });
      change({ objects, currentId: null, outcome, origin }, { keep });
    }

    /** Puts a draft (js/draft.js) in place of all there is, as one step. */
    function resume({ objects: kept, currentId, outcome, origin, ...rest }) {
      const offset = nextId() - 1;
      const objects = Object.freeze(kept.map(({ id: old, label: index, seconds: time, ...shape }) => {
        const id = old + offset;
        spent.set(id, time);
        const { extremePoints, clicks, edits, given } = shape;
        const prompt = Prompts.resumed({ id, ...shape });
        const object = { id, label: index, extremePoints, clicks, edits, prompt };
        return Object.freeze(given ? { ...object, given } : object);
      }));
      reason = rest.reason;
      model = rest.model;
      started -= rest.seconds;
      const chosen = objects.find(({ id }) => id - offset === currentId);
      if (chosen) label = chosen.label;
      change({
        objects, outcome,
        currentId: chosen ? chosen.id : null,
        origin: origin && Object.freeze({
          name: origin.name, objects: origin.unchanged ? objects : Object.freeze([]),
        }),
      });
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

    /** Moves an object up or (negative) down; where objects overlap the upper one owns the pixel. */
    function restack(id, step) {
      const objects = [...present.objects];
      const from = objects.findIndex((object) => object.id === id);
      const to = from + step;
      if (from < 0 || to < 0 || to >= objects.length || !step) return;
      objects.splice(to, 0, ...objects.splice(from, 1));
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

    /** True if the next point on the object is an extreme point. */
    function takesExtremes({ given, extremePoints, edits }) {
      if (given || extremePoints.length >= EXTREME_POINTS) return false;
      return extremePoints.length > 0 || !edits.length;
    }

    /** Keeps the service's answer with its prompt. */
    function accept(prompt, result) {
      Prompts.answer(prompt, result);
      model = result.model;
      notify();
    }

    /** True if an answer to the prompt would still be of use. */
    function awaits(prompt) {
      return present.objects.some((object) => {
        let awaited = object.prompt;
        while (awaited?.provisional) awaited = awaited.base;
        return awaited === prompt;
      });
    }

    /** The mask to show, as the service's result; null for none yet. */
    const shownResult = (object) => Prompts.shown(object.prompt);

    function seconds(id) {
      return id === undefined ? now() - started : (spent.get(id) ?? 0);
    }

    return {
      addPoint, movePoint, deletePoint, lastPoint, paint, takesExtremes, deleteObject, clear, load,
      resume, select, setLabel, restack, setOutcome, setReason, accept, awaits, shownResult, seconds, current,
      previousMask: Prompts.previousMask,
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

  /** How the object's mask was made: "given", "model", "brush", "polygon", or "mixed" for several. */
  function madeBy(object) {
    const ways = new Set(object.edits.map(({ tool }) => tool));
    if (object.given) ways.add("given");
    if (Prompts.usesModel(object.prompt)) ways.add("model");
    const [way = "model"] = ways;
    return ways.size > 1 ? "mixed" : way;
  }

  const hundredths = (value) => Math.round(value * 100) / 100;

  return { create, placedExtremes, madeBy, EXTREME_POINTS, MAX_CLICKS };
})();
