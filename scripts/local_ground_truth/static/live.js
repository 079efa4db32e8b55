// Loads a preview anew when the files that it is made of have changed.
(() => {
  "use strict";

  const PAUSE_MS = 1_000;
  const { version } = document.currentScript.dataset;

  async function watch() {
    for (;;) {
      try {
        const response = await fetch(`/version?since=${version}`);
        if ((await response.json()).version !== version) {
          location.reload();
          return;
        }
      } catch {
        // The preview was stopped: it may come back.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  watch();
})();
