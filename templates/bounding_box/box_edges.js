// Rectangles {left, top, right, bottom} in image pixels, and the edges by which they are held.
// No DOM.
const BoxEdges = (() => {
  "use strict";

  const EDGES = ["left", "top", "right", "bottom"];
  const OPPOSITE = { left: "right", right: "left", top: "bottom", bottom: "top" };
  const LEAST_SIDE = 1; // pixels; a box that is dragged or pushed does not get smaller

  const hundredths = (value) => Math.round(value * 100) / 100;
  const isAcross = (edge) => edge === "left" || edge === "right";

  /** The smallest box around points. */
  function around(points) {
    const of = (axis, pick) => hundredths(pick(...points.map((point) => point[axis])));
    return Object.freeze({
      left: of("x", Math.min), top: of("y", Math.min),
      right: of("x", Math.max), bottom: of("y", Math.max),
    });
  }

  const width = ({ left, right }) => right - left;
  const height = ({ top, bottom }) => bottom - top;
  const isFlat = (box) => width(box) < LEAST_SIDE || height(box) < LEAST_SIDE;

  /** The box with one edge elsewhere, but inside the photo and not past the opposite edge. */
  function withEdge(box, edge, value, photo) {
    const far = isAcross(edge) ? photo.width : photo.height;
    const other = box[OPPOSITE[edge]];
    const [low, high] = edge === "left" || edge === "top"
      ? [0, other - LEAST_SIDE]
      : [other + LEAST_SIDE, far];
    return Object.freeze({ ...box, [edge]: hundredths(Geometry.clamp(value, low, high)) });
  }

  /** The box with those of its edges at `point` that are held. */
  function dragged(box, held, point, photo) {
    const to = (edge) => (isAcross(edge) ? point.x : point.y);
    return held.reduce((changed, edge) => withEdge(changed, edge, to(edge), photo), box);
  }

  /**
   * Which edges a point takes hold of: one, two at a corner, or none. `reach`: image pixels. Of two
   * opposite edges that are both near, the nearer.
   */
  function heldAt(box, point, reach) {
    const { left, top, right, bottom } = box;
    const along = (value, low, high) => value >= low - reach && value <= high + reach;
    if (!along(point.x, left, right) || !along(point.y, top, bottom)) return [];
    const nearer = (one, other) => {
      const away = (edge) => Math.abs((isAcross(edge) ? point.x : point.y) - box[edge]);
      const edge = away(one) <= away(other) ? one : other;
      return away(edge) <= reach ? [edge] : [];
    };
    return [...nearer("left", "right"), ...nearer("top", "bottom")];
  }

  const contains = ({ left, top, right, bottom }, { x, y }) =>
    x >= left && x <= right && y >= top && y <= bottom;

  return { around, width, height, isFlat, withEdge, dragged, heldAt, contains, EDGES, isAcross };
})();
