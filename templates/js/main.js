// The segmentation page: reads the job and the task, and joins the parts.
const Main = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  const SCRIPT_PATIENCE_MS = 15_000; // for Ground Truth's script, which may load late

  /** `join(page, actions)` adds another page's own part before anything is shown. */
  async function start({ join } = {}) {
    const { job, say, task } = Task.read();
    const page = {
      job, say, task, image: null, photoProblem: "", pageProblem: "", notice: null, tool: "inside", masksHidden: false,
      photoReport: "", waived: new Set(), latency: Latency.create(), latencyShown: false,
      hasService: Boolean(task.clickApi),
      stage: byId("stage"), form: byId("form"), keysDialog: byId("keys"), labelFilter: byId("label-filter"),
    };
    // Without it no answer could be written: better said before the work than after it.
    if (!window.CompressionStream) page.pageProblem = say("page.old-browser");
    if (!page.hasService) page.tool = "polygon";
    page.api = Service.open(page, task);
    const size = (await loadPhoto(page, task)) ?? task.image ?? { width: 1, height: 1 };
    open(page, size, join);
    page.loadPhoto = async () => {
      const loaded = await loadPhoto(page, task);
      // Everything was laid out for the size that was expected.
      if (loaded && `${loaded.width} ${loaded.height}` !== `${size.width} ${size.height}`) {
        window.location.reload();
      }
      page.screen.all();
    };
    window.addEventListener("online", () => {
      if (page.photoProblem) page.loadPhoto();
    });
    DraftKeeper.join(page, task, Draft);
    page.screen.all();
  }

  /** Gives the page its photo, or why there is none; its size, or null. */
  async function loadPhoto(page, task) {
    try {
      const { image, size } = await Photo.load(byId("task").dataset.photo, task.image, page.say);
      Object.assign(page, { image, photoProblem: "", photoReport: "" });
      return size;
    } catch (error) {
      Object.assign(page, { photoProblem: error.message, photoReport: error.report });
      return null;
    }
  }

  function open(page, size, join) {
    const { job, say, stage } = page;
    const now = () => performance.now() / 1000;
    let screen = null; // made last, as it shows all the others
    const session = Session.create({ labels: job.labels.length, now });
    const viewport = Viewport.create({
      photo: size, onView: () => screen?.all(), onCursor: () => screen.marks(),
    });
    const sketch = Sketch.create({
      session, viewport,
      onChange: () => {
        screen.state();
        screen.marks();
      },
      onMove: () => screen.marks(),
    });
    const look = Look.create({
      root: document.documentElement,
      photo: byId("photo"),
      slider: (name) => byId(`look-${name}`),
      isDark: () => window.matchMedia("(prefers-color-scheme: dark)").matches,
      onChange: () => screen.all(),
    });
    Object.assign(page, { size, session, viewport, sketch, look });
    const { api } = page;
    const actions = Actions.create(page, () => screen.all());
    join?.(page, actions);

    screen = page.screen = Screen.create(page, {
      onChoose: actions.label,
      onSelect: actions.select,
      onLeave: () => stage.focus({ preventScroll: true }),
      onRestack: (id, step) => session.restack(id, step),
      onDelete: (id) => session.deleteObject(id),
      onOutcome: (outcome) => session.setOutcome(outcome),
      onReason: (reason) => session.setReason(reason),
    });
    session.onChange(() => {
      page.notice = null;
      api.keep(session.awaits);
      if (page.hasService) askForMasks(session, api);
      screen.all();
    });

    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", (event) => {
        actions[button.dataset.action]();
        // Whoever chose a tool by pointer goes on with the photo, also by arrow keys.
        if (event.detail && button.closest("#kinds")) stage.focus({ preventScroll: true });
      });
    }
    byId("brush-size").oninput = ({ target }) => {
      sketch.size = 2 ** Number(target.value);
    };
    const { pointer, hold } = Gestures.create(page, actions);
    Keyboard.listen(document, stage, actions, { labels: job.labels.length, hold });
    Pointer.listen(stage, pointer);
    page.submit = Submitter.attach(page.form, byId("answer"), {
      obstacle: () => page.obstacle?.() ?? Guide.obstacle(page),
      revision: () => session.revision,
      build: () => Answer.build({
        session, job, photo: size, say, parts: page.answerParts?.(), fields: page.answerFields?.(),
      }),
      onObstacle: ({ text, objectId, waiver }) => {
        if (objectId !== null) session.select(objectId);
        // A doubt, which the worker's submitting again dispels.
        if (waiver) page.waived.add(waiver);
        page.notice = { level: waiver ? "warning" : "error", text, retry: false };
        screen.all();
      },
      onTrouble: (text) => {
        page.notice = { level: "error", text, retry: false };
        screen.all();
      },
      onPass: () => page.onSent?.(),
      onBusy: (busy) => page.form.setAttribute("aria-busy", busy),
    });
    window.setTimeout(() => {
      if (customElements.get("crowd-form")) return;
      page.pageProblem = say("page.no-script");
      screen.all();
    }, SCRIPT_PATIENCE_MS);
    new ResizeObserver(screen.resize).observe(stage);
    screen.resize();
    if (document.activeElement === document.body) stage.focus({ preventScroll: true });
  }

  /** Requests what is neither there nor on its way nor given up. */
  function askForMasks(session, api) {
    for (const { id, prompt } of session.state.objects) {
      if (!prompt || prompt.result || api.standing(id)?.prompt === prompt) continue;
      api.ask(prompt);
    }
  }

  return { start };
})();
