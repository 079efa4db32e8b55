// The side panel: the labels to choose from and the objects drawn so far. Names come from the
// job's author and are only ever set as text.
const Panel = (() => {
  "use strict";

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function swatch(color) {
    const made = element("span", { className: "swatch" });
    made.style.background = color;
    return made;
  }

  // `dir="auto"` lets a right-to-left name run its own way in a left-to-right page.
  const nameOf = (text) => element("span", { className: "name", dir: "auto", textContent: text });

  const FEW = 10; // labels; more get a field to find them by

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  function createLabels(list, filter, { labels, onChoose, onLeave }) {
    const buttons = labels.map(({ name, color }, index) => {
      const key = labels.length <= FEW ? (index + 1) % 10 : index + 1;
      const button = element(
        "button",
        { type: "button", title: name, onclick: () => onChoose(index) },
        swatch(color), nameOf(name), element("kbd", { textContent: key }),
      );
      button.setAttribute("role", "radio");
      button.dataset.label = index;
      return button;
    });
    list.replaceChildren(...buttons);
    list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      const shown = buttons.filter((button) => !button.hidden);
      const from = shown.indexOf(document.activeElement);
      if (!step || from < 0) return;
      event.preventDefault();
      const next = shown[(from + step + shown.length) % shown.length];
      next.focus();
      onChoose(buttons.indexOf(next));
    });
    filter.hidden = labels.length <= FEW;
    const names = labels.map(({ name }) => plain(name));
    const find = () => {
      const wanted = plain(filter.value.trim());
      buttons.forEach((button, index) => {
        button.hidden = !names[index].includes(wanted);
      });
    };
    filter.oninput = find;
    filter.onkeydown = (event) => {
      const found = buttons.find((button) => !button.hidden);
      if (event.key === "Enter" && found) onChoose(buttons.indexOf(found));
      else if (event.key !== "Escape") return;
      event.preventDefault();
      filter.value = "";
      find();
      onLeave();
    };
    let shown = -1;
    return (chosen) => {
      if (chosen === shown) return;
      shown = chosen;
      buttons.forEach((button, index) => {
        button.ariaChecked = String(index === chosen);
        button.tabIndex = index === chosen ? 0 : -1; // one stop for the Tab key
      });
      buttons[chosen].scrollIntoView({ block: "nearest" });
    };
  }

  function createObjects(list, { labels, say, onSelect, onRestack, onDelete }) {
    const rows = new Map(); // object id -> its row; kept, so that the focus stays where it is

    function small(action, text, act) {
      const button = element("button", {
        type: "button", className: `small ${action}`, title: text, ariaLabel: text, onclick: act,
      });
      return button;
    }

    function createRow(id) {
      const pick = element("button", {
        type: "button", className: "object", onclick: () => onSelect(id),
      });
      const up = small("up", say("object.raise", { number: id }), () => onRestack(id, 1));
      const down = small("down", say("object.lower", { number: id }), () => onRestack(id, -1));
      const bin = small("bin", say("object.delete", { number: id }), () => onDelete(id));
      const row = element("li", { draggable: true }, pick, up, down, bin);
      row.dataset.object = id;
      row.ondragstart = (event) => event.dataTransfer.setData("text/plain", id);
      return { row, pick, up, down, drawn: "" };
    }

    function updateRow(made, object, { condition, current, isTop, isBottom }) {
      const { name, color } = labels[object.label];
      const drawn = `${object.label} ${condition}`;
      if (made.drawn !== drawn) {
        made.drawn = drawn;
        const number = element("span", { className: "number", textContent: object.id });
        const state = element("span", { className: "condition", textContent: condition });
        made.pick.replaceChildren(swatch(color), number, nameOf(name), state);
        made.pick.title = name;
      }
      made.pick.ariaPressed = String(current);
      made.up.disabled = isTop;
      made.down.disabled = isBottom;
    }

    let order = []; // ids, bottom first
    let last = null; // the current object's id

    /** The row that an event of dragging is over. */
    const under = (event) => event.target.closest("[data-object]");
    list.ondragover = (event) => {
      if (under(event)) event.preventDefault();
    };
    list.ondrop = (event) => {
      event.preventDefault();
      const [from, to] = [event.dataTransfer.getData("text/plain"), under(event)?.dataset.object]
        .map((id) => order.indexOf(Number(id)));
      if (from >= 0 && to >= 0) onRestack(order[from], to - from);
    };

    /** `objects` bottom first, as they are stacked; the list shows the uppermost first. */
    return (objects, currentId, conditionOf) => {
      order = objects.map(({ id }) => id);
      const shown = [...objects].reverse().map((object, index) => {
        if (!rows.has(object.id)) rows.set(object.id, createRow(object.id));
        const made = rows.get(object.id);
        updateRow(made, object, {
          condition: conditionOf(object),
          current: object.id === currentId,
          isTop: index === 0,
          isBottom: index === objects.length - 1,
        });
        return made.row;
      });
      for (const id of rows.keys()) {
        if (!objects.some((object) => object.id === id)) rows.delete(id);
      }
      const same = list.children.length === shown.length;
      if (!same || shown.some((row, index) => list.children[index] !== row)) {
        const focused = document.activeElement;
        list.replaceChildren(...shown);
        if (list.contains(focused)) focused.focus();
      }
      if (currentId !== last) rows.get(currentId)?.row.scrollIntoView({ block: "nearest" });
      last = currentId;
    };
  }

  /** The "no mask" part: a box, and a list of reasons. Returns the function that shows a session. */
  function createOutcome({ nothing, choice, text }, { onOutcome, onReason }) {
    const OTHER = "other";
    const reasons = [...choice.options].map(({ value }) => value).slice(1, -1);
    nothing.onchange = () => onOutcome(nothing.checked ? "nothing-here" : "labeled");
    choice.onchange = () => {
      const { value } = choice; // which a change of the session sets anew
      onReason(value === OTHER ? "" : value);
      onOutcome(value ? "cannot-label" : "labeled");
      if (value === OTHER) text.focus();
    };
    text.oninput = () => onReason(text.value);
    return ({ state, reason }) => {
      nothing.checked = state.outcome === "nothing-here";
      const cannot = state.outcome === "cannot-label";
      const value = reasons.includes(reason) ? reason : OTHER;
      choice.value = cannot ? value : "";
      text.hidden = !cannot || value !== OTHER;
      // Not while it is typed into: the cursor would jump.
      if (!text.hidden && text.value !== reason) text.value = reason;
    };
  }

  return { createLabels, createObjects, createOutcome };
})();
