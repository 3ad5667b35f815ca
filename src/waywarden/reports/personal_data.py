"""Finds what people should not put into public words: addresses, numbers, plates. Pure.

It errs on the side of silence: whoever means what they wrote is asked, and never stopped.
"""

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass


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


_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
#: Begins with + or 0, as one dials it from anywhere or from the same country.
_PHONE = re.compile(r"(?<![\w./-])(?:\+|\(0|0)[\d ()/.-]{5,20}\d(?![\w-])")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
#: By country: letters in capitals unless the shape alone is telling.
_PLATES = (
    re.compile(r"(?i)(?<![\w-])[a-z]{2}\d{2} ?[a-z]{3}(?![\w-])"),  # AB12 CDE
    re.compile(r"(?i)(?<![\w-])[a-z]{2}-\d{3}-[a-z]{2}(?![\w-])"),  # AB-123-CD
    re.compile(r"(?<![\w-])[A-ZÅÄÖ]{3}-\d{1,3}(?![\w-])"),  # ABC-123
    re.compile(r"(?<![\w-])[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?\d{1,4}[EH]?(?![\w-])"),  # B-CD 1234
    re.compile(r"(?<![\w-])\d{4} [BCDFGHJ-NPR-TV-Z]{3}(?![\w-])"),  # 1234 BCD
)


def personal_data(*texts: str) -> tuple[Finding, ...]:
    """What looks like an e-mail address, a phone number or a number plate, each once, in order."""
    found = [finding for text in texts for finding in _in(text)]
    return tuple(dict.fromkeys(found))


def _in(text: str) -> Iterator[Finding]:
    spots = [(match.start(), Kind.EMAIL, match[0]) for match in _EMAIL.finditer(text)]
    spots += [
        (match.start(), Kind.PHONE, match[0].strip())
        for match in _PHONE.finditer(text)
        if 7 <= sum(map(str.isdigit, match[0])) <= 15 and not _DATE.fullmatch(match[0].strip())
    ]
    spots += [
        (match.start(), Kind.PLATE, match[0])
        for pattern in _PLATES
        for match in pattern.finditer(text)
    ]
    for _start, kind, words in sorted(spots, key=lambda spot: spot[0]):
        yield Finding(kind, words)
