"""Everything that can be wrong has words, and what needs a person says what to do."""

import pytest

from waywarden.health import wording
from waywarden.health.verdicts import Kind, Level, Trouble
from waywarden.sending.outcome import Cause


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("count", [1, 5])
def test_every_trouble_has_words_and_advice(kind, count):
    words = wording.trouble_words(Trouble(kind, count))
    assert words.endswith(".")
    assert "%" not in words
    assert wording.advice_for(kind).endswith(".")


@pytest.mark.parametrize("level", Level)
def test_every_level_has_words(level):
    assert wording.level_words(level)


@pytest.mark.parametrize("cause", set(Cause) - {Cause.NONE})
def test_every_cause_has_words(cause):
    assert wording.cause_words(cause)
    assert wording.cause_words(cause) != cause.value


@pytest.mark.parametrize("cause", set(Cause) - {Cause.NONE, Cause.WITHDRAWN, Cause.REROUTED})
def test_every_cause_that_leaves_something_to_do_has_advice(cause):
    assert wording.advice_for_cause(cause).endswith(".")


def test_a_cause_of_another_version_is_shown_as_it_is():
    assert wording.cause_words("from_the_future") == "from_the_future"
    assert wording.advice_for_cause("from_the_future") == ""
