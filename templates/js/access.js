// The way into the click service: a grant, which a link that soon ends leads to, is exchanged for
// tokens of some minutes. The grant is fetched at once, as the link does not wait; it is kept in
// this page's memory alone.
const Access = (() => {
  "use strict";

  const PATIENCE_MS = 20_000;
  const MARGIN_MS = 30_000; // a token is renewed this long before it ends

  /**
   * `token()` promises one that is good, `renew()` a new one. Both reject with what `fetch` rejects
   * with, or with an error whose `response` is the answer that refused.
   *
   * `fixed` is the token of a task that has no grant: it was made by an older pre-annotation.
   */
  function create({ grantUrl, exchangeUrl, fixed = "", fetch, now }) {
    let grant = null; // a promise, once it is asked for; null again if that failed
    let coming = null; // a promise of the next token, while it is on its way
    let held = { token: fixed, ends: fixed ? Infinity : 0 };

    async function ask(url, options) {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const response = await fetch(url, { credentials: "omit", signal, ...options });
      if (!response.ok) throw Object.assign(new Error("refused"), { response });
      return response.json();
    }

    function fetchGrant() {
      grant ??= ask(grantUrl, { cache: "no-store" }).then(
        (content) => content.grant,
        (error) => {
          grant = null;
          throw error;
        },
      );
      return grant;
    }

    async function exchange() {
      const headers = { authorization: `Bearer ${await fetchGrant()}` };
      const asked = now(); // the service counts from later on
      const content = await ask(exchangeUrl, { method: "POST", headers });
      held = { token: content.token, ends: asked + 1000 * content.expires_in };
      return held.token;
    }

    function renew() {
      if (!grantUrl) return Promise.resolve(held.token);
      coming ??= exchange().finally(() => { coming = null; });
      return coming;
    }

    function token() {
      return now() < held.ends - MARGIN_MS ? Promise.resolve(held.token) : renew();
    }

    if (grantUrl) fetchGrant().catch(() => {}); // whoever needs it asks again, and hears why
    return { token, renew };
  }

  return { create };
})();
