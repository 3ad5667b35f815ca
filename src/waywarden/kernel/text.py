"""Cleaning and cutting text that people wrote."""

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"[ \t\u00a0]+")
_BLANK_LINES = re.compile(r"\n{3,}")
#: Digits of a number that fits a row's.
MOST_DIGITS = 18
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def without_control_characters(text: str) -> str:
    """The text without characters that XML 1.0, UTF-8 or people cannot read; lines, tabs stay."""
    return _CONTROL.sub("", text)


def one_line(text: str) -> str:
    """Cleaned to a single line with single spaces."""
    if text.isprintable():  # most are: nothing to take out
        return " ".join(text.split())
    return " ".join(without_control_characters(text).split())


def paragraphs(text: str) -> str:
    """Cleaned; line ends unified, runs of spaces and of blank lines folded."""
    if text.isprintable() and "  " not in text:  # one tidy line
        return text.strip()
    text = without_control_characters(text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def shorten(text: str, length: int) -> str:
    """At most `length` characters; cut text ends in an ellipsis."""
    return text if len(text) <= length else text[: max(length - 1, 0)].rstrip() + "…"


def slug(text: str, *, fallback: str = "x") -> str:
    """Lower-case ASCII words joined by dashes; `fallback` when nothing is left."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_SLUG.sub("-", ascii_text).strip("-") or fallback


def whole_number(text: str) -> int | None:
    """The number that a few plain digits are, as a row's number may be; None for all else.

    `str.isdigit` alone lets through what `int` then refuses: `²`, and thousands of digits.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
