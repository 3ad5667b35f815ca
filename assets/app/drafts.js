// Forms that lose nothing: <form data-draft="report"> is kept on the device as one types, photos
// too. Off-line, what was sent waits there and goes by itself when the network is back.

import { each } from "./find.js";
import * as store from "./store.js";

const REST = 500; // milliseconds without a key before it is kept
const PROBE = 4000; // milliseconds that the site has to answer in
const AGAIN = 20000; // milliseconds between two tries while the page is open and waits
const NOT_KEPT = ["csrfmiddlewaretoken", "photo", "website", "asked"];
const fixed = ["latitude", "longitude", "form_key", "asked", "photo_keys", "used_map"];

const box = (name) => document.querySelector(`[data-${name}]`);
const say = (item, values) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), item.dataset.text);
const language = () => document.documentElement.lang || undefined;
const when = (moment) => new Date(moment).toLocaleString(language() === "en" ? "en-GB" : language(), { dateStyle: "medium", timeStyle: "short" });

const hasPlace = (draft) => draft.address.includes("latitude=") || !draft.address.startsWith("/report/new");
const addressOf = (draft) => `${draft.address}${draft.address.includes("?") ? "&" : "?"}draft=1`;

function showOffer(draft, use) {
  const place = box("draft-offer");
  if (!place) return;
  const words = place.querySelector("[data-text]");
  words.textContent = say(words, { title: draft.title || "…", when: when(draft.at) });
  place.hidden = false;
  place.querySelector("[data-draft-use]").addEventListener("click", () => { place.hidden = true; use(); });
  place.querySelector("[data-draft-drop]").addEventListener("click", async () => {
    await store.drop(draft.id);
    place.hidden = true;
    document.getElementById("main")?.focus();
  });
}

class Draft {
  constructor(form) {
    this.form = form;
    this.id = form.dataset.draft;
    this.texts = JSON.parse(form.dataset.texts || "{}");
    this.timer = 0;
    this.isTouched = false;
    this.isNote = "note" in form.dataset;
    for (const kind of ["input", "change", "waywarden:photos"]) {
      form.addEventListener(kind, () => {
        this.isTouched = true;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.keep(), REST);
      });
    }
    document.addEventListener("visibilitychange", () => document.hidden && this.isTouched && this.keep());
    if (this.isNote) return void store.get(this.id).then((found) => found && this.fill(found)).catch(() => {});
    form.addEventListener("submit", (event) => this.submit(event));
    this.offer();
  }

  read(ready) {
    const values = [...new FormData(this.form)].filter(([name, value]) => typeof value === "string" && !NOT_KEPT.includes(name));
    const of = (name) => values.find(([one]) => one === name)?.[1] || "";
    const address = new URL(this.form.dataset.page || location.pathname, location.href);
    for (const name of ["latitude", "longitude", "category"]) if (of(name)) address.searchParams.set(name, of(name));
    values.push(["asked", of("category")]);
    return {
      id: this.id, ready, values, at: Date.now(), action: this.form.getAttribute("action"), address: address.pathname + address.search,
      title: of("title") || of("text").slice(0, 60) || of("category"), key: of("form_key"),
      files: [...(this.form.querySelector("input[type=file]")?.files || [])],
    };
  }

  /** What waits to be sent goes on waiting, also when the page is hidden, closed or typed into. */
  async keep(ready = Boolean(this.again)) {
    clearTimeout(this.timer);
    const draft = this.read(ready);
    const typed = draft.values.some(([name, value]) => !fixed.includes(name) && !["name", "email", "phone"].includes(name) && value.trim());
    if (typed || draft.files.length) await store.put(draft).catch(() => {});
    return draft;
  }

  /** Says that there is one from before, unless the page shows it already. */
  async offer() {
    const found = await store.get(this.id).catch(() => null);
    if (!found || document.getElementById("errors")) return;
    if (new URLSearchParams(location.search).has("draft")) this.fill(found);
    else showOffer(found, () => (hasPlace(found) ? location.assign(addressOf(found)) : this.fill(found)));
  }

  fill(draft) {
    const rest = new Map();
    for (const [name, value] of draft.values) rest.set(name, [...(rest.get(name) || []), value]);
    for (const field of this.form.elements) {
      const wanted = rest.get(field.name);
      if (!wanted || fixed.slice(0, 2).concat("asked").includes(field.name) || field.type === "file") continue;
      if (field.type === "radio" || field.type === "checkbox") field.checked = wanted.includes(field.value);
      else field.value = wanted[0];
    }
    const input = this.form.querySelector("input[type=file]");
    if (input && draft.files.length) {
      const transfer = new DataTransfer();
      for (const file of draft.files) transfer.items.add(file);
      input.files = transfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async submit(event) {
    if (event.defaultPrevented || event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    await this.form.photosReady;
    await this.keep();
    if (await isThere()) this.form.submit();
    else await this.wait();
  }

  /** The network is away: it is kept, and goes by itself. */
  async wait() {
    this.again ||= setInterval(() => !document.hidden && this.tryAgain(), AGAIN);
    await this.keep();
    delete this.form.dataset.sent;
    const registered = await navigator.serviceWorker?.getRegistration();
    await registered?.sync?.register("waywarden-send").catch(() => {});
    const words = box("form-problem");
    if (!words) return;
    words.textContent = this.texts.offline || "";
    words.hidden = false;
    words.tabIndex = -1;
    words.focus();
    words.scrollIntoView({ block: "center" });
  }

  /** While the page is still open it sends the form as it stands now, and leads on as ever. */
  async tryAgain() {
    if (!(await isThere())) return;
    clearInterval(this.again);
    this.again = 0;
    await this.keep();
    this.form.submit();
  }
}

async function isThere() {
  if (!navigator.onLine) return false;
  try {
    return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PROBE) })).ok;
  } catch {
    return false;
  }
}

/** What the server says that it has stored is no draft any more. */
async function forgetStored() {
  const key = /(?:^|; )stored_form=([\w-]+)/.exec(document.cookie)?.[1];
  if (!key) return;
  for (const draft of await store.all()) if (draft.key === key) await store.drop(draft.id);
  document.cookie = "stored_form=; Max-Age=0; Path=/; SameSite=Lax";
}

async function tellOfSent() {
  const told = await store.sendWaiting();
  const place = box("sent-later");
  if (!place) return;
  for (const { draft, url } of told) {
    const line = document.createElement("p");
    line.className = url ? "message message-success" : "message message-error";
    const link = document.createElement("a");
    link.href = url || addressOf(draft);
    link.textContent = (url ? place.dataset.sent : place.dataset.refused).replace("{title}", draft.title);
    line.append(link);
    place.append(line);
  }
}

/** The list of what waits, on the page for when there is no network. */
async function listDrafts() {
  const list = box("drafts-list");
  if (!list) return;
  const drafts = await store.all();
  list.replaceChildren(...drafts.map((draft) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = addressOf(draft);
    link.textContent = draft.title || list.dataset.untitled;
    const facts = document.createElement("span");
    facts.className = "row-facts";
    facts.textContent = ` ${when(draft.at)} · ${draft.ready ? list.dataset.waits : list.dataset.unfinished}`;
    item.append(link, facts);
    return item;
  }));
  list.closest("section").hidden = !drafts.length;
}

/** The page without a network: the place by the device, and that all is kept. */
function takeNotes(root) {
  for (const button of each(root, "[data-note-place]")) {
    const form = button.closest("form");
    const words = form.querySelector("[data-note-words]");
    button.hidden = !navigator.geolocation;
    button.addEventListener("click", () => navigator.geolocation.getCurrentPosition(({ coords }) => {
      form.elements.latitude.value = coords.latitude.toFixed(6);
      form.elements.longitude.value = coords.longitude.toFixed(6);
      words.textContent = button.dataset.done;
      form.dispatchEvent(new Event("input", { bubbles: true }));
    }, () => { words.textContent = button.dataset.failed; }, { enableHighAccuracy: true, timeout: 20000 }));
    form.addEventListener("input", () => setTimeout(() => { words.textContent ||= words.dataset.kept; }, REST));
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  for (const button of each(root, "[data-reload]")) button.addEventListener("click", () => location.reload());
}

/** A device may be shared: whoever signs out leaves nothing behind. */
function forgetAtTheEnd(root) {
  for (const form of each(root, 'form[action="/auth/sign-out"]')) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      store.clear().catch(() => {}).then(() => form.submit());
    });
  }
}

export function keepDrafts(root) {
  takeNotes(root);
  forgetAtTheEnd(root);
  if (!("indexedDB" in window)) return;
  for (const form of each(root, "form[data-draft]")) if (!form.draft) form.draft = new Draft(form);
}

export async function startDrafts() {
  if (!("indexedDB" in window)) return;
  await forgetStored();
  await listDrafts();
  await tellOfSent();
  const newest = (await store.all())[0];
  if (newest && !document.querySelector("form[data-draft]")) showOffer(newest, () => location.assign(addressOf(newest)));
  window.addEventListener("online", () => {
    const waiting = [...document.querySelectorAll("form[data-draft]")].find((form) => form.draft?.again);
    return waiting ? waiting.draft.tryAgain() : tellOfSent();
  });
}
