"""Me too, flags, and a report's picture for others' pages."""

import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from waywarden.reports.models import Flag, Report
from waywarden.reports.public_services import mark_duplicate
from waywarden.reports.rule_models import UpdateRule
from waywarden.web import card_services, services

pytestmark = pytest.mark.django_db


def page(response) -> str:
    return response.content.decode()


def me_too(client, report, **more):
    return client.post(f"/report/{report.pk}/me-too", **more)


def count_of(report) -> int:
    return Report.objects.get(pk=report.pk).me_too_count


def test_a_browser_counts_once_and_the_page_tells_how_many(client, town):
    report = town.report()
    assert "I have seen this too" in page(client.get(f"/report/{report.pk}"))
    assert "You are counted." in page(me_too(client, report, follow=True))
    assert "You were counted before." in page(me_too(client, report, follow=True))
    assert count_of(report) == 1
    assert "one other has seen it" in page(client.get(f"/report/{report.pk}"))


def test_an_account_counts_once_from_any_browser(client, town):
    report = town.report()
    for _browser in range(2):
        client.logout()
        client.force_login(town.oskar)
        me_too(client, report)
    assert count_of(report) == 1


def test_within_the_form_only_a_piece_comes_back(client, town):
    said = page(me_too(client, town.report(), headers={"HX-Request": "true"}))
    assert "You are counted." in said
    assert "<html" not in said


def test_the_reporter_is_not_asked_and_a_press_is_needed(client, town):
    report = town.report()
    client.force_login(town.rosa)
    assert "I have seen this too" not in page(client.get(f"/report/{report.pk}"))
    assert client.get(f"/report/{report.pk}/me-too").status_code == 405


def test_a_body_may_want_no_counting(client, town):
    report = town.report()
    UpdateRule.objects.create(body=town.county, category=town.lamp, act="me_too", who="nobody")
    assert "I have seen this too" not in page(client.get(f"/report/{report.pk}"))
    assert me_too(client, report).status_code == 403


def test_one_network_does_not_count_without_end(client, town, monkeypatch):
    monkeypatch.setitem(services.LIMITS, "me_too", (2, 2))
    report = town.report()
    for _browser in range(3):
        client.cookies.clear()
        me_too(client, report)
    assert count_of(report) == 2


@pytest.mark.parametrize("path", ["me-too", "flag"])
@pytest.mark.parametrize(
    ("who", "status"), [("", 403), ("oskar", 403), ("ines", 302), ("rosa", 302)]
)
def test_a_private_report_is_private_here_too(client, town, path, who, status):
    report = town.report(is_private=True)
    if who:
        client.force_login(getattr(town, who))
    answer = client.post(f"/report/{report.pk}/{path}", {"reason": "wrong", "words": "x"})
    assert answer.status_code == status


def test_somebody_finds_a_report_abusive(client, town):
    report = town.report()
    address = f"/report/{report.pk}/flag"
    assert address in page(client.get(f"/report/{report.pk}"))
    assert "What is wrong here?" in page(client.get(address))
    told = client.post(address, {"reason": "abusive", "words": "Names my neighbour"}, follow=True)
    assert "Somebody will look at it." in page(told)
    flag = Flag.objects.get()
    assert (flag.report, flag.update, flag.reason) == (report, None, "abusive")


def test_somebody_finds_an_update_abusive(client, town):
    report = town.report()
    update = report.updates.create(
        text="Rude", visibility="shown", created=report.created, confirmed_at=report.created
    )
    client.post(f"/report/{report.pk}/flag?update={update.pk}", {"reason": "spam"})
    assert Flag.objects.get().update == update


@pytest.mark.parametrize("fields", [{}, {"reason": "other"}, {"reason": "because"}])
def test_a_flag_without_a_reason_is_asked_again(client, town, fields):
    report = town.report()
    shown = client.post(f"/report/{report.pk}/flag", fields)
    assert shown.status_code == 422
    assert not Flag.objects.exists()


def test_machines_flag_nothing(client, town):
    client.post(f"/report/{town.report().pk}/flag", {"reason": "spam", "website": "x"})
    assert not Flag.objects.exists()


def test_a_duplicate_and_its_original_lead_to_each_other(client, town):
    original, copy = town.report(title="The first"), town.report(title="The second")
    mark_duplicate(copy.pk, original_id=original.pk)
    shown = page(client.get(f"/report/{copy.pk}"))
    assert "This was reported before" in shown
    assert f'href="/report/{original.pk}"' in shown
    assert "Updates are written at the report that this one repeats." in shown
    assert f'href="/report/{copy.pk}"' in page(client.get(f"/report/{original.pk}"))
    refused = client.post(
        f"/report/{copy.pk}", {"text": "x", "name": "O", "email": "o@example.org"}
    )
    assert refused.status_code == 422


def test_a_private_original_is_not_named(client, town):
    original, copy = town.report(title="Secret thing"), town.report()
    mark_duplicate(copy.pk, original_id=original.pk)
    Report.objects.filter(pk=original.pk).update(is_private=True)
    assert "Secret thing" not in page(client.get(f"/report/{copy.pk}"))


def test_a_report_has_a_picture_for_the_pages_of_others(client, town):
    report = town.report(title="Lamp " + "very " * 20 + "Donaudampfschifffahrtsgesellschaft" * 2)
    answer = client.get(f"/report/{report.pk}/card.png")
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert "public" in answer["Cache-Control"]
    again = client.get(f"/report/{report.pk}/card.png", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    Report.objects.filter(pk=report.pk).update(state="closed")
    changed = client.get(f"/report/{report.pk}/card.png", headers={"If-None-Match": answer["ETag"]})
    assert changed.status_code == 200
    assert f"/report/{report.pk}/card.png" in page(client.get(f"/report/{report.pk}"))


def test_the_picture_is_drawn_once_for_what_it_shows(client, town, monkeypatch):
    drawn = []

    def draw(card):
        drawn.append(card.title)
        return b"a picture of " + card.title.encode()

    monkeypatch.setattr(card_services, "draw_card", draw)
    report = town.report(title="Lamp is dark")
    address = f"/report/{report.pk}/card.png"
    for _time in range(3):
        assert client.get(address).content == b"a picture of Lamp is dark"
    for number in range(9):
        Report.objects.filter(pk=report.pk).update(title=f"Lamp {number}")
        assert client.get(address).content == f"a picture of Lamp {number}".encode()
    assert drawn == ["Lamp is dark", *(f"Lamp {number}" for number in range(9))]
    assert len(default_storage.listdir(f"cards/{report.pk}")[1]) <= card_services.MOST


@pytest.mark.parametrize("change", [{"is_private": True}, {"state": "hidden"}])
def test_what_is_not_public_has_no_picture_even_for_its_reporter(client, town, change):
    report = town.report(**change)
    client.force_login(town.rosa)
    assert client.get(f"/report/{report.pk}/card.png").status_code == 404
