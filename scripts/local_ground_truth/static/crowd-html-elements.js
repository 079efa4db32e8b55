// An offline stand-in for Ground Truth's Crowd HTML elements, for pages served on this machine.
//
// The real script (assets.crowd.aws/crowd-html-elements.js) is not published for reuse. This one
// imitates what fewclick's pages need of it:
//   crowd-form           collects every named native or crowd input inside as {name: value}, empty
//                        ones omitted; fires a cancelable `submit` (so `onsubmit` works); has
//                        `submit()`; appends a Submit button unless it holds one
//   crowd-button         form-action "submit", "reset" or "none"; variant "primary"; disabled
//   crowd-instructions   a button that opens short-summary, detailed-instructions and the examples
//   crowd-input          a named line of text
// and fires `all-crowd-elements-ready` on the document. It posts {"answerContent": {...}} to
// <this page's path>/submit and expects {"next": address or null}.
//
// What the real one does and this one does not: all other widgets (crowd-bounding-box,
// crowd-semantic-segmentation, crowd-classifier...) and their validation, Material styles, showing
// the short summary beside the task at the first visit, tooltips, icons, required fields,
// reporting of times and of errors to AWS. Whether the real `submit()` fires the event again is
// not documented; here it does, which is the harder case for a page.
(() => {
  "use strict";

  const PATIENCE_MS = 60_000;

  const STYLES = `
    button { font: 600 14px/20px system-ui, sans-serif; padding: 7px 16px; border-radius: 7px;
      border: 1px solid #8a94a6; background: transparent; color: inherit; cursor: pointer;
      width: 100%; }
    button.primary { background: #1f5fd0; border-color: #1f5fd0; color: #fff; }
    button.primary:hover:enabled { background: #174ca8; }
    button:disabled { opacity: .5; cursor: default; }
    button:focus-visible { outline: 2px solid #1f5fd0; outline-offset: 2px; }
    dialog { max-width: 620px; max-height: 80vh; overflow: auto; padding: 20px 26px;
      border: 1px solid #8a94a6; border-radius: 12px; font: 15px/1.5 system-ui, sans-serif; }
    dialog::backdrop { background: rgb(0 0 0 / .45); }
    .close { width: auto; margin-top: 12px; }`;

  class CrowdElement extends HTMLElement {
    /** Fills the shadow tree once; elements may be moved about and connected again. */
    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open", delegatesFocus: true });
      const style = document.createElement("style");
      style.textContent = STYLES;
      root.append(style, ...this.parts());
    }
  }

  class CrowdButton extends CrowdElement {
    static observedAttributes = ["disabled", "variant"];

    parts() {
      this.button = document.createElement("button");
      this.button.type = "button";
      this.button.append(document.createElement("slot"));
      this.button.addEventListener("click", () => this.act());
      this.attributeChangedCallback();
      return [this.button];
    }

    attributeChangedCallback() {
      if (!this.button) return;
      this.button.disabled = this.hasAttribute("disabled");
      this.button.className = this.getAttribute("variant") ?? "normal";
    }

    act() {
      const form = this.closest("crowd-form");
      const action = this.getAttribute("form-action");
      if (action === "submit") form?.submit();
      if (action === "reset") form?.reset();
    }
  }

  class CrowdInput extends CrowdElement {
    parts() {
      this.input = document.createElement("input");
      this.input.value = this.getAttribute("value") ?? "";
      this.input.placeholder = this.getAttribute("placeholder") ?? "";
      this.input.setAttribute("aria-label", this.getAttribute("label") ?? "");
      return [this.input];
    }

    get value() { return this.input?.value ?? this.getAttribute("value") ?? ""; }
    set value(text) { this.input.value = text; }
  }

  class CrowdInstructions extends CrowdElement {
    parts() {
      const open = document.createElement("button");
      open.type = "button";
      open.textContent = this.getAttribute("link-text") ?? "View instructions";
      const dialog = document.createElement("dialog");
      const close = document.createElement("button");
      close.type = "button";
      close.className = "close";
      close.textContent = "Close";
      close.addEventListener("click", () => dialog.close());
      open.addEventListener("click", () => dialog.showModal());
      dialog.append(document.createElement("slot"), close);
      return [open, dialog];
    }
  }

  class CrowdForm extends HTMLElement {
    connectedCallback() {
      this.sending = false;
      // The element is known before its contents are parsed.
      ready(() => {
        if (this.querySelector('crowd-button[form-action="submit"]')) return;
        const button = document.createElement("crowd-button");
        button.setAttribute("form-action", "submit");
        button.setAttribute("variant", "primary");
        button.textContent = "Submit";
        this.append(button);
      });
    }

    /** {name: value} of every named input inside that has a value. */
    answerContent() {
      const content = {};
      for (const field of this.querySelectorAll("[name]")) {
        const unchecked = ["checkbox", "radio"].includes(field.type) && !field.checked;
        const isField = /^(input|select|textarea|crowd-.+)$/i.test(field.localName);
        if (!isField || field.disabled || unchecked) continue;
        const { value } = field;
        if (value !== "" && value !== undefined && value !== null) {
          content[field.getAttribute("name")] = value;
        }
      }
      return content;
    }

    reset() {
      for (const field of this.querySelectorAll("[name]")) {
        field.value = field.getAttribute("value") ?? "";
      }
    }

    /** Fires `submit` and, unless that is prevented, sends the answer. */
    submit() {
      if (this.sending) return;
      const event = new Event("submit", { bubbles: true, cancelable: true });
      if (this.dispatchEvent(event)) this.send();
    }

    async send() {
      this.busy(true);
      this.tell("");
      try {
        const next = await post(this.answerContent());
        if (next) {
          location.assign(next);
          return; // stays busy: the page is being left
        }
        this.inert = true;
        const done = line("Submitted. There is no further task at the moment.");
        done.style.cssText += "inset: 0; display: grid; place-content: center; font-size: 20px;";
        document.body.append(done);
      } catch (error) {
        this.tell(`The answer was not taken: ${error.message} Nothing is lost; submit again.`);
      }
      this.busy(false);
    }

    busy(sending) {
      this.sending = sending;
      for (const button of this.querySelectorAll('crowd-button[form-action="submit"]')) {
        button.toggleAttribute("disabled", sending);
      }
    }

    tell(text) {
      this.querySelector(":scope > .crowd-form-problem")?.remove();
      if (!text) return;
      const problem = line(text);
      problem.className = "crowd-form-problem";
      problem.setAttribute("role", "alert");
      this.append(problem);
    }
  }

  /** Sends the answer; the address of the next task, or null. Throws with a sentence. */
  async function post(answerContent) {
    const stop = AbortSignal.timeout(PATIENCE_MS);
    let response;
    let body;
    try {
      response = await fetch(`${location.pathname.replace(/\/+$/, "")}/submit`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ answerContent }),
        signal: stop,
      });
      body = await response.json().catch(() => null);
    } catch {
      throw new Error("the server cannot be reached.");
    }
    if (!response.ok) {
      throw new Error(body?.message ?? `the server answered with status ${response.status}.`);
    }
    return body?.next ?? null;
  }

  function line(text) {
    const made = document.createElement("p");
    made.textContent = text;
    // At the top, and not in the way of the pointer: what is tried again is at the bottom.
    made.style.cssText = `position: fixed; z-index: 10; inset: 0 0 auto 0; margin: 0;
      pointer-events: none; padding: 12px 18px; background: #101418; color: #fff;
      font: 15px/1.4 system-ui, sans-serif;`;
    return made;
  }

  function ready(act) {
    if (document.readyState !== "loading") act();
    else document.addEventListener("DOMContentLoaded", act, { once: true });
  }

  customElements.define("crowd-button", CrowdButton);
  customElements.define("crowd-input", CrowdInput);
  customElements.define("crowd-instructions", CrowdInstructions);
  customElements.define("crowd-form", CrowdForm);
  ready(() => document.dispatchEvent(new Event("all-crowd-elements-ready")));
})();
