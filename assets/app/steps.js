// One long form as steps: <form data-steps data-texts='{…}'> with [data-step] sections in it.
// Without scripts all of it is there at once. What is missing is said before one goes on; the
// server looks at everything again.

import { each } from "./find.js";
import { lookAtWords } from "./words.js";

const SAID = "data-said";

/** What is wrong in a section, as [the thing to go to, words]; null when one may go on. */
function trouble(section, texts) {
  const stop = section.querySelector("[data-stops]");
  if (stop) return [stop, ""];
  for (const box of section.querySelectorAll("fieldset[data-required]")) {
    if (box.closest("[hidden]") || box.querySelector("input:checked")) continue;
    return [box.querySelector("input"), texts.missing];
  }
  for (const field of section.querySelectorAll("input, select, textarea")) {
    if (field.closest("[hidden], .trap") || field.disabled) continue;
    if (field.checked && field.dataset.stop) return [field, field.dataset.stop];
    if (!field.checkValidity()) return [field, said(field, texts)];
  }
  const words = section.querySelector("[data-words]");
  const tick = words && lookAtWords(words);
  if (tick) return [tick, words.dataset.error];
  const wanted = section.querySelector("[data-needs-field]");
  const empty = wanted && document.getElementById(wanted.dataset.needsField);
  if (empty && !empty.value.trim() && !empty.closest("[hidden]")) return [empty, wanted.dataset.words];
  const need = section.querySelector("[data-needs-photo]");
  if (need && !section.querySelector("[name=photo_keys]")) {
    const input = section.querySelector("input[type=file]");
    if (input && !input.files.length) return [input, need.dataset.needsPhoto];
  }
  return null;
}

function said(field, texts) {
  if (field.name === "category") return texts.category;
  if (field.validity.valueMissing) return texts.missing;
  if (field.type === "email") return texts.email;
  return field.validationMessage;
}

export function mark(field, words) {
  const box = field.closest("fieldset.field, [data-words]") || field.closest(".field, .kinds, .tick, .tick-line") || field.parentElement;
  box.classList.add("is-wrong");
  let line = box.querySelector(`[${SAID}]`);
  if (!line) {
    line = document.createElement("p");
    line.className = "error";
    line.setAttribute(SAID, "");
    line.setAttribute("role", "alert");
    line.id = `said-${Math.random().toString(36).slice(2)}`;
    const first = box.querySelector(box.matches("fieldset") ? "legend" : box.matches("[data-words]") ? ".findings" : "label");
    first ? first.after(line) : box.prepend(line);
  }
  line.textContent = words;
  field.setAttribute("aria-invalid", "true");
  const described = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== line.id);
  field.setAttribute("aria-describedby", [...described, line.id].join(" "));
}

function unmark({ target }) {
  const box = target.closest(".is-wrong");
  if (!box?.querySelector(`[${SAID}]`)) return;
  for (const line of box.querySelectorAll(`[${SAID}]`)) line.remove();
  box.classList.remove("is-wrong");
  for (const field of box.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

class Steps {
  constructor(form) {
    this.form = form;
    this.texts = JSON.parse(form.dataset.texts || "{}");
    this.next = form.querySelector("[data-step-next]");
    this.back = form.querySelector("[data-step-back]");
    this.send = form.querySelector("[data-step-send]");
    form.classList.add("has-steps");
    this.next.addEventListener("click", () => this.goOn());
    this.back.addEventListener("click", () => this.goBack());
    form.addEventListener("input", unmark);
    form.addEventListener("change", unmark);
    form.addEventListener("keydown", (event) => this.enter(event));
    form.addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("click", (event) => this.follow(event));
    for (const kind of ["htmx:afterSwap", "htmx:oobAfterSwap", "htmx:afterSettle"]) {
      document.body.addEventListener(kind, () => {
        this.tellBeside();
        this.show(this.name, false);
      });
    }
    this.askOnlyForAnotherPlace();
    window.addEventListener("popstate", (event) => this.show(event.state?.step || this.first(), true));
    const wrong = form.querySelector(".is-wrong")?.closest("[data-step]");
    this.tellBeside();
    this.show(wrong ? nameOf(wrong) : this.first(), false);
    form.steps = this;
  }

  get sections() {
    return [...this.form.querySelectorAll("[data-step]")];
  }

  get index() {
    return Math.max(0, this.sections.findIndex((section) => nameOf(section) === this.name));
  }

  first() {
    return nameOf(this.sections[0]);
  }

  show(name, focus) {
    const all = this.sections;
    this.name = all.some((section) => nameOf(section) === name) ? name : nameOf(all[Math.min(this.index, all.length - 1)]);
    const at = this.index;
    all.forEach((section, index) => section.classList.toggle("is-now", index === at));
    const isLast = at === all.length - 1;
    this.back.hidden = at === 0;
    this.next.hidden = isLast;
    this.send.hidden = !isLast;
    const bar = this.form.querySelector("progress");
    const words = this.form.querySelector("[data-progress-words]");
    if (bar) [bar.max, bar.value] = [all.length, at + 1];
    if (words) words.textContent = (this.texts.step || "{n}/{m}").replace("{n}", at + 1).replace("{m}", all.length);
    if (focus) this.focus(all[at]);
    this.form.dispatchEvent(new CustomEvent("waywarden:step", { bubbles: true, detail: { at, of: all.length } }));
  }

  /** The map tells its place at the start, too; what is offered there is on the page already. */
  askOnlyForAnotherPlace() {
    const place = () => ["latitude", "longitude"].map((name) => Number(this.form.elements[name]?.value).toFixed(5)).join();
    let known = place();
    this.form.addEventListener("htmx:configRequest", (event) => {
      if (event.target.id !== "kind-part") return;
      const now = place();
      if (now === known) event.preventDefault();
      known = now;
    });
  }

  /** What belongs to a choice stands right under it. */
  tellBeside() {
    const chosen = this.form.querySelector(".kind:has(input:checked)");
    const about = this.form.querySelector("#about");
    if (chosen && about && chosen.nextElementSibling !== about) chosen.after(about);
  }

  focus(section) {
    window.scrollTo({ top: 0, behavior: "instant" });
    section.querySelector("h2")?.focus({ preventScroll: true });
  }

  /** Says what is wrong in a section; false when there is nothing. */
  complain(section) {
    const found = trouble(section, this.texts);
    if (!found) return false;
    const [where, words] = found;
    if (words) mark(where, words);
    where.focus();
    where.scrollIntoView({ block: "center" });
    return true;
  }

  goOn() {
    const { sections, index } = this;
    if (this.complain(sections[index])) return;
    const name = nameOf(sections[index + 1]);
    if (!history.state?.step) history.replaceState({ ...history.state, step: this.name }, "");
    history.pushState({ step: name }, "");
    this.show(name, true);
  }

  goBack() {
    if (history.state?.step && this.index > 0) history.back();
    if (!history.state?.step) this.show(nameOf(this.sections[this.index - 1]), true);
  }

  enter(event) {
    const { target } = event;
    if (event.key !== "Enter" || event.defaultPrevented || target.matches("textarea, button, a, [type=search]")) return;
    if (!this.next.hidden && target.matches("input, select")) {
      event.preventDefault();
      this.goOn();
    }
  }

  submit(event) {
    if (event.submitter?.hasAttribute("formaction")) return;
    for (const section of this.sections) {
      if (!trouble(section, this.texts)) continue;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.show(nameOf(section), false);
      this.complain(section);
      return;
    }
  }

  /** A link to something in a step that is not shown: the step is shown first. */
  follow(event) {
    const address = event.target.closest?.('a[href^="#"]')?.getAttribute("href");
    const wanted = address?.length > 1 && this.form.querySelector(CSS.escape ? `#${CSS.escape(address.slice(1))}` : address);
    const section = wanted && wanted.closest("[data-step]");
    if (!section || section.classList.contains("is-now")) return;
    this.show(nameOf(section), false);
    wanted.focus();
  }
}

const nameOf = (section) => section?.getAttribute("aria-labelledby") || "";

export function walkSteps(root) {
  for (const form of each(root, "form[data-steps]")) if (!form.steps) new Steps(form);
}
