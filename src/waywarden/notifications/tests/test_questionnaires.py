"""Asked once after four weeks, of those who can still say something; answered once (FB A.34–38)."""

import re

import pytest
from django.core import mail

from waywarden.bodies.models import Category
from waywarden.kernel.errors import RuleBroken
from waywarden.notifications import questionnaire_services as services
from waywarden.notifications.models import Questionnaire
from waywarden.notifications.questionnaire_services import Answer, TooLate
from waywarden.notifications.tests.town import a_body, a_person, a_report, an_update
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.states import State
from waywarden.reports.verdict_services import Verdict
from waywarden.users.models import Ban

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
NO_MORE = Answer(Verdict.UNKNOWN, ever_reported=False)


@pytest.fixture
def report(time):
    """Rosa's report, which the county got just now."""
    county = a_body("The County")
    category = Category.objects.create(body=county, name="Potholes", slug="potholes")
    found = a_report(user=a_person("Rosa"), bodies=[county])
    ReportBody.objects.update(category=category, sent_at=time.moment)
    services.plan_questionnaires([found.pk])
    return found


@pytest.fixture
def asked(report, time):
    """The same four weeks on, and asked."""
    time.pass_(weeks=4)
    assert services.send_due() == 1
    return Questionnaire.objects.select_related("report", "user").get()


def test_it_is_asked_after_four_weeks_once_and_not_before(report, time):
    services.plan_questionnaires([report.pk])  # a second body gets it as well
    time.pass_(days=27)
    assert services.send_due() == 0
    time.pass_(days=1)
    assert services.send_due() == 1
    assert services.send_due() == 0
    (sent,) = mail.outbox
    assert sent.subject == "Is it fixed? “Deep pothole”"
    key = Questionnaire.objects.get().key
    for answer in ("Yes", "No", "Unknown"):
        assert f"http://testserver/Q/{key}?been_fixed={answer}" in sent.body


@pytest.mark.parametrize("state", [State.CLOSED, State.HIDDEN, State.DUPLICATE])
def test_of_what_is_closed_or_gone_nothing_is_asked(report, time, state):
    Report.objects.update(state=state)
    time.pass_(weeks=4)
    assert services.send_due() == 0
    assert Questionnaire.objects.get().state == "skipped"


@pytest.mark.parametrize("changed", [{"wants_questionnaires": False}, {"is_active": False}])
def test_who_does_not_want_it_is_not_asked(report, time, changed):
    type(report.user).objects.update(**changed)
    time.pass_(weeks=4)
    assert services.send_due() == 0


def test_who_is_banned_is_not_asked(report, time):
    Ban.objects.create(kind="domain", value="example.org")
    time.pass_(weeks=4)
    assert services.send_due() == 0


def test_who_has_said_that_it_is_fixed_is_not_asked(report, time):
    an_update(report, user=report.user, state=State.FIXED_USER)
    Report.objects.update(state=State.FIXED_USER)
    time.pass_(weeks=4)
    assert services.send_due() == 0


def test_a_body_s_own_problem_has_nobody_to_ask(time):
    robot = a_person("Robot", is_update_user=True)
    services.plan_questionnaires([a_report(user=robot).pk, a_report(user=None).pk])
    assert not Questionnaire.objects.exists()


def test_a_server_that_is_down_is_tried_again(report, time, monkeypatch):
    def down(_letter):
        raise ConnectionRefusedError

    time.pass_(weeks=4)
    with monkeypatch.context() as patch:
        patch.setattr(services, "send", down)
        assert services.send_due() == 0
    assert Questionnaire.objects.get().state == "planned"
    time.pass_(hours=1)
    assert services.send_due() == 1


def test_one_that_cannot_be_written_keeps_no_other_waiting(report, time, monkeypatch):
    other = a_report(user=a_person("Nora"), bodies=[report.at_bodies.get().body])
    ReportBody.objects.update(sent_at=time.moment)
    services.plan_questionnaires([other.pk])
    real = services.send

    def odd(letter):
        if letter.to == other.user.email:
            raise KeyError("a template's fault")
        real(letter)

    monkeypatch.setattr(services, "send", odd)
    time.pass_(weeks=4)
    assert services.send_due() == 1
    states = dict(Questionnaire.objects.values_list("report", "state"))
    assert states == {report.pk: "sent", other.pk: "planned"}


@pytest.mark.parametrize(
    ("before", "verdict", "after"),
    [
        (State.CONFIRMED, Verdict.YES, State.FIXED_USER),
        (State.CLOSED, Verdict.YES, State.FIXED_USER),
        (State.FIXED_COUNCIL, Verdict.YES, State.FIXED_COUNCIL),
        (State.CONFIRMED, Verdict.NO, State.CONFIRMED),
        (State.FIXED_COUNCIL, Verdict.NO, State.CONFIRMED),
        (State.CLOSED, Verdict.NO, State.CLOSED),
        (State.IN_PROGRESS, Verdict.UNKNOWN, State.IN_PROGRESS),
    ],
)
def test_an_answer_leads_to_its_state(asked, before, verdict, after):
    Report.objects.update(state=before)
    services.answer(asked, Answer(verdict, ever_reported=True, text="I went there."))
    asked.refresh_from_db()
    assert Report.objects.get().state == after
    assert (asked.old_state, asked.new_state, asked.verdict) == (before, after, verdict)
    said = Update.objects.get()
    assert (said.text, said.state) == ("I went there.", "" if after == before else after)


def test_an_update_is_made_when_the_state_changes_or_something_is_said(asked):
    services.answer(asked, Answer(Verdict.YES, ever_reported=False))
    assert "The reporter was asked" in Update.objects.get().text


def test_nothing_said_and_nothing_changed_is_no_update(asked):
    services.answer(asked, NO_MORE)
    assert not Update.objects.exists()
    assert Questionnaire.objects.get().state == "answered"


@pytest.mark.parametrize(
    ("before", "given", "field"),
    [
        (State.FIXED_USER, Answer(Verdict.NO, ever_reported=True), "text"),
        (State.CONFIRMED, Answer(Verdict.NO, ever_reported=True, photo_keys=("k",)), "text"),
        (State.CONFIRMED, Answer(Verdict.NO), "ever"),
        (State.CONFIRMED, Answer(Verdict.NO, ever_reported=True, text="x" * 4001), "text"),
    ],
    ids=["reopening without words", "a photo without words", "ever before", "too long"],
)
def test_what_is_missing_is_said_and_nothing_is_stored(asked, before, given, field):
    Report.objects.update(state=before)
    with pytest.raises(RuleBroken) as wrong:
        services.answer(asked, given)
    assert wrong.value.field == field
    asked.refresh_from_db()
    assert asked.state == "sent"
    assert Report.objects.get().state == before
    assert not Update.objects.exists()


def test_it_is_answered_once(asked):
    services.answer(asked, Answer(Verdict.YES, ever_reported=False))
    with pytest.raises(TooLate):
        services.answer(asked, Answer(Verdict.NO, text="No!", ever_reported=False))
    assert Report.objects.get().state == State.FIXED_USER


def test_whether_somebody_ever_reported_before_is_asked_once_of_a_person(asked, time):
    assert services.asks_ever(asked)
    services.answer(asked, NO_MORE)
    services.plan_questionnaires([a_report(user=asked.user, confirmed_at=time.moment).pk])
    assert not services.asks_ever(Questionnaire.objects.exclude(pk=asked.pk).get())


@pytest.mark.parametrize(("verdict", "asks_again"), [(Verdict.NO, True), (Verdict.YES, False)])
def test_another_comes_in_four_weeks_if_wanted_and_not_fixed(asked, time, verdict, asks_again):
    services.answer(asked, Answer(verdict, ever_reported=False, another=True))
    assert services.plan_questionnaires([asked.report_id]) == 0
    time.pass_(weeks=4)
    assert services.send_due() == asks_again


def test_after_a_month_it_is_too_late(asked, time):
    time.pass_(days=31)
    with pytest.raises(TooLate):
        services.answer(asked, NO_MORE)


def test_opening_the_link_changes_nothing_and_a_press_does(client, asked, time):
    page = f"/Q/{asked.key}"
    shown = client.get(f"{page}?been_fixed=Yes").content.decode()
    assert re.search(r'value="Yes"[^>]*checked', shown)
    assert Report.objects.get().state == State.CONFIRMED
    assert client.post(page, {"been_fixed": "No"}).status_code == 422
    given = {"been_fixed": "Yes", "ever": "no"}
    assert client.post(page, given)["Location"] == page
    assert Report.objects.get().state == State.FIXED_USER
    assert "Thank you" in client.get(page).content.decode()
    assert client.post(page, given).status_code == 200
    time.pass_(minutes=3)
    late = client.get(page)
    assert late.status_code == 400
    assert f"/report/{asked.report_id}" in late.content.decode()
    assert client.get("/Q/00000000-0000-0000-0000-000000000000").status_code == 404


@pytest.mark.parametrize("before", [State.CONFIRMED, State.IN_PROGRESS, State.CLOSED])
def test_an_answer_is_put_right_within_two_minutes_as_if_it_had_been_said_first(asked, before):
    Report.objects.update(state=before)
    services.answer(asked, Answer(Verdict.YES, ever_reported=True))
    services.correct(asked, Answer(Verdict.NO, another=True))
    asked.refresh_from_db()
    assert Report.objects.get().state == before
    assert (asked.verdict, asked.old_state, asked.new_state) == ("No", before, before)
    assert asked.ever_reported is True
    assert [one.state for one in Update.objects.order_by("id")] == [State.FIXED_USER, before]
    assert Questionnaire.objects.filter(state="planned").count() == 1
    services.correct(asked, Answer(Verdict.YES))
    assert Report.objects.get().state == State.FIXED_USER
    assert not Questionnaire.objects.filter(state="planned").exists()


def test_what_somebody_else_did_in_between_is_not_taken_back(asked):
    services.answer(asked, Answer(Verdict.YES, ever_reported=True))
    Report.objects.update(state=State.DUPLICATE)
    services.correct(asked, Answer(Verdict.NO))
    assert Report.objects.get().state == State.DUPLICATE


def test_after_two_minutes_nothing_is_put_right(asked, time):
    services.answer(asked, Answer(Verdict.YES, ever_reported=True))
    time.pass_(minutes=2, seconds=1)
    with pytest.raises(TooLate):
        services.correct(asked, Answer(Verdict.NO, text="No!"))


def test_the_page_offers_to_change_an_answer_and_pressing_twice_changes_nothing(client, asked):
    page = f"/Q/{asked.key}"
    given = {"been_fixed": "Yes", "ever": "no", "text": "Mended."}
    client.post(page, given)
    client.post(page, given)
    assert Update.objects.count() == 1
    shown = client.get(f"{page}?change=1").content.decode()
    assert re.search(r'value="Yes"[^>]*checked', shown)
    assert "ever reported" not in shown
    client.post(page, {"been_fixed": "No", "another": "no", "change": "1"})
    assert Report.objects.get().state == State.CONFIRMED
