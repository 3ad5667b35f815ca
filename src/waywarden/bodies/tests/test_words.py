"""Bodies' words in the reader's language; as they are where nobody has translated them."""

import pytest
from django.db import IntegrityError
from django.utils import translation

from waywarden.bodies.translations import Translation
from waywarden.bodies.words import forget_words, said

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _anew():
    forget_words()
    yield
    forget_words()


@pytest.fixture
def hole():
    return Translation.objects.create(original="Pothole", language="fr", text="Nid-de-poule")


def test_words_are_said_in_the_reader_s_language_and_else_as_they_are(hole):
    assert said("Pothole", "fr") == "Nid-de-poule"
    assert said("Pothole", "fr-ca") == "Nid-de-poule"
    assert said("Pothole", "ar") == said("Pothole") == "Pothole"
    with translation.override("fr"):
        assert (said("Pothole"), said("Lamp"), said("")) == ("Nid-de-poule", "Lamp", "")


def test_words_have_one_translation_a_language(hole):
    with pytest.raises(IntegrityError):
        Translation.objects.create(original="Pothole", language="fr", text="Trou")


def test_a_process_asks_for_all_words_at_once_and_not_each_time(
    hole, django_assert_max_num_queries
):
    with django_assert_max_num_queries(2):
        for word in ("Pothole", "Lamp", "Litter"):
            said(word, "fr")


def test_an_operator_translates_and_it_shows_at_once(client, hole):
    from waywarden.users.models import User
    from waywarden.web.tests import town as towns

    town = towns.build()
    report = town.report(category=town.pothole)
    client.force_login(User.objects.create_superuser("boss@example.org"))
    page = "/admin/bodies/translation/add/"
    client.post(page, {"original": "Open", "language": "fr", "text": "À faire"})
    client.post(page, {"original": town.county.name, "language": "fr", "text": "Le comté"})
    shown = client.get(f"/report/{report.pk}", headers={"accept-language": "fr"}).content.decode()
    for words in ("Nid-de-poule", "À faire", "Le comté"):
        assert words in shown
    english = client.get(f"/report/{report.pk}").content.decode()
    assert "Nid-de-poule" not in english


def test_filters_lists_feeds_and_what_can_be_followed_speak_it_too(client, hole):
    from waywarden.web.tests import town as towns

    town = towns.build()
    town.report(category=town.pothole)
    Translation.objects.create(original=town.county.name, language="fr", text="Le comté")
    french = {"accept-language": "fr"}
    place = f"lat={towns.LAT}&lon={towns.LON}"
    filters = client.get("/around", headers=french).content.decode()
    assert '<option value="Pothole">Nid-de-poule</option>' in filters
    feed = client.get("/rss/reports/borsetshire", headers=french).content.decode()
    assert "Le comté" in feed
    assert "<category>Nid-de-poule</category>" in feed
    assert "Le comté" in client.get(f"/alert/list?{place}", headers=french).content.decode()
