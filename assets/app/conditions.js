// Questions that are asked only for an answer to another one:
// <div data-shown-if="name" data-shown-values='["key"]'>; no values means any answer.
// <div data-hidden-if="name"> goes when that box is ticked.
// The server decides by the same rule and drops what was not asked.

import { each } from "./find.js";

function answers(form, name) {
  const fields = [...form.elements].filter((field) => field.name === name && !field.closest("[data-shown-if][hidden]"));
  return fields
    .filter((field) => (field.type !== "radio" && field.type !== "checkbox") || field.checked)
    .map((field) => field.value.trim())
    .filter(Boolean);
}

function decide(form) {
  // In order, so that what hangs on a hidden one hides as well.
  for (const box of form.querySelectorAll("[data-shown-if]")) {
    const wanted = JSON.parse(box.dataset.shownValues || "[]");
    const given = answers(form, box.dataset.shownIf);
    box.hidden = !(wanted.length ? given.some((one) => wanted.includes(one)) : given.length);
  }
}

function hide(form) {
  for (const box of form.querySelectorAll("[data-hidden-if]")) {
    box.hidden = Boolean(form.querySelector(`[name="${box.dataset.hiddenIf}"]`)?.checked);
  }
}

export function askConditionally(root) {
  const forms = new Set(each(root, "[data-shown-if], [data-hidden-if]").map((box) => box.closest("form")));
  for (const form of forms) {
    if (!form) continue;
    if (!form.dataset.decides) {
      form.dataset.decides = "1";
      for (const kind of ["input", "change"]) form.addEventListener(kind, () => { decide(form); hide(form); });
    }
    decide(form);
    hide(form);
  }
}
