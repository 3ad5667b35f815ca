"""Builds the demo's map: `build_map.py OUTDIR [--cache DIR]`.

Writes `helsinki.pmtiles` (vector tiles), `gazetteer.json` (names and addresses) and
`areas.geojson` (invented districts) from real OpenStreetMap data. Does nothing when the
three are there and were made by these same scripts.
"""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = ("build_map.py", "map_source.py", "map_layers.py", "map_tiles.py", "map_places.py")
PRODUCTS = ("helsinki.pmtiles", "gazetteer.json", "areas.geojson")
ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"


def main() -> None:
    """Reads the arguments and builds what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--cache", type=Path, help="where the extract is kept (OUTDIR/source)")
    arguments = parser.parse_args()
    outdir: Path = arguments.outdir
    stamp = outdir / ".built-by"
    recipe = _recipe()
    if _is_built(outdir) and stamp.exists() and stamp.read_text() == recipe:
        print(f"map: {outdir} is up to date")
        return
    _build(outdir, arguments.cache or outdir / "source")
    stamp.write_text(recipe)


def _recipe() -> str:
    """The hash of all that decides what comes out."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in SCRIPTS)).hexdigest()


def _is_built(outdir: Path) -> bool:
    return all((outdir / name).exists() for name in PRODUCTS)


def _build(outdir: Path, cache: Path) -> None:
    # Late imports: an up-to-date map needs neither osmium nor Shapely.
    from map_layers import sort_into_layers  # noqa: PLC0415
    from map_places import make_areas, make_gazetteer  # noqa: PLC0415
    from map_source import fetch_extract, read_extract  # noqa: PLC0415
    from map_tiles import write_tiles  # noqa: PLC0415

    started = time.monotonic()
    outdir.mkdir(parents=True, exist_ok=True)
    extract = read_extract(fetch_extract(cache))
    tiles = write_tiles(sort_into_layers(extract), outdir / "helsinki.pmtiles", ATTRIBUTION)
    _write_json(outdir / "gazetteer.json", make_gazetteer(extract, ATTRIBUTION))
    _write_json(outdir / "areas.geojson", make_areas(ATTRIBUTION))
    size = (outdir / "helsinki.pmtiles").stat().st_size / 1000
    took = time.monotonic() - started
    print(f"map: {tiles} tiles, {size:.0f} kB, in {outdir}, {took:.1f} s")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main()
