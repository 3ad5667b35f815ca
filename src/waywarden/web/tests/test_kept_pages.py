"""Pages kept for visitors: never for somebody signed in, never one nonce or token for two."""

import re

import pytest
from django.core.cache import cache
from django.test import Client

from waywarden.kernel import clock
from waywarden.reports.models import Report, Update
from waywarden.web.tests.town import LAT, LON

pytestmark = pytest.mark.django_db
PAGES = ("/", f"/around?lat={LAT}&lon={LON}", "/reports", "/reports/borsetshire", "/report/{}")


@pytest.fixture(autouse=True)
def _kept_for_a_while(settings):
    settings.PAGES_KEPT = 60
    cache.clear()
    yield
    cache.clear()


def ask(client, url):
    """The page, asked for so often that it is kept."""
    client.get(url)
    return client.get(url)


def page(response) -> str:
    """The page's text."""
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("url", PAGES)
def test_a_kept_page_takes_one_question_and_is_as_good_as_new(
    client, town, url, django_assert_num_queries
):
    url = url.format(town.report().pk)
    first = ask(client, url)
    with django_assert_num_queries(1):
        second = client.get(url)
    nonces = [
        one["Content-Security-Policy"].split("'nonce-")[1].split("'")[0] for one in (first, second)
    ]
    assert nonces[0] != nonces[1]
    assert nonces[0] not in page(second)
    assert page(first).count(nonces[0]) == page(second).count(nonces[1]) > 0
    same = lambda text: re.sub(r'(nonce|value)="[^"]*"', "", text)  # noqa: E731
    assert same(page(first)) == same(page(second))
    assert "Cookie" in second["Vary"]


def test_a_form_of_a_kept_page_can_be_sent_and_counts_as_its_own(town):
    report = town.report()
    keys = set()
    ask(Client(), f"/report/{report.pk}")
    for turn in range(2):
        visitor = Client(enforce_csrf_checks=True)
        text = page(visitor.get(f"/report/{report.pk}"))
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', text)[1]
        keys.add(re.search(r'form_key" value="([^"]+)', text)[1])
        answer = visitor.post(
            f"/report/{report.pk}",
            {
                "csrfmiddlewaretoken": token, "text": f"Still dark, {turn}.", "name": "Rosa",
                "email": f"rosa{turn}@example.org", "form_key": keys.copy().pop(),
            },
        )  # fmt: skip
        assert answer.status_code != 403
    assert len(keys) == 2


def test_what_is_taken_down_or_made_private_is_gone_at_once(client, town):
    report = town.report(title="Dark lamp")
    url = f"/report/{report.pk}"
    assert "Dark lamp" in page(ask(client, url))
    for listed in PAGES[:4]:
        ask(client, listed)
    Report.objects.filter(pk=report.pk).update(is_private=True)
    assert client.get(url).status_code == 403
    for listed in PAGES[:4]:
        assert "Dark lamp" not in page(client.get(listed))
    Report.objects.filter(pk=report.pk).update(is_private=False, state="hidden")
    assert client.get(url).status_code == 410


def test_news_shows_at_once(client, town):
    report = town.report()
    assert "The crew came" not in page(ask(client, f"/report/{report.pk}"))
    moment = clock.now()
    Update.objects.create(
        report=report, body=town.county, text="The crew came.", visibility="shown",
        created=moment, confirmed_at=moment,
    )  # fmt: skip
    Report.objects.filter(pk=report.pk).update(changed=moment, state="fixed")
    assert "The crew came" in page(client.get(f"/report/{report.pk}"))


@pytest.mark.parametrize("who", ["rosa", "ines", "oskar"])
def test_who_is_signed_in_gets_a_page_of_their_own_and_leaves_none(client, town, who):
    report = town.report()
    signed_in = Client()
    signed_in.force_login(getattr(town, who))
    assert "/my" in page(signed_in.get(f"/report/{report.pk}"))
    shown = page(ask(client, f"/report/{report.pk}"))
    assert 'href="/my"' not in shown
    assert 'href="/my"' in page(signed_in.get(f"/report/{report.pk}"))


def test_sites_and_languages_are_kept_apart(client, town):
    town.report()
    ours = page(ask(client, "/"))
    theirs = page(client.get("/", headers={"host": "borsetshire.localhost"}))
    french = page(client.get("/", headers={"accept-language": "fr"}))
    assert "Waywarden</span>" in ours
    assert "Waywarden</span>" not in theirs
    assert 'lang="fr"' in french


def test_what_was_asked_for_once_is_not_kept(client, town, django_assert_num_queries):
    url = f"/report/{town.report().pk}"
    client.get(url)
    with django_assert_num_queries(9):  # drawn anew
        client.get(url)
    with django_assert_num_queries(1):
        client.get(url)
