// Shows the page's state: status line, buttons, lists, canvases. The only module besides the
// panel that writes to the document.
const Screen = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const TOOLS = [...Actions.POINT_TOOLS, ...Actions.HAND_TOOLS, "pick"];

  /** `page` as in Main; `events`: what the panel's lists do. Returns {all, state, marks, resize}. */
  function create(page, events) {
    const { session, viewport, api, say, stage } = page;
    const { labels } = page.job;
    const painter = Painter.create({ photo: byId("photo"), masks: byId("masks") });
    const canvas = Marks.create(byId("marks"));
    const showLabels = Panel.createLabels(byId("labels"), page.labelFilter, { labels, ...events });
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
      const { sketch, tool } = page;
      const disabled = {
        undo: !session.canUndo && !sketch.present,
        redo: !session.canRedo && !sketch.present,
        ...(page.hasService ? {} : { inside: true, outside: true, boundary: true }),
        clear: !objects.length,
        "delete-point": currentId === null,
        "new-object": currentId === null,
      };
      const pressed = {
        ...Object.fromEntries(TOOLS.map((name) => [name, name === tool])),
        "hide-masks": page.masksHidden,
        latency: page.latencyShown,
        "outline-only": !page.look.filled,
      };
      for (const button of document.querySelectorAll("[data-action]")) {
        const { action } = button.dataset;
        if (action in disabled) button.disabled = disabled[action];
        if (action in pressed) button.ariaPressed = String(pressed[action]);
      }
      byId("fewclick").dataset.phase = placesExtremes() ? "extreme" : "correct";
      stage.dataset.tool = tool;
      byId("brush-size").value = Math.log2(sketch.size);
      byId("size").hidden = tool !== "brush" && tool !== "eraser";
      byId("zoom").textContent = `${Math.round(viewport.view.scale * 100)} %`;
      byId("object-count").textContent = objects.length || "";
      byId("no-objects").hidden = objects.length > 0;
    }

    /** True if the tool places points, and the next of them is an extreme point. */
    function placesExtremes() {
      const object = session.current();
      return Actions.POINT_TOOLS.includes(page.tool) && (!object || session.takesExtremes(object));
    }

    /** What can be done now, and what is to be done next. */
    function state() {
      status();
      controls();
    }

    /** Everything; the canvases at the next frame. */
    function all() {
      state();
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
      const next = placesExtremes() && Geometry.nextExtreme(object?.extremePoints ?? []);
      const { sketch, tool } = page;
      const paints = tool === "brush" || tool === "eraser";
      canvas.draw({
        view: viewport.view,
        photo: viewport.photo,
        color: labels[object?.label ?? session.label].color,
        points: object ? marksOf(object, sketch.present) : [],
        previews: session.state.objects.filter(isAwaited).map(previewOf),
        sketch: sketch.present,
        cursor: viewport.cursor && {
          point: viewport.cursor,
          kind: next ? "extreme" : tool,
          hint: next ? say(`hint.${next}`) : nameUnderCursor(),
          radius: paints && sketch.size / viewport.view.scale,
        },
      });
    }

    /** Whose mask a click with the tool would choose, for those who do not see it by the colour. */
    function nameUnderCursor() {
      if (page.tool !== "pick") return "";
      const object = Actions.objectAt(session, viewport.cursor);
      return object ? `${object.id} ${labels[object.label].name.slice(0, 40)}` : "";
    }

    // A point that is being moved is where it would be put down.
    function marksOf(object, sketch) {
      const { place, points: [moved] = [] } = sketch ?? {};
      const shown = (list) => (point, index) =>
        place?.list === list && place.index === index ? { ...point, ...moved } : point;
      const extremes = Session.placedExtremes(object).map(shown("extremePoints"));
      return [
        ...extremes.map((point) => ({ ...point, kind: "extreme" })),
        ...object.clicks.map(shown("clicks")),
      ];
    }

    const isAwaited = (object) => object.prompt && !session.shownResult(object);

    /** What stands for the first mask while that is on its way. */
    const previewOf = ({ prompt, label }) => ({
      corners: Geometry.octagon(prompt.extremePoints), color: labels[label].color,
    });

    function drawPhoto() {
      const objects = session.state.objects.map((object) => ({
        id: object.id,
        mask: session.shownResult(object)?.mask ?? null,
        color: labels[object.label].color,
        current: object.id === session.state.currentId,
        waiting: object.prompt !== null && object.prompt.result === null,
      }));
      painter.draw({
        image: page.image,
        view: viewport.view,
        objects,
        overlays: page.overlays?.() ?? [],
        look: page.look,
        masksHidden: page.masksHidden,
      });
    }

    function resize() {
      const size = { width: stage.clientWidth, height: stage.clientHeight };
      painter.resize(size, window.devicePixelRatio);
      canvas.resize(size, window.devicePixelRatio);
      viewport.resize(size);
    }

    return { all, state, marks, resize };
  }

  return { create };
})();
