// A label as layers over the photo: its masks or its boxes, class by class. No DOM.
const LabelLayers = (() => {
  "use strict";

  // A box is painted as the mask that fills it.
  function maskOf({ left, top, width, height }, photo) {
    const from = { x: Math.max(Math.round(left), 0), y: Math.max(Math.round(top), 0) };
    const to = {
      x: Math.min(Math.round(left + width), photo.width),
      y: Math.min(Math.round(top + height), photo.height),
    };
    const [across, down] = [Math.max(to.x - from.x, 1), Math.max(to.y - from.y, 1)];
    const pixels = new Uint8Array(across * down).fill(1);
    return { box: [from.x, from.y, across, down], counts: Rle.encode(pixels, across, down) };
  }

  /** `label`: what EarlierLabel gives; `onChange()` when it should be painted anew. */
  function create({ label, photo, onChange }) {
    const pieces = label.boxes
      ? label.boxes.map((box) => ({ label: box.label, mask: maskOf(box, photo) }))
      : LabelMap.pieces(label.map, photo);
    const hidden = new Set(); // classes that are not shown

    function toggleClass(index) {
      if (!hidden.delete(index)) hidden.add(index);
      onChange();
    }

    const objects = pieces.map(({ label: index, mask }, piece) => ({
      id: `earlier-${piece}`, index, mask, color: label.classes[index].color,
    }));

    /** What the painter takes; `look`: {opacity, filled}. Each box, as they may overlap, apart. */
    function layers({ opacity, filled }) {
      const shown = objects.filter(({ index }) => !hidden.has(index));
      if (!label.boxes) return [{ opacity, filled, objects: shown }];
      return shown.map((object) => ({ opacity, filled, objects: [object] }));
    }

    /** The classes that the label has: [{index, name, color, count of masks or boxes, shown}]. */
    const classes = () =>
      label.classes
        .map(({ name, color }, index) => ({
          index, name, color,
          count: pieces.filter((piece) => piece.label === index).length,
          shown: !hidden.has(index),
        }))
        .filter(({ count }) => count);

    return {
      layers, classes, toggleClass,
      isEmpty: pieces.length === 0,
    };
  }

  return { create };
})();
