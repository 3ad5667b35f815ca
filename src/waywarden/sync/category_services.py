"""Applies what a body's service list proposes to its categories and questions."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Model

from waywarden.bodies.models import Body, Category, Question
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.text import slug
from waywarden.sync.models import GoneService
from waywarden.sync.proposals import Changed, Held, Listed, Proposal

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
        _change([changed for changed in proposal.changed if changed.to_apply], body)
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
    GoneService.objects.bulk_create(
        (
            GoneService(category_id=category_id, state=state, at=moment)
            for category_id, state in categories.values_list("pk", "state")
        ),
        update_conflicts=True,
        unique_fields=["category"],
        update_fields=["state", "at"],
    )
    categories.update(state=Category.State.INACTIVE, changed=moment)


def _change(changed: Sequence[Changed], body: Body) -> None:
    """Writes what the list decides, a few statements however many categories change."""
    wanted = {one.category_id: one.to_apply for one in changed}
    GoneService.objects.filter(category__in=wanted).delete()
    categories = Category.objects.filter(body=body).in_bulk(list(wanted))
    taken = set(Category.objects.filter(body=body).values_list("name", flat=True))
    written: set[str] = set()
    moment = clock.now()
    for category_id, category in categories.items():
        for name, value in wanted[category_id].items():
            if name == "questions" or (name == "name" and value in taken):
                continue  # another category of the body is called so: ours keeps its name
            if name == "name":
                taken = (taken - {category.name}) | {value}
            setattr(category, name, value)
            written.add(name)
        category.changed = moment
    if written:
        _write(list(categories.values()), [*sorted(written), "changed"])
    _set_questions(
        {
            category_id: values["questions"]
            for category_id, values in wanted.items()
            if "questions" in values and category_id in categories
        }
    )


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


def _set_questions(wanted: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
    """Each category's questions become those wanted; one whose code stays keeps its row."""
    if not wanted:
        return
    held = {
        (question.category_id, question.code): question
        for question in Question.objects.filter(category__in=wanted)
    }
    new: list[Question] = []
    kept: list[Question] = []
    for category_id, questions in wanted.items():
        for values in questions:
            question = held.pop((category_id, values["code"]), None)
            fields = {name: values[name] for name in _QUESTION_FIELDS}
            if question is None:
                new.append(Question(category_id=category_id, code=values["code"], **fields))
                continue
            if any(getattr(question, name) != value for name, value in fields.items()):
                for name, value in fields.items():
                    setattr(question, name, value)
                kept.append(question)
    Question.objects.filter(pk__in=[question.pk for question in held.values()]).delete()
    _write(kept, _QUESTION_FIELDS)
    Question.objects.bulk_create(new, batch_size=1000)


def _write(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Writes the named fields of rows of one model in one statement; lists and objects as well.

    The rows travel as one JSON text: the statement's text does not grow with them.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if field.primary_key or field.name in names]
    quoted = {field.name: connection.ops.quote_name(field.column or "") for field in fields}
    kinds = ", ".join(f"{quoted[one.name]} {one.rel_db_type(connection)}" for one in fields)
    sets = ", ".join(f"{quoted[one.name]} = v.{quoted[one.name]}" for one in fields
                     if not one.primary_key)  # fmt: skip
    plain = [{one.column: one.value_from_object(row) for one in fields} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {connection.ops.quote_name(meta.db_table)} AS t SET {sets}"  # noqa: S608 - names of our own columns
            f" FROM jsonb_to_recordset(%s::jsonb) AS v({kinds}) WHERE t.id = v.id",
            [msgspec.json.encode(plain).decode()],
        )
