// What Ground Truth has put into the page: the job, the texts, this task.
const Task = (() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  /** The task from its attribute. Some renderers escape twice; a parser undoes the second. */
  function parse(text) {
    try {
      return JSON.parse(text);
    } catch {
      const { body } = new DOMParser().parseFromString(text, "text/html");
      return JSON.parse(body.textContent);
    }
  }

  /** {job, say, task, photo: the link to it}. */
  function read() {
    const { task, photo } = byId("task").dataset;
    const job = JSON.parse(byId("job").textContent);
    const say = Texts.create(JSON.parse(byId("texts").textContent), job.english);
    return { job, say, task: parse(task), photo };
  }

  return { read };
})();
