// Asks the click service for masks. The newest request of an object wins: an answer whose
// sequence number is below that of one already taken is dropped, and a request that failed is
// tried again only as long as no newer one has replaced it.
const ClickApi = (() => {
  "use strict";

  const PATIENCE_MS = 35_000; // the gateway in front of the service gives up after 30 s
  const SLOW_MS = 3_000;
  const ATTEMPTS = 6;
  const FIRST_PAUSE_MS = 500;
  const LONGEST_PAUSE_MS = 8_000;

  /** A request that came to nothing; `message` is a sentence for the worker. */
  class Refusal extends Error {
    constructor(message, retryable, pauseMs = 0) {
      super(message);
      this.retryable = retryable;
      this.pauseMs = pauseMs;
    }
  }

  /**
   * `access` has tokens (see access.js).
   * `onAnswer(prompt, answer)` takes the service's JSON, and throws if it cannot be used;
   * `onChange()` is called when an object's standing changes. `fetch` and `setTimeout` are
   * arguments for the tests' sake.
   */
  function create({ url, access, say, onAnswer, onChange, fetch, setTimeout }) {
    const newest = new Map(); // object id -> its last request, until that is answered
    const taken = new Map(); // object id -> highest sequence number whose answer was taken
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
    function ask(prompt, previousMask) {
      const request = {
        prompt, previousMask, objectId: prompt.objectId, sequence: ++sequence,
        attempts: 0, status: "waiting", message: "",
      };
      newest.set(request.objectId, request);
      attempt(request);
    }

    const isNewest = (request) => newest.get(request.objectId) === request;

    function put(request, status, message = "") {
      request.status = status;
      request.message = message;
      onChange();
    }

    async function attempt(request) {
      request.attempts++;
      put(request, "waiting");
      setTimeout(() => {
        if (isNewest(request) && request.status === "waiting") put(request, "slow");
      }, SLOW_MS);
      try {
        const answer = await post(request);
        if (request.sequence < (taken.get(request.objectId) ?? 0)) return;
        take(request, answer);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (isNewest(request)) failed(request, error);
      }
    }

    function take(request, answer) {
      try {
        onAnswer(request.prompt, answer);
      } catch (error) {
        throw new Refusal(say("api.unreadable", { detail: error.message }), false);
      }
      taken.set(request.objectId, request.sequence);
      if (isNewest(request)) newest.delete(request.objectId);
      onChange();
    }

    function failed(request, refusal) {
      if (!refusal.retryable || request.attempts >= ATTEMPTS) {
        put(request, "failed", refusal.message);
        return;
      }
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (request.attempts - 1), LONGEST_PAUSE_MS);
      setTimeout(() => {
        if (isNewest(request) && request.status === "retrying") attempt(request);
      }, Math.max(pause, refusal.pauseMs));
      put(request, "retrying", refusal.message);
    }

    async function post(request) {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), PATIENCE_MS);
      const content = body(request, endpointSession);
      let response;
      let answer;
      try {
        response = await send("segment", content, stop.signal);
        answer = await response.json().catch((error) => {
          if (error instanceof SyntaxError) return null; // not ours: a gateway's own page
          throw error;
        });
      } catch {
        // The browser tells scripts no more than that there was no answer.
        throw new Refusal(say("api.unreachable"), true);
      }
      if (!response.ok) throw refusal(response, answer);
      const same = answer?.object_id === String(request.objectId);
      if (!same || answer.sequence !== request.sequence) {
        throw new Refusal(say("api.unreadable", { detail: say("api.other-answer") }), false);
      }
      return answer;
    }

    function refusal(response, answer) {
      const { status } = response;
      const known = { 401: "api.refused", 403: "api.expired", 429: "api.busy" }[status];
      const ours = typeof answer?.message === "string" && typeof answer.error === "string";
      const message = ours ? answer.message : say(known ?? "api.status", { status });
      const retryable = answer?.retryable ?? (status === 429 || status >= 500);
      const seconds = Number(response.headers.get("retry-after"));
      return new Refusal(message, retryable, seconds > 0 ? seconds * 1000 : 0);
    }

    /** Tries again what has failed. */
    function retry() {
      for (const request of newest.values()) {
        if (request.status === "failed" || request.status === "retrying") {
          request.attempts = 0;
          attempt(request);
        }
      }
    }

    /** Gives up requests whose prompt is not wanted any more. */
    function keep(wanted) {
      for (const [id, request] of newest) if (!wanted(request.prompt)) newest.delete(id);
    }

    return {
      prewarm, ask, retry, keep,
      /** null, or {prompt, status: "waiting" | "slow" | "retrying" | "failed", message}. */
      standing: (objectId) => newest.get(objectId) ?? null,
    };
  }

  const pair = ({ x, y }) => [x, y];

  function body({ prompt, previousMask, sequence }, session) {
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
