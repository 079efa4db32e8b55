// Loads the photo, and finds out why when it does not load: a worker who reads "the link has
// expired" reloads, one who reads "error" gives up.
const Photo = (() => {
  "use strict";

  /** {image, size} of an upright photo; rejects with a worker's sentence. */
  async function load(address, expected, say) {
    const image = new Image();
    image.crossOrigin = "anonymous";
    const loaded = new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
    });
    image.src = address;
    try {
      await loaded;
    } catch {
      throw new Error(say(await reason(address)));
    }
    // Browsers apply the photo's EXIF orientation, so these are the sizes of the upright photo.
    const size = { width: image.naturalWidth, height: image.naturalHeight };
    const agrees = expected && expected.width === size.width && expected.height === size.height;
    if (expected && !agrees) {
      const values = { seen: `${size.width} × ${size.height}` };
      throw new Error(
        say("photo.size", { ...values, expected: `${expected.width} × ${expected.height}` }),
      );
    }
    return { image, size };
  }

  async function reason(address) {
    try {
      const { status } = await fetch(address, { credentials: "omit" });
      if (status === 403 || status === 401) return "photo.denied";
      if (status === 404) return "photo.missing";
      return status < 400 ? "photo.unreadable" : "photo.server";
    } catch {
      // No answer that scripts may read. One that they may not read is still an answer.
      return fetch(address, { mode: "no-cors", credentials: "omit" }).then(
        () => "photo.cors",
        () => "photo.unreachable",
      );
    }
  }

  return { load };
})();
