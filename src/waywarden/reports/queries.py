"""Reading reports: one page, lists, references."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from waywarden.reports import states
from waywarden.reports.models import Report, ReportBody, Update


@dataclass(frozen=True, slots=True)
class Story:
    """One report's page: the report, its row at each body, its shown updates in order."""

    report: Report
    at_bodies: tuple[ReportBody, ...]
    updates: tuple[Update, ...]


def public_reports() -> QuerySet[Report]:
    """Every report the public may see in lists, maps and feeds."""
    return Report.objects.filter(is_private=False, state__in=states.VISIBLE)


def story_of(report_id: int) -> Story | None:
    """A report with all that its page shows, whatever its state; None when there is none."""
    report = (
        Report.objects.filter(pk=report_id)
        .prefetch_related(
            "photos",
            Prefetch("at_bodies", ReportBody.objects.select_related("body").order_by("id")),
            Prefetch(
                "updates",
                Update.objects.filter(visibility=Update.Visibility.SHOWN)
                .select_related("body")
                .prefetch_related("photos")
                .order_by("confirmed_at", "id"),
            ),
        )
        .first()
    )
    if report is None:
        return None
    return Story(
        report=report, at_bodies=tuple(report.at_bodies.all()), updates=tuple(report.updates.all())
    )


def report_by_reference(reference: str) -> Report | None:
    """The public report whose own number or whose reference at a body this is."""
    wanted = Q(at_bodies__external_id=reference) | Q(at_bodies__customer_reference=reference)
    if reference.isascii() and reference.isdigit() and len(reference) < 18:
        own = public_reports().filter(pk=int(reference)).first()
        if own is not None:
            return own
    return public_reports().filter(wanted).order_by("id").first()


def reports_of(user_id: int) -> QuerySet[Report]:
    """A person's own reports, newest first, unconfirmed ones left out."""
    return (
        Report.objects.filter(user_id=user_id)
        .exclude(state=states.State.UNCONFIRMED)
        .prefetch_related("photos")
        .order_by("-created")
    )


def bodies_of_report(report_id: int) -> frozenset[int]:
    """The bodies a report went to."""
    return frozenset(
        ReportBody.objects.filter(report_id=report_id).values_list("body_id", flat=True)
    )


def reports_at_body(body_id: int, external_ids: Iterable[str]) -> dict[str, ReportBody]:
    """A body's rows by external id."""
    rows = ReportBody.objects.filter(body_id=body_id, external_id__in=set(external_ids))
    return {row.external_id: row for row in rows.select_related("report")}
