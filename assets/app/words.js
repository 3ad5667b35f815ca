// Public words that look personal, asked about before one goes on; the network is not needed.
// <div data-words data-of="title detail" data-error="…"> with a list of what was found and a box
// to tick. The server reads the same rules (reports/personal_data.py) and looks again.

import rules from "../../src/waywarden/reports/personal_data.json";
import { each } from "./find.js";
import { mark } from "./steps.js";

const REST = 400; // milliseconds without a key before the words are looked at

/** As Python reads it: letters of every script are letters. */
const pattern = (source, flags = "") => new RegExp(source.replaceAll("\\w", "\\p{L}\\p{N}_"), `gu${flags}`);

function makeRules() {
  try {
    const [least, most] = rules.phone_digits;
    const date = pattern(`^(?:${rules.date})$`);
    const isNumber = (text) => {
      const digits = text.replace(/\D/g, "").length;
      return least <= digits && digits <= most && text.trim().search(date) < 0;
    };
    return [
      ["email", pattern(rules.email), () => true],
      ["phone", pattern(rules.phone), isNumber],
      ...rules.plates.map((plate) => ["plate", pattern(plate.pattern, plate.any_case ? "i" : ""), () => true]),
    ];
  } catch {
    return []; // an old browser that cannot look behind: the server does
  }
}

const RULES = makeRules();

/** What looks personal in some texts, each once, in order: [[kind, words]…]. */
export function personal(texts) {
  const found = texts.flatMap((text) => RULES
    .flatMap(([kind, rule, isOne]) => [...text.matchAll(rule)].filter(([words]) => isOne(words)).map((hit) => [hit.index, kind, hit[0].trim()]))
    .sort((one, other) => one[0] - other[0]));
  return [...new Map(found.map(([, kind, words]) => [`${kind} ${words}`, [kind, words]])).values()];
}

/** Shows what was found; the box that is still to be ticked, null when one may go on. */
export function lookAtWords(box) {
  const { form, list, note } = { form: box.closest("form"), list: box.querySelector("ul"), note: box.firstElementChild };
  const texts = box.dataset.of.split(" ").map((name) => form.elements[name]?.value || "");
  const found = form.querySelector("[data-private-kind]") ? [] : personal(texts);
  const lines = found.map(([kind, words]) => list.dataset[kind].replace("{text}", words));
  const tick = box.querySelector("input");
  if (lines.join("\n") !== [...list.children].map((item) => item.textContent).join("\n")) {
    tick.checked = false;
    list.replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
  }
  note.hidden = !lines.length;
  return lines.length && !tick.checked ? tick : null;
}

export function watchWords(root) {
  for (const box of each(root, "[data-words]")) {
    const form = box.closest("form");
    const names = box.dataset.of.split(" ");
    let timer = 0;
    // Not when a field is left: what then moves would be under the finger that presses "next".
    form.addEventListener("input", ({ target }) => {
      if (!names.includes(target.name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => lookAtWords(box), REST);
    });
    if ("steps" in form.dataset) continue; // the steps ask themselves
    form.addEventListener("submit", (event) => {
      if (event.submitter?.hasAttribute("formaction")) return;
      const tick = lookAtWords(box);
      if (!tick) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      mark(tick, box.dataset.error);
      tick.focus();
      tick.scrollIntoView({ block: "center" });
    });
  }
}
