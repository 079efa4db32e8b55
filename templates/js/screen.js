// Shows the page's state: status line, buttons, lists, canvases. The only module besides the
// panel that writes to the document.
const Screen = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  /** `page` as in Main; `events`: what the panel's lists do. Returns {all, marks, resize}. */
  function create(page, events) {
    const { session, viewport, api, say, stage } = page;
    const { labels } = page.job;
    const painter = Painter.create({ lower: byId("photo"), upper: byId("marks") });
    const showLabels = Panel.createLabels(byId("labels"), { labels, ...events });
    const showObjects = Panel.createObjects(byId("objects"), { labels, say, ...events });
    const showOutcome = Panel.createOutcome(
      {
        nothing: byId("nothing-here"), choice: byId("cannot-label"), text: byId("reason-text"),
      },
      events,
    );
    const stale = { photo: false, marks: false };

    function status() {
      const { level, text, retry } = page.notice ?? page.advice?.() ?? Guide.next({ ...page, labels });
      const line = byId("status");
      line.dataset.level = level;
      // Set only when it differs: screen readers say it anew each time.
      if (line.textContent !== text) line.textContent = text;
      byId("retry").hidden = !retry;
      Badges.show(page);
      byId("photo-problem").hidden = !page.photoProblem;
      byId("photo-problem-text").textContent = page.photoProblem;
    }

    function condition(object) {
      const found = Guide.condition(object, session, api);
      return say(`condition.${found}`, { count: object.extremePoints.length });
    }

    function controls() {
      const { objects, currentId } = session.state;
      const disabled = {
        undo: !session.canUndo,
        redo: !session.canRedo,
        clear: !objects.length,
        "delete-point": currentId === null,
        "new-object": currentId === null,
      };
      const pressed = {
        inside: page.tool === "inside",
        outside: page.tool === "outside",
        boundary: page.tool === "boundary",
        "hide-masks": page.masksHidden,
        latency: page.latencyShown,
      };
      for (const button of document.querySelectorAll("[data-action]")) {
        const { action } = button.dataset;
        if (action in disabled) button.disabled = disabled[action];
        if (action in pressed) button.ariaPressed = String(pressed[action]);
      }
      byId("fewclick").dataset.phase = session.current()?.prompt ? "correct" : "extreme";
      byId("zoom").textContent = `${Math.round(viewport.view.scale * 100)} %`;
      byId("object-count").textContent = objects.length || "";
      byId("no-objects").hidden = objects.length > 0;
    }

    /** Everything; the canvases at the next frame. */
    function all() {
      status();
      controls();
      showLabels(session.label);
      showObjects(session.state.objects, session.state.currentId, condition);
      showOutcome(session);
      page.onShow?.();
      const { scale, left, top } = viewport.view;
      stage.dataset.view = `${scale} ${left} ${top}`;
      stale.photo = true;
      marks();
    }

    /** Only the points and the cursor. */
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
      if (stale.photo) drawPhoto();
      stale.photo = false;
      const object = session.current();
      const next = Geometry.nextExtreme(object?.extremePoints ?? []);
      painter.drawMarks({
        view: viewport.view,
        photo: viewport.photo,
        color: labels[object?.label ?? session.label].color,
        points: object ? marksOf(object) : [],
        cursor: viewport.cursor && {
          point: viewport.cursor,
          kind: next ? "extreme" : page.tool,
          hint: next && say(`hint.${next}`),
        },
      });
    }

    const marksOf = (object) => [
      ...Session.placedExtremes(object).map((point) => ({ ...point, kind: "extreme" })),
      ...object.clicks,
    ];

    function drawPhoto() {
      const objects = session.state.objects.map((object) => ({
        id: object.id,
        mask: session.shownResult(object)?.mask ?? null,
        color: labels[object.label].color,
        current: object.id === session.state.currentId,
        waiting: object.prompt !== null && object.prompt.result === null,
      }));
      painter.drawPhoto({
        image: page.image,
        view: viewport.view,
        objects,
        overlays: page.overlays?.() ?? [],
        masksHidden: page.masksHidden,
      });
    }

    function resize() {
      const size = { width: stage.clientWidth, height: stage.clientHeight };
      painter.resize(size, window.devicePixelRatio);
      viewport.resize(size);
    }

    return { all, marks, resize };
  }

  return { create };
})();
