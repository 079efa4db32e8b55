// What presses and drags on the photo mean, by tool. Left is the tool itself; right is the
// opposite: outside, or taking away. Shift: boundary; Alt: choose the object there.
const Gestures = (() => {
  "use strict";

  const DOUBLE_MS = 400;
  const DOUBLE_REACH = 6; // screen pixels between two clicks that are one double click

  function create(page, actions) {
    const { session, viewport, sketch } = page;
    const space = { held: false, moved: false };
    let last = { at: { x: -Infinity, y: 0 }, time: 0 }; // the last click
    const onPhoto = (at) => Geometry.toImage(viewport.view, at);
    const isPoint = () => Actions.POINT_TOOLS.includes(page.tool);

    const follow = {
      move: (at) => sketch.follow(onPhoto(at)),
      end: () => sketch.finish(),
      cancel: () => sketch.cancel(),
    };

    /** The brush paints from where it is put down. */
    function onPress(at, button) {
      if (!page.image || (page.tool !== "brush" && page.tool !== "eraser")) return null;
      sketch.stroke(onPhoto(at), page.tool === "brush" && button === "left");
      return follow;
    }

    /** A drag that begins on a placed point moves that point. */
    function onDrag(from, button, reach) {
      viewport.point(from);
      const place = isPoint() && button === "left" && Actions.pointAt(session, viewport, reach);
      if (!place) return null;
      sketch.grab(place);
      return follow;
    }

    function onClick(at, button, event) {
      viewport.point(at);
      if (event.altKey) actions["pick-here"]();
      else if (page.tool === "polygon") corner(at, button, event.timeStamp);
      else if (button === "left") actions.place(event.shiftKey && isPoint() ? "boundary" : page.tool);
      else if (session.current()?.prompt) actions.place("outside");
    }

    // Browsers tell of double clicks of the left button alone, and of fingers' not at all.
    function corner(at, button, time) {
      const twice = time - last.time < DOUBLE_MS && Geometry.distance(at, last.at) < DOUBLE_REACH;
      last = { at, time };
      if (twice && sketch.present) sketch.finish();
      else if (page.image && viewport.cursor) sketch.corner(viewport.cursor, button === "left");
    }

    return {
      pointer: {
        onPress, onDrag, onClick,
        onMove: (at) => viewport.point(at),
        onZoom: viewport.zoom,
        onPan(dx, dy) {
          space.moved = true;
          viewport.pan(dx, dy);
        },
        onWheelSize: (step) => (step > 0 ? sketch.thicker() : sketch.thinner()),
        holdsPhoto: () => space.held,
      },
      /** Space held down moves the photo; pressed alone it does what Enter does. */
      hold: {
        begin() {
          space.held = true;
          space.moved = false;
        },
        end() {
          if (space.held && !space.moved) actions.place();
          space.held = false;
        },
      },
    };
  }

  return { create };
})();
