// Narrows a list as one types: <input data-filters="id-of-the-list">.
// In the list: [data-filter-item] (data-filter-words adds words to look in), inside
// [data-filter-group] if it has groups. Beside it, [data-filter-status data-text="{n} found"].

import { each } from "./find.js";

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const wordsOf = (item) => plain(`${item.textContent} ${item.dataset.filterWords || ""}`);

function narrow(list, typed) {
  const wanted = plain(typed).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of list.querySelectorAll("[data-filter-item]")) {
    const words = wordsOf(item);
    // What is chosen stays in sight, or one could send what one does not see.
    item.hidden = !(wanted.every((word) => words.includes(word)) || item.querySelector("input:checked"));
    shown += item.hidden ? 0 : 1;
  }
  for (const nothing of list.querySelectorAll("[data-filter-none]")) nothing.hidden = shown > 0;
  for (const group of list.querySelectorAll("[data-filter-group]")) {
    group.hidden = !group.querySelector("[data-filter-item]:not([hidden])");
    if (group.tagName === "DETAILS" && wanted.length) group.open = true;
  }
  return shown;
}

export function filterLists(root) {
  for (const field of each(root, "input[data-filters]")) {
    const list = document.getElementById(field.dataset.filters);
    const status = list?.parentElement.querySelector("[data-filter-status]");
    if (!list) continue;
    field.addEventListener("input", () => {
      const shown = narrow(list, field.value);
      if (status) status.textContent = (status.dataset.text || "{n}").replace("{n}", shown);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // it would send the whole form
    });
  }
}
