"""What an answer means (open311.md 4)."""

from datetime import timedelta

import pytest

from waywarden.backends.open311.faults import asking_error, sending_error
from waywarden.kernel.errors import (
    BadReply,
    Misconfigured,
    Refused,
    TryLater,
    Unknown,
)
from waywarden.open311.errors import Fault, NotOpen311, Unreachable
from waywarden.open311.types import ErrorItem


def fault(status, *, told=True, wait=None):
    items = (ErrorItem(str(status), "no"),) if told else ()
    return Fault(f"The server answered {status}", status=status, items=items, retry_after=wait)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Unreachable("refused", was_sent=False), TryLater),
        (Unreachable("reset", was_sent=True), Unknown),
        (fault(408), TryLater),
        (fault(425), TryLater),
        (fault(429), TryLater),
        (fault(503), TryLater),
        (fault(500), Unknown),
        (fault(502), Unknown),
        (fault(504), Unknown),
        (NotOpen311("HTML", status=200), Unknown),
        (fault(400), Refused),
        (fault(404), Refused),
        (fault(409), Refused),
        (fault(401), Misconfigured),
        (fault(403), Misconfigured),
        (fault(404, told=False), Misconfigured),
        (fault(301), Misconfigured),
    ],
)
def test_what_an_answer_to_a_post_means(error, kind):
    assert type(sending_error(error)) is kind


def test_only_a_400_is_refused_patiently():
    assert sending_error(fault(400)).patient
    assert not sending_error(fault(404)).patient


def test_the_wait_that_is_asked_for_is_kept():
    wait = timedelta(minutes=7)

    assert sending_error(fault(503, wait=wait)).after == wait
    assert asking_error(fault(429, wait=wait)).after == wait


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Unreachable("reset", was_sent=True), TryLater),
        (fault(500), TryLater),
        (fault(503), TryLater),
        (fault(403), Misconfigured),
        (fault(404), BadReply),
        (NotOpen311("HTML", status=200), BadReply),
    ],
)
def test_what_an_answer_to_a_question_means(error, kind):
    assert type(asking_error(error)) is kind
