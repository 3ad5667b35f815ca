"""Reading webhooks: who listens, what is due, what was said."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from waywarden.webhooks.kinds import OF_FACTS
from waywarden.webhooks.models import Call, Endpoint


def somebody_listens(fact: str) -> bool:
    """Whether any endpoint wants what follows from a kind of fact."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM webhooks_endpoint WHERE is_active AND %s = ANY(kinds) LIMIT 1",
            [OF_FACTS[fact].value],
        )
        return cursor.fetchone() is not None


def endpoints_due(now: datetime) -> list[int]:
    """The endpoints with something to be told now."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = Call.objects.filter(free, state=Call.State.WAITING, due_at__lte=now)
    active = due.filter(endpoint__is_active=True)
    return list(active.order_by().values_list("endpoint_id", flat=True).distinct())


def next_due(endpoint_id: int) -> datetime | None:
    """When the next call of an endpoint is due; None when nothing waits."""
    waiting = Call.objects.filter(endpoint=endpoint_id, state=Call.State.WAITING)
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()


def stopped(body_ids: Collection[int] | None = None) -> QuerySet[Endpoint]:
    """Endpoints that were stopped because they failed; of some bodies, None for all."""
    rows = Endpoint.objects.filter(is_active=False).exclude(stopped_for="").order_by("id")
    return rows if body_ids is None else rows.filter(body__in=list(body_ids))


def of_body(body_id: int | None) -> QuerySet[Endpoint]:
    """A body's endpoints that are on; None: the site's."""
    return Endpoint.objects.filter(body=body_id, is_active=True).order_by("id")


def endpoints(which: Q) -> QuerySet[Endpoint]:
    """Some endpoints with their bodies, the site's first."""
    return Endpoint.objects.filter(which).select_related("body").order_by("body__name", "id")
