"""What a row of a body's system does to a report."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.reports import progress

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SENT = NOW - timedelta(hours=2)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("said", "sent_at", "expected"),
    [
        pytest.param(NOW - MINUTE, SENT, NOW - MINUTE, id="its own time"),
        pytest.param(
            SENT - MINUTE, SENT, SENT + SECOND, id="before the sending: a second after it"
        ),
        pytest.param(SENT, SENT, SENT, id="at the moment of sending"),
        pytest.param(SENT - MINUTE, None, SENT - MINUTE, id="never sent: its own time"),
        pytest.param(NOW + 4 * MINUTE, SENT, NOW + 4 * MINUTE, id="clocks differ a little"),
        pytest.param(NOW + 6 * MINUTE, SENT, NOW, id="the future: now"),
    ],
)
def test_the_time_of_an_update(said, sent_at, expected):
    assert progress.time_of(said=said, sent_at=sent_at, now=NOW) == expected


@pytest.mark.parametrize(
    ("current", "fetched", "age", "is_first", "expected"),
    [
        ("confirmed", "in progress", 1, False, "in progress"),
        ("confirmed", "in progress", -1, False, "confirmed"),  # older than the last change
        ("confirmed", "in progress", 0, False, "confirmed"),  # not newer
        ("confirmed", "in progress", -1, True, "in progress"),  # the first update, though older
        ("hidden", "confirmed", 1, True, "hidden"),
        ("unconfirmed", "confirmed", 1, True, "unconfirmed"),
        ("fixed - user", "fixed - council", 1, True, "fixed - user"),
        ("fixed - council", "fixed - user", 1, False, "fixed - council"),
        ("fixed - user", "investigating", 1, False, "investigating"),
        ("closed", "", 1, True, "closed"),  # unchanged
        ("cancelled", "fixed - council", 1, False, "fixed - council"),
    ],
)
def test_the_state_after_a_row(current, fetched, age, is_first, expected):
    state = progress.state_after(
        current=current,
        fetched=fetched,
        at=NOW + age * MINUTE,
        changed_at=NOW,
        is_first_update=is_first,
    )
    assert state == expected


@pytest.mark.parametrize(
    ("current", "fetched", "age", "told_last", "expected"),
    [
        ("in progress", "fixed - council", 1, "in progress", "in progress"),
        ("fixed - council", "in progress", 1, "fixed - council", "fixed - council"),
        ("closed", "in progress", -1, "fixed - council", "closed"),  # older than the last change
        ("fixed - user", "confirmed", 1, "fixed - council", "fixed - council"),  # opened between
        ("fixed - user", "fixed - council", 1, "fixed - council", "fixed - user"),
        ("closed", "in progress", 1, "", "closed"),  # a problem born as closed
        ("hidden", "confirmed", 1, "closed", "hidden"),
        ("confirmed", "", 1, "closed", "confirmed"),
    ],
)
def test_after_a_late_row_the_newer_one_has_the_last_word(
    current, fetched, age, told_last, expected
):
    state = progress.state_after_late(
        current=current,
        fetched=fetched,
        at=NOW + age * MINUTE,
        changed_at=NOW,
        told_last=told_last,
    )
    assert state == expected


def test_of_two_rows_of_one_second_the_later_in_order_counts():
    state = progress.state_after(
        current="in progress",
        fetched="closed",
        at=NOW,
        changed_at=NOW,
        is_first_update=False,
        follows_row=True,
    )
    assert state == "closed"


@pytest.mark.parametrize(
    ("text", "last_text", "has_photos", "changes_state", "is_nothing"),
    [
        ("On its way.", "On its way.", False, False, True),
        ("On its way.", "On its way.", True, False, False),
        ("On its way.", "On its way.", False, True, False),
        ("Done.", "On its way.", False, False, False),
        ("On its way.", None, False, False, False),
        ("", None, False, False, True),
        ("", "On its way.", False, False, True),
        ("", None, False, True, False),
    ],
)
def test_what_shows_nothing_new(text, last_text, has_photos, changes_state, is_nothing):
    verdict = progress.shows_nothing_new(
        text=text, last_text=last_text, has_photos=has_photos, changes_state=changes_state
    )
    assert verdict is is_nothing
