// The interface's words. They live in one table (texts.en.json), so a translation is one file.
const Texts = (() => {
  "use strict";

  function fill(table, key, values) {
    const text = table[key];
    if (text === undefined) throw new Error(`The text table has no "${key}".`);
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  }

  /**
   * Returns `say(key, values)`: the text of `key` with each `{name}` replaced by its value.
   *
   * `english`: the originals of translated texts that may become a part of the answer;
   * `say.inEnglish` says them so, and `say.isTranslated` is true if there are any.
   */
  function create(table, english = {}) {
    const say = (key, values = {}) => fill(table, key, values);
    say.inEnglish = (key, values = {}) => fill(key in english ? english : table, key, values);
    say.isTranslated = Object.keys(english).length > 0;
    return say;
  }

  return { create };
})();
