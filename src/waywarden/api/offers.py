"""The services on offer and their questions, read from categories."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, QuerySet

from waywarden.bodies.models import Category, Question
from waywarden.bodies.queries import OPEN_STATES, questions_for, served_at
from waywarden.open311 import types


def categories_of(body_ids: tuple[int, ...] | None) -> QuerySet[Category]:
    """The categories the public may pick at some bodies, None for all."""
    found = Category.objects.filter(state__in=OPEN_STATES, body__is_deleted=False)
    return found if body_ids is None else found.filter(body__in=body_ids)


def changed_at() -> datetime | None:
    """When a category was changed last."""
    latest: datetime | None = Category.objects.aggregate(latest=Max("changed"))["latest"]
    return latest


def services_of(body_ids: tuple[int, ...] | None) -> list[types.Service]:
    """The services of some bodies, each code once."""
    return _services(categories_of(body_ids))


def services_at(lat: float, long: float, body_ids: tuple[int, ...] | None) -> list[types.Service]:
    """The services to be had at a place, degrees of WGS84."""
    served = served_at(lat=lat, lon=long)
    ids = {category_id for choice in served.choices for category_id in choice.category_ids}
    return _services(categories_of(body_ids).filter(pk__in=ids))


_OFFERED = ("slug", "name", "description", "keywords", "is_private", "groups", "has_questions")


def _services(categories: QuerySet[Category]) -> list[types.Service]:
    has_questions = Exists(Question.objects.filter(category=OuterRef("pk")))
    rows = categories.annotate(has_questions=has_questions).order_by("name", "body_id")
    found: dict[str, types.Service] = {}
    for code, name, description, words, is_private, groups, is_asked in rows.values_list(*_OFFERED):
        if code in found:
            continue
        keywords = (*words, "private") if is_private else tuple(words)
        found[code] = types.Service(
            service_code=code,
            service_name=name,
            description=description,
            metadata=is_asked,
            keywords=tuple(dict.fromkeys(keywords)),
            group=groups[0] if groups else "",
            groups=tuple(groups),
        )
    return list(found.values())


def definition_of(code: str, body_ids: tuple[int, ...] | None) -> types.ServiceDefinition | None:
    """The questions of a service, None when it is not on offer."""
    ids = tuple(categories_of(body_ids).filter(slug=code).values_list("pk", flat=True))
    if not ids:
        return None
    return types.ServiceDefinition(code, tuple(_attributes(questions_for(ids))))


def _attributes(questions: Iterable[Question]) -> Iterable[types.Attribute]:
    for order, question in enumerate(questions, start=1):
        yield types.Attribute(
            code=question.code,
            variable=question.variable,
            datatype=question.datatype,
            required=question.required and question.variable and not question.shown_if,
            datatype_description=question.hint,
            order=order,
            description=question.description,
            values=tuple(
                types.AttributeValue(
                    str(value["key"]),
                    str(value.get("name", value["key"])),
                    str(value.get("disable_message") or ""),
                )
                for value in question.values
            ),
            automated=question.automated,
        )
