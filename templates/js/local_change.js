// Corrects a mask that is there already, drawn by hand or given: of what the model would draw
// instead, only the part at the click is taken. Elsewhere the mask stays as it was.
//
// After the progressive merge of Chen et al., "FocalClick" (CVPR 2022), with added and removed
// parts kept apart. No DOM.
const LocalChange = (() => {
  "use strict";

  // How far from the click a part may lie, in image pixels. A boundary click says that the
  // outline passes there, so what changes lies beside it.
  const REACH = { inside: 2, outside: 2, boundary: 8 };

  /**
   * `before` with the parts of `after` at `clicks` ({x, y, kind} in image coordinates): masks are
   * {box, counts}. Where the model did not follow a click nothing changes.
   */
  function merge(before, after, clicks) {
    const [old, wanted] = [Spans.of(before), Spans.of(after)];
    const [added, removed] = [Spans.subtract(wanted, old), Spans.subtract(old, wanted)];
    let region = old;
    for (const click of clicks) {
      const part = (changes) => Spans.near(changes, click, REACH[click.kind]);
      if (click.kind !== "outside") region = Spans.union(region, part(added));
      if (click.kind !== "inside") region = Spans.subtract(region, part(removed));
    }
    return Spans.mask(region);
  }

  return { merge };
})();
