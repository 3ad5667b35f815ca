"""Why a delivery stands where it stands, in English and in the reader's language."""

import pytest
from django.utils import translation

from waywarden.sending import reasons
from waywarden.sending.reasons import Reason, Why, in_words


@pytest.fixture
def in_german(monkeypatch):
    """A language with two entries."""
    monkeypatch.setattr(
        reasons,
        "gettext",
        lambda text: text.replace("Tried", "Versucht").replace("it has no", "es fehlt:"),
    )


@pytest.mark.parametrize("why", Why)
def test_every_sentence_is_whole_in_english_and_takes_what_it_is_given(why):
    reason = Reason(why, words="no such street", name="Potholes")
    text = str(reason)
    assert text
    assert "%(" not in text
    assert in_words(text, reason.stored) == text


def test_a_reason_is_read_in_the_language_of_its_reader(in_german):
    reason = Reason(Why.TRIED_FOR_DAYS, "503 Service Unavailable")
    assert str(reason) == "Tried for 7 days without success: 503 Service Unavailable"
    assert in_words(str(reason), reason.stored) == (
        "Versucht for 7 days without success: 503 Service Unavailable"
    )
    nowhere = Reason(Why.NOWHERE, "it has no service code.", "Potholes")
    assert in_words(str(nowhere), nowhere.stored) == "Potholes: es fehlt: service code."
    assert str(nowhere) == "Potholes: it has no service code."


def test_rows_from_before_there_were_codes_read_as_they_did():
    assert in_words("The body gave no number.", {}) == "The body gave no number."
    assert in_words("", {}) == ""


def test_a_code_of_a_later_version_and_one_that_does_not_belong_leave_the_words():
    assert in_words("A new reason.", {"why": "from_the_future"}) == "A new reason."
    assert in_words("Phoned it through.", Reason(Why.STOPPED).stored) == "Phoned it through."


def test_what_somebody_said_is_all_there_is_and_has_no_code():
    said = Reason(words="We do not take 100 % of this.")
    assert (str(said), said.stored) == ("We do not take 100 % of this.", {})
    assert said.columns == {"reason": "We do not take 100 % of this.", "why": {}}


def test_words_of_a_system_are_cleaned_and_cut_and_still_belong_to_their_code():
    reason = Reason(Why.ASKED_FOR_DAYS, "\x00" + "x" * 5000)
    assert len(str(reason)) == reasons.LONGEST
    assert "\x00" not in str(reason) + "".join(reason.stored.values())
    with translation.override("fr"):
        assert in_words(str(reason), reason.stored) == str(reason)
