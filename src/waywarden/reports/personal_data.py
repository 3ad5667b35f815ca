"""Finds what people should not put into public words: addresses, numbers, plates. Pure.

It errs on the side of silence: whoever means what they wrote is asked, and never stopped.
"""

import enum
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Kind(enum.Enum):
    """What was found."""

    EMAIL = "email"
    PHONE = "phone"
    PLATE = "plate"


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of the text that looks personal."""

    kind: Kind
    text: str


#: The same file is read by the page's script. By country: letters in capitals unless the shape
#: alone is telling. A phone number begins with + or 0, as one dials it from anywhere or from the
#: same country.
_RULES: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_bytes())
_EMAIL, _PHONE, _DATE = (re.compile(_RULES[name]) for name in ("email", "phone", "date"))
_LEAST, _MOST = _RULES["phone_digits"]
_PLATES = [
    re.compile(plate["pattern"], re.IGNORECASE if plate["any_case"] else 0)
    for plate in _RULES["plates"]
]


def personal_data(*texts: str) -> tuple[Finding, ...]:
    """What looks like an e-mail address, a phone number or a number plate, each once, in order."""
    found = [finding for text in texts for finding in _in(text)]
    return tuple(dict.fromkeys(found))


def _is_number(words: str) -> bool:
    """Long enough for a phone number, and no date."""
    digits = sum(map(str.isdigit, words))
    return _LEAST <= digits <= _MOST and not _DATE.fullmatch(words.strip())


def _in(text: str) -> Iterator[Finding]:
    spots = [(match.start(), Kind.EMAIL, match[0]) for match in _EMAIL.finditer(text)]
    spots += [
        (match.start(), Kind.PHONE, match[0].strip())
        for match in _PHONE.finditer(text)
        if _is_number(match[0])
    ]
    spots += [
        (match.start(), Kind.PLATE, match[0])
        for pattern in _PLATES
        for match in pattern.finditer(text)
    ]
    for _start, kind, words in sorted(spots, key=lambda spot: spot[0]):
        yield Finding(kind, words)
