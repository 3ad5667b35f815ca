"""One's own pages: nobody else's are there, data comes along whole, an end is an end."""

import io
import json
import zipfile
from datetime import timedelta

import pytest

from waywarden.bodies.models import Membership
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.notifications.alert_services import follow_report
from waywarden.notifications.models import Alert
from waywarden.reports.models import Flag, Photo, Report, Update
from waywarden.reports.photo_services import drop_adrift_photos
from waywarden.reports.public_services import flag_report
from waywarden.users.models import User
from waywarden.web.tests.town import stored_photo

pytestmark = pytest.mark.django_db


def page(response) -> str:
    """The page's text."""
    return response.content.decode()


def an_update(report, user, **more):
    moment = clock.now()
    values = {"text": "Still dark.", "visibility": "shown", "name": user.name, **more}
    return Update.objects.create(
        report=report, user=user, created=moment, confirmed_at=moment, **values
    )


@pytest.mark.parametrize(
    "address", ["/my", "/my/updates", "/my/alerts", "/my/account", "/my/delete"]
)
def test_nobody_is_asked_to_sign_in_and_oskar_sees_only_his_own(client, town, address):
    report = town.report(title="Rosa was here")
    an_update(report, town.rosa, text="Rosa wrote this")
    assert client.get(address)["Location"] == f"/auth?next={address}"
    client.force_login(town.oskar)
    shown = client.get(address)
    assert "Rosa" not in page(shown)
    assert "no-cache" in shown["Cache-Control"] or "private" in shown["Cache-Control"]


def test_long_lists_have_pages(client, town):
    for number in range(31):
        town.report(title=f"Lamp {number:02}")
    client.force_login(town.rosa)
    assert "?page=2" in page(client.get("/my"))
    assert page(client.get("/my?page=2")).count('class="row"') == 1


def test_preferences_are_kept_and_speak_at_once(client, town):
    client.force_login(town.rosa)
    answer = client.post(
        "/my/account", {"name": " Rosa  W. ", "language": "fr", "frequency": "weekly"}
    )
    assert answer.status_code == 302
    town.rosa.refresh_from_db()
    kept = town.rosa
    assert (kept.name, kept.language, kept.frequency) == ("Rosa W.", "fr", "weekly")
    assert (kept.wants_news, kept.wants_questionnaires) == (False, False)
    assert 'lang="fr"' in page(client.get("/my/account"))


@pytest.mark.parametrize("wrong", [{"frequency": "hourly"}, {"language": "xx"}])
def test_a_wrong_preference_changes_nothing(client, town, wrong):
    client.force_login(town.rosa)
    values = {"name": "X", "language": "fr", "frequency": "weekly", **wrong}
    assert client.post("/my/account", values).status_code == 422
    town.rosa.refresh_from_db()
    assert town.rosa.name == "Rosa"


def test_a_name_is_hidden_on_one_report_or_everywhere_and_only_one_s_own(client, town):
    mine, other = (town.report(is_name_public=True) for _ in range(2))
    an_update(mine, town.rosa, is_name_public=True)
    client.force_login(town.oskar)
    client.post("/my/hide-name", {"report": mine.pk})
    assert Report.objects.filter(is_name_public=True).count() == 2
    client.force_login(town.rosa)
    client.post("/my/hide-name", {"report": mine.pk})
    assert list(Report.objects.filter(is_name_public=True)) == [other]
    assert not Update.objects.filter(is_name_public=True).exists()
    client.post("/my/hide-name")
    assert not Report.objects.filter(is_name_public=True).exists()


def test_data_comes_along_whole_with_photos_and_nobody_else_s(client, town):
    report = town.report(title="Rosa's lamp", phone="0123")
    photo = stored_photo(report=report)
    an_update(report, town.rosa, text="Rosa again")
    an_update(report, town.oskar, text="Oskar's words")
    follow_report(report_id=report.pk, user=town.rosa)
    client.force_login(town.rosa)
    answer = client.post("/my/data")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    data = json.loads(archive.read("data.json"))
    assert data["account"]["email"] == "rosa@example.org"
    assert [one["title"] for one in data["reports"]] == ["Rosa's lamp"]
    assert data["reports"][0]["phone"] == "0123"
    assert [one["text"] for one in data["updates"]] == ["Rosa again"]
    assert data["follows"][0]["what"] == "Rosa's lamp"
    assert archive.read(data["reports"][0]["photos"][0]).startswith(b"\xff\xd8")
    assert str(photo.key) in data["reports"][0]["photos"][0]
    assert client.get("/my/data").status_code == 405


def test_an_account_is_deleted_really_and_the_reports_stay_without_a_person(client, town):
    report = town.report(is_name_public=True, phone="0123", email=town.rosa.email)
    town.report(state="unconfirmed", user=town.rosa)
    update = an_update(report, town.rosa, is_name_public=True, email=town.rosa.email)
    stored_photo(report=report)
    follow_report(report_id=report.pk, user=town.rosa)
    client.force_login(town.rosa)
    assert client.post("/my/delete").status_code == 422
    assert User.objects.filter(pk=town.rosa.pk).exists()
    assert client.post("/my/delete", {"sure": "1"})["Location"] == "/"
    assert "_auth_user_id" not in client.session
    assert not User.objects.filter(pk=town.rosa.pk).exists()
    report.refresh_from_db()
    update.refresh_from_db()
    for row in (report, update):
        assert (row.user, row.name, row.email, row.is_name_public) == (None, "", "", False)
    assert report.phone == ""
    assert Report.objects.count() == 1, "what was never confirmed is gone"
    assert Photo.objects.filter(report=report).exists()
    assert not Alert.objects.exists()
    assert "rosa@" not in str(list(Event.objects.values()))
    shown = page(client.get(f"/report/{report.pk}"))
    assert report.title in shown
    assert "Rosa" not in shown


def test_photos_of_what_was_never_confirmed_go_files_and_all_and_flags_lose_the_address(
    client, town
):
    waiting = town.report(state="unconfirmed", user=town.rosa)
    key = stored_photo(report=waiting).key
    flag_report(town.report().pk, reason="spam", words="", email=town.rosa.email)
    client.force_login(town.rosa)
    client.post("/my/delete", {"sure": "1"})
    assert Flag.objects.get().email == ""
    assert client.get(f"/photo/{key}.jpg").status_code == 404
    photo = Photo.objects.get()  # its files go with it, by age
    Photo.objects.update(created=clock.now() - timedelta(days=8))
    assert drop_adrift_photos() == 1
    assert not photo.file.storage.exists(photo.file.name)


def test_who_works_for_a_body_may_go_as_well(client, town):
    client.force_login(town.ines)
    client.post("/my/delete", {"sure": "1"})
    assert not User.objects.filter(email=town.ines.email).exists()
    assert not Membership.objects.filter(body=town.county).exists()


def test_the_last_operator_cannot_lock_everybody_out(client, town):
    boss = User.objects.create_superuser("boss@example.org")
    client.force_login(boss)
    assert client.post("/my/delete", {"sure": "1"}).status_code == 422
    assert User.objects.filter(pk=boss.pk).exists()
