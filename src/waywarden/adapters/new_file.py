"""A deployment file to begin with: a kind's own sample, filled in, with a fresh key."""

from collections.abc import Mapping
from pathlib import Path
from string import Template

from waywarden.adapters.deployment import Kind
from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.secrets import hash_token, new_token
from waywarden.kernel.text import slug


def filled(kind: Kind, *, api_key_hash: str, **words: str) -> str:
    """The kind's sample with these words in it; `api_key_hash` is `hash_token` of a key."""
    usual = {"public_url": "https://adapter.example", "works_url": "http://127.0.0.1:8001"}
    return _filled(kind.sample, usual | words | {"api_key_hash": api_key_hash})


def _filled(path: Path, words: Mapping[str, str]) -> str:
    return Template(path.read_text(encoding="utf-8")).substitute(words)


def write_new(kind: Kind, name: str, *, directory: Path) -> tuple[Path, str]:
    """Writes a new file for a body of this name; its path and the key, which is told only now.

    Raises Misconfigured when there is such a file already.
    """
    jurisdiction = slug(name, fallback="body")
    path = directory / f"{jurisdiction}.toml"
    key = new_token()
    text = filled(kind, jurisdiction=jurisdiction, name=name, api_key_hash=hash_token(key))
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise Misconfigured(f"{path} is there already; choose another name.") from error
    for place, sample in kind.beside.items():
        beside = directory / Template(place).substitute(jurisdiction=jurisdiction)
        beside.parent.mkdir(parents=True, exist_ok=True)
        words = {"jurisdiction": jurisdiction, "name": name, "child": beside.stem}
        beside.write_text(_filled(sample, words), encoding="utf-8")
    return path, key
