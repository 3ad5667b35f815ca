"""Reading reports: what may be done with them, references, versions (`story_queries`: one page)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from waywarden.bodies.models import Membership
from waywarden.reports import states
from waywarden.reports.allowed import Act, Asking, Rule, Who, may
from waywarden.reports.models import OtherReference, Report, ReportBody, Update
from waywarden.reports.pins import SEEN, Sql
from waywarden.reports.privacy import NOBODY, Viewer
from waywarden.users.models import User

#: Reports of one reference that are looked at: bodies number alike, but not by thousands.
MOST_NAMED = 1000


def public_reports() -> QuerySet[Report]:
    """Every report the public may see in lists, maps and feeds."""
    return Report.objects.filter(is_private=False, state__in=states.VISIBLE)


def viewer_for(user: User | None) -> Viewer:
    """A person as `privacy` and `allowed` want to know them, with the bodies they work for."""
    if user is None:
        return NOBODY
    bodies = Membership.objects.filter(user_id=user.pk).values_list("body_id", flat=True)
    return Viewer(user_id=user.pk, is_operator=user.is_superuser, body_ids=frozenset(bodies))


def acts_of(
    report: Report, viewer: Viewer, rows: Iterable[ReportBody] | None = None
) -> frozenset[Act]:
    """What a person may do with a report, by the tables of its bodies (`rows`, where read)."""
    if rows is None:
        rows = report.at_bodies.filter(left_at=None)
    rows = list(rows)
    body_ids = frozenset(row.body_id for row in rows)
    lines = _lines_of({row.body_id: row.category_id for row in rows})
    asking = Asking(
        is_reporter=viewer.user_id is not None and viewer.user_id == report.user_id,
        is_staff=viewer.is_operator or bool(viewer.body_ids & body_ids),
        is_open=report.is_open,
        is_duplicate=report.duplicate_of_id is not None,
    )
    return frozenset(act for act in Act if may(act, lines, asking=asking))


def _lines_of(categories: dict[int, int | None]) -> list[list[Rule]]:
    """The lines that each body has for its category."""
    found: dict[int, list[Rule]] = {body_id: [] for body_id in categories}
    asked = Sql(
        "SELECT body_id, category_id, act, who, only_while_open FROM reports_updaterule"
        " WHERE body_id = ANY(%s)",
        [list(categories)],
    )
    for body_id, category_id, act, who, only_while_open in asked.rows() if categories else ():
        if category_id in (None, categories[body_id]):
            rule = Rule(Act(act), Who(who), only_while_open, category_id is None)
            found[body_id].append(rule)
    return list(found.values())


def duplicates_of(report_id: int, *, most: int) -> list[int]:
    """The numbers of public reports that were found to repeat one, in order."""
    asked = Sql(
        "SELECT r.id FROM reports_report r WHERE r.duplicate_of_id = %s"  # noqa: S608 - our own words
        f" AND {SEEN} ORDER BY r.id LIMIT %s",
        [report_id, most],
    )
    return [row[0] for row in asked.rows()]


def states_after(updates: Iterable[Update]) -> dict[int, str]:
    """For updates that set no state: the report's state at that time, by update (FB, rule 32).

    What goes out late tells the state it was written in, not one that came since.
    """
    silent = [one for one in updates if not one.state]
    if not silent:
        return {}
    setting = Update.objects.filter(
        report__in={one.report_id for one in silent}, visibility=Update.Visibility.SHOWN
    ).exclude(state="")
    steps: dict[int, list[tuple[datetime, int, str]]] = defaultdict(list)
    for pk, report_id, at, state in setting.values_list("pk", "report_id", "confirmed_at", "state"):
        if at is not None:
            steps[report_id].append((at, pk, state))
    found = {}
    for one in silent:
        upto = (one.confirmed_at or one.created, one.pk)
        before = [step for step in steps[one.report_id] if step[:2] < upto]
        found[one.pk] = max(before)[2] if before else states.State.CONFIRMED.value
    return found


def report_by_reference(reference: str) -> Report | None:
    """The public report whose own number or whose reference at a body this is."""
    if reference.isascii() and reference.isdigit() and len(reference) < 18:
        own = public_reports().filter(pk=int(reference)).first()
        if own is not None:
            return own
    ids: set[int] = set()
    for rows in (  # each by its own index
        ReportBody.objects.filter(external_id=reference),
        ReportBody.objects.filter(customer_reference=reference).exclude(customer_reference=""),
        OtherReference.objects.filter(external_id=reference),
    ):
        ids.update(rows.values_list("report_id", flat=True)[:MOST_NAMED])
    return public_reports().filter(pk__in=ids).order_by("id").first()


def reports_of(user_id: int) -> QuerySet[Report]:
    """A person's own reports, newest first, unconfirmed ones left out."""
    return (
        Report.objects.filter(user_id=user_id)
        .exclude(state=states.State.UNCONFIRMED)
        .prefetch_related("photos")
        .order_by("-created")
    )


def bodies_of_report(report_id: int) -> frozenset[int]:
    """The bodies that have a report; one that it has left is none of them."""
    return frozenset(
        ReportBody.objects.filter(report_id=report_id, left_at=None).values_list(
            "body_id", flat=True
        )
    )


def reports_at_body(body_id: int, external_ids: Iterable[str]) -> dict[str, ReportBody]:
    """A body's rows by external id."""
    rows = ReportBody.objects.filter(body_id=body_id, external_id__in=set(external_ids))
    return {row.external_id: row for row in rows.select_related("report")}


def reports_with_shadow(report_ids: Iterable[int]) -> frozenset[int]:
    """Those of the reports that go to a body with a connection in shadow."""
    rows = ReportBody.objects.filter(report__in=list(report_ids), left_at=None)
    return frozenset(rows.exclude(body__shadow_connection=None).values_list("report_id", flat=True))


def updates_with_shadow(update_ids: Iterable[int]) -> frozenset[int]:
    """Those of the updates whose report is at a body with a connection in shadow."""
    report_of = dict(Update.objects.filter(pk__in=list(update_ids)).values_list("pk", "report_id"))
    shadowed = reports_with_shadow(report_of.values())
    return frozenset(one for one, report_id in report_of.items() if report_id in shadowed)


def last_change() -> str:
    """Differs from what it was whenever a public report came, went, moved or changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT last_value FROM reports_pincount_id_seq),"
            " (SELECT extract(epoch FROM max(changed)) FROM reports_report"
            " WHERE NOT is_private AND NOT (state IN ('unconfirmed', 'hidden')))"
        )
        counted, changed = cursor.fetchone()
    return f"{counted:x}-{int((changed or 0) * 1_000_000):x}"


def public_version_of(report_id: int) -> str:
    """Differs from what it was whenever a public report changed; "" for what is not public."""
    rows = Sql(
        f"SELECT r.changed FROM reports_report r WHERE r.id = %s AND {SEEN}",  # noqa: S608 - our own words
        [report_id],
    ).rows()
    return rows[0][0].isoformat() if rows else ""
