"""Reading bodies and categories."""

from dataclasses import dataclass

from django.db.models import QuerySet

from waywarden.areas.queries import areas_at
from waywarden.bodies.models import Body, Category, Question
from waywarden.bodies.routing import Choice, Offer, choices
from waywarden.connections.models import Connection
from waywarden.events.queries import history_of

#: The fact that a body sends another way.
METHOD_CHANGED = "body.send_method_changed"
#: Categories the public may pick.
OPEN_STATES = (Category.State.CONFIRMED, Category.State.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Served:
    """What is to be had at a point."""

    area_ids: tuple[int, ...]
    bodies: tuple[Body, ...]
    choices: tuple[Choice, ...]

    @property
    def has_nobody(self) -> bool:
        """Whether no body answers for the point."""
        return not self.bodies


def served_at(*, lat: float, lon: float) -> Served:
    """The bodies and the choices at a point (WGS84 degrees)."""
    area_ids = areas_at(lat=lat, lon=lon)
    bodies = tuple(bodies_of(area_ids))
    categories = (
        Category.objects.filter(body__in=bodies, state__in=OPEN_STATES)
        .select_related("body")
        .order_by("name", "body_id")
    )
    offers = [
        Offer(
            category_id=category.pk,
            body_id=category.body_id,
            body_name=category.body.name,
            name=category.name,
            group=category.groups[0] if category.groups else "",
            description=category.description,
            prefers=category.prefer_if_multiple,
        )
        for category in categories
    ]
    return Served(area_ids=area_ids, bodies=bodies, choices=choices(offers))


def bodies_of(area_ids: tuple[int, ...]) -> QuerySet[Body]:
    """The bodies in use that answer for any of the areas."""
    return Body.objects.filter(areas__in=area_ids, is_deleted=False).distinct().order_by("name")


def questions_for(category_ids: tuple[int, ...]) -> tuple[Question, ...]:
    """The questions and notices of some categories, in order; a code asked by two is asked once."""
    found: dict[str, Question] = {}
    for question in Question.objects.filter(category__in=category_ids).order_by("order", "id"):
        found.setdefault(question.code, question)
    return tuple(found.values())


def body_by_slug(slug: str) -> Body | None:
    """The body of that short name, deleted ones too."""
    return Body.objects.filter(slug=slug).first()


def bodies_fetched_through(connection_id: int) -> QuerySet[Body]:
    """The bodies whose news comes through a connection."""
    direct = Body.objects.filter(fetching_connection=connection_id)
    same = Body.objects.filter(fetching_connection=None, sending_connection=connection_id)
    devolved = Body.objects.filter(can_be_devolved=True, categories__connection=connection_id)
    return (direct | same | devolved).filter(is_deleted=False).distinct().order_by("id")


def may_work_for(user_id: int | None, body_id: int) -> bool:
    """Whether a user belongs to a body."""
    return (
        user_id is not None
        and Body.objects.filter(pk=body_id, memberships__user_id=user_id).exists()
    )


def kept_connection(body: Body, kind: str) -> Connection | None:
    """The connection of a kind that a body has, or had before it sent another way.

    Found by the facts of its changes, so that switching back and forth loses nothing.
    """
    for connection in (body.sending_connection, body.fetching_connection):
        if connection is not None and connection.kind == kind:
            return connection
    if body._state.adding:
        return None
    changes = history_of("body", body.pk).filter(kind=METHOD_CHANGED)
    ids = [pk for change in changes for pk in (change.data["from"], change.data["to"])]
    found = {row.pk: row for row in Connection.objects.filter(pk__in=filter(None, ids), kind=kind)}
    return next((found[pk] for pk in reversed(ids) if pk in found), None)
