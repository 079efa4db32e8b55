// The adjustment page: the segmentation page's editor, begun from an earlier label's masks.
const Adjustment = (() => {
  "use strict";

  const NAME = "earlier";

  /** Gives the page the earlier masks; called before anything is shown. */
  function join(page, actions) {
    const { session, say, job, task } = page;
    let loading = true;
    let problem = "";

    async function load() {
      try {
        const { map } = await EarlierLabel.load({
          earlier: task.earlier,
          address: document.getElementById("earlier").dataset.mask,
          labels: job.labels,
          photo: page.size,
          say,
          fetch: (...request) => window.fetch(...request),
        });
        // Work that was kept from an earlier visit is further than where the task began.
        const begun = session.state.origin || session.state.objects.length;
        if (!begun) session.load(LabelMap.pieces(map, page.size), NAME, { keep: false });
      } catch (error) {
        problem = error.message;
        Object.assign(page, { photoProblem: error.message, photoReport: error.report });
      }
      loading = false;
      page.screen.all();
    }

    const changed = () => {
      const { origin, objects, outcome } = session.state;
      const began = origin?.objects.length ? "labeled" : "nothing-here";
      return !origin || objects !== origin.objects || outcome !== began;
    };
    page.answerFields = () => ({ initialValueModified: changed() });
    page.obstacle = () => {
      if (session.state.outcome === "cannot-label" || !(loading || problem)) return null;
      return { text: problem || say("adjust.loading"), objectId: null };
    };
    page.advice = () => {
      if (page.pageProblem || page.photoProblem) return null;
      if (loading) return { level: "busy", text: say("adjust.loading"), retry: false };
      const { currentId, outcome } = session.state;
      if (outcome !== "labeled" || currentId !== null || changed()) return null;
      return { level: "info", text: say("adjust.begin"), retry: false };
    };
    if (page.image) load();
    // The photo alone would not do.
    actions["retry-photo"] = () => window.location.reload();
  }

  return { start: () => Main.start({ join }) };
})();
