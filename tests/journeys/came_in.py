"""What came in from the county's system: an import, services nobody has, a list that waits."""

from datetime import UTC, datetime, timedelta

import shapely

from tests.journeys.world import World
from waywarden.areas.models import Area
from waywarden.bodies.models import Category
from waywarden.connections.models import Connection, Exchange
from waywarden.kernel import clock
from waywarden.reports.models import ReportBody
from waywarden.sending.models import Answer, Delivery
from waywarden.sync.models import (
    ExclusionRule,
    ImportReject,
    ImportRun,
    ServiceProposal,
    ServiceWatch,
    UnmatchedService,
)
from waywarden.sync.proposal_services import keep_waiting
from waywarden.sync.proposals import Listed
from waywarden.users.models import User


def imports(world: World) -> str:
    """A run that goes on, and a service that no category has."""
    _run(world)
    moment = clock.now()
    for code, name, rows in (("GRF", "Graffiti on walls", 1204), ("", "Missed bins", 3)):
        UnmatchedService.objects.get_or_create(
            body=world.county, code=code, name=name,
            defaults={"rows": rows, "first_seen": moment, "last_seen": moment},
        )  # fmt: skip
    Connection.objects.filter(pk=world.desk.connection.pk).update(fetches_reports=True)
    return "/staff/imports/"


def one_import(world: World) -> str:
    """The run, with rows that were not taken."""
    run = _run(world)
    for number, reason in enumerate(("It has no place.", "Its id is too long.")):
        ImportReject.objects.get_or_create(
            run=run, key=f"2016-{number}", defaults={"reason": reason, "raw": {}}
        )
    return f"/staff/imports/{run.pk}/"


def at_the_body(world: World) -> str:
    """A report as the county's staff see it, with all that its system told beside."""
    report = world.by_state["confirmed"]
    row = ReportBody.objects.get(report=report, body=world.county)
    ReportBody.objects.filter(pk=row.pk).update(
        external_id=row.external_id or f"W{row.pk}",
        last_status="IN_PROGRESS",
        last_status_at=clock.now(),
        extras=row.extras | {
            "assigned_user_name": "Crew B", "priority": "2",
            "detailed_information": "Cone off the bus lane first.\nAsk at the gate.",
        },
    )  # fmt: skip
    return f"/staff/reports/{report.pk}/at/{world.county.slug}/"


def _run(world: World) -> ImportRun:
    moment = clock.now()
    run, _is_new = ImportRun.objects.get_or_create(
        body=world.county, connection=world.desk.connection, kind="open311", fingerprint="x",
        defaults={
            "source": "https://works.example/open311/v2", "since": datetime(2012, 1, 1, tzinfo=UTC),
            "until": moment, "position": datetime(2019, 5, 1, tzinfo=UTC), "started_at": moment,
            "moved_at": moment + timedelta(hours=1), "rows": 410_322, "new": 401_770,
            "repeated": 8_140, "rejected": 412, "matched": {"Pothole": 211_004, "Street light": 9},
            "unmatched": [["GRF", "Graffiti on walls", 1204]],
            "deviations": [{"code": "date-without-zone", "message": "A date must end in a zone.",
                            "where": "request[1]", "count": 7}],
        },
    )  # fmt: skip
    return run


def rules(world: World) -> str:
    """Rules of the county's connection."""
    for by, value, note in (("service", "Garden waste*", "Not on streets"), ("age", "730", "")):
        ExclusionRule.objects.get_or_create(
            connection=world.desk.connection, by=by, value=value, defaults={"note": note}
        )
    return f"/staff/imports/rules/{world.desk.connection.pk}/"


def lists(world: World) -> str:
    """The county's service list waits for somebody."""
    _proposal(world)
    return "/staff/services/"


def proposal(world: World) -> str:
    """What it would change."""
    return f"/staff/services/proposals/{_proposal(world).pk}/"


def _proposal(world: World) -> ServiceProposal:
    ServiceWatch.objects.get_or_create(body=world.county, defaults={"next_look_at": clock.now()})
    waiting = ServiceProposal.objects.filter(body=world.county).first()
    if waiting is not None:
        return waiting
    for code, name in (("TRE", "Trees"), ("BIN", "Bins")):
        Category.objects.create(
            body=world.county, name=name, slug=code.lower(), service_code=code, state="inactive"
        )
    Category.objects.filter(service_code__in=["TRE", "BIN"]).update(state="confirmed")
    values = {
        "name": "Trees and hedges", "service_code": "TRE", "groups": ["Green"], "keywords": [],
        "description": "What grows over a pavement.", "is_private": False, "state": "confirmed",
        "questions": [],
    }  # fmt: skip
    new = values | {"name": "Verges", "service_code": "VRG", "groups": ["Green"]}
    reason = "The list has lost 1 of 2 services."
    kept = keep_waiting(world.county, [Listed(values), Listed(new)], reason=reason)
    assert kept is not None
    return kept


def email(world: World) -> str:
    """A mail that went, one that did not, and what came back."""
    one_mail(world)
    delivery = Delivery.objects.filter(body=world.county).first()
    if not Exchange.objects.filter(connection=None).exists():
        for error in ("", "The mail server was not reached (ConnectionRefusedError)."):
            Exchange.objects.create(
                subject_kind="delivery", subject_id=delivery.pk, at=clock.now(), seconds=0.2,
                method="MAIL", url="mailto:street-lighting@borsetshire.example", error=error,
                request="Subject: Street lighting: lamp is dark", response="",
            )  # fmt: skip
    return "/staff/integration/email/"


def one_mail(world: World) -> str:
    """What the county answered by mail."""
    row, _is_new = Answer.objects.get_or_create(
        mark="a-mark",
        defaults={
            "kind": "answer", "body": world.county, "report": world.by_state["confirmed"],
            "at": clock.now(), "sender": "clerk@borsetshire.example", "subject": "Your lamp",
            "text": "We come on Friday.", "raw": b"",
        },
    )  # fmt: skip
    return f"/staff/integration/mail/{row.pk}/"


def olga(_world: World) -> User:
    """The operator."""
    known = User.objects.filter(email="olga@example.org").first()
    return known or User.objects.create_superuser("olga@example.org", name="Olga")


def unserved(_world: World) -> str:
    """A ward far away has no body."""
    west, south, east, north = 10.0, 50.0, 10.1, 50.1
    Area.objects.get_or_create(
        code="lonely",
        defaults={
            "name": "Lonely Hills", "kind": "ward", "west": west, "south": south, "east": east,
            "north": north, "boundary": shapely.to_wkb(shapely.box(west, south, east, north)),
        },
    )  # fmt: skip
    return "/staff/unserved/"
