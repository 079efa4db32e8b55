// What the worker has done to one photo: boxes, the extreme points that they are made of, and how
// to undo it. No DOM.
//
// As in js/session.js the state is a chain of frozen snapshots, so undo and redo only choose one.
const BoxSession = (() => {
  "use strict";

  const EXTREME_POINTS = 4;
  const MAX_BOXES = 1000; // as many as consolidation takes of one worker
  const IDLE_SECONDS = 60; // a longer pause is not counted as work

  /** `now()` is the time in seconds; `labels` the number of labels that can be chosen. */
  function create({ labels, photo, now }) {
    let present = Object.freeze({ objects: Object.freeze([]), currentId: null, outcome: "labeled" });
    let past = [];
    let future = [];
    let origin = null; // the boxes that the task began with
    let label = 0;
    let reason = "";
    let revision = 0;
    let started = now();
    let counted = started;
    const spent = new Map(); // object id -> seconds
    const listeners = [];

    const find = (id) => present.objects.find((object) => object.id === id);
    const current = () => find(present.currentId);

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
      change({ objects: Object.freeze(objects), ...more });
    }

    const nextId = () => 1 + Math.max(0, ...present.objects.map(({ id }) => id));

    /**
     * Puts down an extreme point: of the current object, if it has no box yet, or else of a new
     * one. The fourth makes the box. False for a point that would make a box of no size.
     */
    function addPoint(point) {
      const at = Object.freeze({ x: hundredths(point.x), y: hundredths(point.y) });
      const object = current();
      if (!object || object.box) {
        if (present.objects.length >= MAX_BOXES) return false;
        const id = nextId();
        spent.delete(id);
        const extremePoints = Object.freeze([at]);
        const added = Object.freeze({ id, label, extremePoints, box: null, madeBy: "extreme-points" });
        change({
          objects: Object.freeze([...present.objects, added]), currentId: id, outcome: "labeled",
        });
        return true;
      }
      const extremePoints = Object.freeze([...object.extremePoints, at]);
      const isLast = extremePoints.length === EXTREME_POINTS;
      const box = isLast ? BoxEdges.around(extremePoints) : null;
      if (box && BoxEdges.isFlat(box)) return false;
      replace(object, { extremePoints, box });
      return true;
    }

    /** Takes back the last point of a box that is being made; or else deletes the current box. */
    function deletePoint() {
      const object = current();
      if (!object) return;
      const extremePoints = object.extremePoints.slice(0, -1);
      if (object.box || !extremePoints.length) deleteObject(object.id);
      else replace(object, { extremePoints: Object.freeze(extremePoints) });
    }

    /** Gives an object another box. */
    function reshape(id, box) {
      const object = find(id);
      const same = BoxEdges.EDGES.every((edge) => box[edge] === object.box[edge]);
      if (!same) replace(object, { box, madeBy: "mixed" }, { currentId: id });
    }

    function deleteObject(id) {
      const objects = Object.freeze(present.objects.filter((object) => object.id !== id));
      change({ objects, currentId: present.currentId === id ? null : present.currentId });
    }

    function clear() {
      if (present.objects.length) change({ objects: Object.freeze([]), currentId: null });
    }

    /** Begins with boxes that are there already: [{label, left, top, width, height}]. */
    function load(boxes) {
      const objects = boxes.map(({ label: index, left, top, width, height }, place) =>
        Object.freeze({
          id: place + 1, label: index, extremePoints: Object.freeze([]), madeBy: "given",
          box: BoxEdges.around([
            Geometry.clampToPhoto({ x: left, y: top }, photo),
            Geometry.clampToPhoto({ x: left + width, y: top + height }, photo),
          ]),
        }),
      );
      const outcome = objects.length ? "labeled" : "nothing-here";
      origin = Object.freeze({ objects: Object.freeze(objects), outcome });
      change({ ...origin, currentId: null }, { keep: false });
    }

    /** Puts a draft (box_draft.js) in place of all there is, as one step. */
    function resume({ objects, currentId, outcome, ...rest }) {
      for (const { id, seconds: time } of objects) spent.set(id, time);
      reason = rest.reason;
      started -= rest.seconds;
      const put = Object.freeze(objects.map(({ seconds: _, ...object }) => Object.freeze(object)));
      const chosen = put.find(({ id }) => id === currentId);
      if (chosen) label = chosen.label;
      change({ objects: put, currentId: chosen ? currentId : null, outcome });
    }

    /** Makes an object the current one; null: the next point begins a new one. */
    function select(id) {
      const object = find(id);
      if (object) label = object.label;
      change({ currentId: object ? id : null }, { keep: false });
    }

    function setLabel(index) {
      if (!(index >= 0 && index < labels)) return;
      label = index;
      const object = current();
      if (object && object.label !== index) replace(object, { label: index });
      else notify();
    }

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

    return {
      addPoint, deletePoint, reshape, deleteObject, clear, load, resume, select, setLabel,
      setOutcome, setReason, seconds, current,
      undo: () => travel(past, future),
      redo: () => travel(future, past),
      /** Whether what the task began with was changed; null if it began with nothing. */
      get changed() {
        if (!origin) return null;
        return present.objects !== origin.objects || present.outcome !== origin.outcome;
      },
      /** The snapshot: {objects in the order in which they were begun, currentId, outcome}. */
      get state() { return present; },
      get canUndo() { return past.length > 0; },
      get canRedo() { return future.length > 0; },
      get label() { return label; },
      get reason() { return reason; },
      get revision() { return revision; },
      onChange: (listener) => listeners.push(listener),
    };
  }

  const hundredths = (value) => Math.round(value * 100) / 100;

  return { create, EXTREME_POINTS, MAX_BOXES };
})();
