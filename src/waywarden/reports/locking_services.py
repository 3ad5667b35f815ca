"""The one order of locks: reports by their number, then what hangs on them, deliveries last.

Whoever changes a report and its rows elsewhere in one transaction locks the report first, so that
taking in and sending never wait for each other in a circle.
"""

from collections.abc import Iterable

from waywarden.reports.pins import Sql


def lock_reports(report_ids: Iterable[int]) -> None:
    """Locks reports in order of number until the caller's transaction ends."""
    ids = sorted(set(report_ids))
    if ids:
        Sql("SELECT id FROM reports_report WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [ids]).rows()
