"""A report's story in templates, in the reader's language; for pages and mails alike."""

from collections.abc import Iterable

from django import template

from waywarden.bodies.words import said
from waywarden.reports.models import Update
from waywarden.reports.words import credit_in_words, mail_in_words, state_in_words, text_in_words

register = template.Library()


@register.filter(name="said")
def said_in_words(original: object) -> str:
    """A body's own words (its name, a category) in the reader's language."""
    return said(str(original or ""))


@register.filter
def said_each(originals: Iterable[str]) -> list[str]:
    """The same of many."""
    return [said(one) for one in originals]


@register.filter
def state_words(state: str) -> str:
    """What a state is called; the operator may have given it another name."""
    return state_in_words(state)


@register.filter
def told(update: Update) -> str:
    """What an update says, on a page."""
    return text_in_words(update)


@register.filter
def told_by_mail(update: Update) -> str:
    """What an update says, in a mail."""
    return mail_in_words(update)


@register.filter
def credit(update: Update) -> str:
    """Under which name an update is shown; "" for none."""
    return credit_in_words(update)
