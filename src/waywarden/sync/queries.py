"""Reading what sync knows: which polls are due, which rows match, what was seen or set aside."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from waywarden.backends.contract import KnownReport
from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.open311.types import ServiceRequestUpdate
from waywarden.reports import states
from waywarden.reports.fetched_report_services import OTHER
from waywarden.reports.models import OtherReference, Report, ReportBody, Update
from waywarden.reports.pins import Sql
from waywarden.sync.exclusions import Exclusions
from waywarden.sync.models import (
    Cursor,
    ExclusionRule,
    PollRun,
    SetAside,
    UnmatchedService,
    What,
)
from waywarden.sync.problems import Rules
from waywarden.sync.source import Source

#: Reports that an older server is asked about at once: their numbers travel in an address.
BATCH = 50
#: A row set aside that could not be applied so often waits for a person.
MOST_TRIES = 20
#: Stands between ids that travel as one text; in an id it cannot be (sync.rows.cleaned).
_APART = "\x1f"
#: Our numbers fit a bigint.
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Match:
    """The report a row is about, at the body it came from."""

    report_id: int
    body_id: int


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Why a row is about no report of the body's."""

    reason: SetAside.Reason
    words: str


def due(now: datetime) -> QuerySet[Cursor]:
    """The polls whose time has come and that do not wait in the queue yet, longest due first."""
    wanted = Q(what=What.UPDATES, connection__fetches_updates=True) | Q(
        what=What.REPORTS, connection__fetches_reports=True
    )
    return (
        Cursor.objects.filter(wanted, next_poll_at__lte=now, connection__is_paused=False)
        .filter(Q(claimed_until=None) | Q(claimed_until__lt=now))
        .filter(Q(queued_until=None) | Q(queued_until__lt=now))
        .order_by("next_poll_at")
    )


def without_cursor(what: What) -> QuerySet[Connection]:
    """Connections that are switched on and were never asked."""
    cursors = Cursor.objects.filter(connection=OuterRef("pk"), what=what)
    switch = "fetches_updates" if what is What.UPDATES else "fetches_reports"
    return Connection.objects.filter(~Exists(cursors), **{switch: True})


def open_reports(body_ids: Iterable[int]) -> Iterator[list[KnownReport]]:
    """The open reports that some bodies have, in batches, by what those said of them last."""
    found = (
        ReportBody.objects.filter(
            body__in=list(body_ids), left_at=None, report__state__in=states.OPEN
        )
        .exclude(external_id="")
        .order_by("pk")
    )
    last = 0
    while True:
        batch = list(
            found.filter(pk__gt=last).values_list(
                "pk", "external_id", "last_status", "last_status_at"
            )[:BATCH]
        )
        if not batch:
            return
        yield [KnownReport(number, status, at) for _pk, number, status, at in batch]
        last = batch[-1][0]


def match_updates(
    rows: Sequence[ServiceRequestUpdate], body_ids: Iterable[int]
) -> list[Match | NoMatch]:
    """For each row its report at one of the bodies: our number wins, else the body's own id."""
    bodies = frozenset(body_ids)
    places, known = _by_number(
        {number for row in rows if (number := row.fixmystreet_id) and _is_ours(number)}
    )
    theirs = {row.service_request_id for row in rows if row.service_request_id}
    by_external = _by_reference(theirs, bodies)
    found: list[Match | NoMatch] = []
    for row in rows:
        if row.fixmystreet_id is not None:
            found.append(
                _by_our_number(row.fixmystreet_id, bodies=bodies, places=places, known=known)
            )
        elif not row.service_request_id:
            found.append(NoMatch(SetAside.Reason.BAD_ID, "It names no report."))
        else:
            found.append(
                by_external.get(row.service_request_id)
                or NoMatch(
                    SetAside.Reason.UNKNOWN_REPORT,
                    f"No report of this body has the reference {row.service_request_id[:200]}.",
                )
            )
    return found


def _by_number(ours: Collection[int]) -> tuple[dict[int, list[int]], set[int]]:
    """The bodies that have the reports of some numbers, and which of these there are at all."""
    places: dict[int, list[int]] = {}
    if not ours:
        return places, set()
    here = ReportBody.objects.filter(report_id__in=ours)
    for report_id, body_id in here.values_list("report_id", "body_id"):
        places.setdefault(report_id, []).append(body_id)
    return places, set(Report.objects.filter(pk__in=ours).values_list("pk", flat=True))


def _by_reference(theirs: Collection[str], bodies: Collection[int]) -> dict[str, Match]:
    """The reports that bodies call so; what one calls so now before what it did once."""
    if not theirs:
        return {}
    asked = " UNION ALL ".join(
        f"SELECT {turn} AS turn, external_id, report_id, body_id FROM {model._meta.db_table}"  # noqa: S608 - our own tables
        " WHERE body_id = ANY(%s) AND external_id = ANY(%s)"
        for turn, model in enumerate((OtherReference, ReportBody))
    )
    values = [list(bodies), list(theirs)] * 2
    rows = Sql(f"{asked} ORDER BY turn, body_id DESC", values).rows()
    return {name: Match(report_id, body_id) for _turn, name, report_id, body_id in rows}


def _is_ours(number: int) -> bool:
    return 0 < number <= _LARGEST_ID


def _by_our_number(
    number: int, *, bodies: frozenset[int], places: dict[int, list[int]], known: set[int]
) -> Match | NoMatch:
    if not _is_ours(number):
        return NoMatch(SetAside.Reason.BAD_ID, "The number it gives for our report cannot be one.")
    for body_id in sorted(places.get(number, ())):
        if body_id in bodies:
            return Match(number, body_id)
    if number in known:
        return NoMatch(SetAside.Reason.OTHER_BODY, f"Report {number} belongs to another body.")
    return NoMatch(SetAside.Reason.UNKNOWN_REPORT, f"There is no report {number}.")


def seen_keys(keys: Iterable[str], body_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Which (body, key) have been taken in."""
    asked = Sql(
        "SELECT body_id, key FROM sync_seenitem WHERE body_id = ANY(%s) AND key = ANY(%s)",
        [list(body_ids), list(set(keys))],
    )
    return {(body_id, key) for body_id, key in asked.rows()}


def taken_in(keys: Iterable[str], body_ids: Collection[int]) -> dict[tuple[int, str], int | None]:
    """The same with the report that each was about; None where it was an update of ours.

    Which report is asked only where several bodies come the same way.
    """
    seen: dict[tuple[int, str], int | None] = dict.fromkeys(seen_keys(keys, body_ids))
    if seen and len(body_ids) > 1:
        known = Update.objects.filter(
            body__in=list(body_ids), external_id__in={key for _body_id, key in seen}
        )
        for body_id, key, report_id in known.values_list("body_id", "external_id", "report_id"):
            if (body_id, key) in seen:
                seen[body_id, key] = report_id
    return seen


def aside_keys(source: Source, what: What, keys: Iterable[str]) -> tuple[set[str], set[str]]:
    """Which keys wait set aside for a source, and which a person has dropped."""
    whose = Sql("connection_id IS NULL AND body_id = ANY(%s)", [list(source.body_ids)])
    if source.connection is not None:  # one that is only tried has no row, and finds none
        whose = Sql("connection_id = %s", [source.connection.pk])
    asked = Sql(
        "SELECT key, settled_at, settled_as FROM sync_setaside"
        " WHERE what = %s AND key = ANY(%s) AND",
        [what, list(set(keys))],
    )
    waiting, dropped = set(), set()
    for key, settled_at, settled_as in (asked + whose).rows():
        if settled_at is None:
            waiting.add(key)
        elif settled_as == SetAside.DROPPED:
            dropped.add(key)
    return waiting, dropped


def known_ids(bodies: Iterable[Body], external_ids: Collection[str]) -> set[str]:
    """Which ids some body of these has already."""
    if not external_ids:
        return set()
    sql = " UNION ALL ".join(
        f"SELECT external_id FROM {model._meta.db_table}"  # noqa: S608 - our own tables
        " WHERE body_id = ANY(%s) AND external_id = ANY(string_to_array(%s, %s))"
        for model in (ReportBody, OtherReference)
    )
    with connection.cursor() as cursor:  # one text: thousands of ids are one short statement
        body_ids, ids = [body.pk for body in bodies], _APART.join(external_ids)
        cursor.execute(sql, [body_ids, ids, _APART, body_ids, ids, _APART])
        return {row[0] for row in cursor.fetchall()}


def rules_of(source: Source) -> Rules:
    """What decides about a source's rows of problems: four short questions, however many rows."""
    body_ids = source.body_ids
    usable = Category.objects.filter(body__in=body_ids).exclude(state=Category.State.DELETED)
    categories = list(usable)
    matched = UnmatchedService.objects.filter(body__in=body_ids, category__in=usable)
    areas: dict[int, set[int]] = {body_id: set() for body_id in body_ids}
    links = Body.areas.through.objects.filter(body__in=body_ids)
    for body_id, area_id in links.values_list("body_id", "area_id"):
        areas[body_id].add(area_id)
    by_hand: dict[tuple[int, str], Category] = {}
    by_name: dict[tuple[int, str], Category] = {}
    for one in matched.select_related("category").order_by("id"):
        if one.category is not None:
            known, said = (by_hand, one.code) if one.code else (by_name, one.name)
            known[one.body_id, said] = one.category
    by_code = {(row.body_id, row.service_code): row for row in categories if row.service_code}
    return Rules(
        bodies=source.bodies,
        areas={body_id: frozenset(found) for body_id, found in areas.items()},
        by_code=by_hand | by_code,
        by_name=by_name,
        others={row.body_id: row for row in categories if row.name == OTHER},
        exclusions=exclusions_of(source.connection),
        state_for=source.backend.state_for,
    )


def exclusions_of(connection: Connection | None) -> Exclusions:
    """The rules in use of a connection."""
    number = connection.pk if connection is not None else None
    rules = ExclusionRule.objects.filter(connection=number, is_on=True)
    return Exclusions(rule.as_rule() for rule in rules.order_by("id"))


def waiting_for(report_ids: Iterable[int]) -> QuerySet[SetAside]:
    """Updates set aside that are about some reports, by our number or by the body's reference.

    A reference that another body also uses may let a row in that matches nothing: applying it
    sets it aside again.
    """
    ids = set(report_ids)
    references = ReportBody.objects.filter(report__in=ids).exclude(external_id="")
    others = OtherReference.objects.filter(report__in=ids).values_list("external_id", flat=True)
    named = {*references.values_list("external_id", flat=True), *others}
    return SetAside.objects.filter(what=What.UPDATES, settled_at=None).filter(
        Q(our_id__in=ids) | Q(external_id__in=named)
    )


def whose_report_is_known(rows: QuerySet[SetAside], body_ids: Iterable[int]) -> QuerySet[SetAside]:
    """Those rows that were set aside for want of a report which is there by now."""
    here = ReportBody.objects.filter(body__in=list(body_ids))
    by_reference = here.exclude(external_id="").filter(external_id=OuterRef("external_id"))
    by_other = OtherReference.objects.filter(
        body__in=list(body_ids), external_id=OuterRef("external_id")
    )
    by_number = here.filter(report=OuterRef("our_id"))
    return rows.filter(
        Exists(by_reference) | Exists(by_other) | Exists(by_number),
        settled_at=None,
        reason=SetAside.Reason.UNKNOWN_REPORT,
    )


def missed(before: datetime) -> QuerySet[SetAside, int]:
    """The numbers of such updates of bodies that nobody polls, set aside before; oldest first."""
    at_body = ReportBody.objects.filter(body=OuterRef("body"))
    by_number = at_body.filter(report=OuterRef("our_id"))
    by_reference = at_body.exclude(external_id="").filter(external_id=OuterRef("external_id"))
    by_other = OtherReference.objects.filter(
        body=OuterRef("body"), external_id=OuterRef("external_id")
    )
    unpolled = Q(connection=None) | Q(connection__fetches_updates=False)
    rows = SetAside.objects.filter(
        unpolled,
        what=What.UPDATES,
        settled_at=None,
        reason=SetAside.Reason.UNKNOWN_REPORT,
        created__lt=before,
        tries__lt=MOST_TRIES,
        body__isnull=False,
    )
    found = rows.filter(Exists(by_number) | Exists(by_reference) | Exists(by_other))
    return found.order_by("id").values_list("pk", flat=True)


def last_runs(connection_id: int, *, most: int = 20) -> QuerySet[PollRun]:
    """A connection's latest runs, newest first."""
    return PollRun.objects.filter(connection=connection_id).order_by("-started_at", "-id")[:most]


def set_aside_now(body_ids: Iterable[int] | None = None) -> QuerySet[SetAside]:
    """What waits set aside, newest first; of some bodies only, where they are given.

    A row that came through a connection of several bodies and names no known report is nobody's:
    it is seen by those only who see all.
    """
    return _set_aside(body_ids).filter(settled_at=None)


def set_aside_aged(body_ids: Iterable[int] | None = None) -> QuerySet[SetAside]:
    """What went by age of late, for the same people."""
    return _set_aside(body_ids).filter(settled_as=SetAside.AGED)


def _set_aside(body_ids: Iterable[int] | None) -> QuerySet[SetAside]:
    rows = SetAside.objects.select_related("connection", "body").order_by("-id")
    return rows if body_ids is None else rows.filter(body__in=list(body_ids))
