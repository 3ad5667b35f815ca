"""Applies what a body's service list proposes to its categories and questions."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from waywarden.bodies.models import Body, Category, Question
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.text import slug
from waywarden.sync.models import GoneService
from waywarden.sync.proposals import Held, Listed, Proposal

_QUESTION_FIELDS = (
    "datatype", "description", "hint", "required", "variable", "automated", "order", "values",
)  # fmt: skip


def held_categories(body: Body) -> list[Held]:
    """The body's categories as a proposal sees them."""
    questions: dict[int, list[dict[str, Any]]] = {}
    for question in Question.objects.filter(category__body=body).order_by("order", "id"):
        row = {"code": question.code}
        row.update({name: getattr(question, name) for name in _QUESTION_FIELDS})
        questions.setdefault(question.category_id, []).append(row)
    states = dict(
        GoneService.objects.filter(category__body=body).values_list("category_id", "state")
    )
    return [
        Held(
            id=category.pk,
            values={
                "name": category.name,
                "service_code": category.service_code,
                "groups": list(category.groups),
                "description": category.description,
                "keywords": list(category.keywords),
                "is_private": category.is_private,
                "state": category.state,
                "questions": questions.get(category.pk, []),
            },
            protected=frozenset(category.protected_fields),
            is_deleted=category.state == Category.State.DELETED,
            state_before=states.get(category.pk, ""),
            is_other_way=body.can_be_devolved
            and (category.is_devolved_to_email or category.connection_id is not None),
        )
        for category in Category.objects.filter(body=body).order_by("id")
    ]


def apply_proposal(proposal: Proposal, *, body: Body, user_id: int | None = None) -> None:
    """Adds, changes and puts out of use what the proposal says; nothing is deleted."""
    with transaction.atomic():
        # Of two syncs at once the second waits, and then finds its names and codes taken or not.
        Body.objects.select_for_update().get(pk=body.pk)
        _put_out_of_use(proposal)
        for changed in proposal.changed:
            _change(changed.category_id, changed.to_apply)
        _add(proposal.added, body)
        record(
            Fact(
                "services.synced",
                "body",
                body.pk,
                actor=Actor("user", user_id) if user_id else NOBODY,
                data={
                    "added": [row.values["service_code"] for row in proposal.added],
                    "changed": [changed.category_id for changed in proposal.changed],
                    "gone": [gone.category_id for gone in proposal.gone if not gone.is_protected],
                },
            )
        )


def _put_out_of_use(proposal: Proposal) -> None:
    """Remembers the state that each comes back with."""
    moment = clock.now()
    ids = [gone.category_id for gone in proposal.gone if not gone.is_protected]
    categories = Category.objects.filter(pk__in=ids).exclude(state=Category.State.INACTIVE)
    for category in categories:
        GoneService.objects.update_or_create(
            category=category, defaults={"state": category.state, "at": moment}
        )
    categories.update(state=Category.State.INACTIVE, changed=moment)


def _change(category_id: int, values: Mapping[str, Any]) -> None:
    GoneService.objects.filter(category=category_id).delete()
    fields = {name: value for name, value in values.items() if name != "questions"}
    category = Category.objects.get(pk=category_id)
    if "name" in fields and _is_taken(category, fields["name"]):
        del fields["name"]  # another category of the body is called so: ours keeps its name
    if fields:
        for name, value in fields.items():
            setattr(category, name, value)
        category.save(update_fields=[*fields, "changed"])
    if "questions" in values:
        _set_questions(category, values["questions"])


def _is_taken(category: Category, name: str) -> bool:
    others = Category.objects.filter(body=category.body_id, name=name)
    return others.exclude(pk=category.pk).exists()


def _add(rows: Sequence[Listed], body: Body) -> None:
    there = Category.objects.filter(body=body).values_list("slug", "name")
    slugs = {held_slug for held_slug, _name in there}
    names = {name.casefold() for _slug, name in there}
    categories = []
    for row in rows:
        fields = {name: value for name, value in row.values.items() if name != "questions"}
        if fields["name"].casefold() in names:
            fields["name"] = f"{fields['name'][:150]} ({fields['service_code']})"[:200]
        names.add(fields["name"].casefold())
        categories.append(Category(body=body, slug=_free_slug(fields["name"], slugs), **fields))
    Category.objects.bulk_create(categories)
    Question.objects.bulk_create(
        Question(category=category, **question)
        for category, row in zip(categories, rows, strict=True)
        for question in row.values.get("questions", ())
    )


def _free_slug(name: str, taken: set[str]) -> str:
    first = slug(name, fallback="category")[:110].rstrip("-")
    number, found = 1, first
    while found in taken:
        number += 1
        found = f"{first}-{number}"
    taken.add(found)
    return found


def _set_questions(category: Category, wanted: Sequence[Mapping[str, Any]]) -> None:
    """The questions become those wanted; one whose code stays keeps its row."""
    codes = [question["code"] for question in wanted]
    Question.objects.filter(category=category).exclude(code__in=codes).delete()
    for question in wanted:
        values = {name: question[name] for name in _QUESTION_FIELDS}
        Question.objects.update_or_create(category=category, code=question["code"], defaults=values)
