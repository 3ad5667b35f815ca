// Pins: their pictures, fetching those of the visible box, and what a click on one does.

import maplibregl from "maplibre-gl/dist/maplibre-gl-csp.js";

import drawn from "../../src/waywarden/geo/pins.json";
import { BOLD } from "./style.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const NOT_FILTERS = ["lat", "lon", "latitude", "longitude", "zoom", "bbox", "page", "pc", "sort"];
const WAIT = 180; // milliseconds of rest before we ask
const LEADING = ["pins", "clusters"]; // layers whose things lead somewhere
const REACH = 60; // pixels around the middle that the Enter key reaches

/** The picture of one class of pin, twice as large for sharp screens. */
function picture(kind, colour) {
  const [width, height] = drawn.size;
  const scale = 2, margin = 2;
  const canvas = document.createElement("canvas");
  canvas.width = (width + 2 * margin) * scale;
  canvas.height = (height + 2 * margin) * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.translate(margin, margin);
  const { shape, mark } = drawn.classes[kind];
  pen.lineWidth = 2.6;
  pen.lineJoin = "round";
  pen.strokeStyle = pen.fillStyle = "#fff";
  pen.stroke(new Path2D(shape));
  pen.fillStyle = colour;
  pen.fill(new Path2D(shape));
  pen.fillStyle = "#fff";
  pen.fill(new Path2D(mark));
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

const colourOf = (config, kind) => (config.pins || {})[kind] || drawn.classes[kind].colour;

/** The same picture as an element, for a marker that can be moved. */
export function pinElement(config, kind) {
  const canvas = document.createElement("canvas");
  const data = picture(kind, colourOf(config, kind));
  canvas.width = data.width;
  canvas.height = data.height;
  canvas.getContext("2d").putImageData(data, 0, 0);
  canvas.style.width = `${data.width / 2}px`;
  canvas.style.height = `${data.height / 2}px`;
  return canvas;
}

const SHARES = 12; // parts of a cluster's ring

/** A cluster: a disc with a ring, whose coloured part is the share that is still open. */
function ring(name, config, isDark) {
  const [, digits, share] = name.split("-").map(Number);
  const radius = 13 + 4 * digits, width = 4.5, scale = 2, side = 2 * radius + 4;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.translate(side / 2, side / 2);
  const arc = (size, from, to) => { pen.beginPath(); pen.arc(0, 0, size, from, to); };
  const top = -Math.PI / 2, turn = (2 * Math.PI * share) / SHARES;
  arc(radius + 1.5, 0, 2 * Math.PI);
  pen.fillStyle = isDark ? "#14171b" : "#fff";
  pen.fill();
  pen.lineWidth = width;
  arc(radius - width / 2, 0, 2 * Math.PI);
  pen.strokeStyle = isDark ? "#59626c" : "#c9ccd0";
  pen.stroke();
  arc(radius - width / 2, top, top + turn);
  pen.strokeStyle = colourOf(config, "open");
  pen.stroke();
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

const known = (kind) => (kind in drawn.classes ? kind : "open");
const spot = (item, properties) =>
  ({ type: "Feature", geometry: { type: "Point", coordinates: [item.lon, item.lat] }, properties });

function features({ pins = [], clusters = [] }) {
  return {
    type: "FeatureCollection",
    features: [
      ...pins.map((pin) => spot(pin, { id: String(pin.id), class: known(pin.class), title: pin.title || "" })),
      ...clusters.map(({ lat, lon, count, open = 0 }) => spot({ lat, lon }, {
        count, digits: String(count).length, share: Math.ceil((SHARES * open) / count),
      })),
    ],
  };
}

const LAYERS = [
  {
    id: "pin-lit", type: "circle", filter: ["==", ["get", "id"], ""],
    paint: { "circle-radius": 22, "circle-stroke-width": 3, "circle-opacity": 0.18 },
  },
  {
    id: "pins", type: "symbol", filter: ["has", "id"],
    layout: {
      "icon-image": ["concat", "pin-", ["get", "class"]],
      "icon-anchor": ["match", ["get", "class"], "open", "bottom", "center"],
      "icon-allow-overlap": true, "icon-ignore-placement": true,
      // Open ones in front, then the southern ones.
      "symbol-z-order": "auto",
      "symbol-sort-key": ["match", ["get", "class"], "open", 3, "progress", 2, "fixed", 1, 0],
    },
  },
  {
    id: "clusters", type: "symbol", filter: ["has", "count"],
    layout: {
      "icon-image": ["concat", "cluster-", ["get", "digits"], "-", ["get", "share"]],
      "icon-allow-overlap": true, "icon-ignore-placement": true,
      "text-field": ["number-format", ["get", "count"], {}],
      "text-font": BOLD, "text-size": 13, "text-allow-overlap": true, "text-ignore-placement": true,
      "symbol-sort-key": ["get", "count"],
    },
  },
];

/** The pins on one map. `show` draws what it is given; `watch` fetches as the map moves. */
export class Pins {
  constructor(map, config) {
    Object.assign(this, { map, config, data: EMPTY, asked: "", timer: 0, asking: null });
    map.on("style.load", () => this.addLayers());
    map.on("styleimagemissing", ({ id }) => {
      if (id.startsWith("cluster-") && !map.hasImage(id)) map.addImage(id, ring(id, config, this.isDark), { pixelRatio: 2 });
    });
    if (map.isStyleLoaded()) this.addLayers();
  }

  get isDark() {
    return window.matchMedia("(prefers-color-scheme: dark)").matches;
  }

  addLayers() {
    const { map, config } = this;
    if (map.getSource("pins")) return;
    const accent = config.accent || "#1f5fa6";
    for (const kind of Object.keys(drawn.classes)) {
      const name = `pin-${kind}`;
      if (!map.hasImage(name)) map.addImage(name, picture(kind, colourOf(config, kind)), { pixelRatio: 2 });
    }
    map.addSource("pins", { type: "geojson", data: this.data });
    for (const layer of LAYERS) map.addLayer({ source: "pins", ...layer });
    map.setPaintProperty("clusters", "text-color", this.isDark ? "#f1f3f4" : "#1d2126");
    map.setPaintProperty("pin-lit", "circle-color", accent);
    map.setPaintProperty("pin-lit", "circle-stroke-color", accent);
  }

  show(answer) {
    this.data = features(answer);
    this.map.getSource("pins")?.setData(this.data);
  }

  watch() {
    const soon = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.fetch(), WAIT);
    };
    this.map.on("moveend", soon);
    document.addEventListener("change", (event) => event.target.closest?.("[data-map-filters]") && soon());
    document.addEventListener("waywarden:refresh", () => { this.asked = ""; soon(); });
    this.fetch();
  }

  async fetch() {
    const url = this.url();
    if (url === this.asked) return;
    this.asked = url;
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      this.show(found);
      this.tell("waywarden:pins", { count: (found.pins || []).length, more: Boolean(found.more) });
    } catch (trouble) {
      if (trouble.name === "AbortError") return;
      this.asked = ""; // the next move asks again
      this.tell("waywarden:pins", { count: 0, more: false, failed: true });
    }
  }

  tell(name, detail) {
    this.map.getContainer().dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  url() {
    const url = new URL(this.config.pins_url, location.href);
    for (const [name, value] of filters()) {
      if (value) url.searchParams.append(name, value);
    }
    url.searchParams.set("bbox", snapped(this.map).join(","));
    url.searchParams.set("zoom", String(Math.floor(this.map.getZoom())));
    return url.href;
  }

  /** Clicks, and the list beside the map lighting the pin of the item one is at. */
  answerClicks() {
    const { map } = this;
    for (const layer of LEADING) {
      map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
      map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
      map.on("click", layer, (event) => this.follow(event.features[0], event));
    }
    // From the keyboard: what is nearest to the middle of the map.
    map.getCanvas().addEventListener("keydown", (event) => {
      const found = event.key === "Enter" && this.nearestToMiddle();
      if (found) this.follow(found, { originalEvent: event });
    });
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.popup?.isOpen()) return;
      this.popup.remove();
      map.getCanvas().focus();
    });
    const light = (event) => this.light(event.target.closest?.("[data-pin]")?.dataset.pin || "");
    for (const name of ["mouseover", "focusin"]) document.addEventListener(name, light);
  }

  /** A pin opens its words, a cluster comes closer. */
  follow(feature, { originalEvent } = {}) {
    if (!("count" in feature.properties)) return this.open(feature);
    const center = feature.geometry.coordinates;
    this.map.easeTo({ center, zoom: Math.min(18, this.map.getZoom() + 2) }, { originalEvent, isJump: true });
  }

  nearestToMiddle() {
    const { width, height } = this.map.getCanvas().getBoundingClientRect();
    const layers = LEADING.filter((id) => this.map.getLayer(id));
    const box = [[width / 2 - REACH, height / 2 - REACH], [width / 2 + REACH, height / 2 + REACH]];
    const far = ({ geometry }) => {
      const { x, y } = this.map.project(geometry.coordinates);
      return Math.hypot(x - width / 2, y - height / 2);
    };
    return this.map.queryRenderedFeatures(box, { layers }).sort((one, other) => far(one) - far(other))[0];
  }

  light(id) {
    if (this.map.getLayer("pin-lit")) this.map.setFilter("pin-lit", ["==", ["get", "id"], id]);
    for (const row of document.querySelectorAll(".row.is-lit")) row.classList.remove("is-lit");
    if (id) document.querySelector(`.row[data-pin="${CSS.escape(id)}"]`)?.classList.add("is-lit");
  }

  at(point) {
    const layers = LEADING.filter((id) => this.map.getLayer(id));
    return this.map.queryRenderedFeatures(point, { layers }).length > 0;
  }

  open(feature) {
    const { id, title, class: kind } = feature.properties;
    const link = document.createElement("a");
    link.className = "map-popup-link";
    link.href = (this.config.pin_url || "/report/{id}").replace("{id}", encodeURIComponent(id));
    link.textContent = title || `#${id}`;
    this.popup?.remove();
    this.popup = new maplibregl.Popup({ offset: kind === "open" ? 30 : 16, maxWidth: "18rem" })
      .setLngLat(feature.geometry.coordinates)
      .setDOMContent(link)
      .addTo(this.map);
    this.light(id);
    document.querySelector(`[data-pin="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  }
}

/** The filters in force: the filter form's, else the address's. */
export function filters() {
  const form = document.querySelector("form[data-map-filters]");
  const all = form ? [...new FormData(form)] : [...new URLSearchParams(location.search)];
  return all.filter(([name]) => !NOT_FILTERS.includes(name) && name !== "csrfmiddlewaretoken");
}

/** The visible box, drawn out to a grid, so that small moves and other people share an answer. */
function snapped(map) {
  const bounds = map.getBounds();
  const step = 90 / 2 ** Math.floor(map.getZoom());
  const out = (value, round) => Number((round(value / step) * step).toFixed(6));
  return [
    out(bounds.getWest(), Math.floor), Math.max(-90, out(bounds.getSouth(), Math.floor)),
    out(bounds.getEast(), Math.ceil), Math.min(90, out(bounds.getNorth(), Math.ceil)),
  ];
}
