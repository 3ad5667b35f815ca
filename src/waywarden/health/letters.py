"""Mails about alarms, and the morning's summary of everything stuck."""

from collections.abc import Collection

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation

from waywarden.bodies.models import Body, Membership
from waywarden.health import queries, wording
from waywarden.health.models import Alarm, AlarmReader
from waywarden.health.verdicts import Kind, Trouble
from waywarden.kernel.cobrand import registry
from waywarden.notifications.letters import Letter, address_of, send
from waywarden.ui.languages import SPOKEN_TO_STAFF
from waywarden.webhooks.queries import stopped

BOARD = "/staff/integration/"


def readers_of(alarm: Alarm) -> list[str]:
    """The addresses that hear of an alarm: the operator's, and people of the bodies it is about."""
    bodies = _bodies_of(alarm)
    rows = AlarmReader.objects.filter(Q(body=None) | Q(body__in=bodies))
    return sorted({*settings.WAYWARDEN_ALARM_MAIL, *_addresses(rows)})


def _bodies_of(alarm: Alarm) -> list[int]:
    if alarm.body_id is not None:
        return [alarm.body_id]
    if alarm.connection is None:
        return []
    (facts,) = queries.facts_of([alarm.connection])
    return [body_id for body_id, _name in facts.bodies]


def _addresses(readers: QuerySet[AlarmReader]) -> set[str]:
    """Of those who may still sign in, and still belong to the body (or are operators)."""
    member = Membership.objects.filter(user=OuterRef("user"), body=OuterRef("body"))
    may_hear = Q(user__is_superuser=True) | Q(Exists(member))
    still = readers.filter(may_hear, user__is_active=True)
    return set(still.values_list("user__email", flat=True))


def mail_alarm(alarm_id: int, *, to: str, is_over: bool) -> bool:
    """Tells one address that something broke, or mended; False when the alarm is gone."""
    alarm = Alarm.objects.filter(pk=alarm_id).select_related("connection", "body").first()
    if alarm is None:
        return False
    with translation.override(SPOKEN_TO_STAFF):
        trouble = Trouble(Kind(alarm.kind), alarm.count, alarm.detail)
        values = {
            "name": wording.name_of(alarm),
            "body": alarm.body.name if alarm.body else "",
            "words": wording.trouble_words(trouble),
            "advice": wording.advice_for(trouble.kind),
            "detail": alarm.detail,
            "is_over": is_over,
            "alarm": alarm,
            "link": address_of(page_of(alarm), cobrand_name=registry.default.name),
        }
    send(
        Letter(
            to=to,
            template="alarm",
            cobrand_name=registry.default.name,
            language=SPOKEN_TO_STAFF,
            values=values,
            message_id=f"alarm.{alarm.pk}.{'over' if is_over else 'on'}",
            thread=f"alarm.{alarm.pk}.on" if is_over else "",
        )
    )
    return True


def page_of(alarm: Alarm) -> str:
    """Where a person looks into it."""
    if alarm.kind in (Kind.STUCK, Kind.AGED):
        way = f"connection={alarm.connection_id}" if alarm.connection_id else "way=email"
        return f"{BOARD}deliveries/?{way}&body={alarm.body_id}"
    if alarm.kind == Kind.WEBHOOK:
        return f"/staff/webhooks/{alarm.webhook_id}/" if alarm.webhook_id else "/staff/webhooks/"
    if alarm.connection_id is None:
        return f"{BOARD}email/"
    return f"{BOARD}connections/{alarm.connection_id}/"


def morning_readers() -> list[str]:
    """Everyone who hears of alarms."""
    everything = AlarmReader.objects.all()
    return sorted({*settings.WAYWARDEN_ALARM_MAIL, *_addresses(everything)})


def mail_summary(*, to: str) -> bool:
    """What is stuck this morning at the bodies that an address hears of; False when nothing is."""
    bodies = _bodies_heard_by(to)
    found = [one for one in queries.standings(bodies) if one.troubles]
    webhooks = list(stopped(bodies))
    if not (found or webhooks):
        return False
    with translation.override(SPOKEN_TO_STAFF):
        lines = [
            {
                "name": one.facts.name,
                "troubles": [wording.trouble_words(trouble) for trouble in one.troubles],
            }
            for one in found
        ]
        silent = wording.trouble_words(Trouble(Kind.WEBHOOK))
        lines += [{"name": endpoint.host, "troubles": [silent]} for endpoint in webhooks]
    send(
        Letter(
            to=to,
            template="alarm_summary",
            cobrand_name=registry.default.name,
            language=SPOKEN_TO_STAFF,
            values={
                "lines": lines[:SUMMARY_LINES],
                "more": max(len(lines) - SUMMARY_LINES, 0),
                "link": address_of(f"{BOARD}?need=1", cobrand_name=registry.default.name),
            },
        )
    )
    return True


#: Connections that a summary names.
SUMMARY_LINES = 50


def _bodies_heard_by(address: str) -> Collection[int] | None:
    """The bodies an address hears of; None for all."""
    if address in settings.WAYWARDEN_ALARM_MAIL:
        return None
    readers = AlarmReader.objects.filter(user__email=address)
    if readers.filter(body=None, user__is_superuser=True).exists():
        return None
    theirs = Q(memberships__user__email=address)
    if readers.filter(user__is_superuser=True).exists():
        theirs = Q()
    bodies = Body.objects.filter(theirs, alarm_readers__in=readers)
    return list(bodies.values_list("pk", flat=True))
