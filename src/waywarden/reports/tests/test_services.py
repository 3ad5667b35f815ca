"""What people may do with reports and updates."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.reports import author_services, services, update_services
from waywarden.reports.models import Photo, Report, ReportBody, Update
from waywarden.reports.services import NewReport, WrongAnswers
from waywarden.reports.states import State
from waywarden.reports.update_services import NewUpdate
from waywarden.users.models import Ban

pytestmark = pytest.mark.django_db

POTHOLE = NewReport(
    title="A hole", detail="It is deep.", category_name="Potholes", lat=1.5, lon=1.5,
    email="rosa@example.org", name="Rosa", answers={"depth": ("deep",)},
)  # fmt: skip
LITTER = replace(POTHOLE, category_name="Litter", answers={})


def facts():
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def test_a_report_of_somebody_not_signed_in_waits_to_be_confirmed(place):
    report = services.create_report(POTHOLE, user=None)
    assert report.state == State.UNCONFIRMED
    assert report.user is None
    assert facts() == ["report.created"]


def test_a_report_of_somebody_signed_in_is_public_at_once(place):
    report = services.create_report(POTHOLE, user=place.rosa)
    assert report.state == State.CONFIRMED
    assert facts() == ["report.created", "report.confirmed"]


def test_confirming_twice_is_confirming_once(place):
    report = services.create_report(POTHOLE, user=None)
    assert services.confirm_report(report.pk, user=place.rosa)
    assert not services.confirm_report(report.pk, user=place.oskar)
    report.refresh_from_db()
    assert report.user == place.rosa
    assert facts().count("report.confirmed") == 1


def test_a_report_has_one_row_per_body_with_that_bodys_category_and_answers(place):
    report = services.create_report(LITTER, user=place.rosa)
    rows = ReportBody.objects.filter(report=report)
    assert {row.body_id for row in rows} == {place.county.pk, place.town.pk}
    assert all(row.category.body_id == row.body_id for row in rows)


def test_answers_are_kept_at_the_body_whose_questions_they_are(place):
    report = services.create_report(POTHOLE, user=place.rosa)
    assert report.at_bodies.get().answers == {"depth": ["deep"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "write to rosa@example.org"}, "title"),
        ({"name": ""}, "name"),
        ({"detail": "x" * 4001}, "detail"),
        ({"category_name": "Volcanoes"}, "category"),
        ({"lat": 50.0}, "place"),
        ({"answers": {}}, "answers"),
        ({"answers": {"depth": ("bottomless",)}}, "answers"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_stored(place, change, field):
    with pytest.raises(RuleBroken) as caught:
        services.create_report(replace(POTHOLE, **change), user=place.rosa)
    assert caught.value.field == field
    assert not Report.objects.exists()
    assert facts() == []


def test_wrong_answers_are_told_by_question(place):
    with pytest.raises(WrongAnswers) as caught:
        services.create_report(replace(POTHOLE, answers={}), user=None)
    assert list(caught.value.errors) == ["depth"]


def test_a_category_that_needs_a_photo_is_refused_without_one(place):
    place.potholes.photo_required = True
    place.potholes.save()
    with pytest.raises(RuleBroken) as caught:
        services.create_report(POTHOLE, user=place.rosa)
    assert caught.value.field == "photo"


def stored_photo(number):
    return Photo.objects.create(
        key=f"00000000-0000-0000-0000-00000000000{number}", file="a.jpg", thumbnail="b.jpg",
        width=1, height=1, created=clock.now(),
    )  # fmt: skip


def test_photos_join_in_order_and_a_fourth_is_refused(place):
    keys = tuple(str(stored_photo(number).key) for number in (3, 1, 2))
    report = services.create_report(replace(POTHOLE, photo_keys=keys), user=place.rosa)
    assert [str(photo.key) for photo in report.photos.all()] == list(keys)
    four = tuple(str(stored_photo(number).key) for number in (4, 5, 6, 7))
    with pytest.raises(RuleBroken, match="Three"):
        services.create_report(replace(POTHOLE, photo_keys=four), user=place.rosa)


def test_nobody_takes_a_photo_from_another_report(place):
    key = str(stored_photo(1).key)
    first = services.create_report(replace(POTHOLE, photo_keys=(key,)), user=place.rosa)
    services.create_report(replace(POTHOLE, photo_keys=(key,)), user=place.oskar)
    assert Photo.objects.get(key=key).report == first


def test_a_private_category_makes_a_private_report(place):
    place.potholes.is_private = True
    place.potholes.save()
    assert services.create_report(POTHOLE, user=place.rosa).is_private


def test_a_banned_reporters_report_is_hidden_and_plans_nothing(place):
    Ban.objects.create(kind=Ban.Kind.DOMAIN, value="example.org")
    report = services.create_report(POTHOLE, user=place.rosa)
    assert report.state == State.HIDDEN
    assert facts() == ["report.created", "report.banned"]


def test_a_banned_phone_number_counts_however_it_is_typed_and_whoever_gives_it(place):
    Ban.objects.create(kind=Ban.Kind.PHONE, value="35840123456")
    given = replace(POTHOLE, phone="+358 40 123-456")
    assert services.create_report(given, user=place.rosa).state == State.HIDDEN
    waiting = services.create_report(given, user=None)
    services.confirm_report(waiting.pk, user=place.oskar)
    waiting.refresh_from_db()
    assert waiting.state == State.HIDDEN


def test_only_its_reporter_withdraws_a_report(place):
    report = services.create_report(POTHOLE, user=place.rosa)
    with pytest.raises(NotAllowed):
        author_services.withdraw_report(report.pk, user=place.oskar)
    author_services.withdraw_report(report.pk, user=place.rosa)
    report.refresh_from_db()
    assert report.state == State.CANCELLED


def test_the_bodys_reference_is_stored_once_and_never_replaced(place):
    report = services.create_report(POTHOLE, user=place.rosa)
    for external_id in ("", "4711", "4712"):
        services.record_sent(
            report_id=report.pk, body_id=place.county.pk, sent_by="open311",
            sent_at=clock.now(), external_id=external_id,
        )  # fmt: skip
    assert report.at_bodies.get().external_id == "4711"


def test_many_are_noted_as_sent_in_as_many_statements_as_one(place, django_assert_max_num_queries):
    alone, *reports = [services.create_report(POTHOLE, user=place.rosa) for _ in range(13)]
    with CaptureQueriesContext(connection) as asked:
        services.record_sent_many(
            [services.Sent(alone.pk, place.county.pk, "open311", clock.now(), "R0")]
        )
    sent = [
        services.Sent(report.pk, place.county.pk, "open311", clock.now(), f"R{report.pk}")
        for report in reports
    ]
    with django_assert_max_num_queries(len(asked)):
        services.record_sent_many(sent)
    for report in reports:
        assert report.at_bodies.get().external_id == f"R{report.pk}"
    assert Event.objects.filter(kind="report.sent").count() == 13


def said(report, **change):
    new = NewUpdate(report_id=report.pk, text="I was there.", email="o@example.org", name="O")
    return replace(new, **change)


@pytest.fixture
def report(place):
    return services.create_report(POTHOLE, user=place.rosa)


def test_anybody_may_say_that_an_open_report_is_fixed(place, report):
    update_services.create_update(said(report, says_fixed=True), user=place.oskar)
    report.refresh_from_db()
    assert report.state == State.FIXED_USER


def test_an_unconfirmed_update_changes_nothing_and_is_not_shown(place, report):
    update = update_services.create_update(said(report, says_fixed=True), user=None)
    report.refresh_from_db()
    assert report.state == State.CONFIRMED
    assert update.visibility == Update.Visibility.UNCONFIRMED


@pytest.mark.parametrize(
    ("who", "state"), [("rosa", State.CONFIRMED), ("oskar", State.FIXED_COUNCIL)]
)
def test_only_the_reporter_reopens(place, report, who, state):
    Report.objects.update(state=State.FIXED_COUNCIL)
    update_services.create_update(said(report, reopens=True), user=getattr(place, who))
    report.refresh_from_db()
    assert report.state == state


def test_saying_fixed_of_what_is_closed_changes_nothing(place, report):
    Report.objects.update(state=State.UNABLE_TO_FIX)
    update_services.create_update(said(report, says_fixed=True), user=place.oskar)
    report.refresh_from_db()
    assert report.state == State.UNABLE_TO_FIX


def test_an_update_confirmed_after_the_state_moved_does_not_overwrite_it(place, report):
    update = update_services.create_update(said(report, says_fixed=True), user=None)
    Report.objects.update(state=State.FIXED_COUNCIL)
    update_services.confirm_update(update.pk, user=place.oskar)
    report.refresh_from_db()
    assert report.state == State.FIXED_COUNCIL


@pytest.mark.parametrize("state", [State.HIDDEN, State.UNCONFIRMED])
def test_nothing_can_be_added_to_a_report_that_is_not_there(place, report, state):
    Report.objects.update(state=state)
    with pytest.raises(RuleBroken):
        update_services.create_update(said(report), user=place.oskar)


def test_a_banned_persons_update_is_hidden_and_sets_no_state(place, report):
    Ban.objects.create(kind=Ban.Kind.EMAIL, value="oskar@example.org")
    update = update_services.create_update(said(report, says_fixed=True), user=place.oskar)
    report.refresh_from_db()
    assert (update.visibility, report.state) == (Update.Visibility.HIDDEN, State.CONFIRMED)
    assert "update.confirmed" not in facts()
