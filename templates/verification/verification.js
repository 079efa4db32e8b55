// The verification page: an earlier label over the photo, and what the worker says of it.
const Verification = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  async function start() {
    const { job, say, task, photo: address } = Task.read();
    const page = {
      job, say, size: task.image ?? { width: 1, height: 1 },
      image: null, layers: null, problem: "", report: "", notice: "", hidden: false, loading: true,
      judgement: Judgement.create({
        verdicts: job.verdicts, reasons: job.reasons, now: () => performance.now() / 1000,
      }),
    };
    const show = open(page);
    try {
      const photo = await Photo.load(address, task.image, say);
      [page.image, page.size] = [photo.image, photo.size];
      const label = await EarlierLabel.load({
        earlier: task.earlier,
        address: byId("earlier").dataset.mask,
        labels: job.labels,
        photo: page.size,
        say,
        fetch: (...request) => window.fetch(...request),
      });
      page.layers = LabelLayers.create({ label, photo: page.size, onChange: show.all });
      showClasses(page, label);
    } catch (error) {
      [page.problem, page.report] = [error.message, error.report];
    }
    page.loading = false;
    show.all();
  }

  /** Joins the parts; returns {all}, which shows the page as it is. */
  function open(page) {
    const { judgement, say } = page;
    const stage = byId("stage");
    const painter = Painter.create({ photo: byId("photo"), masks: byId("masks") });
    const look = page.look = Look.create({
      root: document.documentElement,
      photo: byId("photo"),
      slider: (name) => byId(`look-${name}`),
      isDark: () => window.matchMedia("(prefers-color-scheme: dark)").matches,
      onChange: () => all(),
    });
    let stale = false;
    const viewport = Viewport.create({ photo: page.size, onView: all, onCursor: () => {} });

    function all() {
      showState(page);
      const { scale, left, top } = viewport.view;
      byId("zoom").textContent = `${Math.round(scale * 100)} %`;
      stage.dataset.view = `${scale} ${left} ${top}`;
      if (!stale) requestAnimationFrame(draw);
      stale = true;
    }

    function draw() {
      stale = false;
      if (!page.image) return;
      painter.draw({
        image: page.image, view: viewport.view, objects: [],
        overlays: page.layers?.layers(look) ?? [], look, masksHidden: page.hidden,
      });
    }

    function resize() {
      const size = { width: stage.clientWidth, height: stage.clientHeight };
      painter.resize(size, window.devicePixelRatio);
      viewport.resize(size);
    }

    const submit = Submitter.attach(byId("form"), byId("answer"), {
      obstacle: () => (judgement.cannot || !blocked(page) ? judgement.obstacle() : "verify.blocked"),
      revision: () => judgement.revision,
      build: async () => judgement.answer({ tool: page.job.tool, kind: page.job.kind }),
      onObstacle: (key) => {
        page.notice = say(key);
        all();
      },
      onTrouble: (text) => {
        page.notice = text;
        all();
      },
      onBusy: (busy) => byId("form").setAttribute("aria-busy", busy),
      onPass: () => {}, // nothing is kept that would have to be dropped
    });
    const actions = {
      label: judgement.choose,
      place: submit, // Enter
      submit,
      step: (columns, rows) => viewport.pan(-columns * ARROW, -rows * ARROW),
      "zoom-in": viewport.zoomIn,
      "zoom-out": viewport.zoomOut,
      fit: viewport.fit,
      "outline-only": () => { look.filled = !look.filled; },
      theme: () => look.turnTheme(),
      "reset-look": () => look.reset(),
      "hide-masks": () => {
        page.hidden = !page.hidden;
        all();
      },
      keys: () => byId("keys").showModal(),
      "close-keys": () => byId("keys").close(),
      "report-photo": () => {
        judgement.setCannot(page.report);
        submit();
      },
      "retry-photo": () => window.location.reload(),
    };
    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => actions[button.dataset.action]?.());
    }
    const nothing = () => {};
    Keyboard.listen(document, stage, actions, {
      labels: page.job.verdicts.length, hold: { begin: nothing, end: nothing },
    });
    Pointer.listen(stage, {
      onMove: viewport.point, onPan: viewport.pan, onZoom: viewport.zoom,
      onPress: nothing, onDrag: nothing, onClick: nothing, onWheelSize: nothing,
      holdsPhoto: () => true,
    });
    listenToPanel(page);
    judgement.onChange(() => {
      page.notice = "";
      all();
    });
    new ResizeObserver(resize).observe(stage);
    resize();
    stage.focus({ preventScroll: true });
    return { all };
  }

  const ARROW = 40; // screen pixels that an arrow key moves the photo by

  const blocked = (page) => page.loading || Boolean(page.problem);

  function listenToPanel({ judgement }) {
    // Whoever points goes on with the photo, where Enter submits; whoever tabs stays.
    const backToPhoto = () => byId("stage").focus({ preventScroll: true });
    byId("verdicts").addEventListener("click", (event) => {
      const button = event.target.closest("[data-verdict]");
      if (button) judgement.choose(Number(button.dataset.verdict));
      if (event.detail) backToPhoto();
    });
    byId("look-opacity").addEventListener("pointerup", backToPhoto);
    byId("verdicts").addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      const buttons = [...byId("verdicts").children];
      const from = buttons.indexOf(document.activeElement);
      if (!step || from < 0) return;
      event.preventDefault();
      const to = (from + step + buttons.length) % buttons.length;
      judgement.choose(to);
      buttons[to].focus();
    });
    byId("reasons").addEventListener("change", ({ target }) => {
      judgement.toggleReason(Number(target.dataset.reason));
    });
    byId("comment").addEventListener("input", ({ target }) => judgement.setComment(target.value));
    const [choice, text] = [byId("cannot-label"), byId("reason-text")];
    const tell = () => {
      text.hidden = choice.value !== "other";
      if (!choice.value) judgement.setCannot(null);
      else judgement.setCannot(text.hidden ? choice.value : text.value);
    };
    choice.addEventListener("change", () => {
      tell();
      if (!text.hidden) text.focus();
    });
    text.addEventListener("input", tell);
    judgement.onChange(() => {
      if (judgement.cannot) return;
      choice.value = "";
      text.hidden = true;
    });
  }

  /** The legend: which colour is which class; a press hides and shows the class. */
  function showClasses({ layers, say }, label) {
    const list = byId("classes");
    for (const { index, name, color, count } of layers.classes()) {
      const part = (tag, className, textContent) =>
        Object.assign(document.createElement(tag), { className, textContent });
      const button = part("button", "object", "");
      button.type = "button";
      button.ariaPressed = "true";
      const swatch = part("span", "swatch", "");
      swatch.style.background = color;
      const named = part("span", "name", name);
      named.dir = "auto";
      button.append(swatch, named, part("span", "number", `× ${count}`));
      button.title = say("verify.toggle-class", { name });
      button.addEventListener("click", () => {
        layers.toggleClass(index);
        button.ariaPressed = String(button.ariaPressed !== "true");
      });
      const item = document.createElement("li");
      item.append(button);
      list.append(item);
    }
    byId("no-classes").hidden = !layers.isEmpty;
    byId("no-classes").textContent = say(label.boxes ? "verify.no-boxes" : "verify.no-masks");
  }

  function showState(page) {
    const { judgement, say } = page;
    const key = judgement.obstacle();
    const [level, text] = page.notice
      ? ["error", page.notice]
      : page.problem && !judgement.cannot
        ? ["error", page.problem]
        : page.loading
          ? ["busy", say("verify.loading")]
          : key
            ? [key === "verify.need-verdict" ? "info" : "warning", say(key)]
            : ["info", say(judgement.cannot ? "verify.cannot" : "verify.ready")];
    const line = byId("status");
    line.dataset.level = level;
    if (line.textContent !== text) line.textContent = text;
    byId("photo-problem").hidden = !page.problem;
    byId("photo-problem-text").textContent = page.problem;
    [...byId("verdicts").children].forEach((button, index) => {
      const chosen = judgement.verdict === index;
      button.ariaChecked = String(chosen);
      button.tabIndex = chosen || (judgement.verdict === null && index === 0) ? 0 : -1;
    });
    byId("wrong").hidden = !judgement.asksWhatIsWrong();
    const pressed = { "outline-only": !page.look.filled, "hide-masks": page.hidden };
    for (const [action, value] of Object.entries(pressed)) {
      document.querySelector(`[data-action=${action}]`).ariaPressed = String(value);
    }
  }

  return { start };
})();
