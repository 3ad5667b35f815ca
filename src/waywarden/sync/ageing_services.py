"""Rows set aside that nothing came for: they go by age, counted and written down."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from waywarden.events.services import Fact, record
from waywarden.kernel import clock
from waywarden.sync.models import SetAside

#: Rows that go in one transaction.
PIECE = 5_000
#: What was applied or went by age can be looked at for this long. What a person dropped stays
#: known: it must not come back.
SETTLED_LIVES = timedelta(days=90)
#: A longer age than the calendar has is for ever.
_LONGEST_DAYS = 36_500


def age_set_aside() -> int:
    """Settles rows about what is not ours or not here, set aside long ago; how many.

    The age is a setting. What needs a person (a bad date, a failure) has none. Rows that were
    settled long ago are deleted.
    """
    moment = clock.now()
    days = min(settings.WAYWARDEN_ASIDE_DAYS, _LONGEST_DAYS)
    aged = 0
    while days and (count := _age(moment - timedelta(days=days))):
        aged += count
    settled = SetAside.objects.filter(settled_at__lt=moment - SETTLED_LIVES)
    settled = settled.filter(settled_as__in=(SetAside.APPLIED, SetAside.AGED)).order_by("id")
    while ids := list(settled.values_list("pk", flat=True)[:PIECE]):
        SetAside.objects.filter(pk__in=ids).delete()
    return aged


def _age(before: datetime) -> int:
    """One piece of them, with a fact for each connection (each body that pushes without one)."""
    waiting = SetAside.objects.filter(
        settled_at=None, reason__in=SetAside.NOT_OURS, created__lt=before
    )
    with transaction.atomic():
        rows = list(
            waiting.select_for_update(skip_locked=True)
            .order_by("id")
            .values_list("pk", "connection_id", "body_id")[:PIECE]
        )
        SetAside.objects.filter(pk__in=[pk for pk, _connection, _body in rows]).update(
            settled_at=clock.now(), settled_as=SetAside.AGED
        )
        counted = Counter(
            ("connection", connection_id) if connection_id else ("body", body_id or 0)
            for _pk, connection_id, body_id in rows
        )
        record(
            *[
                Fact("set_aside.aged", kind, number, data={"rows": count})
                for (kind, number), count in counted.items()
            ]
        )
    return len(rows)
