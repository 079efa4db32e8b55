// The frame in which a worker goes through a job. The open task stays loaded in one frame, whatever
// earlier task the worker looks at in the other: nothing drawn is lost by looking back.
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const bar = byId("bar");
  const task = byId("task");
  const earlier = byId("earlier");
  const { job } = bar.dataset;
  const TASK = /^\/tasks\/([^/]+)(\/correction)?$/;
  const RETRY_MS = 3_000;
  const TICK_MS = 20_000;

  let open = null; // the open task in the first frame: {id, endsAt, ...what /place says}
  let shown = null; // the one that is seen, which may be an earlier one
  const fetched = new Set(); // links that were fetched ahead

  /** The assignment whose page a frame has; null for any other page. */
  function assignmentIn(frame) {
    try {
      return TASK.exec(frame.contentWindow.location.pathname)?.[1] ?? null;
    } catch {
      return null; // an error page of the browser
    }
  }

  function tell(text) {
    byId("trouble").textContent = text;
    byId("trouble").hidden = !text;
  }

  /** Keys go to the page in a frame; what it has given the focus to itself keeps it. */
  function enter(frame) {
    if (document.activeElement !== frame) frame.contentWindow.focus();
  }

  async function read(path) {
    const response = await fetch(path, { headers: { accept: "application/json" } });
    if (response.status === 401) location.assign("/");
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response.json();
  }

  async function placeOf(id) {
    const place = await read(`/tasks/${id}/place`);
    return { ...place, id, endsAt: Date.now() + 1000 * place.seconds_left };
  }

  /** Says where the worker is; `back` when it is the second frame that is seen. */
  function show(place, back) {
    shown = place;
    const canGiveUp = place.state === "open";
    byId("place").textContent = `${place.number} / ${place.count}`;
    byId("place").setAttribute("aria-label", `Photo ${place.number} of ${place.count} that you have had`);
    byId("previous").disabled = !place.previous;
    // Past the last one that the worker has had comes the open task, or a new one.
    byId("next").disabled = !place.next && canGiveUp && !back;
    byId("skip").disabled = byId("release").disabled = !canGiveUp;
    task.inert = back;
    earlier.hidden = !back;
    showStanding();
  }

  function showStanding() {
    if (!shown) return;
    const seconds = (shown.endsAt - Date.now()) / 1000;
    const minutes = Math.ceil(seconds / 60);
    const left = minutes > 90 ? `${Math.round(minutes / 60)} h left` : `${Math.max(0, minutes)} min left`;
    byId("standing").textContent = [
      `${shown.mine} done`, `${shown.waiting} waiting`, ...(shown.state === "open" ? [left] : []),
    ].join(" · ");
    if (shown.state === "open" && seconds <= 0) tell("The time for this photo is over: it has gone to somebody else.");
  }

  /** A task has arrived in the first frame, or the queue is at its end. */
  async function arrived() {
    const id = assignmentIn(task);
    if (!id) {
      const path = task.contentWindow?.location.pathname;
      if (path === "/" || path === undefined) {
        location.assign(path === "/" ? task.contentWindow.location.href : "/");
      }
      return;
    }
    try {
      const place = await placeOf(id);
      open = place.state === "open" ? place : null;
      tell("");
      show(place, false);
      enter(task);
      await fetchAhead();
    } catch (error) {
      tell(`The portal does not answer (${error.message}). What you draw is kept; it is tried again.`);
      setTimeout(arrived, RETRY_MS);
    }
  }

  /** An earlier task was shown, corrected or taken again in the second frame. */
  async function arrivedEarlier() {
    const id = assignmentIn(earlier);
    const { pathname, href } = earlier.contentWindow.location;
    if (!id) {
      if (pathname === "/") location.assign(href);
    } else if (id === open?.id) {
      await goTo(null); // an answer given here leads on to the task that is open all the while
    } else show(await placeOf(id), true);
  }

  async function goTo(id) {
    if (!id || id === open?.id) {
      earlier.hidden = true;
      earlier.contentWindow.location.replace("about:blank");
      if (!open || assignmentIn(task) !== open.id) {
        task.contentWindow.location.replace(`/jobs/${encodeURIComponent(job)}/next`);
        return;
      }
      open = await placeOf(open.id);
      show(open, false);
      enter(task);
      return;
    }
    const place = await placeOf(id);
    if (place.state === "submitted") offerAgain(id);
    earlier.contentWindow.location.replace(`/tasks/${id}`);
    show(place, true);
    enter(earlier);
  }

  const careful = (act) => async () => {
    try {
      tell("");
      await act();
    } catch (error) {
      tell(`The portal does not answer (${error.message}). Try again.`);
    }
  };

  /** Asks for a reason; null when the worker thinks better of it. */
  function ask({ title, text, verb, forGood }) {
    const dialog = byId("why");
    byId("why-title").textContent = title;
    byId("why-text").textContent = text;
    byId("why-go").textContent = verb;
    byId("reason").value = "";
    byId("words").value = "";
    byId("for-good").checked = false;
    byId("for-good").closest("label").hidden = !forGood;
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => {
        const go = dialog.returnValue === "go";
        resolve(go ? { reason: byId("reason").value, words: byId("words").value, forGood: byId("for-good").checked } : null);
      }, { once: true });
      dialog.returnValue = "";
      dialog.showModal();
    });
  }

  async function giveUp({ id }, { reason, words, forGood }) {
    const response = await fetch(`/tasks/${id}/${forGood ? "decline" : "release"}`, {
      method: "POST",
      body: new URLSearchParams({ reason, words }),
      redirect: "manual", // it leads to the list of tasks, which is not needed here
    });
    if (response.type !== "opaqueredirect" && !response.ok) throw new Error(`status ${response.status}`);
  }

  async function skip() {
    const place = shown;
    const why = await ask({
      title: "Skip this photo?", verb: "Skip", forGood: true,
      text: "It comes to you again at the end, unless others answer it first. What you have drawn on it is not sent.",
    });
    if (!why) return;
    await giveUp(place, why);
    if (place.id === open?.id) open = null;
    await goTo(null);
  }

  async function release() {
    const place = shown;
    const why = await ask({
      title: "Give this photo back?", verb: "Give back", forGood: false,
      text: "You go to the list of your tasks. What you have drawn on it is not sent.",
    });
    if (!why) return;
    await giveUp(place, why);
    location.assign("/");
  }

  /** The next task's photos into the browser's cache, and into the model's. */
  async function fetchAhead() {
    const { links, prewarm } = await read(`/jobs/${encodeURIComponent(job)}/ahead`);
    const wanted = links.filter((link) => !fetched.has(link));
    for (const link of wanted) {
      fetched.add(link);
      // A photo that fails here fails again when it is its turn, and is told there.
      await fetch(link, { credentials: "omit", priority: "low" }).then((answer) => answer.blob(), () => null);
    }
    if (prewarm && wanted.length) await warm(prewarm).catch(() => null); // the page asks again
  }

  /** The model reads the photo, too. The page's own way in, see `access.js`, is gone once. */
  async function warm({ grant, click_api: api }) {
    const post = async (route, bearer, content) => {
      const response = await fetch(`${api}/${route}`, {
        method: "POST",
        headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
        body: content && JSON.stringify(content),
        credentials: "omit",
      });
      return response.json();
    };
    const granted = await fetch(grant, { credentials: "omit", cache: "no-store" });
    const { token } = await post("token", (await granted.json()).grant);
    await post("prewarm", token, { schema_version: 1, action: "prewarm" });
  }

  // Drafts lie in the browser's storage, by photo. Another worker at this browser must not be
  // offered them; and one that goes because its answer was sent is what correcting begins with.
  const DRAFTS = "fewclick-draft:";
  const WHO = "fewclick-portal-worker";
  const MAX_SENT = 20;
  const sent = new Map(); // assignment id -> [key, text] of the draft that was sent

  function forgetOthersDrafts() {
    try {
      if (localStorage.getItem(WHO) === bar.dataset.worker) return;
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(DRAFTS)) localStorage.removeItem(key);
      }
      localStorage.setItem(WHO, bar.dataset.worker);
    } catch {
      // No storage, so there are no drafts either.
    }
  }

  function keepSent({ key, oldValue, newValue }) {
    if (!key?.startsWith(DRAFTS) || newValue !== null || !oldValue || !open) return;
    sent.set(open.id, [key, oldValue]);
    if (sent.size > MAX_SENT) sent.delete(sent.keys().next().value);
  }

  function offerAgain(id) {
    if (sent.has(id)) localStorage.setItem(...sent.get(id));
  }

  forgetOthersDrafts();
  window.addEventListener("storage", keepSent);
  setInterval(showStanding, TICK_MS);
  task.addEventListener("load", arrived);
  earlier.addEventListener("load", careful(arrivedEarlier));
  byId("previous").addEventListener("click", careful(() => goTo(shown.previous)));
  byId("next").addEventListener("click", careful(() => goTo(shown.next)));
  byId("skip").addEventListener("click", careful(skip));
  byId("release").addEventListener("click", careful(release));
  if (task.contentDocument?.readyState === "complete" && assignmentIn(task)) arrived();
})();
