"""A body's system with years of requests, made up as they are asked for: gaps, repeats, bad rows.

Row `n` of `count` lies at its own moment between START and END, so that any span is answered by
arithmetic. Each August is empty. An answer holds both ends of its span, so a row on the border of
two spans comes with each of them; a page begins with the last row of the page before it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode
from wsgiref.types import StartResponse, WSGIEnvironment

START = datetime(2012, 1, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)
EMPTY_MONTH = 8
#: One row in so many is bad, each time in another way.
BAD_EVERY = 997
SERVICES = ("POT", "LMP", "GRF", "XXX")
MOST = 1000
LONG = "Z" * 300
#: West, south, east, north of the body's area.
AREA = (24.6, 60.0, 25.2, 60.35)


@dataclass
class Years:
    """The WSGI application. `pages` answers in pages with a Link to the next; else it cuts."""

    count: int
    pages: bool = False
    most: int = MOST
    fails_at: int = 0
    """The answer of this number is broken off, once."""
    asked: list[str] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        self.asked.append(environ["QUERY_STRING"])
        if len(self.asked) == self.fails_at:
            start_response("503 Busy", [("Content-Type", "text/plain")])
            return [b"busy"]
        first, last = self.span(query)
        numbers = [number for number in range(first, last) if not self.is_empty(number)]
        headers = [("Content-Type", "application/json")]
        if self.pages:
            page = int(query.get("page", "1"))
            begin = (page - 1) * self.most
            if begin + self.most < len(numbers):
                following = urlencode({**query, "page": page + 1})
                headers.append(("Link", f'<http://elsewhere.invalid/?{following}>; rel="next"'))
            numbers = numbers[max(begin - 1, 0) : begin + self.most]
        else:
            numbers = numbers[: self.most]
        data = json.dumps([self.row(number) for number in numbers]).encode()
        start_response("200 OK", [*headers, ("Content-Length", str(len(data)))])
        return [data]

    def span(self, query: dict[str, str]) -> tuple[int, int]:
        """The numbers of the rows between two dates, the second included."""
        start = datetime.fromisoformat(query["start_date"]) if "start_date" in query else START
        end = datetime.fromisoformat(query["end_date"]) if "end_date" in query else END
        step = (END - START) / self.count
        first = max(-(-(start - START) // step), 0)
        return first, max(min((end - START) // step + 1, self.count), first)

    def is_empty(self, number: int) -> bool:
        """Whether nothing was reported at its moment."""
        return self.moment(number).month == EMPTY_MONTH

    def moment(self, number: int) -> datetime:
        """When it was reported."""
        return START + (END - START) / self.count * number

    def row(self, number: int) -> dict[str, object]:
        """The row as it travels."""
        west, south, east, north = AREA
        at = self.moment(number)
        row: dict[str, object] = {
            "service_request_id": f"Y{number}",
            "status": "closed" if number % 3 else "open",
            "status_notes": "The crew has been there.",
            "service_name": f"Service {number % 4}",
            "service_code": SERVICES[number % 4],
            "description": f"A deep hole in the road near the corner, number {number}.",
            "agency_responsible": "Roads",
            "requested_datetime": at.isoformat(timespec="seconds"),
            "updated_datetime": (at + timedelta(days=3)).isoformat(timespec="seconds"),
            "address": f"{number % 200} High Street",
            "lat": round(south + (north - south) * ((number * 7919) % 100_003) / 100_003, 6),
            "long": round(west + (east - west) * ((number * 104_729) % 100_019) / 100_019, 6),
            "media_url": None,
        }
        if number % BAD_EVERY == BAD_EVERY - 1:
            row |= _BAD[number // BAD_EVERY % len(_BAD)]
            if row["service_request_id"] == LONG:
                row["service_request_id"] = f"{LONG}{number}"
        return row

    @property
    def good(self) -> int:
        """How many rows become reports."""
        return sum(
            1
            for number in range(self.count)
            if not self.is_empty(number) and number % BAD_EVERY != BAD_EVERY - 1
        )

    @property
    def rejected(self) -> int:
        """How many rows have an id and cannot be taken in."""
        numbers = range(BAD_EVERY - 1, self.count, BAD_EVERY)
        kinds = [number // BAD_EVERY % len(_BAD) for number in numbers if not self.is_empty(number)]
        return sum(1 for kind in kinds if kind < _WITH_ID)


_WITH_ID = 4
_BAD: tuple[dict[str, object], ...] = (
    {"lat": None},
    {"lat": 95.5, "long": 210.0},
    {"lat": 10.0, "long": 10.0},
    {"service_request_id": LONG},
    {"service_request_id": ""},
)
