"""What servers add beyond the specification, flattened so that nothing is lost.

`extras` of a row maps a name to text: the `extras` element's own children by their names, other
unknown fields as `name` or `name.inner`, and answers of questions as `attribute[CODE]`.
"""

from typing import Any

from waywarden.open311.rows import Row, items_of, leaves_of

MOST = 200
"""Extras kept of one row."""


def extras_of(row: Row, known: frozenset[str]) -> dict[str, str]:
    """Every field of the row that is not `known`, flattened; empty ones are left out."""
    found: dict[str, str] = {}
    if row.plain.keys() <= known and "extras" not in row.plain:
        return found
    own = row.plain.get("extras")
    if isinstance(own, dict):
        _flatten(own, "", found)
    for name, value in row.plain.items():
        if name == "attributes":
            _answers(value, found)
        elif name not in known and name != "extras":
            _flatten({name: value}, "", found)
    return found


def _answers(value: Any, found: dict[str, str]) -> None:
    for item in items_of(value, "attribute"):
        if not isinstance(item, dict):
            continue
        code = next((item[key] for key in ("code", "name", "label") if item.get(key)), None)
        texts = leaves_of(item.get("value", item.get("values", "")))
        if code is not None:
            _keep(f"attribute[{code}]", ", ".join(text for text in texts if text), found)


def _flatten(value: dict[str, Any], prefix: str, found: dict[str, str]) -> None:
    for key, inner in value.items():
        if isinstance(inner, dict):
            _flatten(inner, f"{prefix}{key}.", found)
        else:
            _keep(f"{prefix}{key}", ", ".join(text for text in leaves_of(inner) if text), found)


def _keep(name: str, text: str, found: dict[str, str]) -> None:
    text = text.strip()
    if text and len(found) < MOST:
        found.setdefault(name, text)
