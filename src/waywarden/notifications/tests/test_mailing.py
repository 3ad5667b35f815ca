"""A mail is handed over before it is marked sent; workers may die, servers may refuse."""

from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail

from waywarden.bodies.translations import Translation
from waywarden.bodies.words import forget_words
from waywarden.notifications import mailing_services as mailing
from waywarden.notifications.alert_services import (
    Target,
    follow,
    follow_report,
    near,
    stop_alert,
)
from waywarden.notifications.matching_services import match_reports, match_updates
from waywarden.notifications.models import Alert, Item, Mailing
from waywarden.notifications.tests.town import HERE, a_body, a_person, a_report, an_update
from waywarden.reports.models import Report
from waywarden.reports.states import State

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.fixture
def nora(time):
    """Nora follows what is near her."""
    person = a_person("Nora")
    follow(near(HERE, 500), user=person)
    return person


@pytest.fixture
def breaks(monkeypatch):
    """The mail server fails as it is told to."""

    def breaks(error):
        def send(_letter):
            raise error

        monkeypatch.setattr(mailing, "send", send)

    yield breaks
    monkeypatch.undo()


def test_a_new_report_is_mailed_once_with_a_way_out_of_one_click(nora):
    report = a_report()
    match_reports([report.pk])
    mailing.send_due()
    mailing.send_due()
    (sent,) = mail.outbox
    assert sent.to == ["nora@example.org"]
    assert sent.subject == "A new report near your place"
    assert f"http://testserver/report/{report.pk}" in sent.body
    key = Alert.objects.get().key
    assert sent.extra_headers["List-Unsubscribe"] == f"<http://testserver/A/leave/{key}>"
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert Mailing.objects.get().state == "sent"


def test_what_is_due_together_is_one_mail(nora):
    match_reports([a_report(title=f"Hole {number}").pk for number in range(3)])
    mailing.send_due()
    (sent,) = mail.outbox
    assert sent.subject == "3 new reports near your place"
    assert [f"Hole {number}" in sent.body for number in range(3)] == [True] * 3


def test_a_digest_waits_for_its_morning(nora, time):
    Alert.objects.update(frequency="daily")
    match_reports([a_report().pk])
    mailing.send_due()
    time.pass_(hours=6)
    match_reports([a_report(title="Another", confirmed_at=time.moment).pk])
    mailing.send_due()
    assert mail.outbox == []
    time.pass_(hours=14)
    assert mailing.is_due(time.moment)
    mailing.send_due()
    (sent,) = mail.outbox
    assert sent.subject == "2 new reports near your place"


def test_the_reporter_hears_of_a_bodys_update(time):
    rosa, county = a_person("Rosa"), a_body("The County")
    report = a_report(user=rosa)
    follow_report(report_id=report.pk, user=rosa)
    match_updates([an_update(report, body=county, state=State.FIXED_COUNCIL).pk])
    mailing.send_due()
    (sent,) = mail.outbox
    assert sent.subject == "Your report is now “Fixed”: Deep pothole"
    assert "The County has added" in sent.body
    assert "you made this report" in sent.body
    assert "A crew is on its way." in sent.alternatives[0][0]
    assert sent.extra_headers["List-Id"] == f"<report-{report.pk}.testserver>"


def test_a_follower_is_not_spoken_to_as_the_reporter(nora):
    report = a_report(user=a_person("Rosa"))
    follow_report(report_id=report.pk, user=nora)
    match_updates([an_update(report, state=State.FIXED_USER).pk])
    mailing.send_due()
    (sent,) = mail.outbox
    assert "Your report" not in sent.subject + sent.body
    assert "you follow this report" in sent.body


def test_a_name_that_is_not_public_is_not_mailed(time):
    rosa, nora = a_person("Rosa"), a_person("Nora")
    report = a_report(user=rosa)
    follow_report(report_id=report.pk, user=rosa)
    match_updates([an_update(report, user=nora, name="Nora Neighbour").pk])
    mailing.send_due()
    (sent,) = mail.outbox
    assert "Somebody has added" in sent.body
    assert "Nora" not in str(sent.message())
    assert "nora@" not in str(sent.message())


def test_several_updates_are_one_mail_and_a_state_is_said_once(time):
    rosa = a_person("Rosa")
    report = a_report(user=rosa)
    follow_report(report_id=report.pk, user=rosa)
    said = [
        an_update(report, text=text, state=state)
        for text, state in (
            ("Seen.", State.IN_PROGRESS), ("Still.", State.IN_PROGRESS), ("Done.", State.FIXED),
        )
    ]  # fmt: skip
    match_updates([update.pk for update in said])
    mailing.send_due()
    (sent,) = mail.outbox
    assert sent.body.count("It is now: In progress") == 1
    assert sent.body.count("It is now: Fixed") == 1


@pytest.mark.parametrize("changed", [{"state": State.HIDDEN}, {"is_private": True}])
def test_what_was_taken_down_before_the_mail_went_is_not_told(nora, changed):
    match_reports([a_report().pk])
    Report.objects.update(**changed)
    mailing.send_due()
    assert mail.outbox == []
    assert Mailing.objects.get().state == "dropped"


def test_leaving_stops_a_mail_that_is_made_already(nora):
    match_reports([a_report().pk])
    mailing.gather()
    stop_alert(Alert.objects.get().pk)
    mailing.send_due()
    assert mail.outbox == []


def test_a_worker_killed_after_the_mail_went_sends_the_same_mail_again(nora, time, monkeypatch):
    """The reader knows it by its Message-ID; what came meanwhile is another mail."""
    match_reports([a_report().pk])

    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mailing, "_mark", killed)
        with pytest.raises(KeyboardInterrupt):
            mailing.send_due()
    assert Mailing.objects.get().state == "queued"
    match_reports([a_report(title="Another").pk])
    mailing.send_due()
    assert len(mail.outbox) == 2, "nobody takes it while the claim holds"
    time.pass_(minutes=6)
    mailing.send_due()
    first, other, again = (sent.extra_headers["Message-ID"] for sent in mail.outbox)
    assert first == again != other
    assert set(Mailing.objects.values_list("state", flat=True)) == {"sent"}


def test_a_worker_killed_before_the_mail_went_loses_nothing(nora, time):
    match_reports([a_report().pk])
    mailing.gather()
    assert len(mailing.claim()) == 1
    assert mailing.claim() == []
    time.pass_(minutes=6)
    mailing.send_due()
    assert len(mail.outbox) == 1


def test_a_claim_that_a_slow_server_outlasted_is_not_sent_by_both(nora, time, monkeypatch):
    follow(near(HERE, 500), user=a_person("Nia"))
    match_reports([a_report().pk])
    really = mailing.send
    others = []

    def slow(letter):
        really(letter)
        if not others:  # the claims of what comes after run out, and another worker takes it
            time.pass_(minutes=6)
            others.append(1)
            mailing.send_due()

    monkeypatch.setattr(mailing, "send", slow)
    mailing.send_due()
    ids = [one.extra_headers["Message-ID"] for one in mail.outbox]
    assert sorted(map(ids.count, set(ids))) == [1, 2], "the slow one again, the next one once"


def test_a_server_that_is_down_is_tried_again_later(nora, time, breaks):
    match_reports([a_report().pk])
    breaks(SMTPServerDisconnected("gone"))
    mailing.send_due()
    waiting = Mailing.objects.get()
    assert (waiting.state, waiting.error) == ("queued", "SMTPServerDisconnected")
    assert waiting.next_at > time.moment


def test_what_failed_goes_out_at_the_next_try(nora, time, monkeypatch):
    match_reports([a_report().pk])
    with monkeypatch.context() as patch:
        patch.setattr(mailing, "send", _down)
        mailing.send_due()
    assert mail.outbox == []
    time.pass_(minutes=2)
    mailing.send_due()
    assert len(mail.outbox) == 1


def _down(_letter):
    raise ConnectionRefusedError


@pytest.mark.parametrize(("code", "is_stopped"), [(550, True), (451, False)])
def test_an_address_refused_for_good_stops_its_alert(nora, code, is_stopped, breaks):
    match_reports([a_report().pk])
    breaks(SMTPRecipientsRefused({"nora@example.org": (code, b"no such user")}))
    mailing.send_due()
    assert (Alert.objects.get().stopped == "bounced") is is_stopped


def test_a_mail_that_never_goes_is_given_up(nora, time, breaks):
    match_reports([a_report().pk])
    breaks(ConnectionRefusedError())
    mailing.send_due()
    time.pass_(days=6)  # a mail server may be away for a weekend and longer
    mailing.send_due()
    assert Mailing.objects.get().state == "queued"
    time.pass_(days=2)
    mailing.send_due()
    assert Mailing.objects.get().state == "given up"


def test_old_mails_are_forgotten_but_not_those_that_wait(nora, time):
    match_reports([a_report().pk])
    mailing.send_due()
    match_reports([a_report(title="Waits").pk])
    mailing.gather()
    time.pass_(days=31)
    assert mailing.drop_old_mailings() == 2
    assert Item.objects.get().report.title == "Waits"


@pytest.fixture
def french():
    """What the operator has translated."""
    for original, text in (
        ("Potholes", "Nids-de-poule"), ("The County", "Le comté"), ("In hand.", "On y travaille."),
    ):  # fmt: skip
        Translation.objects.create(original=original, language="fr", text=text)
    forget_words()
    yield
    forget_words()


def test_a_mail_speaks_the_language_of_its_reader_in_every_word(time, french):
    nora = a_person("Nora", language="fr")
    county = a_body("The County")
    follow(Target(Alert.Kind.BODY, body_id=county.pk), user=nora)
    follow(near(HERE, 1500), user=nora)
    match_reports([a_report(bodies=[county]).pk])
    mailing.send_due()
    by_subject = {one.subject: one for one in mail.outbox}
    assert set(by_subject) == {
        "Un nouveau signalement : Le comté",
        "Un nouveau signalement près de votre lieu",
    }
    for one in mail.outbox:
        assert "Nids-de-poule" in one.body
        assert "Nids-de-poule" in one.alternatives[0][0]


def test_news_of_a_body_are_told_in_the_reader_s_language(time, french):
    nora = a_person("Nora", language="fr")
    county = a_body("The County")
    report = a_report(bodies=[county])
    follow_report(report_id=report.pk, user=nora)
    said = an_update(report, body=county, text="In hand.", state="in progress")
    match_updates([said.pk])
    mailing.send_due()
    (sent,) = mail.outbox
    assert "En cours" in sent.subject
    for words in ("Le comté", "On y travaille."):
        assert words in sent.body
        assert words in sent.alternatives[0][0]
