// Where drafts are kept: the browser's storage, one entry for a task, bounded in size, number and
// age. A write is over when it returns, so that the last one is not lost when the page is left. No DOM.
const DraftStore = (() => {
  "use strict";

  const PREFIX = "fewclick-draft:";
  const MAX_AGE_MS = 7 * 24 * 3600 * 1000;
  const MAX_DRAFTS = 20;
  const MAX_CHARACTERS = 1_500_000; // of one draft; browsers give a site about 5 million

  /** A name for what a task is about, which tells nothing of it: 64 bits of FNV-1a. */
  function keyOf(content) {
    const text = JSON.stringify(content);
    return [0x811c9dc5, 0x01000193]
      .map((seed) => {
        let hash = seed;
        for (let at = 0; at < text.length; at++) {
          hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
        }
        return (hash >>> 0).toString(16).padStart(8, "0");
      })
      .join("");
  }

  /** `storage()`: localStorage, or throws where the page may not have any. `now()`: milliseconds. */
  function create({ storage: open, key, now }) {
    const name = PREFIX + key;
    let storage = null;
    try {
      storage = open();
      storage.setItem(name + "?", ""); // a storage that is full or switched off shows here
      storage.removeItem(name + "?");
    } catch {
      storage = null;
    }
    if (storage) sweep();

    /** [name, when it was saved] of all drafts, the newest first. */
    function all() {
      const names = Array.from({ length: storage.length }, (_, index) => storage.key(index));
      return names
        .filter((one) => one.startsWith(PREFIX))
        .map((one) => [one, parseInt(storage.getItem(one), 10) || 0])
        .sort(([, one], [, other]) => other - one);
    }

    function sweep() {
      all().forEach(([one, saved], index) => {
        if (index >= MAX_DRAFTS || now() - saved > MAX_AGE_MS) storage.removeItem(one);
      });
    }

    /** {saved, draft} of this task; null without one. One that cannot be read is as none. */
    function read() {
      const text = storage?.getItem(name);
      if (!text) return null;
      const [saved] = text.split("\n", 1);
      try {
        return { saved: Number(saved), draft: JSON.parse(text.slice(saved.length + 1)) };
      } catch {
        return null;
      }
    }

    /** Keeps a draft in place of the last one; false if there is no room for it. */
    function write(draft) {
      if (!storage) return false;
      const text = `${now()}\n${JSON.stringify(draft)}`;
      if (text.length > MAX_CHARACTERS) return false;
      const others = all().map(([one]) => one).filter((one) => one !== name);
      while (!put(text)) {
        if (!others.length) return false;
        storage.removeItem(others.pop()); // no room: the oldest draft of another task makes some
      }
      return true;
    }

    function put(text) {
      try {
        storage.setItem(name, text);
        return true;
      } catch {
        return false;
      }
    }

    function drop() {
      storage?.removeItem(name);
    }

    return { read, write, drop, isOpen: storage !== null };
  }

  return { create, keyOf };
})();
