// Everything a worker can do, by name; buttons and keys both come here.
const Actions = (() => {
  "use strict";

  const REACH = 10; // screen pixels within which the cursor is on a point

  const points = (object) => [
    ...Session.placedExtremes(object).map((point, index) => ({ point, list: "extremePoints", index })),
    ...object.clicks.map((point, index) => ({ point, list: "clicks", index })),
  ];

  /** The current object's point under the cursor, {point, list, index}; null for none. */
  function pointAt(session, { cursor, view }, reach = REACH) {
    const object = session.current();
    if (!object || !cursor) return null;
    const away = ({ point }) => Geometry.distance(point, cursor) * view.scale;
    const near = points(object).filter((place) => away(place) <= reach);
    near.sort((one, other) => away(one) - away(other));
    return near[0] ?? null;
  }

  /** The uppermost object whose mask has the point; undefined for none. */
  function objectAt(session, point) {
    return session.state.objects.findLast((object) => {
      const mask = point && session.shownResult(object)?.mask;
      return mask && Spans.contains(Spans.of(mask), point);
    });
  }

  const POINT_TOOLS = ["inside", "outside", "boundary"];
  const HAND_TOOLS = ["brush", "eraser", "polygon"];

  /**
   * `page`: {session, viewport, api, sketch, submit, image, keysDialog, tool, masksHidden, look};
   * `refresh()` shows it.
   */
  function create(page, refresh) {
    const { session, viewport, api, sketch } = page;

    function choose(tool) {
      if (POINT_TOOLS.includes(tool) && !page.hasService) return;
      sketch.finish();
      page.tool = tool;
      refresh();
    }

    /** What the tool does where the cursor is: a point, a corner, a stroke for the arrow keys. */
    function place(tool = page.tool) {
      const { cursor } = viewport;
      if (!page.image || !cursor) return;
      const { kind } = sketch.present ?? {};
      if (kind === "stroke" || kind === "point") sketch.finish();
      else if (tool === "polygon") sketch.corner(cursor, true);
      else if (tool === "pick") pick();
      else if (HAND_TOOLS.includes(tool)) sketch.stroke(cursor, tool === "brush");
      else if (page.hasService) session.addPoint(cursor, tool);
    }

    /** Makes the uppermost object under the cursor the current one. */
    function pick() {
      const found = objectAt(session, viewport.cursor);
      if (found) select(found.id);
    }

    function select(id) {
      sketch.finish();
      session.select(id);
    }

    function selectNeighbour(step) {
      const { objects, currentId } = session.state;
      if (!objects.length) return;
      const from = objects.findIndex((object) => object.id === currentId);
      const start = from < 0 && step < 0 ? 0 : from;
      select(objects[(start + step + objects.length) % objects.length].id);
    }

    function deletePoint() {
      if (sketch.undo()) return;
      const place = pointAt(session, viewport) ?? session.lastPoint();
      if (place) session.deletePoint(place);
    }

    /** Takes hold of a point for the arrow keys, or lets go of it. */
    function movePoint() {
      if (sketch.present) return sketch.finish();
      const last = session.lastPoint();
      const place = pointAt(session, viewport) ??
        (last && { ...last, point: session.current()[last.list][last.index] });
      if (!place) return;
      sketch.grab(place);
      viewport.goTo(place.point);
    }

    const onCurrent = (act) => () => {
      const object = session.current();
      if (object) act(object.id);
    };
    const toggle = (owner, name) => () => {
      owner[name] = !owner[name];
      refresh();
    };
    const tools = [...POINT_TOOLS, ...HAND_TOOLS, "pick"];

    return {
      ...Object.fromEntries(tools.map((tool) => [tool, () => choose(tool)])),
      place, select, "pick-here": pick,
      step(columns, rows) {
        viewport.step(columns, rows);
        sketch.follow(viewport.cursor);
      },
      label: (index) => session.setLabel(index),
      "find-label": () => {
        page.labelFilter.focus();
        return !page.labelFilter.hidden;
      },
      thicker: () => sketch.thicker(),
      thinner: () => sketch.thinner(),
      "move-point": movePoint,
      cancel: () => sketch.cancel(),
      "new-object": () => select(null),
      "previous-object": () => selectNeighbour(-1),
      "next-object": () => selectNeighbour(1),
      raise: onCurrent((id) => session.restack(id, 1)),
      lower: onCurrent((id) => session.restack(id, -1)),
      "delete-point": deletePoint,
      "delete-object": onCurrent((id) => session.deleteObject(id)),
      clear: () => session.clear(),
      undo() {
        if (!sketch.undo()) session.undo();
      },
      redo() {
        if (!sketch.redo()) session.redo();
      },
      "zoom-in": () => viewport.zoomIn(),
      "zoom-out": () => viewport.zoomOut(),
      fit: () => viewport.fit(),
      retry: () => api.retry(),
      "hide-masks": toggle(page, "masksHidden"),
      latency: toggle(page, "latencyShown"),
      "retry-photo": () => page.loadPhoto(),
      "outline-only": toggle(page.look, "filled"),
      theme: () => page.look.turnTheme(),
      "reset-look": () => page.look.reset(),
      keys: () => page.keysDialog.showModal(),
      "close-keys": () => page.keysDialog.close(),
      submit() {
        sketch.finish();
        page.submit();
      },
      "report-photo": () => {
        session.setOutcome("cannot-label");
        session.setReason(page.photoReport);
        page.submit();
      },
    };
  }

  return { create, pointAt, objectAt, POINT_TOOLS, HAND_TOOLS };
})();
