"""What happened and who did it, for the page of one thing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from waywarden.events.models import Event
from waywarden.sending.reasons import in_words
from waywarden.users.models import User

_WORDS: dict[str, str | Promise] = {
    "delivery.refused": gettext_lazy("The body refused it"),
    "delivery.held": gettext_lazy("Held for a person"),
    "delivery.retried": gettext_lazy("Sent again by hand"),
    "delivery.rerouted": gettext_lazy("Sent elsewhere"),
    "delivery.given_up": gettext_lazy("Given up"),
    "delivery.marked_sent": gettext_lazy("Marked as sent"),
    "connection.paused": gettext_lazy("Paused"),
    "connection.resumed": gettext_lazy("Resumed"),
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One fact, with the name of who did it ("" for the site itself)."""

    at: datetime
    words: str
    who: str
    reason: str


def named(events: Iterable[Event]) -> list[Happened]:
    """Facts in words, in their order; names are fetched at once."""
    found = list(events)
    ids = {event.actor_id for event in found if event.actor_kind == "user"}
    people: dict[Any, User] = User.objects.in_bulk(one for one in ids if one is not None)
    return [
        Happened(
            at=event.at,
            words=str(_WORDS.get(event.kind, event.kind)),
            who=_who(event, people),
            reason=in_words(str(event.data.get("reason", "")), event.data.get("why") or {}),
        )
        for event in found
    ]


def _who(event: Event, people: dict[Any, User]) -> str:
    if event.actor_kind != "user":
        return ""
    person = people.get(event.actor_id)
    return person.get_full_name() if person else _("somebody who is gone")
