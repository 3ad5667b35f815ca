"""Reading bodies and categories."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from django.db import connection as database
from django.db.models import Q, QuerySet

from waywarden.areas.queries import areas_at, metres_to_layers
from waywarden.backends.contract import Capability
from waywarden.backends.registry import backend_classes
from waywarden.bodies import templates
from waywarden.bodies.answers import Asked, asked
from waywarden.bodies.models import (
    Body,
    Category,
    Membership,
    PlaceRule,
    Question,
    ResponseTemplate,
)
from waywarden.bodies.question_models import Asking, SiteQuestion
from waywarden.bodies.routing import Choice, Offer, OnLayer, Way, choices, is_offered
from waywarden.connections.models import Connection
from waywarden.events.queries import history_of
from waywarden.kernel.text import one_line
from waywarden.users.models import User

#: The fact that a body sends another way.
METHOD_CHANGED = "body.send_method_changed"
#: Categories the public may pick.
OPEN_STATES = (Category.State.CONFIRMED, Category.State.UNCONFIRMED)
#: The kinds of back-end that the words on the form differ for.
EMAIL, REFUSE = "email", "refuse"


@dataclass(frozen=True, slots=True)
class Served:
    """What is to be had at a point."""

    area_ids: tuple[int, ...]
    bodies: tuple[Body, ...]
    choices: tuple[Choice, ...]
    missing: tuple[Body, ...] = ()
    """Bodies that answer for the point but offer nothing there (FB A.4)."""

    @property
    def is_outside(self) -> bool:
        """Whether the point lies in no area of this install: nothing can be reported there."""
        return not self.area_ids

    @property
    def has_nobody(self) -> bool:
        """Whether nobody takes anything at the point."""
        return not self.choices

    def on_site(self, body_slugs: Collection[str], *, with_others: bool) -> "Served":
        """What a site of some bodies offers of it (none: all of it): what one of them takes.

        A choice still goes to all its takers, as it does from any other site. `with_others` offers
        the other bodies' choices too, wherever one of the site's answers.
        """
        if not body_slugs:
            return self
        own = {body.pk for body in self.bodies if body.slug in body_slugs}
        if with_others and own:
            return self
        offered = tuple(choice for choice in self.choices if choice.body_ids & own)
        is_served = bool(own) and bool(offered or not self.choices)
        return replace(
            self,
            area_ids=self.area_ids if is_served else (),
            choices=offered,
            missing=tuple(body for body in self.missing if body.pk in own),
        )


def served_at(
    *, lat: float, lon: float, staff_of: Collection[int] = (), is_operator: bool = False
) -> Served:
    """The bodies and the choices at a point (WGS84 degrees).

    Categories for staff only are among them for those of their own body, and all for operators.
    """
    area_ids = areas_at(lat=lat, lon=lon)
    bodies = tuple(bodies_of(area_ids))
    may_pick = Q(state__in=OPEN_STATES)
    staffed = [body.pk for body in bodies if is_operator or body.pk in staff_of]
    if staffed:
        may_pick |= Q(state=Category.State.STAFF, body__in=staffed)
    categories = (
        Category.objects.filter(may_pick, body__in=bodies)
        .select_related("body__sending_connection", "connection")
        .order_by("name", "body_id")
    )
    offers = [_offer(category) for category in _on_offer(categories, lat=lat, lon=lon)]
    offering = {offer.body_id for offer in offers}
    return Served(
        area_ids=area_ids,
        bodies=bodies,
        choices=choices(offers),
        missing=tuple(body for body in bodies if body.pk not in offering),
    )


def _on_offer(categories: Iterable[Category], *, lat: float, lon: float) -> list[Category]:
    """Those whose rules by place hold at the point."""
    found = list(categories)
    rules: dict[int, list[OnLayer]] = {}
    for rule in PlaceRule.objects.filter(category__in=found):
        is_within = rule.where == PlaceRule.Where.WITHIN
        one = OnLayer(rule.layer_id, is_within, float(rule.metres))
        rules.setdefault(rule.category_id, []).append(one)
    if not rules:
        return found
    wanted = [rule for group in rules.values() for rule in group]
    far = metres_to_layers(
        {rule.layer_id for rule in wanted},
        lat=lat,
        lon=lon,
        within=max(rule.metres for rule in wanted),
    )
    return [one for one in found if is_offered(rules.get(one.pk, ()), far)]


def _offer(category: Category) -> Offer:
    way, reason = way_of(category)
    return Offer(
        category_id=category.pk,
        body_id=category.body_id,
        body_name=category.body.name,
        name=category.name,
        group=category.groups[0] if category.groups else "",
        description=category.description,
        prefers=category.prefer_if_multiple,
        groups=tuple(category.groups),
        keywords=tuple(category.keywords),
        way=way,
        reason=reason,
        emergency_notice=category.emergency_notice,
        stop_message=category.stop_message,
        title_hint=category.title_hint,
        detail_hint=category.detail_hint,
        photo_required=category.photo_required,
        phone_required=category.phone_required,
        is_private=category.is_private,
        allows_anonymous=category.allows_anonymous,
        target_days=category.target_days,
        look_alike_metres=category.look_alike_metres,
    )


def way_of(category: Category) -> tuple[Way, str]:
    """How reports of a category reach its body, and what a body that refuses says."""
    connection = category.connection_for_sending
    kind = connection.kind if connection else EMAIL
    if connection is not None and kind == REFUSE:
        return Way.REFUSED, str(connection.options.get("reason", ""))
    plug_in = backend_classes().get(kind)
    if plug_in is None or not plug_in.can(Capability.SENDS_REPORTS):
        return Way.NOWHERE, ""
    if plug_in.missing_address(emails=tuple(category.emails), service_code=category.service_code):
        return Way.NOWHERE, ""
    return (Way.EMAIL if kind == EMAIL else Way.SYSTEM), ""


def bodies_of(area_ids: tuple[int, ...]) -> QuerySet[Body]:
    """The bodies in use that answer for any of the areas."""
    return Body.objects.filter(areas__in=area_ids, is_deleted=False).distinct().order_by("name")


def questions_for(category_ids: tuple[int, ...]) -> tuple[Question, ...]:
    """The questions and notices of some categories, in order; a code asked by two is asked once."""
    found: dict[str, Question] = {}
    for question in Question.objects.filter(category__in=category_ids).order_by("order", "id"):
        found.setdefault(question.code, question)
    return tuple(found.values())


def questions_of_site(cobrand: str, language: str) -> tuple[SiteQuestion, ...]:
    """What a site asks of every report of those who read it in a language, in order."""
    own = SiteQuestion.objects.filter(cobrand__in=("", cobrand), language__in=("", language))
    found: dict[str, SiteQuestion] = {}
    for question in own.order_by("order", "id"):
        found.setdefault(question.code, question)
    return tuple(found.values())


def asked_of(question: Asking) -> Asked:
    """A question as the check of answers sees it; one that a page fills in is never demanded."""
    return asked(
        code=question.code,
        datatype=question.datatype,
        required=question.required and not question.automated,
        values=question.values,
        shown_if=question.shown_if,
        shown_if_values=question.shown_if_values,
    )


#: Written out, as composing it takes five times as long as the answer, at every update of a body.
_AUTOMATIC_TEMPLATES = f"""
SELECT body_id, id, title, text, email_text, states, external_codes, ARRAY(
  SELECT category_id FROM {ResponseTemplate.categories.through._meta.db_table}
  WHERE responsetemplate_id = template.id ORDER BY category_id)
FROM {ResponseTemplate._meta.db_table} AS template
WHERE body_id = ANY(%s) AND is_automatic ORDER BY id
"""  # noqa: S608 - the names of our own tables


def automatic_templates(body_ids: Iterable[int]) -> dict[int, tuple[templates.Template, ...]]:
    """The response templates that speak by themselves, by body, in order."""
    found: dict[int, list[templates.Template]] = {body_id: [] for body_id in body_ids}
    with database.cursor() as cursor:
        cursor.execute(_AUTOMATIC_TEMPLATES, [list(found)])
        for body_id, number, title, text, email_text, *lists in cursor.fetchall():
            states, codes, category_ids = map(tuple, lists)
            found[body_id].append(
                templates.Template(
                    id=number,
                    title=title,
                    text=text,
                    email_text=email_text,
                    states=states,
                    external_codes=codes,
                    category_ids=category_ids,
                )
            )
    return {body_id: tuple(rows) for body_id, rows in found.items()}


def templates_to_pick(body_id: int, category_id: int | None) -> list[ResponseTemplate]:
    """What staff may begin an answer with: the body's templates for a category, by title (FB A.45).

    Automatic ones too: what a system would make the body say, its people may say themselves.
    """
    fitting = Q(categories=None) | Q(categories=category_id)
    rows = ResponseTemplate.objects.filter(fitting, body=body_id).distinct()
    return sorted(rows, key=lambda one: one.title.casefold())


def body_names(body_ids: Collection[int]) -> list[str]:
    """The names of some bodies, in order."""
    if not body_ids:
        return []
    return list(
        Body.objects.filter(pk__in=body_ids).order_by("name").values_list("name", flat=True)
    )


def body_by_slug(slug: str) -> Body | None:
    """The body of that short name, deleted ones too."""
    return Body.objects.filter(slug=slug).first()


def body_in_use(body_id: int) -> Body | None:
    """A body, unless it is deleted. Asked at every call with a key, so it is asked as it stands."""
    table = Body._meta.db_table
    found = Body.objects.raw(f"SELECT * FROM {table} WHERE id = %s AND NOT is_deleted", [body_id])  # noqa: S608 - our own table
    return next(iter(found), None)


def connection_for_fetching(body: Body) -> Connection | None:
    """The connection that news of a body comes through, asked as it stands: at every push."""
    number = body.fetching_connection_id or body.sending_connection_id
    table = Connection._meta.db_table
    found = Connection.objects.raw(f"SELECT * FROM {table} WHERE id = %s", [number])  # noqa: S608 - our own table
    return next(iter(found), None) if number else None


def body_named(name: str) -> Body | None:
    """The body in use of a name or short name: in any case, with or without "Council" at its end.

    Else the only one whose name begins so (FB 1.8).
    """
    name = one_line(name)[:200]
    bare = re.sub(r"\s+council$", "", name, flags=re.IGNORECASE)
    in_use = Body.objects.filter(is_deleted=False)
    same = Q(slug__iexact=name) | Q(name__iexact=name)
    same |= Q(name__iexact=bare) | Q(name__iexact=f"{bare} Council")
    if found := in_use.filter(same).order_by("pk").first():
        return found
    some = list(in_use.filter(name__istartswith=bare).order_by("pk")[:2]) if bare else []
    return some[0] if len(some) == 1 else None


def connections_to_ask(body: Body) -> list[Connection]:
    """What news of a body comes through: its own connection, then its categories' that are polled.

    Its own even where it is not polled by the clock: somebody asks by hand.
    """
    own = body.connection_for_fetching
    found = [own] if own is not None else []
    if body.can_be_devolved:
        theirs = Connection.objects.filter(categories__body=body, fetches_updates=True)
        found += [one for one in theirs.distinct().order_by("name", "pk") if one != own]
    return found


def bodies_fetched_through(connection_id: int) -> QuerySet[Body]:
    """The bodies whose news comes through a connection."""
    direct = Body.objects.filter(fetching_connection=connection_id)
    same = Body.objects.filter(fetching_connection=None, sending_connection=connection_id)
    devolved = Body.objects.filter(can_be_devolved=True, categories__connection=connection_id)
    return (direct | same | devolved).filter(is_deleted=False).distinct().order_by("id")


def may_speak_for(user: User, body_id: int) -> bool:
    """Whether a person may write in a body's name; those who only read may not."""
    speaks = (Membership.Role.INSPECTOR, Membership.Role.ADMINISTRATOR)
    mine = Membership.objects.filter(user=user, body=body_id, body__is_deleted=False)
    return user.is_superuser or mine.filter(role__in=speaks).exists()


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


def bodies_telling_when_sent(body_ids: Iterable[int]) -> frozenset[int]:
    """Those of the bodies whose reporters are mailed once a report is sent."""
    telling = Body.objects.filter(pk__in=set(body_ids), tells_when_sent=True)
    return frozenset(telling.values_list("pk", flat=True))


def body_ids_of(slugs: Iterable[str]) -> tuple[int, ...]:
    """The bodies of some short names, deleted ones too."""
    return tuple(Body.objects.filter(slug__in=list(slugs)).values_list("pk", flat=True))


def bodies_using(connection_ids: Iterable[int]) -> dict[int, set[int]]:
    """The bodies that send or fetch through connections, by connection; devolved categories too."""
    ids = list(connection_ids)
    bodies = Body.objects.filter(is_deleted=False)
    devolved = Category.objects.filter(body__in=bodies.filter(can_be_devolved=True))
    found: dict[int, set[int]] = {number: set() for number in ids}
    for pairs in (
        bodies.filter(sending_connection__in=ids).values_list("sending_connection_id", "pk"),
        bodies.filter(fetching_connection__in=ids).values_list("fetching_connection_id", "pk"),
        devolved.filter(connection__in=ids).values_list("connection_id", "body_id"),
    ):
        for connection_id, body_id in pairs:
            if connection_id is not None:
                found[connection_id].add(body_id)
    return found
