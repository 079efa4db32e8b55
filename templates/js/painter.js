// Draws the photo and the masks; decides nothing. They are canvases on each other, and each is
// drawn only when it changes: the photo with the view, the masks also with every answer. Of the
// masks the current object's alone is drawn then; those below and above it are kept as pictures,
// so that a click costs the same however many objects there are.
const Painter = (() => {
  "use strict";

  const LIGHT = "#ffffff";
  const DARK = "#101418";
  const WAITING_DASH = [6, 6];
  const MARGIN = 6; // screen pixels round a mask for its outline
  const QUICK_MS = 12; // masks that take longer to draw are not drawn while the view moves
  const MANY = 30; // values that say what is drawn, of some five masks: zoomed, all are made anew
  const REST_MS = 120;

  const equal = (one, other) =>
    one.length === other.length && one.every((value, index) => value === other[index]);

  /** A canvas that is drawn anew only when what it shows has changed. */
  function createLayer(canvas = document.createElement("canvas")) {
    const context = canvas.getContext("2d");
    let shown = [];
    return {
      canvas, context,
      wipe() {
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, canvas.width, canvas.height);
      },
      /** `values` stand for all that is drawn; `draw()` is called if one of them is another. */
      show(values, draw) {
        if (equal(values, shown)) return;
        shown = values;
        this.wipe();
        draw(context);
      },
      lay(other) {
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.drawImage(other.canvas, 0, 0);
      },
    };
  }

  /** The photo in halves of halves: from one of 12 megapixels no screen of one is drawn quickly. */
  function createHalves(image) {
    const halves = [image];
    const width = ({ naturalWidth, width: own }) => naturalWidth ?? own;
    const height = ({ naturalHeight, height: own }) => naturalHeight ?? own;
    return (scale) => {
      const wanted = Math.max(0, Math.floor(Math.log2(1 / scale)));
      while (halves.length <= wanted) {
        const last = halves[halves.length - 1];
        const half = document.createElement("canvas");
        half.width = Math.ceil(width(last) / 2);
        half.height = Math.ceil(height(last) / 2);
        const context = half.getContext("2d");
        context.imageSmoothingQuality = "high";
        context.drawImage(last, 0, 0, half.width, half.height);
        halves.push(half);
      }
      return halves[wanted];
    };
  }

  function create({ photo, masks }) {
    const [bottom, top] = [createLayer(photo), createLayer(masks)];
    const [below, above, cover] = [createLayer(), createLayer(), createLayer()];
    const over = []; // layers of overlays
    const still = createLayer(); // the masks as they were last drawn, while the view moves
    const shapes = Shapes.create();
    let last = { content: [], view: {}, cost: 0, moving: false };
    let rest = 0; // timer
    let ratio = 1;
    let size = [];
    let halves = null;

    /** Sizes are in CSS pixels; the canvases get as many pixels as the screen has. */
    function resize({ width, height }, pixelRatio) {
      ratio = pixelRatio;
      size = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    }

    // Setting a canvas's size wipes it, also where the size is the same.
    function fit({ canvas }) {
      if (canvas.width !== size[0]) canvas.width = size[0];
      if (canvas.height !== size[1]) canvas.height = size[1];
    }

    // From here on the context is drawn on in image coordinates.
    function place(context, view, smooth = false) {
      const scale = view.scale * ratio;
      context.setTransform(scale, 0, 0, scale, view.left * ratio, view.top * ratio);
      // Enlarged, a pixel is shown as the square it is.
      context.imageSmoothingEnabled = smooth && scale < 2;
    }

    /**
     * `objects`, bottom first: {id, mask, color, current, waiting}; mask null: not there yet.
     * `overlays`: [{opacity, objects: {id, mask, color, dash}}], each laid over what lies below it.
     * `look`: {opacity, filled}; masksHidden: none at all.
     */
    function draw({ image, view, objects, overlays, look, masksHidden }) {
      fit(bottom);
      bottom.show([image, ...whereOf(view)], (context) => {
        halves ??= createHalves(image);
        place(context, view, true);
        const { naturalWidth, naturalHeight } = image;
        context.drawImage(halves(view.scale * ratio), 0, 0, naturalWidth, naturalHeight);
      });
      const seen = masksHidden ? [] : objects.filter(({ mask }) => mask?.box[2] > 0);
      const others = masksHidden ? [] : overlays;
      const content = [
        look.opacity, look.filled, ...size, ...valuesOf(seen),
        ...others.flatMap((overlay) => [overlay.opacity, ...valuesOf(overlay.objects)]),
      ];
      const isSame = equal(content, last.content);
      window.clearTimeout(rest);
      const isSlow = last.cost > QUICK_MS || (content.length > MANY && view.scale !== last.view.scale);
      if (isSame && isSlow && !equal(whereOf(view), whereOf(last.view))) {
        moveMasks(view);
        rest = window.setTimeout(() => drawMasks(seen, others, view, look, content), REST_MS);
      } else {
        drawMasks(seen, others, view, look, content);
      }
      const drawn = [objects, ...overlays.map((one) => one.objects)].flat();
      shapes.keep(new Set(drawn.map(({ id }) => id)));
    }

    const whereOf = ({ scale, left, top: up }) => [scale, left, up, ratio, ...size];
    const valuesOf = (objects) =>
      objects.flatMap(({ id, mask, color, dash, waiting, current }) =>
        [id, mask, color, dash, waiting, current]);

    // While the view moves, many masks are only moved along; when it rests they are drawn.
    function moveMasks(view) {
      if (!last.moving) {
        fit(still);
        still.wipe();
        still.lay(top);
      }
      last.moving = true;
      const factor = view.scale / last.view.scale;
      const shift = (side) => (view[side] - last.view[side] * factor) * ratio;
      top.wipe();
      top.context.setTransform(factor, 0, 0, factor, shift("left"), shift("top"));
      top.context.drawImage(still.canvas, 0, 0);
    }

    function drawMasks(seen, others, view, look, content) {
      const started = performance.now();
      const key = [...whereOf(view), look.opacity, look.filled];
      drawObjects(seen, key, view, look);
      others.forEach((overlay, index) => {
        over[index] ??= createLayer();
        drawList(over[index], overlay.objects, [...key, overlay.opacity], view, overlay);
        top.lay(over[index]);
      });
      last = { content, view, cost: performance.now() - started, moving: false };
    }

    function drawObjects(objects, key, view, look) {
      const index = objects.findIndex(({ current }) => current);
      const [lower, upper] =
        index < 0 ? [objects, []] : [objects.slice(0, index), objects.slice(index + 1)];
      drawList(below, lower, key, view, look);
      fit(top);
      top.wipe();
      top.lay(below);
      if (index >= 0) drawMask(top.context, objects[index], view, look);
      if (!upper.length) return;
      drawList(above, upper, key, view, look);
      drawList(cover, upper, key, view, null);
      top.context.globalCompositeOperation = "destination-out";
      top.lay(cover);
      top.context.globalCompositeOperation = "source-over";
      top.lay(above);
    }

    /** `look` null: only what the masks cover, opaque. */
    function drawList(layer, objects, key, view, look) {
      fit(layer);
      layer.show([...key, ...valuesOf(objects)], (context) => {
        for (const object of objects) {
          if (look) drawMask(context, object, view, look);
          else lay(context, shapeOf(object, view), view);
        }
      });
    }

    const shapeOf = ({ id, mask, color }, view) =>
      shapes.get(id, mask, color, Shapes.stepFor(view.scale * ratio));

    function lay(context, { bitmap, left, top: up, step }, view) {
      place(context, view);
      context.drawImage(bitmap, left, up, bitmap.width * step, bitmap.height * step);
    }

    function drawMask(context, object, view, look) {
      const shape = shapeOf(object, view);
      // One class a pixel: what lies below goes before this one is drawn.
      context.globalCompositeOperation = "destination-out";
      lay(context, shape, view);
      context.globalCompositeOperation = "source-over";
      const scale = view.scale * ratio;
      const { bitmap, step, left, top: up } = shape;
      const width = Math.ceil(bitmap.width * step * scale) + 2 * MARGIN;
      const height = Math.ceil(bitmap.height * step * scale) + 2 * MARGIN;
      if (width > size[0] || height > size[1]) return paint(context, object, shape, view, look);
      // Painted once, and laid wherever the photo is moved to, to a pixel of the screen.
      const looks = [scale, look.opacity, look.filled, object.current, object.waiting, object.dash];
      if (!shape.stamp || !equal(looks, shape.looks)) {
        shape.looks = looks;
        shape.stamp = Object.assign(document.createElement("canvas"), { width, height });
        const at = { scale: view.scale, left: MARGIN / ratio - left * view.scale, top: MARGIN / ratio - up * view.scale };
        paint(shape.stamp.getContext("2d"), object, shape, at, look);
      }
      context.setTransform(1, 0, 0, 1, 0, 0);
      const to = (begin, offset) => Math.round(begin * scale + offset * ratio) - MARGIN;
      context.drawImage(shape.stamp, to(left, view.left), to(up, view.top));
    }

    function paint(context, object, shape, view, { opacity, filled = true }) {
      context.globalAlpha = filled ? opacity : 0;
      lay(context, shape, view);
      context.globalAlpha = 1;
      context.translate(shape.left, shape.top);
      context.scale(shape.step, shape.step);
      const pixel = 1 / (view.scale * shape.step); // of the screen, in the outline's units
      context.lineCap = "square";
      const width = (object.current ? 2.5 : 1.5) * pixel;
      context.lineWidth = width + 2 * pixel;
      context.strokeStyle = object.current ? LIGHT : DARK;
      const onScreen = (dash) => dash.map((length) => length * pixel);
      context.setLineDash(object.waiting ? onScreen(WAITING_DASH) : []);
      context.stroke(shape.outline);
      // On a whole dark line a dashed one is seen best.
      if (object.dash) context.setLineDash(onScreen(object.dash));
      context.lineWidth = width;
      context.strokeStyle = object.color;
      context.stroke(shape.outline);
      context.setLineDash([]);
    }

    return { resize, draw };
  }

  return { create };
})();
