"""Reading whole: cut answers are asked again in shorter spans, years in spans that fit."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.backends.contract import Backend, Notes, Span
from waywarden.kernel.errors import BadReply
from waywarden.open311.types import ServiceRequest
from waywarden.sync.reading import read_parts, read_whole
from waywarden.sync.windows import LONGEST_SPAN, SHORTEST_SPAN, halved, next_length

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Listing(Backend):
    """A list of moments that is cut at ten rows."""

    def __init__(self, moments, *, most=10, ignores_dates=False):
        self.moments, self.most, self.ignores_dates = moments, most, ignores_dates
        self.asked = []

    def fetch_reports(self, span, notes):
        self.asked.append(span)
        fits = [
            ServiceRequest(f"{moment:%d%H%M%S}-{number}", requested_datetime=moment)
            for number, moment in enumerate(self.moments)
            if self.ignores_dates or span is None or span.start <= moment < span.end
        ]
        yield from fits[: self.most]
        notes.is_cut = len(fits) >= self.most


def hourly(count):
    return [START + HOUR * number for number in range(count)]


def test_a_cut_answer_is_asked_again_in_halves_until_all_has_come():
    backend, notes = Listing(hourly(24)), Notes()
    found = {row.service_request_id for row in read_whole(backend, Span(START, START + DAY), notes)}
    assert len(found) == 24
    assert [span.end - span.start for span in backend.asked][:3] == [DAY, DAY / 2, DAY / 4]
    assert not notes.deviations


def test_an_answer_that_is_whole_is_asked_once():
    backend = Listing(hourly(9))
    assert len(list(read_whole(backend, Span(START, START + DAY), Notes()))) == 9
    assert len(backend.asked) == 1


def test_more_rows_in_a_second_than_an_answer_holds_are_told_of():
    backend, notes = Listing([START] * 30), Notes()
    list(read_whole(backend, Span(START, START + timedelta(minutes=1)), notes))
    assert "answer-cut" in {deviation.code for deviation in notes.deviations}
    assert len(backend.asked) < 20


def test_a_whole_list_that_is_cut_is_told_of():
    notes = Notes()
    list(read_whole(Listing(hourly(12)), None, notes))
    assert [deviation.code for deviation in notes.deviations] == ["answer-cut"]


def test_a_server_that_ignores_dates_is_not_asked_in_halves():
    backend = Listing(hourly(100), most=40, ignores_dates=True)
    span = Span(START + DAY * 30, START + DAY * 31)
    assert len(list(read_whole(backend, span, Notes()))) == 40
    assert len(backend.asked) == 1


def test_parts_of_years_tell_how_far_they_are_and_how_long_the_next_span_is():
    backend = Listing(hourly(300))
    span = Span(START, START + DAY * 20)
    parts = list(read_parts(backend, span, Notes(), length=DAY))
    rows = [row.service_request_id for part in parts for row in part.rows]
    assert len(rows) == len(set(rows)) == 300, "a cut answer is thrown away, not taken twice"
    ends = [part.upto for part in parts if part.upto]
    assert ends == sorted(ends)
    assert ends[-1] == span.end
    assert parts[-1].length > DAY, "nothing happens at the end"


def test_parts_of_a_server_that_ignores_dates_and_cuts_end_in_words():
    backend = Listing(hourly(100), most=40, ignores_dates=True)
    with pytest.raises(BadReply, match="size of a page"):
        list(read_parts(backend, Span(START + DAY * 90, START + DAY * 99), Notes(), length=DAY))


def test_halves_join_and_end_at_the_shortest():
    whole = Span(START, START + timedelta(seconds=5))
    first, second = halved(whole)
    assert (first.start, first.end, second.end) == (whole.start, second.start, whole.end)
    assert halved(Span(START, START + timedelta(seconds=3))) is None


@pytest.mark.parametrize(
    ("length", "rows", "expected"),
    [
        (DAY, 0, DAY * 3),
        (DAY, 600, DAY),
        (DAY, 400, DAY * 1.5),
        (DAY, 5000, DAY / 2),
        (DAY * 60, 0, LONGEST_SPAN),
        (SHORTEST_SPAN, 5000, SHORTEST_SPAN),
    ],
)
def test_the_next_span_aims_at_answers_that_are_not_cut(length, rows, expected):
    assert next_length(length, rows) == expected
