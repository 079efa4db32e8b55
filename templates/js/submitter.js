// Puts the answer into the form. Writing PNGs takes a moment and a form does not wait, so the
// first submission is held back, and sent again when its answer is ready.
const Submitter = (() => {
  "use strict";

  /**
   * Returns a function that submits. `crowd-form.submit` alone will not do: whether the real one
   * fires `onsubmit` is not documented, and if not, it would send an empty answer.
   *
   * `obstacle()`: null, or what keeps the answer back, given to `onObstacle`.
   * `revision()`: a number that differs once the answer would.
   * `build()`: a promise of the answer's text; why it failed goes to `onTrouble(message)`.
   * `onPass()` is called when the form is sent.
   */
  function attach(form, field, { obstacle, revision, build, onObstacle, onTrouble, onPass, onBusy }) {
    let ready = null; // the revision whose answer the field holds
    let building = false;

    async function prepare() {
      const wanted = revision();
      building = true;
      onBusy(true);
      try {
        field.value = await build();
        ready = wanted;
      } catch (error) {
        onTrouble(error.message);
      } finally {
        building = false;
        onBusy(false);
      }
      // Comes back to onsubmit, and passes unless the worker has gone on meanwhile.
      if (ready === wanted) send();
    }

    function send() {
      onPass();
      form.submit();
    }

    /** True if the form may be sent as it is; otherwise what has to be done for it is begun. */
    function mayPass() {
      const found = obstacle();
      if (found) onObstacle(found);
      else if (ready === revision()) return true;
      else if (!building) prepare();
      return false;
    }

    // The property, as Ground Truth's documentation has it, not addEventListener: crowd-form is
    // not a native form, and only this way is known to work in it.
    form.onsubmit = (event) => {
      if (!mayPass()) event.preventDefault();
      else onPass();
    };
    return () => {
      if (mayPass()) send();
    };
  }

  return { attach };
})();
