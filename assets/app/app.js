// Small helps for people whose browser runs scripts. Every page works without them.

import htmx from "htmx.org/dist/htmx.esm.js";

import { askConditionally } from "./conditions.js";
import { countCharacters } from "./counts.js";
import { keepDrafts, startDrafts } from "./drafts.js";
import { filterLists } from "./filters.js";
import { each } from "./find.js";
import { showLarge } from "./lightbox.js";
import { offerLocation } from "./location.js";
import { startMaps } from "./maps.js";
import { preparePhotos } from "./photos.js";
import { offerSharing } from "./share.js";
import { walkSteps } from "./steps.js";
import { watchWords } from "./words.js";

htmx.config.allowEval = false; // the page's policy forbids it
htmx.config.includeIndicatorStyles = false; // so does it a style written by a script
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // nothing of a person's pages stays in the browser's store
if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) htmx.config.scrollBehavior = "instant";
window.htmx = htmx;

document.addEventListener("htmx:configRequest", ({ detail }) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token && detail.verb !== "get") detail.headers["X-CSRFToken"] = token;
});

/** What makes sense only with scripts is hidden until they run. */
function reveal(root) {
  for (const item of each(root, "[data-with-scripts]")) item.hidden = false;
}

/** A second press on "send" does not send twice. */
function sendOnce(root) {
  for (const form of each(root, "form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
    });
  }
}

function enhance(root) {
  for (const help of [reveal, walkSteps, watchWords, sendOnce, countCharacters, filterLists, offerLocation, preparePhotos, askConditionally, keepDrafts, showLarge, offerSharing]) help(root);
}

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
document.documentElement.classList.add("has-scripts");
enhance(document);
document.querySelector(":is(.menu, .desk-menu) [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });
startMaps();
startDrafts();
if ("serviceWorker" in navigator && window.isSecureContext) {
  window.addEventListener("load", () => navigator.serviceWorker.register("/service-worker.js").catch(() => {}));
}
htmx.onLoad((part) => part !== document.body && enhance(part));
