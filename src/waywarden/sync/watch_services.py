"""Looks at bodies' service lists by the clock: daily, and when a server says that it changed."""

import logging
import random
from datetime import datetime, timedelta

from django.db.models import Q

from waywarden.backends.contract import Capability
from waywarden.backends.registry import backend_classes
from waywarden.bodies.models import Body
from waywarden.connections.services import keep_exchanges, open_backend
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.text import one_line, shorten
from waywarden.sync.models import ServiceWatch
from waywarden.sync.service_lists import connection_with_list, sync_services

log = logging.getLogger(__name__)

#: How often a server is asked whether its list has changed (a small question).
LOOK_EVERY = timedelta(hours=1)
#: A list is fetched at least so often, whatever the server says of it.
LIST_EVERY = timedelta(hours=24)
#: A look that was begun is begun again after this long: its worker died.
LOOK_TAKES = timedelta(minutes=30)
#: Looks that are queued at once.
MOST_LOOKS = 200


def ensure_watches() -> int:
    """Every body with a connection that lists services is looked at; how many are new."""
    kinds = [name for name, kind in backend_classes().items() if _lists(kind.capabilities)]
    listing = Q(fetching_connection__kind__in=kinds) | Q(sending_connection__kind__in=kinds)
    bodies = Body.objects.filter(listing, is_deleted=False, service_watch=None)
    moment = clock.now()
    watches = [
        ServiceWatch(body_id=body_id, next_look_at=moment + LOOK_EVERY * random.random())  # noqa: S311 - spreads the load only
        for body_id in bodies.values_list("pk", flat=True)
    ]
    ServiceWatch.objects.bulk_create(watches, ignore_conflicts=True)
    return len(watches)


def _lists(capabilities: frozenset[Capability]) -> bool:
    return Capability.LISTS_SERVICES in capabilities


def claim_due(now: datetime) -> list[int]:
    """The bodies whose list is due for a look; they are not due again until it should be done."""
    due = ServiceWatch.objects.filter(is_on=True, next_look_at__lte=now, body__is_deleted=False)
    ids = list(due.order_by("next_look_at").values_list("pk", flat=True)[:MOST_LOOKS])
    if ids:
        ServiceWatch.objects.filter(pk__in=ids).update(next_look_at=now + LOOK_TAKES)
    return ids


def look(body_id: int) -> bool:
    """Fetches a body's list when it is a day old or the server says that it changed.

    True when it was fetched. Never raises for what the body's system does: it is written down.
    """
    watch = ServiceWatch.objects.select_related("body").get(pk=body_id)
    moment = clock.now()
    watch.error = ""
    is_fetched = False
    try:
        version = _version_of(watch.body)
        is_old = watch.listed_at is None or moment - watch.listed_at >= LIST_EVERY
        if is_old or version != watch.version:
            sync_services(watch.body)
            watch.version, watch.listed_at, is_fetched = version, moment, True
    except WaywardenError as error:
        watch.error = shorten(one_line(str(error)), 500)
        log.warning("the service list of %s is not to be had: %s", watch.body.slug, error)
    watch.next_look_at = moment + LOOK_EVERY * (1 + 0.1 * random.random())  # noqa: S311 - the same
    watch.save(update_fields=["error", "version", "listed_at", "next_look_at"])
    return is_fetched


def _version_of(body: Body) -> str:
    connection = connection_with_list(body)
    if connection is None:
        return ""
    opened = open_backend(connection)
    version = opened.backend.list_version()
    keep_exchanges(opened)
    return version[:100]


def look_soon(body: Body) -> None:
    """Has the clock fetch a list with its next turn, however young the last one is."""
    moment = clock.now()
    ServiceWatch.objects.update_or_create(
        body=body, defaults={"next_look_at": moment, "listed_at": None, "is_on": True}
    )


def watch(body: Body, *, is_on: bool) -> None:
    """Switches the looks of the clock on or off for a body."""
    ServiceWatch.objects.update_or_create(
        body=body,
        defaults={"is_on": is_on},
        create_defaults={"is_on": is_on, "next_look_at": clock.now()},
    )
