// Where on the photo the worker looks and points: the view and the cursor. No DOM.
const Viewport = (() => {
  "use strict";

  const ZOOM_STEP = 1.3;
  const BORDER = 24; // screen pixels around the photo that count as its edge
  const REVEAL_MARGIN = 48; // screen pixels kept between the keyboard's cursor and the edge

  /**
   * `photo` and later `resize` take {width, height}; `onView()` is called when the photo has
   * moved on the screen, `onCursor()` when only the cursor has.
   */
  function create({ photo, onView, onCursor }) {
    let stage = { width: 1, height: 1 };
    let view = Geometry.fit(photo, stage);
    let fitted = true; // until the worker zooms or pans, the photo follows the window's size
    let cursor = null; // image coordinates
    let resting = { x: photo.width / 2, y: photo.height / 2 }; // where it was last

    function look(next) {
      view = next;
      fitted = false;
      onView();
    }

    function resize(size) {
      const middle = Geometry.toImage(view, { x: stage.width / 2, y: stage.height / 2 });
      stage = size;
      if (fitted) {
        view = Geometry.fit(photo, stage);
      } else {
        const now = Geometry.toScreen(view, middle);
        const [dx, dy] = [stage.width / 2 - now.x, stage.height / 2 - now.y];
        view = Geometry.pan(view, dx, dy, photo, stage);
      }
      onView();
    }

    function fit() {
      look(Geometry.fit(photo, stage));
      fitted = true;
    }

    /** Zoom about a screen point, by default about the cursor or else the middle. */
    function zoom(factor, anchor) {
      const middle = { x: stage.width / 2, y: stage.height / 2 };
      const about = anchor ?? (cursor ? Geometry.toScreen(view, cursor) : middle);
      look(Geometry.pan(Geometry.zoom(view, factor, about, photo, stage), 0, 0, photo, stage));
    }

    function pan(dx, dy) {
      look(Geometry.pan(view, dx, dy, photo, stage));
    }

    /** The pointer is over a screen point; null: it has left. Far off the photo there is none. */
    function point(at) {
      cursor = null;
      if (at) {
        const inside = Geometry.clampToPhoto(Geometry.toImage(view, at), photo);
        // Just outside still counts: the extreme point of an object that leaves the photo is hard
        // to hit on the last pixel.
        const away = Geometry.distance(Geometry.toScreen(view, inside), at);
        if (away <= BORDER) cursor = resting = inside;
      }
      onCursor();
    }

    /** Puts the cursor on an image point, and the point in sight. */
    function goTo(point) {
      cursor = resting = point;
      view = Geometry.reveal(view, point, stage, REVEAL_MARGIN);
      onView();
    }

    /** Moves the cursor by whole pixels, and the view with it where it would go out of sight. */
    function step(columns, rows) {
      // One image pixel may be less than one on the screen: then a step is one on the screen.
      const length = Math.max(1, Math.round(1 / view.scale));
      const from = cursor ?? resting;
      const to = { x: from.x + columns * length, y: from.y + rows * length };
      cursor = resting = Geometry.pixelCentre(to, photo);
      const next = Geometry.reveal(view, cursor, stage, REVEAL_MARGIN);
      // A photo that fits is not moved for its border's sake.
      if (fitted) return onCursor();
      view = Geometry.pan(next, 0, 0, photo, stage);
      return onView();
    }

    return {
      resize, fit, zoom, pan, point, goTo, step,
      zoomIn: () => zoom(ZOOM_STEP),
      zoomOut: () => zoom(1 / ZOOM_STEP),
      get view() { return view; },
      get stage() { return stage; },
      get cursor() { return cursor; },
      photo,
    };
  }

  return { create };
})();
