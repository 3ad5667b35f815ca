"""A row is taken in once, however often and whichever way it comes."""

import threading

import pytest
from django.db import connection as database
from django.db import transaction

from waywarden.connections.models import Connection
from waywarden.reports.models import Update
from waywarden.sync.models import SeenItem
from waywarden.sync.tests.conftest import only_update, take, update

pytestmark = pytest.mark.django_db


def test_a_repeat_is_harmless_whatever_path_it_takes(body, report):
    take(body, update("u1"))
    counts = take(body, update("u1", description="Another wording."))
    assert (counts.new, counts.repeated) == (0, 1)
    assert only_update(report).text == "A crew is on its way."


def test_a_row_that_another_connection_of_the_body_brings_again_is_taken_in_once(body, report):
    take(body, update(status="fixed"))
    other = Connection.objects.create(name="Own server", kind="memory")
    body.sending_connection = body.fetching_connection = other
    body.save()
    take(body, update(status="fixed"))
    assert only_update(report).state == "fixed - council"


def test_the_same_row_twice_in_one_answer_is_taken_in_once(body, report):
    row = update("u1")
    counts = take(body, row, row)
    assert (counts.new, counts.repeated) == (1, 1)


def test_a_row_without_an_id_is_known_by_its_content(body, report):
    row = update("")
    assert take(body, row).new == 1
    assert take(body, row).repeated == 1
    assert only_update(report).external_id == ""
    assert take(body, update("", minutes_ago=5, description="Other words.")).new == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_row_by_poll_and_by_push_at_once_is_taken_in_once(body, report):
    row = update("u1")
    gate = threading.Barrier(2)
    results, errors = [], []

    def push():
        try:
            gate.wait(60)
            results.append(take(body, row))
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=push) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert sorted((counts.new, counts.repeated) for counts in results) == [(0, 1), (1, 0)]
    assert Update.objects.count() == 1
    assert SeenItem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_waits_for_the_one_that_is_being_applied(body, report):
    """The second session begins while the first holds the report, and then sees the row."""
    row = update("u1")
    results = []

    def second():
        results.append(take(body, row))
        database.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        first = take(body, row)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(60)
    assert first.new == 1
    assert (results[0].new, results[0].repeated) == (0, 1)
