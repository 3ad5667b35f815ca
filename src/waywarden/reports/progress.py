"""What a row of a body's system does to a report: its time, its state, whether it shows. Pure.

The rules are those of integration.md 3, *Applying*.
"""

from collections.abc import Container
from datetime import datetime, timedelta

from waywarden.reports.states import State, fetched_state

#: A row may be this far ahead of our clock before its time is not believed.
CLOCK_SKEW = timedelta(minutes=5)
#: A row from before the sending counts as coming this long after it.
AFTER_SENDING = timedelta(seconds=1)


def time_of(*, said: datetime, sent_at: datetime | None, now: datetime) -> datetime:
    """The time an update is shown with (rule 3).

    Never before the report was sent, never in the future beyond five minutes.
    """
    if said > now + CLOCK_SKEW:
        said = now
    if sent_at is not None and said < sent_at:
        return sent_at + AFTER_SENDING
    return said


def says_the_same(*, status: str, last_status: str, text: str, told: Container[object]) -> bool:
    """Whether a row of a system that knows only how things stand tells what it told before.

    Such a row (`latest_data_only`, open311.md 2.7) comes again with a new time that means nothing.
    `told` has the words that the body said last, as they came and as they were shown.
    """
    return status == last_status and (not text or text in told)


def is_from_the_future(*, said: datetime, now: datetime) -> bool:
    """Whether a row's own time is not believed, which is reported."""
    return said > now + CLOCK_SKEW


def state_after(
    *,
    current: State | str,
    fetched: str,
    at: datetime,
    changed_at: datetime | None,
    is_first_update: bool,
    follows_row: bool = False,
) -> State:
    """The report's state after a row (rule 4). `fetched` "" keeps it.

    A row that is not newer than the state's last change keeps it too, unless it is the report's
    first update. `follows_row`: a body's row told a state before, so that of two rows of one
    second the later in order counts.
    """
    is_newer = changed_at is None or at > changed_at or (follows_row and at == changed_at)
    if not (is_newer or is_first_update):
        return State(current)
    return fetched_state(current=current, fetched=fetched or None)


def state_after_late(
    *,
    current: State | str,
    fetched: str,
    at: datetime,
    changed_at: datetime | None,
    told_last: str,
) -> State:
    """The state after a row that is older than one which told a state already, `told_last`.

    What it would be had they come in order: the newer one has the last word.
    """
    current = State(current)
    between = state_after(
        current=current,
        fetched=fetched,
        at=at,
        changed_at=changed_at,
        is_first_update=False,
        follows_row=True,
    )
    if between is current or not told_last:
        return current
    return fetched_state(current=between, fetched=told_last)


def shows_nothing_new(
    *,
    text: str,
    last_text: str | None,
    has_photos: bool,
    changes_state: bool,
    is_echo: bool = False,
) -> bool:
    """Whether an update is stored hidden (rule 5): no new words, no photo, no change of state.

    `last_text` is what the same body said last, None when it has said nothing yet. An echo gives a
    person's own update on the report back.
    """
    if has_photos or changes_state:
        return False
    return not text or text == last_text or is_echo
