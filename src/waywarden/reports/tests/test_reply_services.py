"""What staff write in the name of their body, and when an update opens a report again."""

import pytest

from waywarden.bodies.models import Membership
from waywarden.events.models import Event
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.reports import services
from waywarden.reports.models import Report, Update
from waywarden.reports.reply_services import Reply, reply_as_body
from waywarden.reports.tests.test_services import POTHOLE
from waywarden.reports.update_services import (
    NewUpdate,
    correct_update,
    create_update,
    withdraw_update,
)
from waywarden.users.services import get_or_create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(place):
    user = get_or_create_user(email="ines@example.org", name="Ines")
    Membership.objects.create(user=user, body=place.county)
    return user


@pytest.fixture
def report(place):
    return services.create_report(POTHOLE, user=place.rosa)


def reply(report, place, user, **values):
    given = {"text": "We come on Monday.", "state": "in progress"} | values
    return reply_as_body(Reply(report.pk, place.county.pk, **given), user=user)


def test_an_answer_is_the_bodys_and_says_who_wrote_it(place, report, ines):
    made = reply(report, place, ines)
    assert (made.credited_to, made.user, made.visibility) == ("The county", ines, "shown")
    report.refresh_from_db()
    assert (report.state, report.state_changed_at) == ("in progress", made.confirmed_at)
    fact = Event.objects.get(kind="update.confirmed")
    assert (fact.actor_kind, fact.actor_id, fact.data["body"]) == ("user", ines.pk, place.county.pk)


def test_who_only_reads_and_oskar_of_another_body_may_not_speak_for_it(place, report, ines):
    Membership.objects.create(user=place.oskar, body=place.town)
    Membership.objects.filter(user=ines).update(role="reader")
    for user in (place.oskar, place.rosa, ines):
        with pytest.raises(NotAllowed):
            reply(report, place, user)
    assert not Update.objects.exists()


def test_nobody_speaks_for_a_body_that_has_not_the_report(place, report, ines):
    Membership.objects.create(user=ines, body=place.town)
    with pytest.raises(NotAllowed):
        reply_as_body(Reply(report.pk, place.town.pk, "Ours."), user=ines)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": " ", "state": ""}, "text"),
        ({"text": "", "state": "confirmed"}, "text"),  # it is open already
        ({"text": "x" * 4001}, "text"),
        ({"state": "fixed - user"}, "state"),
        ({"state": "hidden"}, "state"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_and_nothing_is_stored(
    place, report, ines, values, field
):
    with pytest.raises(RuleBroken) as wrong:
        reply(report, place, ines, **values)
    assert wrong.value.field == field
    assert not Update.objects.exists()


def test_a_state_alone_is_an_answer(place, report, ines):
    assert reply(report, place, ines, text="", state="fixed - council").state == "fixed - council"


@pytest.mark.parametrize(
    ("before", "reopens"),
    [("in progress", False), ("fixed - council", True), ("closed", True)],
)
def test_only_an_answer_that_opens_what_was_not_open_is_a_reopening(
    place, report, ines, before, reopens
):
    Report.objects.filter(pk=report.pk).update(state=before)
    made = reply(report, place, ines, state="confirmed")
    assert bool(made.extras.get("reopens")) is reopens


def test_a_reporter_who_says_that_it_is_still_a_problem_reopens_it(place, report):
    Report.objects.filter(pk=report.pk).update(state="fixed - council")
    new = NewUpdate(report.pk, "It is back.", "rosa@example.org", "Rosa", reopens=True)
    made = create_update(new, user=place.rosa)
    assert (made.state, made.extras) == ("confirmed", {"reopens": True})


def test_an_answer_is_worded_anew_or_taken_back_by_any_who_speak_for_the_body(place, report, ines):
    made = reply(report, place, ines, mail_text="For the mail.")
    colleague = get_or_create_user(email="ina@example.org", name="Ina")
    Membership.objects.create(user=colleague, body=place.county)
    correct_update(made.pk, "We come on Tuesday.", user=colleague)
    made.refresh_from_db()
    assert (made.text, made.words_for_mail) == ("We come on Tuesday.", "We come on Tuesday.")
    withdraw_update(made.pk, user=colleague)
    made.refresh_from_db()
    report.refresh_from_db()
    assert (made.visibility, report.state) == ("hidden", "confirmed")
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"update.corrected", "update.withdrawn"} <= kinds


def test_a_state_that_was_taken_back_is_the_one_before_though_no_update_told_it(
    place, report, ines
):
    Report.objects.filter(pk=report.pk).update(
        state="investigating"
    )  # as a problem that was fetched
    made = reply(report, place, ines, state="closed")
    withdraw_update(made.pk, user=ines)
    report.refresh_from_db()
    assert report.state == "investigating"


def test_who_does_not_speak_for_the_body_changes_no_answer_of_its(place, report, ines):
    made = reply(report, place, ines)
    Membership.objects.create(user=place.oskar, body=place.town)
    for user in (place.oskar, place.rosa):
        with pytest.raises(NotAllowed):
            correct_update(made.pk, "Ours.", user=user)
        with pytest.raises(NotAllowed):
            withdraw_update(made.pk, user=user)
    Membership.objects.filter(user=ines).update(role="reader")
    with pytest.raises(NotAllowed):
        withdraw_update(made.pk, user=ines)


def test_what_a_bodys_system_said_is_nobodys_to_change_here(place, report, ines):
    made = reply(report, place, ines)
    Update.objects.filter(pk=made.pk).update(extras={})
    with pytest.raises(NotAllowed):
        correct_update(made.pk, "Better words.", user=ines)


def test_an_answer_of_a_state_alone_may_lose_its_words_and_another_may_not(place, report, ines):
    with_state = reply(report, place, ines)
    correct_update(with_state.pk, " ", user=ines)
    words_only = reply(report, place, ines, text="Soon.", state="")
    with pytest.raises(RuleBroken):
        correct_update(words_only.pk, " ", user=ines)
