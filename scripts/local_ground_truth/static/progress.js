// Keeps lists and figures fresh without a reload, which would move focus and scrolling.
(() => {
  "use strict";

  const PAUSE_MS = 5_000;

  async function refresh() {
    if (document.hidden) return;
    try {
      const response = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!response.ok) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      const now = document.getElementById("live");
      const next = fresh.getElementById("live");
      if (!next) location.reload(); // signed out meanwhile
      else if (now.innerHTML !== next.innerHTML && !now.contains(document.activeElement)) {
        now.replaceWith(document.adoptNode(next));
      }
    } catch {
      // The server is away: the next look will tell.
    }
  }

  setInterval(refresh, PAUSE_MS);
})();
