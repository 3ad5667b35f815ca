"""Finds a report of ours in a list of the body's requests (integration.md 2.4, *unknown*). Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from waywarden.backends.contract import LookedUp, OutgoingReport
from waywarden.kernel.text import one_line
from waywarden.open311.types import ServiceRequest

#: A list of so many rows may have been cut (open311.md 1).
CUT_AT = 1000
#: How far apart, in degrees, two places may be written that are the same (about ten metres).
SAME_PLACE = 1e-4


@dataclass(frozen=True, slots=True)
class _Match:
    sureness: int
    external_id: str


def find(
    report: OutgoingReport, rows: Iterable[ServiceRequest], *, id_field: str, plain: str
) -> LookedUp:
    """By our id, else by the report's link, else by service, place and text.

    `plain` is the description as it was sent.
    """
    best, count = _Match(0, ""), 0
    link = re.compile(re.escape(report.report_url) + r"(?![\w/])")
    for row in rows:
        count += 1
        sureness = _sureness(report, row, id_field=id_field, link=link, plain=plain)
        if sureness > best.sureness and row.service_request_id:
            best = _Match(sureness, row.service_request_id)
    if best.sureness:
        return LookedUp(external_id=best.external_id, is_trustworthy=True)
    return LookedUp(external_id=None, is_trustworthy=count < CUT_AT)


def _sureness(
    report: OutgoingReport,
    row: ServiceRequest,
    *,
    id_field: str,
    link: re.Pattern[str],
    plain: str,
) -> int:
    """3 our id, 2 our link, 1 service, place and text, 0 another's."""
    ours = [row.extras.get(name, "") for name in (id_field, f"attribute[{id_field}]")]
    if str(report.report_id) in ours:
        return 3
    if any(ours):
        return 0  # it carries another report's number
    if link.search(row.description):
        return 2
    return 1 if _looks_the_same(report, row, plain) else 0


def _looks_the_same(report: OutgoingReport, row: ServiceRequest, plain: str) -> bool:
    if row.service_code != report.service_code or row.lat is None or row.long is None:
        return False
    near = abs(row.lat - report.lat) < SAME_PLACE and abs(row.long - report.lon) < SAME_PLACE
    texts = {one_line(text) for text in (plain, report.description) if text.strip()}
    return near and one_line(row.description) in texts
