"""What a report's story says in the reader's language: its state, and what bodies said of it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from waywarden.bodies.templates import Said, Spoken, Template, fill, placeholders_in
from waywarden.bodies.words import said
from waywarden.reports.fetched_ledger import MOVED, SPOKEN
from waywarden.reports.models import Update
from waywarden.reports.state_words import STATE_CHOICES

#: The placeholders whose values are a body's own words; the others are people's, or references.
_OWN = frozenset({"body", "category", "description"})


def state_in_words(state: str) -> str:
    """What a state is called in the reader's language; the operator's name for it goes before."""
    original = _originals().get(state, state)
    own = said(original)
    return own if own != original else str(_NAMES.get(state, state))


_NAMES = dict(STATE_CHOICES)


@cache
def _originals() -> dict[str, str]:
    """What the states are called in the source, by which the operator's names are found."""
    with translation.override(None):
        return {state: str(name) for state, name in STATE_CHOICES}


def spoken_by(spoken: Spoken, answered: Said) -> dict[str, Any]:
    """What an update's extras keep of the template that spoke, so that it speaks other languages.

    Empty where a translation is found by the text itself.
    """
    template = spoken.template
    named = _names(template) if template is not None else frozenset()
    if template is None or not named:
        return {}
    values = {**answered.placeholders, "description": answered.words}
    kept = {name: values[name] for name in sorted(named) if values.get(name)}
    return {SPOKEN: {"text": template.text, "mail": template.email_text, "values": kept}}


def _names(template: Template) -> frozenset[str]:
    return placeholders_in(template.text) | placeholders_in(template.email_text)


def told_as_moved(what: str, old: str, new: str) -> tuple[str, dict[str, Any]]:
    """Text and extras of an update that says that its report was moved from one to another.

    `what` is `category` or `group`. The text is kept in the language of the source.
    """
    moved = {"what": what, "old": old, "new": new}
    with translation.override(None):
        return _moved_words(moved), {MOVED: moved}


def _moved_words(moved: Mapping[str, str]) -> str:
    """The sentence of such an update, in the reader's language."""
    names = {"old": said(moved["old"]), "new": said(moved["new"])}
    if moved["what"] == "group":
        return _("Group changed from “%(old)s” to “%(new)s”.") % names
    return _("Category changed from “%(old)s” to “%(new)s”.") % names


def text_in_words(update: Update) -> str:
    """What an update says; a body's words in the reader's language where they have a translation.

    What a person wrote stays as it is.
    """
    moved = update.extras.get(MOVED)
    if isinstance(moved, dict):
        return _moved_words(moved)
    return _in_words(update, update.text, "text")


def mail_in_words(update: Update) -> str:
    """The same for a mail about it."""
    return (
        _in_words(update, update.mail_text, "mail") if update.mail_text else text_in_words(update)
    )


def credit_in_words(update: Update) -> str:
    """Under which name it is shown: a body's in the reader's language; "" for none."""
    return said(update.credited_to) if update.body_id else update.credited_to


def _in_words(update: Update, text: str, part: str) -> str:
    if update.body_id is None:
        return text
    whole = said(text)
    spoken = update.extras.get(SPOKEN)
    if whole != text or not isinstance(spoken, dict):
        return whole
    values: dict[str, str] = spoken["values"]
    translated = said(spoken[part])
    if translated == spoken[part] or fill(spoken[part], values) != text:
        return text  # no translation, or the text was changed since
    own = {name: said(value) if name in _OWN else value for name, value in values.items()}
    return fill(translated, own)
