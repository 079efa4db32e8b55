// How the worker likes to see the page: the photo's brightness and contrast, the masks' opacity,
// light or dark. Kept in the browser, where it may be kept.
const Look = (() => {
  "use strict";

  const KEY = "fewclick-look";
  const USUAL = { brightness: 1, contrast: 1, opacity: 0.45, filled: true, theme: "" };
  const SLIDERS = ["brightness", "contrast", "opacity"];

  function kept() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return {}; // no storage in this frame, or not ours
    }
  }

  /** `root` gets the theme, `photo` the filter; `slider(name)` is an input. `onChange()` redraws. */
  function create({ root, photo, slider, isDark, onChange }) {
    const look = { ...USUAL };
    for (const [name, value] of Object.entries(kept())) {
      if (typeof value === typeof USUAL[name]) look[name] = value;
    }

    function show() {
      root.style.colorScheme = look.theme || "light dark";
      photo.style.filter = `brightness(${look.brightness}) contrast(${look.contrast})`;
      for (const name of SLIDERS) slider(name).value = look[name];
    }

    function change(values) {
      Object.assign(look, values);
      try {
        localStorage.setItem(KEY, JSON.stringify(look));
      } catch {
        // Then it holds for this task.
      }
      show();
      onChange();
    }

    for (const name of SLIDERS) {
      slider(name).oninput = (event) => change({ [name]: Number(event.target.value) });
    }
    show();

    return {
      get opacity() { return look.opacity; },
      get filled() { return look.filled; },
      set filled(value) { change({ filled: value }); },
      reset: () => change({ ...USUAL, theme: look.theme }),
      turnTheme: () => change({ theme: (look.theme || (isDark() ? "dark" : "light")) === "dark" ? "light" : "dark" }),
    };
  }

  return { create };
})();
