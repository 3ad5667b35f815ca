// The address of a view: what part of the map, through which filters. Back and forward lead
// through the views; a shared address opens the same one.

const REST = 4000; // milliseconds between two moves that are views of their own
// The order that goes without saying: a body's page has another than the map.
const usual = (name) => (name === "sort" ? filterForm()?.dataset.usualSort ?? "newest" : undefined);

export const round = (degrees) => degrees.toFixed(6);

/** Writes a value into every field that asks for it: data-map-input="bbox" and the like. */
export function write(name, value) {
  for (const field of document.querySelectorAll(`[data-map-input="${name}"]`)) field.value = value;
}

export function place(map) {
  const { lat, lng } = map.getCenter().wrap();
  const bounds = map.getBounds();
  const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map(round).join(",");
  return { lat: round(lat), lon: round(lng), zoom: map.getZoom().toFixed(2).replace(/\.?0+$/, ""), bbox };
}

const filterForm = () => document.querySelector("form[data-map-filters]");

function addressOf(map) {
  const address = new URL(location.pathname, location.href);
  const { lat, lon, zoom } = place(map);
  for (const [name, value] of Object.entries({ lat, lon, zoom })) address.searchParams.set(name, value);
  const form = filterForm();
  for (const [name, value] of form ? new FormData(form) : []) {
    const isSaid = value && value !== usual(name) && name !== "bbox" && !["lat", "lon", "zoom"].includes(name);
    if (isSaid) address.searchParams.append(name, value);
  }
  return address;
}

/** Puts what an address says into the form of filters. */
function fill(form, wanted) {
  for (const field of form.elements) {
    if (!field.name || field.name in { lat: 1, lon: 1, zoom: 1, bbox: 1 }) continue;
    const values = wanted.getAll(field.name);
    if (field.type === "checkbox") field.checked = values.includes(field.value);
    else field.value = values[0] ?? usual(field.name) ?? "";
  }
}

export function keepAddress(map, pins) {
  let pushed = Date.now(), isRestoring = false;
  const say = (isNew) => {
    history[isNew ? "pushState" : "replaceState"](null, "", addressOf(map));
    if (isNew) pushed = Date.now();
  };
  map.on("moveend", (event) => {
    const here = place(map);
    Object.entries(here).forEach(([name, value]) => write(name, value));
    const byHand = Boolean(event.originalEvent);
    if (!isRestoring) {
      if (byHand) write("page", "");
      say(byHand && (event.isJump || Date.now() - pushed > REST));
    }
    isRestoring = false;
    pins.tell("waywarden:moved", here);
  });
  const form = filterForm();
  form?.addEventListener("change", () => { write("page", ""); say(true); });
  form?.addEventListener("submit", (event) => form.hasAttribute("hx-get") && event.preventDefault());
  turnPages(form, () => say(true));
  window.addEventListener("popstate", () => {
    const wanted = new URLSearchParams(location.search);
    if (form) fill(form, wanted);
    isRestoring = true;
    const center = wanted.has("lat") && wanted.has("lon") ? [wanted.get("lon"), wanted.get("lat")].map(Number) : map.getCenter();
    map.jumpTo({ center, zoom: Number(wanted.get("zoom") || map.getZoom()) });
    document.dispatchEvent(new CustomEvent("waywarden:refresh"));
  });
}

/** The links to other pages of the list fetch only the list. */
function turnPages(form, say) {
  if (!form?.hasAttribute("hx-get")) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#list a[data-page], a[data-clear]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const wanted = new URL(link.href).searchParams;
    fill(form, wanted);
    say();
    document.dispatchEvent(new CustomEvent("waywarden:refresh"));
    form.dispatchEvent(new CustomEvent("waywarden:list"));
    document.getElementById("list")?.scrollIntoView({ block: "nearest" });
  });
}
