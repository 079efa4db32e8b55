// Loads the photo, and finds out why when it does not load: a worker who reads "the link has
// expired" reloads, one who reads "error" gives up.
const Photo = (() => {
  "use strict";

  /** Why the photo is not shown: `message` for the worker, `report` for the requester. */
  class PhotoProblem extends Error {
    constructor(say, key, values) {
      super(say(key, values));
      this.report = say.inEnglish(key, values);
    }
  }

  /** {image, size} of an upright photo; rejects with a PhotoProblem. */
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
      throw new PhotoProblem(say, await reason(address));
    }
    // Browsers apply the photo's EXIF orientation, so these are the sizes of the upright photo.
    const size = { width: image.naturalWidth, height: image.naturalHeight };
    const agrees = expected && expected.width === size.width && expected.height === size.height;
    if (expected && !agrees) {
      const [seen, wanted] = [size, expected].map(({ width, height }) => `${width} × ${height}`);
      throw new PhotoProblem(say, "photo.size", { seen, expected: wanted });
    }
    return { image, size };
  }

  async function reason(address) {
    if (!address) return "photo.missing";
    try {
      const { status } = await fetch(address, { credentials: "omit" });
      if (status === 403 || status === 401) return "photo.denied";
      if (status === 404 || status === 410) return "photo.missing";
      return status < 400 ? "photo.unreadable" : "photo.server";
    } catch {
      if (!navigator.onLine) return "photo.offline";
      // No answer that scripts may read. One that they may not read is still an answer.
      return fetch(address, { mode: "no-cors", credentials: "omit" }).then(
        () => "photo.cors",
        () => "photo.unreachable",
      );
    }
  }

  return { load };
})();
