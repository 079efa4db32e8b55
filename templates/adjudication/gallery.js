// The candidates side by side, each a small picture of the photo with its mask.
const Gallery = (() => {
  "use strict";

  const HEIGHT = 84; // CSS pixels of a picture
  const WIDEST = 168;
  const FILL = 0.6;

  /** Returns the function that shows the candidates as they are now. */
  function create(list, { candidates, photo, labels, image, say, onLook, onUse }) {
    const cards = candidates.items.map((item) => createCard(item));
    list.replaceChildren(...cards.map(({ card }) => card));

    function createCard(item) {
      const part = (name, properties) => Object.assign(document.createElement(name), properties);
      const picture = part("canvas", {});
      const name = part("span", { className: "name", textContent: item.title });
      const line = sampleOf(item.dash);
      const look = part("button", { type: "button", className: "look" });
      look.onclick = () => onLook(item.index);
      const caption = part("span", { className: "caption" });
      caption.append(line, name);
      look.append(picture, caption);
      const use = part("button", { type: "button", className: "tool use" });
      use.onclick = () => onUse(item.index);
      const card = part("li", { className: "candidate" });
      card.dataset.candidate = item.name;
      card.append(look, use);
      drawPicture(picture, null);
      return { card, look, use, picture, drawn: "" };
    }

    // How this candidate's outline looks on the photo.
    function sampleOf(dash) {
      const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      drawing.setAttribute("viewBox", "0 0 28 4");
      drawing.setAttribute("class", "line");
      drawing.setAttribute("aria-hidden", "true");
      line.setAttribute("d", "M0 2h28");
      line.setAttribute("stroke-dasharray", dash.join(" "));
      drawing.append(line);
      return drawing;
    }

    function drawPicture(canvas, map) {
      const scale = Math.min(HEIGHT / photo.height, WIDEST / photo.width);
      const ratio = Math.min(window.devicePixelRatio, 2);
      const width = Math.max(1, Math.round(photo.width * scale * ratio));
      const height = Math.max(1, Math.round(photo.height * scale * ratio));
      Object.assign(canvas, { width, height });
      canvas.style.width = `${width / ratio}px`;
      canvas.style.height = `${height / ratio}px`;
      const context = canvas.getContext("2d");
      if (image) context.drawImage(image, 0, 0, width, height);
      if (!map) return;
      const mask = document.createElement("canvas");
      Object.assign(mask, { width, height });
      const target = mask.getContext("2d");
      const data = target.createImageData(width, height);
      const colors = labels.map(({ color }) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
      for (let row = 0, to = 0; row < height; row++) {
        const start = Math.floor(((row + 0.5) * photo.height) / height) * photo.width;
        for (let column = 0; column < width; column++, to += 4) {
          const number = map[start + Math.floor(((column + 0.5) * photo.width) / width)];
          if (number) data.data.set([...colors[number - 1], 255], to);
        }
      }
      target.putImageData(data, 0, 0);
      context.globalAlpha = FILL;
      context.drawImage(mask, 0, 0);
    }

    /** `used`: {name, changed} of the candidate that the answer was begun from, or null. */
    return (used) => {
      candidates.items.forEach((item, index) => {
        const { card, look, use, picture } = cards[index];
        if (cards[index].drawn !== item.status) {
          cards[index].drawn = item.status;
          drawPicture(picture, item.map);
          card.dataset.status = item.status;
        }
        const shown = candidates.isShown(index);
        look.ariaPressed = String(shown);
        look.title = item.problem || say(shown ? "candidate.hide" : "candidate.show", item);
        look.disabled = use.disabled = item.status !== "ready";
        card.toggleAttribute("data-current", candidates.current === item);
        const isUsed = used !== null && used.name === item.name;
        const text = !isUsed ? "candidate.use" : used.changed ? "candidate.changed" : "candidate.used";
        use.textContent = item.status === "failed" ? say("candidate.unreadable") : say(text);
        use.ariaPressed = String(isUsed);
        use.ariaLabel = `${item.title}: ${use.textContent}`;
        use.title = item.problem || say("candidate.use.title", item);
      });
    };
  }

  return { create };
})();
