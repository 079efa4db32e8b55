// Draws the boxes, on a canvas between the photo and the points; decides nothing.
const BoxCanvas = (() => {
  "use strict";

  const LIGHT = "#ffffff";
  const DARK = "#101418";
  const HANDLE = 4; // half of a handle's side, in screen pixels
  const TAG = 18; // height of a name's background

  function create(canvas) {
    const context = canvas.getContext("2d");
    let ratio = 1;

    function resize({ width, height }, pixelRatio) {
      ratio = pixelRatio;
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    }

    /** `boxes`: {box, color, name, current}; `edge`: of the current one, shown thick, or null. */
    function draw({ view, boxes, look, edge }) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      // The current one last, so that nothing lies on its handles.
      const ordered = [...boxes].sort((one, other) => Number(one.current) - Number(other.current));
      for (const each of ordered) drawBox(each, view, look, each.current ? edge : null);
    }

    function drawBox({ box, color, name, current }, view, look, edge) {
      const from = Geometry.toScreen(view, { x: box.left, y: box.top });
      const to = Geometry.toScreen(view, { x: box.right, y: box.bottom });
      const [width, height] = [to.x - from.x, to.y - from.y];
      if (look.filled && !current) {
        context.globalAlpha = look.opacity / 3; // what is in a box must be seen
        context.fillStyle = color;
        context.fillRect(from.x, from.y, width, height);
        context.globalAlpha = 1;
      }
      context.lineWidth = current ? 5 : 4;
      context.strokeStyle = current ? LIGHT : DARK;
      context.strokeRect(from.x, from.y, width, height);
      context.lineWidth = 2;
      context.strokeStyle = color;
      context.strokeRect(from.x, from.y, width, height);
      drawName(name, color, from, current);
      if (!current) return;
      const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
      for (const x of [from.x, middle.x, to.x]) {
        for (const y of [from.y, middle.y, to.y]) {
          if (x !== middle.x || y !== middle.y) drawHandle(x, y);
        }
      }
      if (edge) drawEdge(edge, from, to);
    }

    function drawHandle(x, y) {
      context.fillStyle = LIGHT;
      context.strokeStyle = DARK;
      context.lineWidth = 1.5;
      context.fillRect(x - HANDLE, y - HANDLE, 2 * HANDLE, 2 * HANDLE);
      context.strokeRect(x - HANDLE, y - HANDLE, 2 * HANDLE, 2 * HANDLE);
    }

    function drawEdge(edge, from, to) {
      const [a, b] = {
        left: [from, { x: from.x, y: to.y }],
        right: [{ x: to.x, y: from.y }, to],
        top: [from, { x: to.x, y: from.y }],
        bottom: [{ x: from.x, y: to.y }, to],
      }[edge];
      for (const [width, color] of [[8, DARK], [5, LIGHT]]) {
        context.beginPath();
        context.moveTo(a.x, a.y);
        context.lineTo(b.x, b.y);
        context.lineWidth = width;
        context.strokeStyle = color;
        context.stroke();
      }
    }

    function drawName(name, color, { x, y }, current) {
      context.font = "600 12px system-ui, sans-serif";
      const text = name.length > 24 ? `${name.slice(0, 23)}…` : name;
      const width = context.measureText(text).width + 16;
      const up = y >= TAG + 4 ? y - TAG - 3 : y + 3;
      context.globalAlpha = current ? 1 : 0.85;
      context.fillStyle = DARK;
      context.fillRect(x - 1, up, width, TAG);
      context.fillStyle = color;
      context.fillRect(x - 1, up, 4, TAG);
      context.fillStyle = LIGHT;
      context.textBaseline = "middle";
      context.fillText(text, x + 8, up + TAG / 2 + 0.5);
      context.globalAlpha = 1;
    }

    return { resize, draw };
  }

  return { create };
})();
