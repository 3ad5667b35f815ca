// "Share" asks the device where it can; else it stays what it is without scripts: an address to copy.

import { each } from "./find.js";

export function offerSharing(root) {
  for (const button of each(root, "[data-share]")) {
    if (!navigator.share) continue;
    button.addEventListener("click", (event) => {
      event.preventDefault();
      navigator.share({ title: button.dataset.title, url: button.dataset.address }).catch(() => {});
    });
  }
  for (const field of each(root, "#share-address")) field.addEventListener("focus", () => field.select());
  // A link to a folded part of the page (#follow) opens it.
  const wanted = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (root === document && wanted instanceof HTMLDetailsElement) wanted.open = true;
}
