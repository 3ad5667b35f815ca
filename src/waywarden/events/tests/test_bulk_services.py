"""Many rows in one statement: what is written is what was given."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from waywarden.bodies.models import Body, Category
from waywarden.events.bulk_services import insert_rows, write_columns
from waywarden.events.models import Event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 26, 12, 30, 15, 123456, tzinfo=UTC)
ODD = 'a "quote", a \\ slash, {a brace}, ünï, \u2028, NULL, \n'


def event(number=0, **fields):
    values = {
        "at": AT, "kind": "x", "subject_kind": "report", "subject_id": 2**62 + number,
        "data": {"words": ODD, "deep": [1, None, {"a": True}]},
    } | fields  # fmt: skip
    return Event(**values)


def test_what_is_inserted_is_read_back_as_it_was_and_has_its_key():
    rows = [event(number, actor_id=None, kind=f"k{number}") for number in range(3)]
    insert_rows(rows)
    for row in rows:
        read = Event.objects.get(pk=row.pk)
        assert (read.kind, read.at, read.data) == (row.kind, AT, row.data)
        assert (read.subject_id, read.actor_id, read.actor_kind) == (row.subject_id, None, "")
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    Event.objects.create(at=AT, kind="later", subject_kind="x", subject_id=1)


def test_without_keys_the_database_gives_them():
    insert_rows([event(1), event(2)], with_keys=False)
    assert Event.objects.count() == 2


def test_arrays_texts_and_nothing_are_written_to_rows_that_are_there():
    body = Body.objects.create(name="Body", slug="body")
    rows = [
        Category.objects.create(body=body, name=f"C{number}", slug=f"c{number}")
        for number in range(3)
    ]
    for row in rows:
        row.groups, row.description, row.is_private = [ODD, "", "two"], ODD, True
    write_columns(rows, ["groups", "description", "is_private", "connection"])
    for row in rows:
        read = Category.objects.get(pk=row.pk)
        assert (read.groups, read.description, read.is_private) == ([ODD, "", "two"], ODD, True)
        assert (read.name, read.connection) == (row.name, None)


def test_other_columns_and_other_rows_stay():
    body = Body.objects.create(name="Body", slug="body")
    changed, other = (
        Category.objects.create(body=body, name=name, slug=name, description="Old.")
        for name in ("one", "two")
    )
    changed.description, changed.name = "New.", "not written"
    write_columns([changed], ["description"])
    changed.refresh_from_db()
    other.refresh_from_db()
    assert (changed.name, changed.description) == ("one", "New.")
    assert other.description == "Old."


def test_a_row_that_breaks_a_rule_is_told_and_none_is_stored():
    body = Body.objects.create(name="Body", slug="body")
    rows = [Category(body=body, name="same", slug=f"s{number}", changed=AT) for number in range(2)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(rows)
    assert not Category.objects.exists()


def test_no_rows_are_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert_rows([])
        write_columns([], ["name"])
