"""One report's page: who sees it, what it tells, and updates."""

from datetime import timedelta

import pytest

from waywarden.kernel import clock
from waywarden.notifications.models import Alert
from waywarden.reports.models import ReportBody, Update
from waywarden.sending.models import Delivery
from waywarden.users.models import MailedLink
from waywarden.users.services import issue_link
from waywarden.web.tests.town import picture

pytestmark = pytest.mark.django_db
WORDS = {"text": "Still dark tonight", "name": "Olga", "email": "olga@example.org"}


def page(response) -> str:
    """The page's text."""
    return response.content.decode()


#: state, private; and what Nobody, Oskar, Ines and Rosa get.
SIGHTS = [
    ("confirmed", False, (200, 200, 200, 200)),
    ("confirmed", True, (403, 403, 200, 200)),
    ("unconfirmed", False, (404, 404, 404, 404)),
    ("hidden", False, (410, 410, 200, 410)),
]


@pytest.mark.parametrize(("state", "is_private", "answers"), SIGHTS)
def test_who_sees_a_report(client, town, state, is_private, answers):
    report = town.report(state=state, is_private=is_private)
    seen = []
    for user in (None, town.oskar, town.ines, town.rosa):
        client.logout()
        if user:
            client.force_login(user)
        seen.append(client.get(f"/report/{report.pk}").status_code)
    assert tuple(seen) == answers


@pytest.mark.parametrize(("state", "is_private", "answers"), SIGHTS)
def test_who_does_not_see_a_report_cannot_update_it(client, town, state, is_private, answers):
    report = town.report(state=state, is_private=is_private)
    if answers[0] != 200:
        assert client.post(f"/report/{report.pk}", WORDS).status_code == answers[0]
        assert not Update.objects.exists()


def test_a_refusal_does_not_tell_what_it_hides(client, town):
    report = town.report(is_private=True, title="Drugs sold at number 9")
    assert "number 9" not in page(client.get(f"/report/{report.pk}"))


def test_a_report_that_never_was_is_404(client, db):
    assert client.get("/report/999").status_code == 404
    assert client.get("/report/99999999999999999999").status_code == 404


def test_the_page_tells_when_it_was_sent_and_the_reference(client, town):
    report = town.report()
    ReportBody.objects.filter(report=report).update(
        sent_at=report.confirmed_at + timedelta(minutes=2), external_id="4711"
    )
    shown = page(client.get(f"/report/{report.pk}"))
    assert "Sent to <strong>Borsetshire County Council</strong>" in shown
    assert "2\xa0minutes later" in shown
    assert "<b>4711</b>" in shown


def test_a_name_is_shown_only_where_its_owner_said_so(client, town):
    hidden = town.report(is_name_public=False)
    shown = town.report(is_name_public=True)
    assert "Rosa Weber" not in page(client.get(f"/report/{hidden.pk}"))
    assert "Reported by Rosa Weber" in page(client.get(f"/report/{shown.pk}"))


def test_updates_are_told_in_order_and_credited_to_the_body(client, town):
    report = town.report(state="fixed - council")
    for minutes, text, state in (
        (30, "On our list", "investigating"),
        (10, "All done", "fixed - council"),
    ):
        moment = clock.now() - timedelta(minutes=minutes)
        Update.objects.create(
            report=report, body=town.county, text=text, state=state, visibility="shown",
            created=moment, confirmed_at=moment,
        )  # fmt: skip
    shown = page(client.get(f"/report/{report.pk}"))
    assert shown.index("On our list") < shown.index("All done")
    assert shown.count('<p class="update-state">') == 2
    assert "<strong>Borsetshire County Council</strong>," in shown


def test_html_in_words_of_people_is_only_words(client, town):
    report = town.report(title="<b>bold</b>", detail="<script>alert(1)</script>")
    shown = page(client.get(f"/report/{report.pk}"))
    assert "<script>alert" not in shown
    assert "<b>bold" not in shown


def test_an_update_waits_for_its_mail_and_is_shown_once_confirmed(client, town):
    report = town.report()
    sent = client.post(f"/report/{report.pk}", WORDS | {"says_fixed": "on", "photo": picture()})
    assert sent.status_code == 302
    assert "Still dark tonight" not in page(client.get(f"/report/{report.pk}"))
    update = Update.objects.get()
    token = issue_link(
        purpose=MailedLink.Purpose.CONFIRM_UPDATE, email=update.email, subject_id=update.pk
    )
    client.get(f"/C/{token}")
    report.refresh_from_db()
    assert report.state == "confirmed"
    done = client.post(f"/C/{token}")
    assert done["Location"] == f"/report/{report.pk}#update-{update.pk}"
    shown = page(client.get(f"/report/{report.pk}"))
    assert "Still dark tonight" in shown
    assert "Fixed, says the public" in shown
    assert update.photos.count() == 1


def test_a_signed_in_persons_update_is_shown_at_once(client, town):
    report = town.report()
    client.force_login(town.oskar)
    assert (
        client.post(f"/report/{report.pk}", {"text": "Saw it too", "name": "Oskar"}).status_code
        == 302
    )
    assert Update.objects.get().visibility == "shown"


def test_whoever_writes_an_update_follows_the_report_unless_they_say_otherwise(client, town):
    report = town.report()
    assert 'name="follows" id="id_follows" checked' in page(client.get(f"/report/{report.pk}"))
    client.force_login(town.oskar)
    words = {"text": "Saw it too", "name": "Oskar"}
    client.post(f"/report/{report.pk}", words | {"follows": "on"})
    alert = Alert.objects.get(user=town.oskar, report=report)
    assert alert.stopped_at is None
    client.post(f"/report/{report.pk}", words | {"text": "And again"})
    alert.refresh_from_db()
    assert alert.stopped_at is not None


def test_who_follows_by_an_update_does_so_once_it_is_confirmed(client, town):
    report = town.report()
    client.post(f"/report/{report.pk}", WORDS | {"follows": "on"})
    assert not Alert.objects.exists()
    update = Update.objects.get()
    token = issue_link(
        purpose=MailedLink.Purpose.CONFIRM_UPDATE, email=update.email, subject_id=update.pk
    )
    client.post(f"/C/{token}")
    assert Alert.objects.get().user.email == "olga@example.org"


def test_only_the_reporter_reopens(client, town):
    report = town.report(state="fixed - council")
    for user, state in ((town.oskar, "fixed - council"), (town.rosa, "confirmed")):
        client.force_login(user)
        client.post(f"/report/{report.pk}", {"text": "Dark again", "name": "X", "reopens": "on"})
        report.refresh_from_db()
        assert report.state == state


def test_errors_of_an_update_keep_its_words_and_photos(client, town):
    report = town.report()
    shown = client.post(f"/report/{report.pk}", WORDS | {"name": "", "photo": picture()})
    assert shown.status_code == 422
    assert "Still dark tonight</textarea>" in page(shown)
    assert 'name="photo_keys"' in page(shown)
    assert 'id="id_name_error"' in page(shown)
    assert not Update.objects.exists()


def test_the_reporter_withdraws_what_has_not_been_sent_and_nobody_else_does(client, town):
    report = town.report()
    for user in (None, town.oskar, town.ines):
        client.logout()
        if user:
            client.force_login(user)
        assert "Withdraw this report" not in page(client.get(f"/report/{report.pk}"))
        assert client.post(f"/report/{report.pk}/withdraw").status_code == 403
    client.force_login(town.rosa)
    assert "Withdraw this report" in page(client.get(f"/report/{report.pk}"))
    client.post(f"/report/{report.pk}/withdraw")
    report.refresh_from_db()
    assert report.state == "cancelled"


def test_a_private_page_is_kept_by_no_cache(client, town):
    report = town.report(is_private=True)
    client.force_login(town.rosa)
    assert "no-store" in client.get(f"/report/{report.pk}")["Cache-Control"]


def test_a_page_asks_as_often_for_many_updates_as_for_few(
    client, town, django_assert_max_num_queries
):
    report = town.report()
    for _ in range(10):
        Update.objects.create(
            report=report,
            text="Again",
            visibility="shown",
            created=clock.now(),
            confirmed_at=clock.now(),
        )
    client.get(f"/report/{report.pk}")  # words that a process keeps are read now
    with django_assert_max_num_queries(9):
        client.get(f"/report/{report.pk}")


@pytest.mark.parametrize("tail", ["{}>", "3D{}", "3D {}", "{}.", "{} and thanks", "{}/"])
def test_a_link_that_a_mail_program_broke_still_leads_to_the_report(client, town, tail):
    report = town.report()
    assert client.get("/report/" + tail.format(report.pk))["Location"] == f"/report/{report.pk}"


def test_the_reporter_is_told_when_it_goes_out(client, town):
    report = town.report()
    Delivery.objects.create(
        report=report,
        body=town.county,
        created=clock.now(),
        due_at=clock.now() + timedelta(minutes=5),
    )
    assert "it goes out" not in page(client.get(f"/report/{report.pk}"))
    client.force_login(town.rosa)
    assert "it goes out" in page(client.get(f"/report/{report.pk}"))


@pytest.mark.parametrize("state", ["refused", "cancelled"])
def test_what_is_not_sent_is_said_without_the_reason(client, town, state):
    report = town.report()
    Delivery.objects.create(
        report=report, body=town.county, state=state, reason="500 from 10.0.0.1",
        created=clock.now(), due_at=clock.now(),
    )  # fmt: skip
    shown = page(client.get(f"/report/{report.pk}"))
    assert "Not sent to" in shown
    assert "10.0.0.1" not in shown


def test_a_public_report_can_be_shared_and_a_private_one_cannot(client, town):
    public, private = town.report(), town.report(is_private=True)
    client.force_login(town.rosa)
    assert 'property="og:title" content="Lamp is dark"' in page(client.get(f"/report/{public.pk}"))
    shown = page(client.get(f"/report/{private.pk}"))
    assert "og:title" not in shown
    assert "noindex" in shown


def test_a_site_of_some_bodies_leads_to_the_main_one_for_the_reports_of_others(client, town):
    ours, theirs = town.report(), town.report(category=town.vehicle)
    host = {"HTTP_HOST": "borsetshire.localhost"}
    assert client.get(f"/report/{ours.pk}", **host).status_code == 200
    answer = client.get(f"/report/{theirs.pk}", **host)
    assert answer["Location"] == f"http://testserver/report/{theirs.pk}"
    for report in (ours, theirs):
        assert client.get(f"/report/{report.pk}").status_code == 200


@pytest.mark.parametrize("source", ["backend", "import"])
def test_a_report_from_a_bodys_own_system_says_so_and_was_never_sent(client, town, source):
    """Whether it came with a poll or in bulk."""
    report = town.report(source=source, name="Borsetshire County Council", is_name_public=True)
    ReportBody.objects.update(sent_at=report.confirmed_at, external_id="4711")
    shown = client.get(f"/report/{report.pk}").content.decode()
    assert "From <strong>Borsetshire County Council</strong>’s own system" in shown
    assert "4711" in shown
    assert "It comes from their own system." in shown
    assert "Sent to" not in shown
    assert "Reported by" not in shown


def born_there(town, **extras):
    report = town.report(source="backend", name="Borsetshire County Council")
    ReportBody.objects.update(sent_at=report.confirmed_at, external_id="4711", extras=extras)
    return report


def test_what_a_bodys_system_said_when_a_problem_came_is_the_first_of_its_story(client, town):
    report = born_there(
        town, status_notes="A crew is <b>booked</b>.", agency_responsible="Highways North"
    )
    shown = client.get(f"/report/{report.pk}").content.decode()
    assert "A crew is &lt;b&gt;booked&lt;/b&gt;." in shown
    assert "Highways North" in shown
    assert "Nothing yet." not in shown
    at = clock.now()
    Update.objects.create(
        report=report, body=town.county, text="Done.", visibility="shown", created=at,
        confirmed_at=at,
    )  # fmt: skip
    shown = client.get(f"/report/{report.pk}").content.decode()
    assert shown.index("A crew is") < shown.index("Done.")


def test_the_day_that_a_bodys_system_expects_is_told_while_it_is_to_come(client, town):
    soon = clock.now() + timedelta(days=40)
    report = born_there(town, expected_datetime=soon.isoformat())
    assert "They expect to have dealt" in client.get(f"/report/{report.pk}").content.decode()
    for said in ((clock.now() - timedelta(days=1)).isoformat(), "soon", "2099-01-01T00:00:00"):
        ReportBody.objects.update(extras={"expected_datetime": said})
        assert "They expect" not in client.get(f"/report/{report.pk}").content.decode()


def test_a_report_of_ours_tells_no_words_of_a_birth_elsewhere(client, town):
    report = town.report()
    ReportBody.objects.update(extras={"status_notes": "Internal.", "agency_responsible": "X"})
    assert "Internal." not in client.get(f"/report/{report.pk}").content.decode()
