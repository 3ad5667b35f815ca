// Bundles the browser's files into src/waywarden/ui/static/ui/built/.

import { copyFile, mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import * as esbuild from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "src/waywarden/ui/static/ui/built");
const maplibre = dirname(createRequire(import.meta.url).resolve("maplibre-gl/package.json"));

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await esbuild.build({
  entryPoints: {
    app: join(root, "assets/app/app.js"),
    map: join(root, "assets/map/map.js"),
    worker: join(root, "assets/app/worker.js"),
  },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2020"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  loader: { ".svg": "dataurl" },
});
// The worker is a file of its own, so that no policy has to allow blob: scripts.
await copyFile(join(maplibre, "dist/maplibre-gl-csp-worker.js"), join(out, "map-worker.js"));
// MapLibre, htmx and pmtiles are BSD: their notices travel with the copies.
await copyFile(join(maplibre, "LICENSE.txt"), join(out, "maplibre-LICENSE.txt"));
