"""The one order of locks: reports by their number, then what hangs on them, deliveries last.

Whoever changes a report and its rows elsewhere in one transaction locks the report first, so that
taking in and sending never wait for each other in a circle.
"""

from collections.abc import Iterable

from waywarden.reports.models import Report


def lock_reports(report_ids: Iterable[int]) -> None:
    """Locks reports in order of number until the caller's transaction ends."""
    ids = sorted(set(report_ids))
    if ids:
        list(Report.objects.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk"))
