// What a worker who draws boxes submits: the session as hooks/core/box_answer.py reads it, which is
// a superset of what crowd-bounding-box posts. No DOM.
const BoxAnswer = (() => {
  "use strict";

  const SCHEMA_VERSION = 1;

  const tenths = (value) => Math.round(value * 10) / 10;
  const hundredths = (value) => Math.round(value * 100) / 100;

  /** The answer as JSON text. */
  function build({ session, job, photo }) {
    const { objects, outcome } = session.state;
    const drawn = outcome === "labeled" ? objects : [];
    const name = ({ label }) => job.labels[label].name;
    return JSON.stringify({
      boundingBoxes: drawn.map(({ box, ...object }) => ({
        label: name(object),
        left: box.left,
        top: box.top,
        width: hundredths(BoxEdges.width(box)),
        height: hundredths(BoxEdges.height(box)),
      })),
      inputImageProperties: { width: photo.width, height: photo.height },
      ...(session.changed === null ? {} : { initialValueModified: session.changed }),
      fewclick: {
        schema_version: SCHEMA_VERSION,
        tool: job.tool,
        job_kind: job.kind,
        outcome,
        reason: outcome === "cannot-label" ? session.reason.trim() : "",
        objects: drawn.map((object, index) => ({
          id: index + 1,
          label: name(object),
          extreme_points: object.extremePoints.map(({ x, y }) => [x, y]),
          made_by: object.madeBy,
          seconds: tenths(session.seconds(object.id)),
        })),
        seconds: tenths(session.seconds()),
      },
    });
  }

  return { build };
})();
