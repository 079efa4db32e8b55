// Shows the state of the page of boxes: status line, buttons, lists, canvases.
const BoxScreen = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  /** `page` as in BoundingBox; `events`: what the panel's lists do. Returns {all, marks, resize}. */
  function create(page, events) {
    const { session, viewport, say, stage } = page;
    const { labels } = page.job;
    const painter = Painter.create({ photo: byId("photo"), masks: byId("masks") });
    const canvas = document.createElement("canvas");
    byId("marks").before(canvas);
    const boxes = BoxCanvas.create(canvas);
    const points = Marks.create(byId("marks"));
    const showLabels = Panel.createLabels(byId("labels"), byId("label-filter"), { labels, ...events });
    const showObjects = Panel.createObjects(byId("objects"), { labels, say, ...events });
    const showOutcome = Panel.createOutcome(
      { nothing: byId("nothing-here"), choice: byId("cannot-label"), text: byId("reason-text") },
      events,
    );
    const stale = { photo: false, marks: false };

    function status() {
      const { level, text } = page.notice ?? BoxGuide.next({ ...page, session, labels });
      const line = byId("status");
      line.dataset.level = level;
      // Set only when it differs: screen readers say it anew each time.
      if (line.textContent !== text) line.textContent = text;
      byId("photo-problem").hidden = !page.problem;
      byId("photo-problem-text").textContent = page.problem;
    }

    function controls() {
      const { objects, currentId } = session.state;
      const disabled = {
        undo: !session.canUndo, redo: !session.canRedo, clear: !objects.length,
        "delete-point": currentId === null, "new-object": currentId === null,
      };
      const pressed = { "hide-masks": page.hidden, "outline-only": !page.look.filled };
      for (const button of document.querySelectorAll("[data-action]")) {
        const { action } = button.dataset;
        if (action in disabled) button.disabled = disabled[action];
        if (action in pressed) button.ariaPressed = String(pressed[action]);
      }
      byId("zoom").textContent = `${Math.round(viewport.view.scale * 100)} %`;
      byId("object-count").textContent = objects.length || "";
      byId("no-objects").hidden = objects.length > 0;
    }

    const condition = ({ box, extremePoints }) =>
      box ? "" : say("condition.drawing", { count: extremePoints.length });

    /** Everything; the canvases at the next frame. */
    function all() {
      status();
      controls();
      showLabels(session.label);
      showObjects(session.state.objects, session.state.currentId, condition);
      showOutcome(session);
      const { scale, left, top } = viewport.view;
      stage.dataset.view = `${scale} ${left} ${top}`;
      stale.photo = true;
      marks();
    }

    /** Only what moves with the pointer. */
    function marks() {
      const { cursor } = viewport;
      byId("position").textContent = cursor
        ? say("position", { x: Math.floor(cursor.x), y: Math.floor(cursor.y) })
        : "";
      if (!stale.marks) requestAnimationFrame(draw);
      stale.marks = true;
    }

    function draw() {
      stale.marks = false;
      if (!page.image) return;
      if (stale.photo) {
        painter.draw({
          image: page.image, view: viewport.view, objects: [], overlays: [], look: page.look,
          masksHidden: true,
        });
        drawBoxes();
      }
      stale.photo = false;
      drawPoints();
    }

    function drawBoxes() {
      const { objects, currentId } = session.state;
      const shown = page.hidden ? [] : objects.filter(({ box }) => box);
      boxes.draw({
        view: viewport.view, look: page.look, edge: page.edge,
        boxes: shown.map(({ id, box, label }) => ({
          // A box that is being dragged is where it would be put down.
          box: page.dragged?.id === id ? page.dragged.box : box,
          color: labels[label].color, name: labels[label].name, current: id === currentId,
        })),
      });
    }

    function drawPoints() {
      const object = session.current();
      const open = object && !object.box ? object.extremePoints : [];
      const { cursor } = viewport;
      points.draw({
        view: viewport.view, photo: viewport.photo, color: labels[session.label].color,
        points: open.map((point) => ({ ...point, kind: "extreme" })),
        sketch: null,
        cursor: cursor && !page.held.length && {
          point: cursor, kind: "extreme", hint: say(`hint.${Geometry.nextExtreme(open)}`),
        },
      });
    }

    function resize() {
      const size = { width: stage.clientWidth, height: stage.clientHeight };
      painter.resize(size, window.devicePixelRatio);
      boxes.resize(size, window.devicePixelRatio);
      points.resize(size, window.devicePixelRatio);
      viewport.resize(size);
    }

    return { all, marks, resize };
  }

  return { create };
})();
