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


def test_what_waits_for_a_translation_is_listed_the_most_used_first(client, hole):
    from waywarden.bodies.models import Body, Category
    from waywarden.users.models import User
    from waywarden.web.tests import town as towns

    town = towns.build()
    Category.objects.create(body=town.district, name="Street light", slug="lamps")
    Body.objects.create(name="Gone", slug="gone", is_deleted=True)
    page = "/admin/bodies/translation/waiting/"
    client.force_login(town.oskar)
    assert client.get(page).status_code == 302
    client.force_login(User.objects.create_superuser("boss@example.org"))
    shown = client.get(page, {"language": "fr"})
    words = dict(shown.context["words"])
    assert shown.context["words"][0] == ("Street light", 2)
    assert {"How deep?", "Shallow", "Roads", town.county.name} <= set(words)
    assert not {"Pothole", "Gone"} & set(words)
    add = "/admin/bodies/translation/add/?language=fr&amp;original=How%20deep%3F"
    assert add in shown.content.decode()
    assert "How deep?" in client.get(add.replace("&amp;", "&")).content.decode()
    assert "Pothole" in dict(client.get(page, {"language": "ar"}).context["words"])
