"""One row as it came, read field by field; each liberty it took is noted."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

from waywarden.open311 import dates
from waywarden.open311.noting import Noting

_YES = frozenset({"true", "1", "yes", "y", "t"})
_NO = frozenset({"false", "0", "no", "n", "f", ""})
_URL_STARTS = ("http://", "https://", "data:")
_NO_PHOTO = frozenset({"no media url", "null", "none", "n/a"})


class Row:
    """A plain dict with readers that forgive and note. `where` names it in deviations."""

    def __init__(
        self,
        plain: dict[str, Any],
        *,
        where: str,
        noting: Noting,
        zone: tzinfo = UTC,
        is_projected: bool = False,
    ) -> None:
        self.plain, self.where, self.noting, self.zone = plain, where, noting, zone
        self.is_projected = is_projected

    def note(self, code: str, message: str, name: str = "") -> None:
        """Notes a deviation of a field of this row, or of the row."""
        self.noting.note(code, message, f"{self.where}.{name}" if name else self.where)

    def text(self, name: str) -> str:
        """A field's text, stripped; "" when absent, empty or null. Nested values are joined."""
        value = self.plain.get(name)
        if value is None:
            return ""
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, dict | list):
            leaves = [leaf.strip() for leaf in leaves_of(value)]
            if any(leaves):
                self.note("nested-value", f"`{name}` must be plain text.", name)
            return ", ".join(leaf for leaf in leaves if leaf)
        return plain_text(value)

    def texts(self, names: Iterable[str]) -> dict[str, str]:
        """Many fields' texts at once; the same as `text` of each, with less to call."""
        found = dict.fromkeys(names, "")
        for name in found.keys() & self.plain.keys():
            value = self.plain[name]
            found[name] = value.strip() if type(value) is str else self.text(name)
        return found

    def date(self, name: str) -> datetime | None:
        """A field's date in UTC; None when absent or impossible."""
        text = self.text(name)
        if not text:
            return None
        if (exact := dates.read_exact_date(text)) is not None:
            return exact
        found = dates.read_date(text, self.zone)
        if found.code:
            self.note(found.code, found.message, name)
        return found.value

    def number(self, name: str) -> float | None:
        """A field's number, a comma taken for the decimal point; None when it is none."""
        text = self.text(name)
        if not text:
            return None
        if "," in text and "." not in text:
            self.note("decimal-comma", f"`{name}` must have a decimal point.", name)
            text = text.replace(",", ".")
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
        self.note("not-a-number", f"`{name}` is no number.", name)
        return None

    def place(self) -> tuple[float | None, float | None]:
        """`lat` and `long` in degrees; both None when one is missing or impossible.

        Where the connection says so they hold northing and easting, in the projection's metres.
        """
        lat, long = self.number("lat"), self.number("long")
        if lat is None or long is None:
            return None, None
        if self.is_projected or (abs(lat) <= 90 and abs(long) <= 180):
            return lat, long
        self.note("place-impossible", "`lat` and `long` lie outside the Earth (WGS84).", "lat")
        return None, None

    def flag(self, name: str, *, default: bool) -> bool:
        """A field that is true or false."""
        word = self.text(name).lower()
        if not word:
            return default
        if word not in _YES and word not in _NO:
            self.note("not-a-boolean", f"`{name}` must be true or false.", name)
            return default
        return word in _YES

    def whole_number(self, name: str) -> int | None:
        """A field's whole number above zero; None when it is none (noted)."""
        text = self.text(name)
        if not text:
            return None
        if text.isascii() and text.isdigit() and 0 < len(text) < 19 and int(text) > 0:
            return int(text)
        self.note("not-a-number", f"`{name}` must be a whole number.", name)
        return None

    def items(self, name: str, singular: str) -> list[Any]:
        """A list in any of its shapes: array, wrapper element, one object, nothing."""
        return items_of(self.plain.get(name), singular)

    def rows(self, name: str, singular: str) -> list["Row"]:
        """A list of objects; what is no object is noted and left out."""
        found = []
        for index, item in enumerate(self.items(name, singular), 1):
            where = f"{self.where}.{singular}[{index}]" if self.where else f"{singular}[{index}]"
            if isinstance(item, dict):
                found.append(Row(item, where=where, noting=self.noting, zone=self.zone))
            elif item is not None:
                self.noting.note("not-an-object", f"Each {singular} must be an object.", where)
        return found

    def media_urls(self) -> tuple[str, ...]:
        """Every photo's address, in order, each once."""
        if self.plain.get("media_url") is None and self.plain.get("media_urls") is None:
            return ()
        listed = [*self.items("media_url", "media_url"), *self.items("media_urls", "media_url")]
        found: dict[str, None] = {}
        for item in listed:
            url = _url_in(item)
            if url.lower().startswith(_URL_STARTS):
                found[url] = None
            elif url:
                advice = "leave it empty" if url.lower() in _NO_PHOTO else "give the whole address"
                self.note("media-url-not-a-url", f"`media_url`: {advice}.", "media_url")
        return tuple(found)


def _url_in(item: Any) -> str:
    if isinstance(item, dict):
        item = next((item[key] for key in ("media_url", "url", "href") if item.get(key)), "")
    return item.strip() if isinstance(item, str) else ""


def plain_text(value: Any) -> str:
    """A scalar as text; numbers keep their digits, 4711.0 loses its point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def leaves_of(value: Any) -> list[str]:
    """The texts inside nested plain data, in order."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves_of(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves_of(item)]
    return [value] if isinstance(value, str) else [plain_text(value)]


def items_of(value: Any, singular: str) -> list[Any]:
    """The items of a list in any of its shapes; an empty element or null is an empty list."""
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and set(value) == {singular}:
        return items_of(value[singular], singular)
    return [value]
