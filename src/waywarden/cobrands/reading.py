"""A site's `cobrand.toml` → its value, or every fault of it in words."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from waywarden.kernel.cobrand import TEXTS, BaseMap, Cobrand, PinColours, contrast
from waywarden.kernel.errors import Misconfigured

FILE = "cobrand.toml"
#: Our papers, light and dark, and the inks on a button in each (ui/static/ui/page.css).
PAPER, DARK_PAPER, INK, DARK_INK = "#faf9f6", "#14171b", "#ffffff", "#10151a"
#: What words and what shapes must stand out by (WCAG 2.2: 1.4.3 and 1.4.11).
WORDS, SHAPES = 4.5, 3.0
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}")
_TILES = re.compile(r"https://[a-z0-9.-]+(:\d+)?/[^\s'\"<>;,]*")
_MAP_FILE = re.compile(r"[A-Za-z0-9_.-]+\.pmtiles")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,8})?")

_KEYS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "": {
        "site_name": str, "tagline": str, "hosts": list, "languages": list, "bodies": list,
        "mail_from": str, "contact": str, "logo": str, "style": str, "language_hosts": dict,
        "colours": dict, "pins": dict, "map": dict, "policies": dict, "texts": dict,
    },
    "colours": {"accent": str, "accent_dark": str},
    "pins": {"open": str, "progress": str, "fixed": str, "closed": str},
    "map": {
        "latitude": (int, float), "longitude": (int, float), "zoom": (int, float),
        "file": str, "tiles": str, "attribution": str,
    },
    "policies": {"offers_other_bodies": bool, "asks_after_four_weeks": bool, "may_be_found": bool},
}  # fmt: skip


def read(folder: Path) -> Cobrand:
    """The site of a folder. Raises Misconfigured with every fault, the file named."""
    file = folder / FILE
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{file} cannot be read: {error}"
        raise Misconfigured(message) from error
    faults = faults_of(given, folder)
    if faults:
        raise Misconfigured("\n".join(f"{file}: {fault}" for fault in faults))
    return _made(given, folder)


def faults_of(given: Mapping[str, Any], folder: Path) -> list[str]:
    """Everything that is wrong, a sentence each."""
    faults = [] if _NAME.fullmatch(folder.name) else [
        f"the folder's name is {folder.name!r}; small letters, digits and _ make a name"
    ]  # fmt: skip
    faults += _keys_and_types(given)
    if faults:
        return faults
    if not str(given.get("site_name", "")).strip():
        faults.append("site_name is missing: what is the site called?")
    return [
        *faults,
        *_words(given),
        *_colours(given),
        *_files(given, folder),
        *_place(given),
        *_base_map(given.get("map", {})),
    ]


def _keys_and_types(given: Mapping[str, Any]) -> list[str]:
    faults = []
    for table, keys in _KEYS.items():
        part = given.get(table, {}) if table else given
        for name, value in part.items() if isinstance(part, dict) else ():
            path = f"{table}.{name}" if table else name
            if name not in keys:
                near = difflib.get_close_matches(name, keys, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                faults.append(f"{path} is not known{hint}")
            elif not isinstance(value, keys[name]) or (
                isinstance(value, bool) and keys[name] is not bool
            ):
                faults.append(f"{path} is {value!r}, which is of the wrong kind")
    return faults


def _words(given: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{name} holds {value!r}, which is not {what}"
        for name, pattern, what in (
            ("hosts", _HOST, "a host name (small letters, no port)"),
            ("languages", _LANGUAGE, "the code of a language"),
            ("bodies", re.compile(r"[a-z0-9-]+"), "a body's short name"),
        )
        for value in given.get(name, [])
        if not (isinstance(value, str) and pattern.fullmatch(value))
    ]
    for host, code in given.get("language_hosts", {}).items():
        if not _HOST.fullmatch(host) or code not in given.get("languages", ["en"]):
            faults.append(f"language_hosts: {host} = {code!r} names no language of the site")
    for code, words in given.get("texts", {}).items():
        unknown = set(words) - set(TEXTS) if isinstance(words, dict) else {"?"}
        faults += [f"texts.{code}.{name} is not one of {', '.join(TEXTS)}" for name in unknown]
    return faults


def _colours(given: Mapping[str, Any]) -> list[str]:
    """That every colour is one, and that what is drawn with it can be read."""
    colours, pins = given.get("colours", {}), given.get("pins", {})
    wanted = [
        ("colours.accent", colours.get("accent"), ((PAPER, WORDS), (INK, WORDS))),
        ("colours.accent_dark", colours.get("accent_dark"),
         ((DARK_PAPER, WORDS), (DARK_INK, WORDS))),
        *((f"pins.{name}", pins.get(name), (("#ffffff", SHAPES),)) for name in _KEYS["pins"]),
    ]  # fmt: skip
    faults = []
    for name, colour, beside in wanted:
        if colour is None:
            continue
        if not _COLOUR.fullmatch(colour):
            faults.append(f"{name} is {colour!r}; a colour is written #rrggbb")
            continue
        for other, least in beside:
            ratio = contrast(colour, other)
            if ratio < least:
                faults.append(
                    f"{name} {colour} stands out from {other} by {ratio:.1f} only; {least} is"
                    " what people with weak eyes need. Take it darker or lighter."
                )
    return faults


def _files(given: Mapping[str, Any], folder: Path) -> list[str]:
    return [
        f"{name} is {given[name]!r}, but there is no {folder / 'static' / given[name]}"
        for name in ("logo", "style")
        if given.get(name) and not (folder / "static" / given[name]).is_file()
    ]


def _place(given: Mapping[str, Any]) -> list[str]:
    place = given.get("map", {})
    limits = {"latitude": (-85, 85), "longitude": (-180, 180), "zoom": (1, 20)}
    faults = [
        f"map.{name} is {place[name]}; it lies between {least} and {most}"
        for name, (least, most) in limits.items()
        if name in place and not least <= place[name] <= most
    ]
    if 0 < len(place.keys() & limits.keys()) < len(limits):
        faults.append("map needs all of latitude, longitude and zoom")
    return faults


def _base_map(given: Mapping[str, Any]) -> list[str]:
    file, tiles = given.get("file", ""), given.get("tiles", "")
    faults = []
    if tiles and not (
        _TILES.fullmatch(tiles) and all(f"{{{part}}}" in tiles for part in ("z", "x", "y"))
    ):
        faults.append(
            f"map.tiles is {tiles!r}; it is an https address with {{z}}, {{x}} and {{y}} in it"
        )
    if tiles and not given.get("attribution"):
        faults.append("map.attribution is missing: whose are the pictures of map.tiles?")
    if file and (tiles or not _MAP_FILE.fullmatch(file)):
        faults.append(
            f"map.file is {file!r}; it is the name of a .pmtiles file, and not beside map.tiles"
        )
    return faults


def _made(given: Mapping[str, Any], folder: Path) -> Cobrand:
    usual = Cobrand("", "", "", (), "#0b5f73", "#7fcbdd", folder)
    place, colours = given.get("map", {}), given.get("colours", {})
    return Cobrand(
        name=folder.name,
        site_name=given["site_name"],
        tagline=given.get("tagline", ""),
        hosts=tuple(given.get("hosts", ())),
        accent=colours.get("accent", usual.accent),
        accent_dark=colours.get("accent_dark", usual.accent_dark),
        folder=folder,
        languages=tuple(given.get("languages", usual.languages)),
        centre=(place["latitude"], place["longitude"], float(place["zoom"]))
        if "latitude" in place
        else usual.centre,
        base_map=BaseMap(
            **{name: place[name] for name in ("file", "tiles", "attribution") if name in place}
        ),
        pins=PinColours(**given.get("pins", {})),
        bodies=tuple(given.get("bodies", ())),
        mail_from=given.get("mail_from", ""),
        contact=given.get("contact", ""),
        logo=given.get("logo", ""),
        style=given.get("style", ""),
        language_hosts=given.get("language_hosts", {}),
        texts=given.get("texts", {}),
        **given.get("policies", {}),
    )
