"""Look-ups of one batch read the same lists (integration.md 2.4, *unknown*)."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.backends.contract import LookedUp, OutgoingReport, Person, Span
from waywarden.backends.open311.searching import MOST_LISTS, Search
from waywarden.open311.types import ServiceRequest

NOW = datetime(2026, 11, 26, 12, 40, tzinfo=UTC)


class Server:
    """Answers a list of what it has, the first thousand of it, and counts how often."""

    def __init__(self, *rows: ServiceRequest) -> None:
        self.rows, self.spans, self.is_away = rows, [], False

    def ask(self, span: Span) -> list[ServiceRequest]:
        self.spans.append(span)
        if self.is_away:
            raise ConnectionError
        within = [row for row in self.rows if span.start <= row.requested_datetime < span.end]
        return within[:1000]


def row(number: int, *, at: datetime = NOW) -> ServiceRequest:
    return ServiceRequest(
        f"R{number}", requested_datetime=at, extras={"fixmystreet_id": str(number)}
    )


def report(number: int) -> OutgoingReport:
    return OutgoingReport(
        key=f"k{number}", report_id=number, report_url=f"https://x.example/report/{number}",
        title="Hole", description="Deep", category="Potholes", group="", service_code="POT",
        emails=(), lat=1.0, lon=2.0, is_placed=True, nearest_address="", person=Person(),
        is_private=False, created_at=NOW,
    )  # fmt: skip


def look_for(search: Search, server: Server, number: int, since: datetime = NOW) -> LookedUp:
    return search.look_for(
        report(number), since, ask=server.ask, id_field="fixmystreet_id", plain="Deep"
    )


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOW, tick=False)


def test_what_was_lost_in_the_same_hour_is_looked_for_in_one_list():
    server, search = Server(row(1), row(3)), Search()

    found = [look_for(search, server, n, NOW - timedelta(minutes=n)) for n in (1, 2, 3)]

    assert [one.external_id for one in found] == ["R1", None, "R3"]
    assert len(server.spans) == 1


def test_the_list_reaches_from_before_the_attempt_to_after_now():
    server = Server()

    look_for(Search(), server, 1, NOW - timedelta(hours=2))

    (span,) = server.spans
    assert span.start <= NOW - timedelta(hours=2, minutes=10)
    assert span.end == NOW + timedelta(minutes=10)


def test_halves_of_a_cut_list_are_shared_too_and_everything_in_them_is_found():
    rows = [row(n, at=NOW - timedelta(seconds=n)) for n in range(1, 1800)]
    server, search = Server(*rows), Search()

    lost = [(n, NOW - timedelta(seconds=n)) for n in (1, 1200, 1700)]
    found = [look_for(search, server, n, since).external_id for n, since in lost]

    assert found == ["R1", "R1200", "R1700"]
    assert len(server.spans) <= 8
    assert len(set(server.spans)) == len(server.spans)


def test_a_list_that_failed_is_asked_for_again_by_the_next():
    server, search = Server(row(2)), Search()
    server.is_away = True
    with pytest.raises(ConnectionError):
        look_for(search, server, 1)
    server.is_away = False

    assert look_for(search, server, 2).external_id == "R2"


def test_one_search_never_asks_without_end():
    """A server that fills each list, however short its span, is not trusted."""

    class Full(Server):
        def ask(self, span: Span) -> list[ServiceRequest]:
            self.spans.append(span)
            return [row(n) for n in range(1000, 2000)]

    server = Full()

    assert look_for(Search(), server, 1) == LookedUp(None, is_trustworthy=False)
    assert len(server.spans) <= MOST_LISTS
