// What pointer and keys do to boxes: a click puts down an extreme point, a drag on an edge or a
// corner moves it, the right button chooses the box there.
const BoxHands = (() => {
  "use strict";

  const REACH = { mouse: 7, touch: 14 }; // screen pixels within which an edge is taken hold of
  const KEYS = {
    e: "next-edge", ",": "edge-back", ".": "edge-on", "<": "edge-far-back", ">": "edge-far-on",
  };
  const FAR = 10; // image pixels
  const CURSORS = {
    left: "ew-resize", right: "ew-resize", top: "ns-resize", bottom: "ns-resize",
    "left top": "nwse-resize", "right bottom": "nwse-resize",
    "left bottom": "nesw-resize", "right top": "nesw-resize",
  };

  /** `refresh()` shows the page. Returns {actions, pointer, hold}. */
  function create(page, refresh) {
    const { session, viewport, say } = page;
    const space = { held: false, moved: false };
    const onPhoto = (at) => Geometry.toImage(viewport.view, at);

    /** The box whose edge is there, {id, held}: the current one, or else the smallest. */
    function edgeAt(point, reach) {
      const { objects, currentId } = session.state;
      const area = ({ box }) => BoxEdges.width(box) * BoxEdges.height(box);
      const found = objects
        .filter(({ box }) => box)
        .map((object) => ({ ...object, held: BoxEdges.heldAt(object.box, point, reach) }))
        .filter(({ held }) => held.length)
        .sort((one, other) => area(one) - area(other));
      return found.find(({ id }) => id === currentId) ?? found[0] ?? null;
    }

    function place() {
      if (!page.image || page.loading || !viewport.cursor) return;
      page.edge = null;
      if (session.addPoint(viewport.cursor)) return;
      const key = session.current()?.box ? "box.too-many" : "box.flat";
      page.notice = { level: "warning", text: say(key, { count: BoxSession.MAX_BOXES }) };
      refresh();
    }

    /** Makes the smallest box under the cursor the current one. */
    function pick() {
      const { cursor } = viewport;
      if (!cursor) return;
      const area = ({ box }) => BoxEdges.width(box) * BoxEdges.height(box);
      const [found] = session.state.objects
        .filter(({ box }) => box && BoxEdges.contains(box, cursor))
        .sort((one, other) => area(one) - area(other));
      select(found?.id ?? null);
    }

    function select(id) {
      page.edge = null;
      session.select(id);
    }

    function selectNeighbour(step) {
      const { objects, currentId } = session.state;
      if (!objects.length) return;
      const from = objects.findIndex(({ id }) => id === currentId);
      const start = from < 0 && step < 0 ? 0 : from;
      select(objects[(start + step + objects.length) % objects.length].id);
    }

    function nextEdge() {
      if (!session.current()?.box) return;
      page.edge = BoxEdges.EDGES[(BoxEdges.EDGES.indexOf(page.edge) + 1) % BoxEdges.EDGES.length];
      refresh();
    }

    const pushEdge = (length) => () => {
      const object = session.current();
      if (!object?.box || !page.edge) return;
      const value = object.box[page.edge] + length;
      session.reshape(object.id, BoxEdges.withEdge(object.box, page.edge, value, page.size));
    };

    function onDrag(from, button) {
      if (button !== "left" || page.loading) return null;
      const start = onPhoto(from);
      const found = edgeAt(start, REACH[page.pointerType] / viewport.view.scale);
      if (!found) return null;
      if (found.id !== session.state.currentId) select(found.id);
      // By the distance from the edge at which it was taken hold of, it stays away.
      const offset = {
        x: start.x - (found.box[found.held.find(BoxEdges.isAcross)] ?? start.x),
        y: start.y - (found.box[found.held.find((edge) => !BoxEdges.isAcross(edge))] ?? start.y),
      };
      page.dragged = { id: found.id, box: found.box };
      const drop = () => {
        page.dragged = null;
        refresh();
      };
      return {
        move(at) {
          const { x, y } = onPhoto(at);
          const to = { x: x - offset.x, y: y - offset.y };
          page.dragged = { id: found.id, box: BoxEdges.dragged(found.box, found.held, to, page.size) };
          refresh();
        },
        end() {
          const { box } = page.dragged;
          page.dragged = null;
          session.reshape(found.id, box);
          refresh();
        },
        cancel: drop,
      };
    }

    /** The pointer is over the stage: an edge that it would take hold of shows in its shape. */
    function onMove(at) {
      viewport.point(at);
      const isOpen = session.current() && !session.current().box;
      const reach = REACH.mouse / viewport.view.scale;
      page.held = (at && !isOpen && !page.dragged && edgeAt(onPhoto(at), reach)?.held) || [];
      page.stage.style.cursor = CURSORS[page.held.join(" ")] ?? "";
    }

    return {
      actions: {
        place, select,
        step: (columns, rows) => viewport.step(columns, rows),
        label: (index) => session.setLabel(index),
        "find-label": () => {
          const filter = document.getElementById("label-filter");
          filter.focus();
          return !filter.hidden;
        },
        "next-edge": nextEdge,
        "edge-back": pushEdge(-1), "edge-on": pushEdge(1),
        "edge-far-back": pushEdge(-FAR), "edge-far-on": pushEdge(FAR),
        "new-object": () => select(null),
        cancel: () => select(null),
        "previous-object": () => selectNeighbour(-1),
        "next-object": () => selectNeighbour(1),
        "delete-point": () => session.deletePoint(),
        "delete-object": () => session.current() && session.deleteObject(session.current().id),
        clear: () => session.clear(),
        undo: () => session.undo(),
        redo: () => session.redo(),
        "zoom-in": viewport.zoomIn,
        "zoom-out": viewport.zoomOut,
        fit: viewport.fit,
      },
      pointer: {
        onDrag, onMove,
        onPress: () => null,
        onClick(at, button) {
          viewport.point(at);
          if (button === "left") place();
          else pick();
        },
        onZoom: viewport.zoom,
        onPan(dx, dy) {
          space.moved = true;
          viewport.pan(dx, dy);
        },
        onWheelSize() {},
        holdsPhoto: () => space.held,
      },
      /** Space held down moves the photo; pressed alone it does what Enter does. */
      hold: {
        begin: () => Object.assign(space, { held: true, moved: false }),
        end() {
          if (space.held && !space.moved) place();
          space.held = false;
        },
      },
    };
  }

  return { create, KEYS };
})();
