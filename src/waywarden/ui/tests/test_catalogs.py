"""The catalogs of the languages: nothing waits, every placeholder and tag is still there."""

import re

import pytest
from django.utils import formats, translation
from django.utils.translation import gettext, ngettext
from tools import messages

from waywarden.ui.languages import AWAITING_READERS

PIECES = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+>|%%")
#: New texts speak English until the catalogs are brought up to the source (`make messages`).
MAY_WAIT = 0.03

each_language = pytest.mark.parametrize("language", messages.LANGUAGES)


def strings(message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


@each_language
def test_nothing_in_a_catalog_waits(language):
    assert list(messages.missing(language)) == []


@each_language
def test_the_catalogs_know_the_texts_of_the_source(language):
    known = {message.id for message in messages.read(language)}
    wanted = {message.id for message in messages.template() if message.id}
    assert len(wanted) > 500
    assert len(wanted - known) <= MAY_WAIT * len(wanted), sorted(map(str, wanted - known))


@each_language
def test_placeholders_and_tags_are_all_there(language):
    """A form of the plural may leave the number out, where a word says it."""
    wrong = []
    for message in messages.read(language):
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set(PIECES.findall(ids[-1]))
        for string in strings(message):
            found = set(PIECES.findall(string))
            if found != wanted and not (len(ids) > 1 and found <= wanted):
                wrong.append((ids[0], string))
    assert wrong == []


@each_language
def test_a_catalog_says_that_a_native_reader_is_awaited(language):
    head = messages.po_of(language).read_text(encoding="utf-8")[:300]
    assert "Status: needs native review." in head


@pytest.mark.django_db
def test_a_page_says_that_its_texts_await_a_native_reader(client):
    for language, said in (("fr", True), ("ar", True), ("en", False)):
        shown = client.get("/about", headers={"accept-language": language}).content.decode()
        with translation.override(language):
            assert (gettext("Tell us what to mend") in shown) is said
    assert set(messages.LANGUAGES) == AWAITING_READERS


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("fr", 1, "1 jour"), ("fr", 2, "2 jours"), ("ar", 1, "يوم واحد"), ("ar", 2, "يومان"),
        ("ar", 5, "5 أيام"), ("ar", 11, "11 يومًا"), ("ar", 100, "100 يوم"),
    ],
)  # fmt: skip
def test_numbers_have_their_plural(language, number, words):
    with translation.override(language):
        assert ngettext("%(n)s day", "%(n)s days", number) % {"n": number} == words


def test_dates_and_numbers_follow_the_language():
    from datetime import date

    day = date(2026, 11, 26)
    with translation.override("fr"):
        assert gettext("Privacy") == "Vie privée"
        assert formats.date_format(day, "DATE_FORMAT") == "26 novembre 2026"
        assert formats.number_format(2.5, 1) == "2,5"
    with translation.override("ar"):
        assert "نوفمبر" in formats.date_format(day, "DATE_FORMAT")
