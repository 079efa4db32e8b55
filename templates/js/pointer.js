// Mouse, pen and finger on the stage: a press that stays put places a point, one that moves pans
// the photo, the wheel zooms to where it is.
const Pointer = (() => {
  "use strict";

  const SLACK = { mouse: 4, pen: 6, touch: 10 }; // screen pixels that a press may wander
  const WHEEL_LINE = 16; // pixels of a line, for wheels that count lines
  const WHEEL_SPEED = 0.0015;
  const PINCH_SPEED = 0.01; // a pinch on a touchpad comes as a wheel with Ctrl
  const BUTTONS = { 0: "left", 1: "middle", 2: "right" };

  /**
   * `onPlace(at, button, event)` with `at` in screen pixels of the stage; `onMove(at | null)`,
   * `onPan(dx, dy)`, `onZoom(factor, at)`.
   */
  function listen(stage, { onPlace, onMove, onPan, onZoom }) {
    let press = null; // {id, button, from, last, dragging}

    function at(event) {
      const bounds = stage.getBoundingClientRect();
      return {
        x: event.clientX - bounds.left - stage.clientLeft,
        y: event.clientY - bounds.top - stage.clientTop,
      };
    }

    stage.addEventListener("pointerdown", (event) => {
      if (press || !(event.button in BUTTONS)) return;
      event.preventDefault(); // no text selection, no scrolling by the middle button
      stage.focus({ preventScroll: true });
      stage.setPointerCapture(event.pointerId);
      const from = at(event);
      press = { id: event.pointerId, button: BUTTONS[event.button], from, last: from };
      onMove(from);
    });

    stage.addEventListener("pointermove", (event) => {
      const now = at(event);
      if (press && event.pointerId === press.id) {
        const slack = SLACK[event.pointerType] ?? SLACK.mouse;
        press.dragging ||= Geometry.distance(now, press.from) > slack;
        if (press.dragging) {
          onPan(now.x - press.last.x, now.y - press.last.y);
          press.last = now;
        }
      }
      onMove(now);
    });

    stage.addEventListener("pointerup", (event) => {
      if (!press || event.pointerId !== press.id) return;
      const { dragging, button, from } = press;
      press = null;
      // Where the press began, not where a trembling hand let go.
      if (!dragging && button !== "middle") onPlace(from, button, event);
    });

    stage.addEventListener("pointercancel", () => {
      press = null;
    });
    stage.addEventListener("pointerleave", () => {
      if (!press) onMove(null);
    });
    stage.addEventListener("contextmenu", (event) => event.preventDefault());

    stage.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const pixels = event.deltaY * (event.deltaMode === 1 ? WHEEL_LINE : 1);
        const speed = event.ctrlKey ? PINCH_SPEED : WHEEL_SPEED;
        onZoom(Math.exp(-Geometry.clamp(pixels * speed, -0.7, 0.7)), at(event));
      },
      { passive: false },
    );
  }

  return { listen };
})();
