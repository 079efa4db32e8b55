// The one place that knows how the photo lies on the screen.
//
// Image coordinates are pixels of the upright photo: x right, y down, floats; pixel (column j,
// row i) owns [j, j + 1) x [i, i + 1). Screen coordinates are CSS pixels of the stage, from its
// top left corner. A view {scale, left, top} says: screen = image * scale + (left, top).
const Geometry = (() => {
  "use strict";

  const MARGIN = 20; // screen pixels left around a photo that fits
  const MAX_SCALE = 40;
  const SIGHT = 80; // screen pixels of the photo that stay in sight, however far it is panned
  const TIE = 0.001; // two points equally far out: possible, but the less likely reading
  const ROLES = ["top", "left", "bottom", "right"];

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  const toScreen = (view, point) => ({
    x: point.x * view.scale + view.left,
    y: point.y * view.scale + view.top,
  });

  const toImage = (view, point) => ({
    x: (point.x - view.left) / view.scale,
    y: (point.y - view.top) / view.scale,
  });

  /** The largest view in which the whole photo is seen, centred. */
  function fit(photo, stage) {
    const scale = Math.min(
      Math.max(stage.width - 2 * MARGIN, 1) / photo.width,
      Math.max(stage.height - 2 * MARGIN, 1) / photo.height,
      MAX_SCALE,
    );
    return {
      scale,
      left: (stage.width - photo.width * scale) / 2,
      top: (stage.height - photo.height * scale) / 2,
    };
  }

  /** Zoom by `factor`; the image point under the screen point `anchor` stays there. */
  function zoom(view, factor, anchor, photo, stage) {
    const least = fit(photo, stage).scale / 2;
    const scale = clamp(view.scale * factor, Math.min(least, 1), Math.max(MAX_SCALE, least));
    const held = toImage(view, anchor);
    return { scale, left: anchor.x - held.x * scale, top: anchor.y - held.y * scale };
  }

  /** The view moved by screen pixels, but never so far that the photo is lost. */
  function pan(view, dx, dy, photo, stage) {
    const sight = (length, room) => Math.min(SIGHT, length * view.scale, room);
    const across = sight(photo.width, stage.width);
    const down = sight(photo.height, stage.height);
    return {
      scale: view.scale,
      left: clamp(view.left + dx, across - photo.width * view.scale, stage.width - across),
      top: clamp(view.top + dy, down - photo.height * view.scale, stage.height - down),
    };
  }

  /** Moves the view so that an image point lies at least `margin` screen pixels inside. */
  function reveal(view, point, stage, margin) {
    const shift = (at, room) => clamp(at, Math.min(margin, room / 2), room - margin) - at;
    const at = toScreen(view, point);
    return {
      scale: view.scale,
      left: view.left + shift(at.x, stage.width),
      top: view.top + shift(at.y, stage.height),
    };
  }

  const clampToPhoto = (point, photo) => ({
    x: clamp(point.x, 0, photo.width),
    y: clamp(point.y, 0, photo.height),
  });

  /** Centre of the pixel that owns the point. */
  const pixelCentre = (point, photo) => ({
    x: clamp(Math.floor(point.x), 0, photo.width - 1) + 0.5,
    y: clamp(Math.floor(point.y), 0, photo.height - 1) + 0.5,
  });

  const ROUNDING = 1e-6; // pixels; sums that differ by less are equal

  const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

  // By how much `point`, taken as the extreme `role`, is beaten by one of `points`.
  function breach(role, point, points) {
    const over = {
      top: (other) => point.y - other.y,
      left: (other) => point.x - other.x,
      bottom: (other) => other.y - point.y,
      right: (other) => other.x - point.x,
    }[role];
    const cost = (other) => (over(other) === 0 ? TIE : Math.max(over(other), 0));
    return points.reduce((sum, other) => (other === point ? sum : sum + cost(other)), 0);
  }

  // How far `point` lies out from `centre` in the direction of the extreme `role`.
  function reach(role, point, centre) {
    return {
      top: centre.y - point.y,
      left: centre.x - point.x,
      bottom: point.y - centre.y,
      right: point.x - centre.x,
    }[role];
  }

  /**
   * Which extremes up to three placed points can be, and so which one to hint at next.
   *
   * Workers may start anywhere and go either way round. Of all ways to give the points roles the
   * one is taken in which they are beaten least, then the one in which they reach out furthest,
   * then the first in the order top, left, bottom, right; null when all four are there.
   */
  function nextExtreme(points) {
    if (points.length >= ROLES.length) return null;
    const mean = (axis) => points.reduce((sum, point) => sum + point[axis] / points.length, 0);
    const centre = { x: mean("x"), y: mean("y") };
    let best = { cost: Infinity, out: 0, missing: ROLES };
    const assign = (index, missing, cost, out) => {
      if (cost > best.cost) return;
      if (index === points.length) {
        const better = cost < best.cost || out > best.out + ROUNDING;
        if (better) best = { cost, out, missing };
        return;
      }
      const point = points[index];
      for (const role of missing) {
        const rest = missing.filter((other) => other !== role);
        const further = out + reach(role, point, centre);
        assign(index + 1, rest, cost + breach(role, point, points), further);
      }
    };
    assign(0, ROLES, 0, 0);
    return best.missing[0];
  }

  /** The corners of an octagon through four extreme points: what an object is about like. */
  function octagon(points) {
    const [left, , , right] = [...points].sort((one, other) => one.x - other.x);
    const [top, , , bottom] = [...points].sort((one, other) => one.y - other.y);
    const [dx, dy] = [(right.x - left.x) / 6, (bottom.y - top.y) / 6];
    return [
      [top.x - dx, top.y], [top.x + dx, top.y], [right.x, right.y - dy], [right.x, right.y + dy],
      [bottom.x + dx, bottom.y], [bottom.x - dx, bottom.y], [left.x, left.y + dy], [left.x, left.y - dy],
    ].map(([x, y]) => ({ x: clamp(x, left.x, right.x), y: clamp(y, top.y, bottom.y) }));
  }

  return {
    clamp, toScreen, toImage, fit, zoom, pan, reveal, clampToPhoto, pixelCentre, distance,
    nextExtreme, octagon,
  };
})();
