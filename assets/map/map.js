// Turns each <div data-map='{…}'> into a map. docs/reference names the keys of the JSON.

import "maplibre-gl/dist/maplibre-gl.css";
import "./map.css";

import maplibregl from "maplibre-gl/dist/maplibre-gl-csp.js";
import { Protocol } from "pmtiles";

import * as modes from "./modes.js";
import { makeStyle } from "./style.js";

const prefers = (what) => window.matchMedia(`(${what})`);
const dark = prefers("prefers-color-scheme: dark");
const still = prefers("prefers-reduced-motion: reduce");
const script = document.currentScript?.src || location.href;

function options(config, container) {
  const [lat, lon, zoom] = config.centre;
  return {
    container,
    style: makeStyle(config, dark.matches),
    center: [lon, lat],
    zoom: zoom ?? 15,
    minZoom: config.min_zoom ?? 9,
    maxZoom: 19,
    ...(config.max_bounds ? { maxBounds: config.max_bounds } : {}),
    attributionControl: { compact: false },
    cooperativeGestures: config.mode === "report",
    fadeDuration: still.matches ? 0 : 200,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    locale: config.texts?.controls || {},
    // Letters are drawn here, from the machine's own fonts.
    localIdeographFontFamily: "system-ui, sans-serif",
  };
}

const LATEST = 4000; // milliseconds after which the map is shown as far as it is drawn

function start(frame) {
  const config = JSON.parse(frame.dataset.map);
  const container = document.createElement("div");
  container.className = "map-canvas";
  frame.append(container);
  let map;
  try {
    map = new maplibregl.Map(options(config, container));
  } catch (trouble) {
    container.remove();
    showPictures(frame);
    return;
  }
  frame.classList.add("has-map");
  const drawn = () => frame.classList.add("is-drawn");
  map.once("idle", drawn);
  map.on("movestart", ({ originalEvent }) => originalEvent && drawn());
  setTimeout(drawn, LATEST);
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.getCanvas().setAttribute("aria-label", config.texts?.map || "Map");
  // Where the thumb is; in a form the lower edge belongs to the form's own buttons.
  const corner = config.mode === "pick" ? "top-right" : "bottom-right";
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), corner);
  if (config.mode !== "report" && navigator.geolocation) {
    addLocator(map, config, corner);
  }
  dark.addEventListener("change", () => map.setStyle(makeStyle(config, dark.matches), { diff: false }));
  document.addEventListener("waywarden:located", ({ detail }) =>
    map.easeTo({ center: [detail.lon, detail.lat], zoom: Math.max(17, map.getZoom()) }));
  modes[config.mode in modes ? config.mode : "around"](map, config);
  frame.dispatchEvent(new CustomEvent("waywarden:map", { bubbles: true, detail: { map } }));
}

/** The button that goes to where one is. Its library names it only once it knows what is allowed. */
function addLocator(map, config, corner) {
  map.addControl(new maplibregl.GeolocateControl({ positionOptions: { enableHighAccuracy: true } }), corner);
  const name = config.texts?.controls?.["GeolocateControl.FindMyLocation"] || "Find my location";
  map.getContainer().querySelector(".maplibregl-ctrl-geolocate")?.setAttribute("aria-label", name);
}

/** Where the browser cannot draw a map the pictures stay, with what they have without scripts. */
function showPictures(frame) {
  for (const plain of frame.querySelectorAll("noscript")) {
    const box = document.createElement("div");
    box.className = "plain";
    box.append(document.createRange().createContextualFragment(plain.textContent));
    plain.replaceWith(box);
  }
}

const frames = document.querySelectorAll("[data-map]");
if (frames.length) {
  const first = JSON.parse(frames[0].dataset.map);
  maplibregl.setWorkerUrl(new URL(first.worker || "map-worker.js", first.worker ? location.href : script).href);
  maplibregl.addProtocol("pmtiles", new Protocol().tile);
  // A map is wanted, but the words of the page come first.
  const begin = () => frames.forEach(start);
  "requestIdleCallback" in window ? requestIdleCallback(begin, { timeout: 500 }) : setTimeout(begin, 1);
}
