// The interface's words. They live in one table (texts.en.json), so a translation is one file.
const Texts = (() => {
  "use strict";

  /** Returns `say(key, values)`: the text of `key` with each `{name}` replaced by its value. */
  function create(table) {
    return (key, values = {}) => {
      const text = table[key];
      if (text === undefined) throw new Error(`The text table has no "${key}".`);
      return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
    };
  }

  return { create };
})();
