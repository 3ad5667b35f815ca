// "Use my location": <button data-locate="/around" data-failed="…">, hidden without scripts.
// On a page with a map the map goes there; elsewhere the address given is opened.

import { each } from "./find.js";

const WAIT = 15000; // milliseconds

export function offerLocation(root) {
  for (const button of each(root, "button[data-locate]")) {
    if (!navigator.geolocation) continue;
    button.hidden = false;
    button.addEventListener("click", () => locate(button));
  }
}

function locate(button) {
  button.setAttribute("aria-busy", "true");
  const done = () => button.removeAttribute("aria-busy");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => { done(); go(button, coords); },
    () => { done(); fail(button); },
    { enableHighAccuracy: true, timeout: WAIT, maximumAge: 60000 },
  );
}

function go(button, { latitude, longitude }) {
  const [lat, lon] = [latitude, longitude].map((degrees) => Number(degrees.toFixed(6)));
  if (document.querySelector(".has-map")) {
    document.dispatchEvent(new CustomEvent("waywarden:located", { detail: { lat, lon } }));
    return;
  }
  const url = new URL(button.dataset.locate || "/around", location.href);
  url.searchParams.set("lat", lat);
  url.searchParams.set("lon", lon);
  location.assign(url);
}

/** Says so where the page has put the place for it, the box to type in stays usable. */
function fail(button) {
  const words = document.getElementById(button.getAttribute("aria-describedby") || "");
  if (words) words.textContent = button.dataset.failed || "";
}
