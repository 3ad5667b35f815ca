"""The status table of open311.md 3, each way."""

import pytest

from waywarden.open311.statuses import FAMILY_OF, IGNORE, KEEP, folded, state_for, wire_for

TABLE = [
    ("OPEN", "confirmed", "open"),
    ("INVESTIGATING", "investigating", "open"),
    ("IN_PROGRESS", "in progress", "open"),
    ("PLANNED", "planned", "open"),
    ("ACTION_SCHEDULED", "action scheduled", "open"),
    ("FOR_TRIAGE", "for triage", "open"),
    ("FIXED", "fixed - council", "fixed"),
    ("CLOSED", "closed", "closed"),
    ("NO_FURTHER_ACTION", "unable to fix", "closed"),
    ("NOT_COUNCILS_RESPONSIBILITY", "not responsible", "closed"),
    ("DUPLICATE", "duplicate", "closed"),
    ("INTERNAL_REFERRAL", "internal referral", "closed"),
    ("CANCELLED", "cancelled", "closed"),
]


@pytest.mark.parametrize(("wire", "state", "family"), TABLE)
def test_a_word_of_the_protocol_is_a_state_each_way(wire, state, family):
    assert state_for(wire, extended=True) == state
    assert state_for(wire.lower().replace("_", " "), extended=True) == state
    assert state_for(wire.title().replace("_", "-"), extended=True) == state
    assert wire_for(state, extended=True) == wire
    assert FAMILY_OF[state] == family


@pytest.mark.parametrize(("wire", "state", "family"), TABLE)
def test_without_extended_statuses_only_open_and_closed_are_sent(wire, state, family):
    assert wire_for(state, extended=False) == ("OPEN" if family == "open" else "CLOSED")


def test_without_extended_statuses_closed_means_that_the_body_fixed_it():
    assert state_for("closed", extended=False) == "fixed - council"


def test_what_a_person_says_is_fixed_is_sent_as_fixed():
    assert wire_for("fixed - user", extended=True) == "FIXED"
    assert FAMILY_OF["fixed - user"] == "fixed"


def test_reopen_is_confirmed_and_sent_only_when_told():
    assert state_for("REOPEN", extended=True) == "confirmed"
    assert wire_for("confirmed", extended=False, reopens=True) == "REOPEN"


@pytest.mark.parametrize("word", ["UNCHANGED", "unchanged", "", "  "])
def test_unchanged_keeps_the_state(word):
    assert state_for(word, extended=True) == KEEP


@pytest.mark.parametrize("word", ["submitted", "Received", "zombie"])
def test_an_unknown_word_is_told_apart_from_unchanged(word):
    assert state_for(word, extended=True) is None


def test_the_table_of_a_connection_goes_first_each_way():
    theirs = {"Awaiting Contractor": "planned", "closed": "duplicate", "noise": IGNORE}
    assert state_for("AWAITING-CONTRACTOR", extended=False, table=theirs) == "planned"
    assert state_for("Closed", extended=True, table=theirs) == "duplicate"
    assert state_for("noise", extended=True, table=theirs) == IGNORE
    assert wire_for("planned", extended=False, table={"planned": "Awaiting"}) == "Awaiting"


def test_folding_is_stable():
    assert folded("  In--Progress ") == "in_progress"
    assert folded(folded("In Progress")) == "in_progress"
