// Everything a worker can do, by name; buttons and keys both come here.
const Actions = (() => {
  "use strict";

  const REACH = 10; // screen pixels within which the cursor is on a point

  const points = (object) => [
    ...Session.placedExtremes(object).map((point, index) => ({ point, list: "extremePoints", index })),
    ...object.clicks.map((point, index) => ({ point, list: "clicks", index })),
  ];

  /** The current object's point under the cursor, or the one put down last; null for none. */
  function pointToDelete(session, viewport) {
    const object = session.current();
    if (!object) return null;
    const { cursor, view } = viewport;
    const away = ({ point }) => Geometry.distance(point, cursor) * view.scale;
    const near = cursor ? points(object).filter((place) => away(place) <= REACH) : [];
    near.sort((one, other) => away(one) - away(other));
    return near[0] ?? session.lastPoint();
  }

  /** `page`: {session, viewport, api, submit, image, keysDialog, tool, masksHidden}; `refresh()` shows it. */
  function create(page, refresh) {
    const { session, viewport, api } = page;

    function choose(tool) {
      page.tool = tool;
      refresh();
    }

    /** Puts a point of `kind` (for corrective clicks) where the cursor is. */
    function place(kind = page.tool) {
      if (!page.image || !viewport.cursor) return;
      session.addPoint(viewport.cursor, kind);
    }

    function selectNeighbour(step) {
      const { objects, currentId } = session.state;
      if (!objects.length) return;
      const from = objects.findIndex((object) => object.id === currentId);
      const start = from < 0 && step < 0 ? 0 : from;
      session.select(objects[(start + step + objects.length) % objects.length].id);
    }

    function deletePoint() {
      const place = pointToDelete(session, viewport);
      if (place) session.deletePoint(place);
    }

    const onCurrent = (act) => () => {
      const object = session.current();
      if (object) act(object.id);
    };

    return {
      place,
      step: (columns, rows) => viewport.step(columns, rows),
      label: (index) => session.setLabel(index),
      inside: () => choose("inside"),
      outside: () => choose("outside"),
      boundary: () => choose("boundary"),
      "new-object": () => session.select(null),
      "previous-object": () => selectNeighbour(-1),
      "next-object": () => selectNeighbour(1),
      raise: onCurrent((id) => session.restack(id, 1)),
      lower: onCurrent((id) => session.restack(id, -1)),
      "delete-point": deletePoint,
      "delete-object": onCurrent((id) => session.deleteObject(id)),
      clear: () => session.clear(),
      undo: () => session.undo(),
      redo: () => session.redo(),
      "zoom-in": () => viewport.zoomIn(),
      "zoom-out": () => viewport.zoomOut(),
      fit: () => viewport.fit(),
      retry: () => api.retry(),
      "hide-masks": () => {
        page.masksHidden = !page.masksHidden;
        refresh();
      },
      latency: () => {
        page.latencyShown = !page.latencyShown;
        refresh();
      },
      "retry-photo": () => page.loadPhoto(),
      keys: () => page.keysDialog.showModal(),
      "close-keys": () => page.keysDialog.close(),
      submit: () => page.submit(),
      "report-photo": () => {
        session.setOutcome("cannot-label");
        session.setReason(page.photoReport);
        page.submit();
      },
    };
  }

  return { create };
})();
