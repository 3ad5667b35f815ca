"""States, families and classes of pins."""

import pytest

from waywarden.reports import states
from waywarden.reports.states import Family, PinClass, State


@pytest.mark.parametrize(
    ("state", "family", "pin_class"),
    [
        ("unconfirmed", Family.HIDDEN, None),
        ("hidden", Family.HIDDEN, None),
        ("confirmed", Family.OPEN, PinClass.OPEN),
        ("investigating", Family.OPEN, PinClass.PROGRESS),
        ("in progress", Family.OPEN, PinClass.PROGRESS),
        ("planned", Family.OPEN, PinClass.PROGRESS),
        ("action scheduled", Family.OPEN, PinClass.PROGRESS),
        ("for triage", Family.OPEN, PinClass.PROGRESS),
        ("fixed", Family.FIXED, PinClass.FIXED),
        ("fixed - user", Family.FIXED, PinClass.FIXED),
        ("fixed - council", Family.FIXED, PinClass.FIXED),
        ("closed", Family.CLOSED, PinClass.CLOSED),
        ("unable to fix", Family.CLOSED, PinClass.CLOSED),
        ("not responsible", Family.CLOSED, PinClass.CLOSED),
        ("duplicate", Family.CLOSED, PinClass.CLOSED),
        ("internal referral", Family.CLOSED, PinClass.CLOSED),
        ("cancelled", Family.CLOSED, PinClass.CLOSED),
    ],
)
def test_each_state_has_its_family_and_its_pin(state, family, pin_class):
    assert states.family_of(state) is family
    assert states.pin_class_of(state) is pin_class


def test_the_table_above_knows_every_state():
    assert len(State) == 17


def test_the_states_of_a_class_are_those_whose_pin_has_it():
    assert states.states_of(PinClass.OPEN) == (State.CONFIRMED,)
    assert State.IN_PROGRESS in states.states_of(PinClass.PROGRESS)
    assert State.HIDDEN not in {
        state for pin_class in PinClass for state in states.states_of(pin_class)
    }


@pytest.mark.parametrize(
    ("current", "fetched", "expected"),
    [
        ("confirmed", "fixed - council", "fixed - council"),
        ("confirmed", None, "confirmed"),
        ("hidden", "fixed - council", "hidden"),
        ("unconfirmed", "confirmed", "unconfirmed"),
        ("fixed - user", "fixed - council", "fixed - user"),
        ("fixed - council", "fixed - user", "fixed - council"),
        ("fixed", "fixed - council", "fixed"),
        ("fixed - council", "confirmed", "confirmed"),
        ("closed", "in progress", "in progress"),
    ],
)
def test_the_state_after_a_fetched_one(current, fetched, expected):
    assert states.fetched_state(current=current, fetched=fetched) == expected


Mover = states.Mover


@pytest.mark.parametrize(
    ("mover", "current", "wanted", "may"),
    [
        (Mover.ANYONE, "confirmed", "fixed - user", True),
        (Mover.ANYONE, "planned", "fixed - user", True),
        (Mover.ANYONE, "fixed - council", "confirmed", False),
        (Mover.ANYONE, "confirmed", "cancelled", False),
        (Mover.ANYONE, "confirmed", "fixed - council", False),
        (Mover.REPORTER, "unconfirmed", "confirmed", True),
        (Mover.REPORTER, "hidden", "confirmed", False),
        (Mover.REPORTER, "fixed - council", "confirmed", True),
        (Mover.REPORTER, "closed", "confirmed", True),
        (Mover.REPORTER, "in progress", "cancelled", True),
        (Mover.REPORTER, "closed", "cancelled", False),
        (Mover.STAFF, "confirmed", "unable to fix", True),
        (Mover.STAFF, "unconfirmed", "confirmed", True),
        (Mover.STAFF, "fixed - user", "hidden", True),
        (Mover.STAFF, "confirmed", "unconfirmed", False),
        (Mover.SYSTEM, "hidden", "fixed - council", False),
        (Mover.SYSTEM, "confirmed", "hidden", False),
        (Mover.SYSTEM, "closed", "in progress", True),
        (Mover.SYSTEM, "fixed - user", "fixed - council", False),
    ],
)
def test_the_table_says_who_may_go_from_where_to_where(mover, current, wanted, may):
    assert states.may_go(mover, current, wanted) is may


def test_nobody_makes_a_report_wait_for_its_confirmation_again():
    for mover in Mover:
        assert states.states_before(mover, State.UNCONFIRMED) == ()
