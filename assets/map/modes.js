// What a map is for: looking around, showing one report, or choosing a place.

import maplibregl from "maplibre-gl/dist/maplibre-gl-csp.js";

import { keepAddress, place, round, write } from "./address.js";
import { Pins, pinElement } from "./pins.js";

const STEP = 12; // pixels that an arrow key moves the pin

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

export function around(map, config) {
  const pins = new Pins(map, config);
  pins.answerClicks();
  if (config.pins_url) map.once("load", () => pins.watch());
  if (config.outline) {
    for (const name of ["style.load", "load"]) map.on(name, () => outline(map, config));
  }
  if (config.unserved) {
    for (const name of ["style.load", "load"]) map.on(name, () => unserved(map, config.unserved));
  }
  middle(map);
  keepAddress(map, pins);
  note(map, config);
  if (config.report_url !== "") starter(map, config, pins);
}

/** The boundary of the area that the page is about. */
function outline(map, config) {
  if (map.getSource("outline")) return;
  map.addSource("outline", { type: "geojson", data: { type: "Feature", geometry: config.outline, properties: {} } });
  const before = map.getLayer("pin-lit") ? "pin-lit" : undefined;
  map.addLayer({
    id: "outline", source: "outline", type: "line",
    paint: { "line-color": config.accent || "#1f5fa6", "line-width": 2.5, "line-opacity": 0.8 },
  }, before);
}

/** The ground that no body answers for. */
function unserved(map, geometry) {
  if (map.getSource("unserved")) return;
  map.addSource("unserved", { type: "geojson", data: { type: "Feature", geometry, properties: {} } });
  map.addLayer({ id: "unserved", source: "unserved", type: "fill", paint: { "fill-color": "#b3261e", "fill-opacity": 0.28 } });
  map.addLayer({
    id: "unserved-edge", source: "unserved", type: "line",
    paint: { "line-color": "#b3261e", "line-width": 2, "line-dasharray": [2, 1.5] },
  });
}

/** Where the Enter key looks, while the map has the keyboard. */
function middle(map) {
  const mark = element("div", "map-middle");
  mark.setAttribute("aria-hidden", "true");
  map.getContainer().append(mark);
}

/** Says what the pins cannot: that there are more, or that none could be fetched. */
function note(map, config) {
  const box = element("p", "map-note");
  box.setAttribute("role", "status");
  box.hidden = true;
  map.getContainer().append(box);
  map.getContainer().addEventListener("waywarden:pins", ({ detail }) => {
    const text = detail.failed ? config.texts?.failed : detail.more ? config.texts?.more : "";
    box.textContent = text || "";
    box.hidden = !text;
  });
}

/** A click on the empty map puts down a pin that can be moved, with the way on beside it. */
function starter(map, config, pins) {
  const start = new Starter(map, config);
  map.on("click", (event) => {
    if (pins.at(event.point)) return;
    pins.popup?.remove();
    start.put(event.lngLat);
  });
  start.popup.on("close", () => start.hadFocus && map.getCanvas().focus());
  // One press leads on from the middle of the map; the form shows the place, and moves it.
  const link = element("a", "map-start", config.texts?.start || "Report a problem here");
  const aim = () => { link.href = start.address(map.getCenter()); };
  map.on("moveend", aim);
  aim();
  // While a pin is down its own bubble leads on: two ways of one name to two places would mislead.
  start.popup.on("open", () => { link.hidden = true; });
  start.popup.on("close", () => { link.hidden = false; });
  map.getContainer().append(link);
}

class Starter {
  constructor(map, config) {
    this.map = map;
    this.config = config;
    this.hadFocus = false;
    this.link = element("a", "map-report", config.texts?.report_here || "Report here");
    this.popup = new maplibregl.Popup({ closeButton: true, closeOnClick: false, offset: 32, maxWidth: "200px", className: "map-report-popup" })
      .setDOMContent(this.link);
    const body = element("div", "map-pin");
    body.append(pinElement({ pins: { open: config.accent || "#1f5fa6" } }, "open"));
    this.marker = new maplibregl.Marker({ element: body, draggable: true, anchor: "bottom" });
    body.tabIndex = 0;
    body.setAttribute("aria-label", config.texts?.move_pin || "Your pin. Arrow keys move it.");
    body.addEventListener("keydown", (event) => this.nudge(event));
    this.popup.on("close", () => this.marker.remove());
    this.marker.on("dragend", () => this.put(this.marker.getLngLat()));
  }

  put(at) {
    const { lat, lng } = at.wrap();
    this.marker.setLngLat([lng, lat]);
    // Putting it there again would take it away first, and the focus with it.
    if (!this.marker.getElement().isConnected) this.marker.addTo(this.map);
    this.link.href = this.address(at);
    if (!this.popup.isOpen()) this.popup.addTo(this.map);
    this.popup.setLngLat([lng, lat]);
  }

  /** Of the form, for a place. */
  address(at) {
    const { lat, lng } = at.wrap();
    const url = new URL(this.config.report_url || "/report/new", location.href);
    url.searchParams.set("latitude", round(lat));
    url.searchParams.set("longitude", round(lng));
    return url.href;
  }

  nudge(event) {
    const move = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (event.key === "Enter") this.link.click();
    if (event.key === "Escape") {
      this.hadFocus = true;
      this.popup.remove();
      this.hadFocus = false;
    }
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const from = this.map.project(this.marker.getLngLat());
    this.put(this.map.unproject([from.x + move[0], from.y + move[1]]));
  }
}

export function report(map, config) {
  const pins = new Pins(map, config);
  const [lat, lon] = [config.lat ?? config.centre[0], config.lon ?? config.centre[1]];
  pins.show({ pins: [{ id: "here", lat, lon, class: config.pin_class || "open", title: config.title }] });
  if (config.around_pins) pins.answerClicks();
}

/** The pin stands still in the middle; the map moves under it, and two fields follow. */
export function pick(map, config) {
  const cross = element("div", "map-crosshair");
  cross.setAttribute("aria-hidden", "true");
  cross.append(pinElement({ pins: { open: config.accent || "#1f5fa6" } }, "open"));
  map.getContainer().append(cross);
  const scope = map.getContainer().closest("form") || document;
  const fields = ["latitude", "longitude"].map((name) => scope.querySelector(`[name="${name}"]`));
  map.on("moveend", (event) => {
    const here = place(map);
    [here.lat, here.lon].forEach((value, index) => {
      if (fields[index]) fields[index].value = value;
    });
    Object.entries(here).forEach(([name, value]) => write(name, value));
    if (event.originalEvent || event.picked) write("used_map", "1");
    map.getContainer().dispatchEvent(new CustomEvent("waywarden:picked", { bubbles: true, detail: here }));
  });
  map.on("click", (event) => map.easeTo({ center: event.lngLat }, { picked: true }));
}
