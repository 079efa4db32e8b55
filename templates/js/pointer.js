// Mouse, pen and fingers on the stage. A press that stays put is a click; one that moves draws,
// drags or moves the photo, as the page decides; two fingers zoom and move it, the wheel zooms to
// where it is. Once a pen has been used, a finger only moves the photo: it is a resting hand.
const Pointer = (() => {
  "use strict";

  const SLACK = { mouse: 4, pen: 6, touch: 10 }; // screen pixels that a press may wander
  const WHEEL_LINE = 16; // pixels of a line, for wheels that count lines
  const WHEEL_SPEED = 0.0015;
  const PINCH_SPEED = 0.01; // a pinch on a touchpad comes as a wheel with Ctrl
  const BUTTONS = { 0: "left", 1: "middle", 2: "right", 5: "right" }; // 5: the pen's eraser

  /**
   * `at` are screen pixels of the stage. `onClick(at, button, event)`; `onMove(at | null)`;
   * `onPan(dx, dy)`; `onZoom(factor, at)`; `onWheelSize(step)` for the wheel with Shift or Alt.
   * `onPress(at, button)` and, when the press has begun to move, `onDrag(from, button, reach)` may
   * return {move(at), end(), cancel()} that takes the rest of it; without one it moves the photo.
   * `holdsPhoto()` is true while a drag is to move the photo, whatever the tool.
   */
  function listen(stage, page) {
    let press = null; // {id, type, button, from, last, dragging, gesture}
    let pinch = null; // {middle, distance} of two fingers
    const fingers = new Map(); // pointer id -> where
    let hasPen = false;

    function at(event) {
      const bounds = stage.getBoundingClientRect();
      return {
        x: event.clientX - bounds.left - stage.clientLeft,
        y: event.clientY - bounds.top - stage.clientTop,
      };
    }

    function drop() {
      press?.gesture?.cancel();
      press = null;
    }

    function spread() {
      const [one, other] = fingers.values();
      return {
        middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 },
        distance: Math.max(Geometry.distance(one, other), 1),
      };
    }

    const pansOnly = ({ type, button }) =>
      button === "middle" || page.holdsPhoto() || (type === "touch" && hasPen);

    stage.addEventListener("pointerdown", (event) => {
      const from = at(event);
      hasPen ||= event.pointerType === "pen";
      if (event.pointerType === "touch") {
        fingers.set(event.pointerId, from);
        if (fingers.size === 2) {
          drop();
          pinch = spread();
        }
      }
      if (press || pinch || !(event.button in BUTTONS)) return;
      event.preventDefault(); // no text selection, no scrolling by the middle button
      stage.focus({ preventScroll: true });
      stage.setPointerCapture(event.pointerId);
      // On a Mac a click with Ctrl is one with the right button.
      const button = event.button === 0 && event.ctrlKey ? "right" : BUTTONS[event.button];
      press = { id: event.pointerId, type: event.pointerType, button, from, last: from };
      page.onMove(from);
      if (!pansOnly(press)) press.gesture = page.onPress(from, press.button);
    });

    stage.addEventListener("pointermove", (event) => {
      const now = at(event);
      if (fingers.has(event.pointerId)) fingers.set(event.pointerId, now);
      if (pinch) {
        if (fingers.size === 2) followPinch();
        return;
      }
      if (press && event.pointerId === press.id) {
        const points = press.gesture && event.getCoalescedEvents?.().map(at);
        drag(now, points?.length ? points : [now]);
      }
      page.onMove(now);
    });

    function followPinch() {
      const next = spread();
      page.onPan(next.middle.x - pinch.middle.x, next.middle.y - pinch.middle.y);
      page.onZoom(next.distance / pinch.distance, next.middle);
      pinch = next;
    }

    function drag(now, points) {
      if (!press.gesture && !press.dragging) {
        const slack = SLACK[press.type] ?? SLACK.mouse;
        if (Geometry.distance(now, press.from) <= slack) return;
        press.dragging = true;
        if (!pansOnly(press)) press.gesture = page.onDrag(press.from, press.button, 2 * slack);
      }
      if (press.gesture) points.forEach(press.gesture.move);
      else page.onPan(now.x - press.last.x, now.y - press.last.y);
      press.last = now;
    }

    function lift(event) {
      fingers.delete(event.pointerId);
      // The finger that is lifted last neither clicks nor draws.
      if (!fingers.size) pinch = null;
    }

    stage.addEventListener("pointerup", (event) => {
      lift(event);
      if (!press || event.pointerId !== press.id) return;
      const done = press;
      press = null;
      if (done.gesture) done.gesture.end();
      // Where the press began, not where a trembling hand let go.
      else if (!done.dragging && !pansOnly(done)) page.onClick(done.from, done.button, event);
    });

    stage.addEventListener("pointercancel", (event) => {
      lift(event);
      if (press?.id === event.pointerId) drop();
    });
    stage.addEventListener("pointerleave", () => {
      if (!press) page.onMove(null);
    });
    stage.addEventListener("contextmenu", (event) => event.preventDefault());

    stage.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        // With Shift, some systems turn the wheel to the side.
        const turned = event.deltaY || event.deltaX;
        if (event.shiftKey || event.altKey) return page.onWheelSize(-Math.sign(turned));
        const pixels = turned * (event.deltaMode === 1 ? WHEEL_LINE : 1);
        const speed = event.ctrlKey ? PINCH_SPEED : WHEEL_SPEED;
        page.onZoom(Math.exp(-Geometry.clamp(pixels * speed, -0.7, 0.7)), at(event));
      },
      { passive: false },
    );
  }

  return { listen };
})();
