"""Taking in updates, by poll and by push."""

from collections import defaultdict
from datetime import timedelta

import pytest

from waywarden.bodies.models import Category
from waywarden.connections.models import Connection
from waywarden.events import services as events
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.sending.models import Delivery
from waywarden.sync.models import SetAside
from waywarden.sync.tests.conftest import only_update, state_of, take, update

pytestmark = pytest.mark.django_db


def test_a_row_changes_the_state_and_its_words_are_shown_for_the_body(body, report, connection):
    counts = take(body, update(status="fixed", description="Fixed by the road crew."))
    assert (counts.rows, counts.new) == (1, 1)
    assert state_of(report) == "fixed - council"
    shown = only_update(report)
    assert (shown.text, shown.state) == ("Fixed by the road crew.", "fixed - council")
    assert (shown.user, shown.body) == (connection.update_user, body)


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


def test_a_duplicate_that_the_body_goes_on_with_points_at_no_other_any_more(body, make_report):
    original = make_report(external_id="99")
    report = make_report(state="duplicate", duplicate_of=original)
    take(body, update("u1", minutes_ago=20, status="unchanged", description="Noted."))
    assert Report.objects.get(pk=report.pk).duplicate_of == original
    take(body, update("u2", minutes_ago=10, status="in_progress"))
    report.refresh_from_db()
    assert (report.state, report.duplicate_of) == ("in progress", None)


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


def test_of_rows_that_name_a_category_the_newest_moves_the_report_whatever_comes_last(body, report):
    for name in ("Drains", "Kerbs"):
        Category.objects.create(body=body, name=name, slug=name.lower())
    take(body, update("u1", minutes_ago=10))
    take(body, update("u2", minutes_ago=20, extras={"category": "Drains"}))
    report.refresh_from_db()
    assert report.category_name == "Drains"  # nothing newer says another
    take(body, update("u3", minutes_ago=30, extras={"category": "Kerbs"}))
    report.refresh_from_db()
    assert report.category_name == "Drains"


def test_a_category_that_the_report_has_already_leaves_its_group(body, report):
    Category.objects.filter(body=body).update(groups=["Pavements", "Roads"])
    take(body, update("u1", extras={"category": "Potholes"}))
    report.refresh_from_db()
    assert report.group == "Roads"
    take(body, update("u2", minutes_ago=20, extras={"category": "Potholes", "group": "Pavements"}))
    report.refresh_from_db()
    assert report.group == "Pavements"


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


def test_a_late_row_does_not_undo_a_newer_one_that_said_what_was_so_already(body, report):
    take(body, update("u1", status="in_progress", minutes_ago=30))
    take(body, update("u3", status="in_progress", minutes_ago=10, description="Nearly there."))
    take(body, update("u2", status="fixed", minutes_ago=20, description="Done?"))
    assert state_of(report) == "in progress"
    late = Update.objects.get(external_id="u2")
    assert (late.state, late.visibility) == ("", "shown")


def test_a_late_row_adds_what_nothing_newer_has_told(body, report):
    newest = {"crew": "8", "van": "3"}
    take(body, update("u2", minutes_ago=10, customer_reference="R-2", extras=newest))
    late = {"crew": "7", "depot": "North"}
    take(body, update("u1", minutes_ago=20, customer_reference="R-1", extras=late))
    here = ReportBody.objects.get(report=report)
    assert here.customer_reference == "R-2"
    told = {name: here.extras[name] for name in ("crew", "van", "depot")}
    assert told == {"crew": "8", "van": "3", "depot": "North"}


def test_rows_from_before_the_sending_keep_their_order_whichever_comes_first(body, report):
    """The body's clock is slow: all its rows seem to come from before the report was sent."""
    ReportBody.objects.update(sent_at=clock.now())
    take(body, update("u2", status="fixed", minutes_ago=20))
    take(body, update("u1", status="in_progress", minutes_ago=30))
    assert state_of(report) == "fixed - council"


def test_one_bad_row_costs_itself_only(body, report, monkeypatch):
    from waywarden.reports import fetched_services

    sound = fetched_services._note_at_body

    def breaks(row, at_body, ledger, *, when):
        if row.update_id == "bad":
            raise ValueError(row)
        sound(row, at_body, ledger, when=when)

    monkeypatch.setattr(fetched_services, "_note_at_body", breaks)
    counts = take(body, update("u1"), update("bad"), update("u2", status="fixed", minutes_ago=5))
    assert (counts.new, counts.set_aside) == (2, 1)
    assert state_of(report) == "fixed - council"
    aside = SetAside.objects.get()
    assert (aside.key, aside.reason) == ("bad", "failed")


def test_text_that_the_database_cannot_hold_is_cleaned(body, report):
    take(body, update("u1", description="A\x00B\ud800", extras={"a\x00": "b\x00"}))
    assert only_update(report).text == "AB"


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
