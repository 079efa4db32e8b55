// The adjudication page: the segmentation page's editor, begun from one of several masks.
const Adjudication = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  /** Gives the page its candidates; called before anything is shown. */
  function join(page, actions) {
    const { session, say, job } = page;
    const sources = [...byId("candidates").children].map(({ dataset }) => ({
      name: dataset.name, address: dataset.mask,
    }));
    const candidates = Candidates.create({
      sources, say,
      labels: job.labels,
      photo: page.size,
      fetch: (...request) => window.fetch(...request),
      onChange: () => page.screen.all(),
    });

    function use(item) {
      if (!item || item.status !== "ready") return;
      session.load(item.pieces, item.name);
      candidates.clear(item.index);
    }

    /** The candidate that the answer was begun from: {name, changed}; null for none. */
    function used() {
      const { origin, objects } = session.state;
      return origin && { name: origin.name, changed: objects !== origin.objects };
    }

    Object.assign(actions, {
      "previous-candidate": () => candidates.step(-1),
      "next-candidate": () => candidates.step(1),
      "use-candidate": () => use(candidates.current),
      disagreement: () => candidates.toggleDisputes(),
    });
    page.overlays = candidates.layers;
    page.answerParts = () => ({
      adjudication: { picked: used()?.name ?? null, changed: used()?.changed ?? false },
    });
    page.advice = () => {
      if (page.pageProblem || page.photoProblem || session.state.outcome !== "labeled") return null;
      const tell = (level, key, values) => ({ level, text: say(key, values), retry: false });
      const failed = candidates.items.find(({ problem }) => problem);
      if (session.current()) return null;
      const found = used();
      if (found && !found.changed) {
        const { title } = candidates.items.find(({ name }) => name === found.name);
        return tell("info", "adjudicate.used", { title });
      }
      if (session.state.objects.length) return null;
      if (failed) return tell("warning", "adjudicate.failed", { problem: failed.problem });
      if (candidates.loading) return tell("busy", "adjudicate.loading");
      return tell("info", candidates.items.length ? "adjudicate.compare" : "adjudicate.none");
    };

    const slider = byId("overlay-opacity");
    slider.value = candidates.opacity;
    slider.oninput = () => candidates.setOpacity(Number(slider.value));
    const show = Gallery.create(byId("gallery"), {
      candidates, say,
      labels: job.labels,
      photo: page.size,
      image: page.image,
      onLook: candidates.toggle,
      onUse: (index) => use(candidates.items[index]),
    });
    const legend = byId("disagreement-legend");
    Candidates.DISPUTE_COLORS.forEach((color, index) => {
      legend.children[index].style.setProperty("--color", color);
    });
    const disagreement = document.querySelector("[data-action=disagreement]");
    page.onShow = () => {
      show(used());
      disagreement.ariaPressed = String(candidates.showsDisputes);
      disagreement.disabled = candidates.undisputed;
      legend.hidden = !candidates.showsDisputes;
    };
    if (page.image) candidates.loadAll();
  }

  return { start: () => Main.start({ join }) };
})();
