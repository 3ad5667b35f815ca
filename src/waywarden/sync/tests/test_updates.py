"""Taking in updates, by poll and by push."""

import threading
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction

from waywarden.bodies.models import Category, ResponseTemplate
from waywarden.connections.models import Connection
from waywarden.events import services as events
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports import services as reports
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.sending.models import Delivery
from waywarden.sync import aside_services
from waywarden.sync.models import SeenItem, SetAside
from waywarden.sync.tests.conftest import make_body, update
from waywarden.sync.updates import take_in_updates

pytestmark = pytest.mark.django_db


def take(body, *rows):
    return take_in_updates(body=body, connection=body.sending_connection, rows=rows)


def only_update(report):
    return Update.objects.get(report=report)


def state_of(report):
    return Report.objects.get(pk=report.pk).state


def test_a_row_changes_the_state_and_its_words_are_shown_for_the_body(body, report, connection):
    counts = take(body, update(status="fixed", description="Fixed by the road crew."))
    assert (counts.rows, counts.new) == (1, 1)
    assert state_of(report) == "fixed - council"
    shown = only_update(report)
    assert (shown.text, shown.state) == ("Fixed by the road crew.", "fixed - council")
    assert (shown.user, shown.body) == (connection.update_user, body)


def test_the_response_template_speaks_where_the_row_says_nothing(body, report):
    ResponseTemplate.objects.create(
        body=body, title="Fixed", states=["fixed - council"], text="Fixed by {{body}} road crew."
    )
    take(body, update(status="fixed", description=""))
    assert only_update(report).text == "Fixed by Borsetshire County Council road crew."


def test_a_template_with_a_place_for_them_carries_the_bodys_words(body, report):
    ResponseTemplate.objects.create(
        body=body, title="Fixed", states=["fixed - council"], text="Good news. {{description}}"
    )
    take(body, update(status="fixed", description="The hole is filled."))
    assert only_update(report).text == "Good news. The hole is filled."


def test_a_template_without_a_place_for_them_does_not_silence_the_bodys_words(body, report):
    ResponseTemplate.objects.create(
        body=body, title="Fixed", states=["fixed - council"], text="Fixed."
    )
    take(body, update(status="fixed", description="The hole is filled."))
    assert only_update(report).text == "The hole is filled."


def test_a_template_for_the_state_is_silent_while_the_state_stays(body, report):
    ResponseTemplate.objects.create(
        body=body, title="Fixed", states=["fixed - council"], text="Fixed."
    )
    take(
        body,
        update("u1", minutes_ago=20, status="fixed", description=""),
        update("u2", minutes_ago=10, status="fixed", description=""),
    )
    texts = Update.objects.filter(report=report).order_by("confirmed_at")
    assert [(one.text, one.visibility) for one in texts] == [("Fixed.", "shown"), ("", "hidden")]


def test_a_template_for_an_external_code_goes_before_the_one_for_the_state(body, report, category):
    ResponseTemplate.objects.create(body=body, title="State", states=["in progress"], text="State.")
    mine = ResponseTemplate.objects.create(
        body=body, title="Code", external_codes=["INP"], text="Code {{external_status_code}}."
    )
    mine.categories.add(category)
    take(body, update(description="", external_status_code="INP"))
    shown = only_update(report)
    assert (shown.text, shown.external_status_code) == ("Code INP.", "INP")


def test_a_code_that_stays_the_same_does_not_speak_again(body, report):
    ResponseTemplate.objects.create(body=body, title="Code", external_codes=["INP"], text="Ours.")
    take(body, update("u1", minutes_ago=20, description="", external_status_code="INP"))
    take(body, update("u2", minutes_ago=10, description="", external_status_code="INP"))
    hidden = Update.objects.get(external_id="u2")
    assert (hidden.text, hidden.visibility) == ("", "hidden")


def test_a_template_that_is_not_automatic_waits_for_staff(body, report):
    ResponseTemplate.objects.create(
        body=body, title="By hand", states=["in progress"], text="By hand.", is_automatic=False
    )
    take(body, update(description=""))
    assert only_update(report).text == ""


def test_a_row_older_than_the_last_change_keeps_the_state_and_still_shows_its_words(body, report):
    take(body, update("u1", minutes_ago=10, status="fixed", description="Done."))
    take(body, update("u2", minutes_ago=20, status="in_progress", description="On its way."))
    assert state_of(report) == "fixed - council"
    late = Update.objects.get(external_id="u2")
    assert (late.text, late.state, late.visibility) == ("On its way.", "", "shown")


def test_the_first_update_counts_though_it_is_older_than_the_last_change(body, make_report):
    report = make_report(sent_at=None)
    take(body, update(minutes_ago=60 * 5, status="in_progress"))
    assert state_of(report) == "in progress"


def test_rows_in_the_wrong_order_are_applied_in_the_order_of_their_times(body, report):
    take(body, update("u2", minutes_ago=10, status="fixed"), update("u1", minutes_ago=20))
    assert state_of(report) == "fixed - council"


def test_a_hidden_report_stays_hidden_and_nobody_hears_of_it(body, make_report):
    report = make_report(state="hidden")
    take(body, update(status="fixed"))
    assert state_of(report) == "hidden"
    assert not Event.objects.filter(kind="update.fetched").exists()


def test_fixed_by_a_user_is_not_overwritten_by_fixed_by_the_council(body, make_report):
    report = make_report(state="fixed - user")
    take(body, update(status="fixed", description="Done."))
    assert state_of(report) == "fixed - user"
    assert only_update(report).text == "Done."


def test_unchanged_keeps_the_state(body, make_report):
    report = make_report(state="planned")
    take(body, update(status="unchanged", description="Next week."))
    assert state_of(report) == "planned"
    assert only_update(report).visibility == "shown"


def test_an_unknown_status_keeps_the_state_and_is_reported(body, report):
    counts = take(body, update(status="bananas"))
    assert state_of(report) == "confirmed"
    assert "unknown-status" in {deviation.code for deviation in counts.deviations}


def test_a_status_that_the_connection_drops_leaves_nothing_behind(body, report):
    counts = take(body, update(status="spam"))
    assert (counts.ignored, counts.new) == (1, 0)
    assert not Update.objects.exists()


def test_the_same_words_again_are_stored_hidden(body, report):
    take(body, update("u1", minutes_ago=20))
    take(body, update("u2", minutes_ago=10))
    assert Update.objects.get(external_id="u2").visibility == "hidden"
    assert Event.objects.filter(kind="update.fetched").count() == 1


def test_the_same_words_with_a_photo_are_shown_and_the_photo_is_remembered(body, report):
    take(body, update("u1", minutes_ago=20))
    take(body, update("u2", minutes_ago=10, media_urls=("https://example.org/a.jpg",)))
    again = Update.objects.get(external_id="u2")
    assert again.visibility == "shown"
    assert again.extras["media_urls"] == ["https://example.org/a.jpg"]


def test_a_time_in_the_future_becomes_now_and_is_reported(body, report):
    counts = take(body, update(minutes_ago=-60))
    assert abs(only_update(report).confirmed_at - clock.now()) < timedelta(minutes=1)
    assert "update-in-the-future" in {deviation.code for deviation in counts.deviations}


def test_a_time_before_the_sending_becomes_one_second_after_it(body, report):
    take(body, update(minutes_ago=60 * 24))
    sent_at = ReportBody.objects.get(report=report).sent_at
    assert only_update(report).confirmed_at == sent_at + timedelta(seconds=1)


def test_codes_references_and_extras_are_kept_and_people_see_the_customer_reference(body, report):
    row = update(
        external_status_code="X1",
        customer_reference="CR-9",
        extras={"detailed_information": "inside", "priority": "P1"},
    )
    take(body, row)
    at_body = ReportBody.objects.get(report=report)
    assert at_body.reference == "CR-9"
    assert at_body.external_id == "4711"
    assert at_body.extras == {
        "detailed_information": "inside", "priority": "P1", "external_status_code": "X1",
    }  # fmt: skip
    assert (at_body.last_status, at_body.last_status_at) == ("in_progress", row.updated_datetime)
    assert only_update(report).extras["detailed_information"] == "inside"


def test_a_row_cannot_bring_marks_of_ours(body, report):
    extras = {"automatic": "1", "media_urls": "x", "photos_fetched": "1", "crew": "North"}
    take(body, update(extras=extras))
    assert only_update(report).extras == {"crew": "North"}
    take(body, update("u2", minutes_ago=20, description="A crew is on its way."))
    assert Update.objects.get(external_id="u2").visibility == "hidden"  # said before


def test_a_connection_that_suppresses_alerts_says_so_in_the_fact(body, report, connection):
    Connection.objects.filter(pk=connection.pk).update(suppresses_alerts=True)
    body.refresh_from_db()
    take(body, update())
    assert Event.objects.get(kind="update.fetched").data["suppress_reporter"] is True


def test_a_category_in_the_extras_moves_the_report_and_an_update_says_so(body, report):
    lamps = Category.objects.create(body=body, name="Lamps", slug="lamps", groups=["Lights"])
    take(body, update(extras={"category": "lamps", "group": "Lights"}))
    report.refresh_from_db()
    assert (report.category_name, report.group) == ("Lamps", "Lights")
    assert ReportBody.objects.get(report=report).category == lamps
    texts = set(Update.objects.values_list("text", flat=True))
    assert texts == {"A crew is on its way.", "Category changed from “Potholes” to “Lamps”."}


def test_a_row_that_is_not_the_newest_moves_nothing(body, report):
    Category.objects.create(body=body, name="Drains", slug="drains")
    take(body, update("u1", minutes_ago=10))
    take(body, update("u2", minutes_ago=20, extras={"category": "Drains"}))
    report.refresh_from_db()
    assert report.category_name == "Potholes"


def test_a_move_into_a_private_category_makes_the_report_private(body, report):
    Category.objects.create(body=body, name="Drains", slug="drains", is_private=True)
    take(body, update(extras={"category": "Drains"}))
    report.refresh_from_db()
    assert report.is_private


def test_a_move_within_one_system_is_a_fact_and_sends_nothing(body, report, category, connection):
    drains = Category.objects.create(body=body, name="Drains", slug="drains", service_code="D")
    take(body, update(extras={"category": "Drains"}))
    fact = Event.objects.get(kind="report.moved")
    assert (fact.data["from"], fact.data["to"]) == (category.pk, drains.pk)
    assert (fact.actor_kind, fact.actor_id) == ("connection", connection.pk)
    assert not Delivery.objects.exists()


def test_a_move_to_a_category_that_goes_another_way_sends_the_report_there(body, report):
    body.can_be_devolved = True
    body.save()
    other = Connection.objects.create(name="Drains", kind="open311")
    Category.objects.create(
        body=body, name="Drains", slug="drains", service_code="D", connection=other
    )
    take(body, update(extras={"category": "Drains"}))
    delivery = Delivery.objects.get()
    assert (delivery.report, delivery.connection, delivery.update) == (report, other, None)
    at_body = ReportBody.objects.get()
    assert at_body.external_id == ""
    take(body, update(update_id="2", status="fixed"))  # the system before calls it so still
    assert state_of(report) == "fixed - council"


def test_what_a_body_says_that_the_report_has_left_is_kept_and_not_shown(body, report):
    ReportBody.objects.update(left_at=clock.now())
    take(body, update(status="fixed", extras={"category": "Potholes"}))
    assert state_of(report) == "confirmed"
    assert only_update(report).visibility == "hidden"


@pytest.mark.parametrize("state", ["deleted", None])
def test_a_category_that_is_deleted_or_not_there_moves_nothing(body, report, state):
    if state:
        Category.objects.create(body=body, name="Lamps", slug="lamps", state=state)
    take(body, update(extras={"category": "Lamps"}))
    report.refresh_from_db()
    assert report.category_name == "Potholes"
    assert Update.objects.count() == 1


def test_our_number_wins_over_the_bodys_reference(body, make_report):
    make_report(external_id="4711")
    meant = make_report(external_id="")
    take(body, update(fixmystreet_id=meant.pk))
    assert only_update(meant).text == "A crew is on its way."
    assert Update.objects.count() == 1


def test_a_report_of_another_body_is_never_touched(body, connection, make_report):
    other = make_body(name="Borchester District Council", connection=connection)
    theirs = make_report(external_id="99", body=other)
    counts = take(
        body, update("u1", fixmystreet_id=theirs.pk), update("u2", service_request_id="99")
    )
    assert (counts.new, counts.set_aside) == (0, 2)
    assert state_of(theirs) == "confirmed"
    assert not Update.objects.exists()
    reasons = dict(SetAside.objects.values_list("key", "reason"))
    assert reasons == {"u1": "other_body", "u2": "unknown_report"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"service_request_id": "nobody"}, "unknown_report"),
        ({"service_request_id": ""}, "bad_id"),
        ({"fixmystreet_id": 10**30}, "bad_id"),
        ({"fixmystreet_id": 987654321}, "unknown_report"),
        ({"updated_datetime": None}, "bad_date"),
    ],
)
def test_a_row_that_cannot_be_applied_is_kept_raw_with_its_reason(body, report, fields, reason):
    counts = take(body, update("bad", **fields), update("good"))
    assert (counts.new, counts.set_aside) == (1, 1)
    assert [skipped.row_id for skipped in counts.skipped] == ["bad"]
    aside = SetAside.objects.get()
    assert (aside.key, aside.reason, aside.body) == ("bad", reason, body)
    assert aside.raw["description"] == "A crew is on its way."
    assert aside.words


def test_a_row_set_aside_is_not_set_aside_again_but_counted(body, report):
    row = update("u1", service_request_id="nobody")
    take(body, row)
    counts = take(body, row)
    assert (counts.repeated, counts.set_aside) == (1, 0)
    assert SetAside.objects.get().tries == 2


def test_a_row_that_was_dropped_by_hand_does_not_come_back(body, report):
    row = update("u1", service_request_id="nobody")
    take(body, row)
    aside_services.drop_set_aside(SetAside.objects.get().pk)
    counts = take(body, row)
    assert (counts.repeated, counts.set_aside) == (1, 0)
    assert not SetAside.objects.filter(settled_at=None).exists()


def test_an_update_that_came_before_our_reference_is_applied_when_it_is_stored(
    body, make_report, django_capture_on_commit_callbacks
):
    report = make_report(external_id="", sent_at=None)
    take(body, update(minutes_ago=1))
    assert not Update.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        reports.record_sent(
            report_id=report.pk,
            body_id=body.pk,
            sent_by="memory",
            sent_at=clock.now() - timedelta(minutes=5),
            external_id="4711",
        )
        aside_services.apply_set_aside_for([report.pk])
    assert state_of(report) == "in progress"
    aside = SetAside.objects.get()
    assert aside.settled_as == "applied"
    assert aside.settled_at is not None


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


def test_one_bad_row_costs_itself_only(body, report, monkeypatch):
    from waywarden.reports import fetched_services

    sound = fetched_services._note_at_body

    def breaks(row, at_body, *, at):
        if row.update_id == "bad":
            raise ValueError(row)
        sound(row, at_body, at=at)

    monkeypatch.setattr(fetched_services, "_note_at_body", breaks)
    counts = take(body, update("u1"), update("bad"), update("u2", status="fixed", minutes_ago=5))
    assert (counts.new, counts.set_aside) == (2, 1)
    assert state_of(report) == "fixed - council"
    aside = SetAside.objects.get()
    assert (aside.key, aside.reason) == ("bad", "failed")


def test_text_that_the_database_cannot_hold_is_cleaned(body, report):
    take(body, update("u1", description="A\x00B\ud800", extras={"a\x00": "b\x00"}))
    assert only_update(report).text == "AB?"


def test_hundreds_of_rows_cost_few_questions(
    body, make_report, monkeypatch, django_assert_max_num_queries
):
    """What follows from the facts is counted elsewhere."""
    monkeypatch.setattr(events, "_later", defaultdict(list))
    for number in range(20):
        make_report(external_id=f"E{number}")
    rows = [
        update(f"u{number}", service_request_id=f"E{number % 20}", description=f"Step {number}")
        for number in range(300)
    ]
    with django_assert_max_num_queries(30):
        counts = take(body, *rows)
    assert counts.new == 300


@pytest.mark.django_db(transaction=True)
def test_the_same_row_by_poll_and_by_push_at_once_is_taken_in_once(body, report):
    row = update("u1")
    gate = threading.Barrier(2)
    results, errors = [], []

    def push():
        try:
            gate.wait(10)
            results.append(take(body, row))
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=push) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
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
    thread.join(30)
    assert first.new == 1
    assert (results[0].new, results[0].repeated) == (0, 1)
