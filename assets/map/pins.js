// Pins: their pictures, fetching those of the visible box, and what a click on one does.

import maplibregl from "maplibre-gl/dist/maplibre-gl-csp.js";

import drawn from "../../src/waywarden/geo/pins.json";
import { BOLD } from "./style.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const NOT_FILTERS = ["lat", "lon", "latitude", "longitude", "zoom", "bbox", "page", "pc"];
const WAIT = 180; // milliseconds of rest before we ask

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

const known = (kind) => (kind in drawn.classes ? kind : "open");
const spot = (item, properties) =>
  ({ type: "Feature", geometry: { type: "Point", coordinates: [item.lon, item.lat] }, properties });

function features({ pins = [], clusters = [] }) {
  return {
    type: "FeatureCollection",
    features: [
      ...pins.map((pin) => spot(pin, { id: String(pin.id), class: known(pin.class), title: pin.title || "" })),
      ...clusters.map((cluster) => spot(cluster, { count: cluster.count })),
    ],
  };
}

const LAYERS = [
  {
    id: "clusters", type: "circle", filter: ["has", "count"],
    paint: {
      "circle-radius": ["interpolate", ["linear"], ["log10", ["max", 1, ["get", "count"]]], 0, 13, 4, 30],
      "circle-stroke-width": 2, "circle-stroke-color": "#fff",
    },
  },
  {
    id: "cluster-counts", type: "symbol", filter: ["has", "count"],
    layout: {
      "text-field": ["number-format", ["get", "count"], {}],
      "text-font": BOLD, "text-size": 13, "text-allow-overlap": true,
    },
    paint: { "text-color": "#fff" },
  },
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
];

/** The pins on one map. `show` draws what it is given; `watch` fetches as the map moves. */
export class Pins {
  constructor(map, config) {
    Object.assign(this, { map, config, data: EMPTY, asked: "", timer: 0, asking: null });
    map.on("style.load", () => this.addLayers());
    if (map.isStyleLoaded()) this.addLayers();
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
    map.setPaintProperty("clusters", "circle-color", accent);
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
    for (const layer of ["pins", "clusters"]) {
      map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
      map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
    }
    map.on("click", "pins", (event) => this.open(event.features[0]));
    map.on("click", "clusters", (event) =>
      map.easeTo({ center: event.features[0].geometry.coordinates, zoom: map.getZoom() + 2 }));
    const light = (event) => this.light(event.target.closest?.("[data-pin]")?.dataset.pin || "");
    for (const name of ["mouseover", "focusin"]) document.addEventListener(name, light);
  }

  light(id) {
    if (this.map.getLayer("pin-lit")) this.map.setFilter("pin-lit", ["==", ["get", "id"], id]);
  }

  at(point) {
    const layers = ["pins", "clusters"].filter((id) => this.map.getLayer(id));
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
