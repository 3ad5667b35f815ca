"""Bodies' own words in the reader's language: names, categories, groups, replies, states."""

import threading
import time
from dataclasses import dataclass

from django.db.models import Count, Max
from django.utils.translation import get_language

from waywarden.bodies.translations import Translation

#: Seconds after which a process looks whether a translation has changed.
_LOOK_AGAIN = 30.0


@dataclass(frozen=True, slots=True)
class _Held:
    version: object
    words: dict[tuple[str, str], str]
    looked_at: float


_lock = threading.Lock()
_held: _Held | None = None


def said(original: str, language: str = "") -> str:
    """The words in a language, the reader's unless one is named; as they are without any."""
    code = language or get_language() or ""
    words = _current()
    for one in (code, code.partition("-")[0]):
        found = words.get((one, original))
        if found:
            return found
    return original


def forget_words() -> None:
    """Makes this process read the translations anew at the next question."""
    global _held  # noqa: PLW0603 - one cache a process, guarded by the lock
    with _lock:
        _held = None


def _current() -> dict[tuple[str, str], str]:
    global _held  # noqa: PLW0603 - one cache a process, guarded by the lock
    held = _held
    if held is not None and time.monotonic() - held.looked_at < _LOOK_AGAIN:
        return held.words
    with _lock:
        version = tuple(Translation.objects.aggregate(Count("id"), Max("changed")).values())
        words = held.words if held is not None and held.version == version else _read()
        _held = _Held(version, words, time.monotonic())
        return words


def _read() -> dict[tuple[str, str], str]:
    rows = Translation.objects.values_list("language", "original", "text")
    return {(language, original): text for language, original, text in rows}
