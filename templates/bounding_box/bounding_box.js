// The page of bounding boxes: four extreme points make a box at once, and its edges can be dragged.
const BoundingBox = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  async function start() {
    const { job, say, task, photo: address } = Task.read();
    const page = {
      job, say, size: task.image ?? { width: 1, height: 1 }, image: null,
      problem: "", report: "", notice: null, loading: true, hidden: false,
      held: [], // edges that the pointer is over
      edge: null, // the edge that keys move
      dragged: null, // {id, box} while an edge is dragged
      pointerType: "mouse",
      stage: byId("stage"), form: byId("form"),
    };
    const { session, screen } = open(page);
    page.screen = screen;
    try {
      const photo = await Photo.load(address, task.image, say);
      page.image = photo.image;
      if (task.earlier) {
        const { boxes } = await EarlierLabel.load({
          earlier: task.earlier, labels: job.labels, photo: page.size, say,
        });
        session.load(boxes);
      }
    } catch (error) {
      [page.problem, page.report] = [error.message, error.report];
    }
    page.loading = false;
    DraftKeeper.join(page, task, BoxDraft);
    screen.all();
  }

  /** Joins the parts. */
  function open(page) {
    const { job, say, stage, size } = page;
    let screen = null; // made last, as it shows all the others
    const now = () => performance.now() / 1000;
    const session = BoxSession.create({ labels: job.labels.length, photo: size, now });
    const viewport = Viewport.create({
      photo: size, onView: () => screen?.all(), onCursor: () => screen.marks(),
    });
    const look = Look.create({
      root: document.documentElement,
      photo: byId("photo"),
      slider: (name) => byId(`look-${name}`),
      isDark: () => window.matchMedia("(prefers-color-scheme: dark)").matches,
      onChange: () => screen.all(),
    });
    Object.assign(page, { session, viewport, look });
    const hands = BoxHands.create(page, () => screen.all());
    const tell = (text) => {
      page.notice = { level: "error", text };
      screen.all();
    };
    const submit = Submitter.attach(page.form, byId("answer"), {
      obstacle: () => BoxGuide.obstacle(page),
      revision: () => session.revision,
      build: async () => BoxAnswer.build({ session, job, photo: size }),
      onObstacle({ text, objectId }) {
        if (objectId !== null) session.select(objectId);
        tell(text);
      },
      onTrouble: tell,
      onPass: () => page.onSent?.(),
      onBusy: (busy) => page.form.setAttribute("aria-busy", busy),
    });
    const actions = {
      ...hands.actions, submit,
      "hide-masks": () => {
        page.hidden = !page.hidden;
        screen.all();
      },
      "outline-only": () => { look.filled = !look.filled; },
      theme: () => look.turnTheme(),
      "reset-look": () => look.reset(),
      keys: () => byId("keys").showModal(),
      "close-keys": () => byId("keys").close(),
      "retry-photo": () => window.location.reload(),
      "report-photo": () => {
        session.setOutcome("cannot-label");
        session.setReason(page.report);
        submit();
      },
    };
    screen = BoxScreen.create(page, {
      onChoose: actions.label,
      onSelect: actions.select,
      onLeave: () => stage.focus({ preventScroll: true }),
      onRestack: () => {}, // boxes do not hide each other
      onDelete: session.deleteObject,
      onOutcome: session.setOutcome,
      onReason: session.setReason,
    });
    session.onChange(() => {
      page.notice = null;
      screen.all();
    });
    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => actions[button.dataset.action]?.());
    }
    Keyboard.listen(document, stage, actions, {
      labels: job.labels.length, hold: hands.hold, own: BoxHands.KEYS,
    });
    stage.addEventListener("pointerdown", ({ pointerType }) => {
      page.pointerType = pointerType === "touch" ? "touch" : "mouse";
    });
    Pointer.listen(stage, hands.pointer);
    new ResizeObserver(screen.resize).observe(stage);
    screen.resize();
    if (document.activeElement === document.body) stage.focus({ preventScroll: true });
    return { session, screen };
  }

  return { start };
})();
