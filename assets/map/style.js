// What the base map looks like. The colours are the ones that the server draws pictures with.

import palettes from "../../src/waywarden/geo/palette.json";

// Families of the browser's own; MapLibre reads the weight out of the first name.
export const FONT = ["system-ui", "sans-serif"];
export const BOLD = ["Bold", "system-ui", "sans-serif"];

// Grows with the zoom as things on the ground do: doubling with each step from 15 on.
const metres = (at16, least = 1) => [
  "interpolate", ["exponential", 2], ["zoom"],
  12, Math.min(least, at16 / 4), 14, Math.max(least, at16 / 3), 16, at16, 20, at16 * 14,
];
const is = (...classes) => ["in", ["get", "class"], ["literal", classes]];
const WIDTHS = { main: 9, middle: 7, street: 5.4, walk: 4, service: 3, path: 1.5, steps: 1.5 };
const widths = (extra = 0) => {
  const at = (factor, least) => ["match", ["get", "class"],
    ...Object.entries(WIDTHS).flatMap(([kind, width]) => [kind, Math.max(least, width * factor) + extra]),
    1 + extra];
  return ["interpolate", ["exponential", 1.8], ["zoom"],
    12, at(0.2, 0.4), 14, at(0.4, 0.6), 16, at(1, 1), 20, at(11, 8)];
};

const area = (id, layer, colour, more = {}) =>
  ({ id, type: "fill", source: "base", "source-layer": layer, paint: { "fill-color": colour }, ...more });
const line = (id, layer, colour, width, more = {}) => ({
  id, type: "line", source: "base", "source-layer": layer,
  layout: { "line-cap": "round", "line-join": "round" },
  paint: { "line-color": colour, "line-width": width }, ...more,
});
const words = (id, layer, colour, halo, { layout, paint, ...more }) => ({
  id, type: "symbol", source: "base", "source-layer": layer,
  layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 12, "text-padding": 4, ...layout },
  paint: { "text-color": colour, "text-halo-color": halo, "text-halo-width": 1.6, ...paint }, ...more,
});

const roadColour = (c, edge = "") => ["match", ["get", "class"],
  "main", c["main" + edge], ["path", "steps"], c["path" + edge], c["road" + edge]];

function ground(c) {
  return [
    { id: "outside", type: "background", paint: { "background-color": c.outside } },
    area("land", "land", c.land),
    area("green", "green", ["match", ["get", "class"],
      "grass", c.grass, "wood", c.wood, "pitch", c.pitch, c.park]),
    area("water", "water", c.water),
    area("paved", "paved", c.paved),
  ];
}

function ways(c) {
  const wide = ["!", is("path", "steps")];
  return [
    line("paths-edge", "roads", c.path_line, widths(1.2), { minzoom: 15, filter: is("path", "steps") }),
    line("paths", "roads", c.path, widths(), { minzoom: 15, filter: is("path", "steps") }),
    line("roads-edge", "roads", roadColour(c, "_line"), widths(1.5), { minzoom: 13.5, filter: wide }),
    line("roads", "roads", roadColour(c), widths(), { filter: wide }),
    line("tram", "rail", c.tram, 1, { minzoom: 15, filter: is("tram") }),
    line("rail", "rail", c.rail, metres(1, 0.6), { filter: is("rail") }),
  ];
}

function buildings(c) {
  const shown = ["interpolate", ["linear"], ["zoom"], 14, 0, 15, 1];
  return [
    area("buildings", "buildings", c.building, {
      minzoom: 14,
      paint: { "fill-color": c.building, "fill-outline-color": c.building_line, "fill-opacity": shown },
    }),
  ];
}

function names(c) {
  const growing = ["interpolate", ["linear"], ["zoom"], 14, 11, 18, 14];
  const along = { "symbol-placement": "line", "text-size": growing, "symbol-spacing": 320, "text-max-angle": 40 };
  const street = { layout: along };
  const spot = (size, more) => ({ "text-size": size, "text-max-width": 8, ...more });
  const from = ["<=", ["get", "from"], ["zoom"]];
  return [
    words("numbers", "numbers", c.text_soft, c.halo,
      { minzoom: 17, layout: { "text-field": ["get", "number"], "text-size": 11, "text-padding": 1 } }),
    words("street-names-small", "roads", c.text_soft, c.halo,
      { minzoom: 16, filter: is("service", "walk"), ...street }),
    words("street-names", "roads", c.text, c.halo,
      { minzoom: 15, filter: is("street", "middle"), ...street }),
    words("street-names-main", "roads", c.text, c.halo, { minzoom: 14, filter: is("main"), ...street }),
    words("landmarks", "places", c.text_soft, c.halo,
      { minzoom: 15.5, filter: ["all", is("landmark", "square"), from], layout: spot(11.5) }),
    words("parks", "places", c.text_green, c.halo,
      { minzoom: 15, filter: is("park"), layout: spot(12) }),
    words("bays", "places", c.text_water, c.halo,
      { minzoom: 13, filter: is("water"), layout: spot(13, { "text-letter-spacing": 0.05 }) }),
    words("stations", "places", c.text_place, c.halo,
      { minzoom: 14, maxzoom: 18, filter: is("station"), layout: spot(12.5) }),
    words("suburbs", "places", c.text_place, c.halo,
      { minzoom: 12, maxzoom: 17.5, filter: is("suburb"), layout: spot(14, { "text-font": BOLD }) }),
    words("cities", "places", c.text_place, c.halo,
      { maxzoom: 13, filter: is("city"), layout: spot(18, { "text-font": BOLD }) }),
  ];
}

const absolute = (url) => {
  if (url.startsWith("pmtiles:")) return "pmtiles://" + new URL(url.replace(/^pmtiles:(\/\/)?/, ""), location.href);
  return new URL(url, location.href).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
};

// The licence of OpenStreetMap's data asks for this link.
const COPYRIGHT = "https://www.openstreetmap.org/copyright";

function attribution(text = "") {
  const isPlain = text.includes("OpenStreetMap") && !text.includes("<");
  return isPlain ? `<a href="${COPYRIGHT}">${text}</a>` : text;
}

function source(config) {
  const [first, last] = config.tile_zooms || [10, 16];
  const common = { attribution: attribution(config.attribution), minzoom: first, maxzoom: last };
  if (config.bounds) common.bounds = config.bounds;
  const url = absolute(config.tiles);
  return url.startsWith("pmtiles:") ? { ...common, url } : { ...common, tiles: [url] };
}

/** The style for MapLibre: our vector tiles, or anybody's raster tiles as they are. */
export function makeStyle(config, dark) {
  const c = palettes[dark ? "dark" : "light"];
  if (config.tile_kind === "raster") {
    return {
      version: 8,
      sources: { base: { type: "raster", tileSize: 256, ...source(config) } },
      layers: [ground(c)[0], { id: "base", type: "raster", source: "base" }],
    };
  }
  // No `glyphs`: letters are drawn in the browser, from the fonts it has. No font server.
  return {
    version: 8,
    sources: { base: { type: "vector", ...source(config) } },
    layers: [...ground(c), ...buildings(c), ...ways(c), ...names(c)],
  };
}
