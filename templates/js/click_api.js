// Asks the click service for masks. The newest request of an object wins: an answer whose
// sequence number is below that of one already taken is dropped, and a request that failed is
// tried again only as long as no newer one has replaced it.
//
// Clicks come faster than answers. At most FLIGHTS_OF_OBJECT requests of one object are on their
// way; of those that wait for their turn only the newest is kept. A service that is away is asked
// again for half an hour, with longer and longer pauses; one answer from it and everybody else's
// pause is over.
const ClickApi = (() => {
  "use strict";

  const PATIENCE_MS = 35_000; // the gateway in front of the service gives up after 30 s
  const SLOW_MS = 3_000;
  const FLIGHTS = 6; // requests on their way at a time, of all objects
  const FLIGHTS_OF_OBJECT = 2;
  const ATTEMPTS = 6; // at a request that the service fails on
  const ATTEMPTS_WHILE_AWAY = 120; // about half an hour
  const FIRST_PAUSE_MS = 500;
  const LONGEST_PAUSE_MS = 15_000;
  const JITTER_MS = 1_000; // on top of the pause that the service asks for
  const AWAY = [0, 429, 502, 503, 504]; // 0: no answer at all

  /** A request that came to nothing; `message` is a sentence for the worker. */
  class Refusal extends Error {
    constructor(message, { status = -1, retryable = false, pauseMs = 0 } = {}) {
      super(message);
      this.retryable = retryable;
      this.pauseMs = pauseMs;
      this.attempts = AWAY.includes(status) ? ATTEMPTS_WHILE_AWAY : ATTEMPTS;
    }
  }

  /**
   * `access` has tokens (see access.js). `previousMask(prompt)` is what the next request sends back;
   * `onAnswer(prompt, answer, ms)` takes the service's JSON, and throws if it cannot be used;
   * `onChange()` is called when an object's standing changes. `online()` tells what the browser
   * thinks of the network. The others are arguments for the tests' sake.
   */
  function create({
    url, access, say, previousMask, onAnswer, onChange, online, fetch, setTimeout, now, random,
  }) {
    const newest = new Map(); // object id -> its last request, until that is answered
    const taken = new Map(); // object id -> highest sequence number whose answer was taken
    const flights = new Set(); // {request, stop} on their way
    let sequence = 0;
    let endpointSession = null; // brings every click to the instance that has the photo ready

    /**
     * Has the service fetch the photo before the first click. Nothing depends on it: when it
     * fails, the first click waits for the photo, and says so if that fails as well.
     */
    async function prewarm() {
      try {
        const response = await send("prewarm", { schema_version: 1, action: "prewarm" });
        if (response.ok) endpointSession = (await response.json()).session ?? null;
      } catch {
        endpointSession = null;
      }
    }

    /** One call. A token that the service takes no more is renewed, once. */
    async function send(route, content, signal) {
      const call = (token) => fetch(`${url.replace(/\/+$/, "")}/${route}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(content),
        signal,
        credentials: "omit",
      });
      try {
        const token = await access.token();
        const response = await call(token);
        if (response.status !== 401 && response.status !== 403) return response;
        const next = await access.renew();
        return next === token ? response : await call(next);
      } catch (error) {
        // No token to be had: the same to the caller. Several may wait for one, hence the clone.
        if (error.response) return error.response.clone();
        throw error;
      }
    }

    /** Requests the mask of a prompt. `standing` tells how it goes. */
    function ask(prompt) {
      const request = {
        prompt, objectId: prompt.objectId, sequence: ++sequence,
        attempts: 0, due: true, pause: null, status: "waiting", message: "",
      };
      newest.delete(request.objectId); // so that it comes last, which is first in turn
      newest.set(request.objectId, request);
      depart();
      onChange();
    }

    const isNewest = (request) => newest.get(request.objectId) === request;

    function put(request, status, message = "") {
      request.status = status;
      request.message = message;
      onChange();
    }

    /** Sends what is due, as far as there is room; what was asked for last goes first. */
    function depart() {
      for (const request of [...newest.values()].reverse()) {
        const own = [...flights].filter((flight) => flight.request.objectId === request.objectId);
        const room = flights.size < FLIGHTS && own.length < FLIGHTS_OF_OBJECT;
        if (request.due && room) attempt(request);
      }
    }

    async function attempt(request) {
      const flight = { request, stop: new AbortController() };
      flights.add(flight);
      request.attempts++;
      request.due = false;
      request.pause = null;
      setTimeout(() => {
        const first = isNewest(request) && request.status === "waiting";
        if (first && flights.has(flight)) put(request, "slow");
      }, SLOW_MS);
      setTimeout(() => flight.stop.abort(), PATIENCE_MS);
      const started = now();
      try {
        const answer = await post(request, flight.stop.signal);
        if (request.sequence > (taken.get(request.objectId) ?? 0)) {
          take(request, answer, now() - started);
        }
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (isNewest(request)) failed(request, error);
      } finally {
        flights.delete(flight);
        depart();
      }
    }

    function take(request, answer, ms) {
      try {
        onAnswer(request.prompt, answer, ms);
      } catch (error) {
        throw new Refusal(say("api.unreadable", { detail: error.message }));
      }
      taken.set(request.objectId, request.sequence);
      if (isNewest(request)) newest.delete(request.objectId);
      wake();
      onChange();
    }

    function failed(request, refusal) {
      if (!refusal.retryable || request.attempts >= refusal.attempts) {
        put(request, "failed", refusal.message);
        return;
      }
      const doubled = FIRST_PAUSE_MS * 2 ** Math.min(request.attempts - 1, 10);
      const pause = Math.min(doubled, LONGEST_PAUSE_MS) * (0.5 + random());
      const asked = refusal.pauseMs && refusal.pauseMs + JITTER_MS * random();
      const over = () => {
        if (!isNewest(request) || request.pause !== over) return;
        request.due = true;
        depart();
      };
      request.pause = over;
      setTimeout(over, Math.max(pause, asked));
      put(request, "retrying", refusal.message);
    }

    async function post(request, signal) {
      const content = body(request, previousMask(request.prompt), endpointSession);
      let response;
      let answer;
      try {
        response = await send("segment", content, signal);
        answer = await response.json().catch((error) => {
          if (error instanceof SyntaxError) return null; // not ours: a gateway's own page
          throw error;
        });
      } catch {
        // The browser tells scripts no more than that there was no answer.
        const message = say(online() ? "api.unreachable" : "api.offline");
        throw new Refusal(message, { status: 0, retryable: true });
      }
      if (!response.ok) throw refusal(response, answer);
      const same = answer?.object_id === String(request.objectId);
      if (!same || answer.sequence !== request.sequence) {
        throw new Refusal(say("api.unreadable", { detail: say("api.other-answer") }));
      }
      return answer;
    }

    function refusal(response, answer) {
      const { status } = response;
      const seconds = Number(response.headers.get("retry-after"));
      const pauseMs = seconds > 0 ? seconds * 1000 : 0;
      const known = {
        401: "api.refused", 403: "api.expired", 429: "api.busy",
        503: pauseMs ? "api.starting" : "api.away",
      }[status];
      const ours = typeof answer?.message === "string" && typeof answer.error === "string";
      // The service speaks English. Where the page does not, a known case is said in its words.
      const theirs = ours && !(known && say.isTranslated);
      const message = theirs ? answer.message : say(known ?? "api.status", { status });
      const retryable = answer?.retryable ?? (status === 429 || status >= 500);
      return new Refusal(message, { status, retryable, pauseMs });
    }

    /** Asks at once for what waits for a pause to end: the service or the network is back. */
    function wake() {
      for (const request of newest.values()) {
        if (request.pause) request.due = true;
      }
      depart();
    }

    /** Tries again what has failed. */
    function retry() {
      for (const request of newest.values()) {
        if (request.status !== "failed" && !request.pause) continue;
        Object.assign(request, { attempts: 0, due: true, status: "waiting", message: "" });
      }
      depart();
      onChange();
    }

    /**
     * Gives up requests whose prompt is not wanted any more. One that is on its way may still come:
     * its mask is seen until that of the next click is there.
     */
    function keep(wanted) {
      for (const [id, request] of newest) if (!wanted(request.prompt)) newest.delete(id);
    }

    /** null, or why the service gives no masks: {message, failed, count} of the objects without. */
    function trouble() {
      const stuck = [...newest.values()].filter(({ message }) => message);
      if (!stuck.length) return null;
      const worst = stuck.find(({ status }) => status === "failed") ?? stuck[0];
      return { message: worst.message, failed: worst.status === "failed", count: stuck.length };
    }

    return {
      prewarm, ask, retry, wake, keep, trouble,
      /** null, or {prompt, status: "waiting" | "slow" | "retrying" | "failed", message}. */
      standing: (objectId) => newest.get(objectId) ?? null,
    };
  }

  const pair = ({ x, y }) => [x, y];

  function body({ prompt, sequence }, previousMask, session) {
    return {
      schema_version: 1,
      object_id: String(prompt.objectId),
      sequence,
      extreme_points: prompt.extremePoints.map(pair),
      clicks: prompt.clicks,
      previous_mask: previousMask,
      ...(session === null ? {} : { session }),
    };
  }

  return { create };
})();
