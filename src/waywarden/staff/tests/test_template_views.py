"""Response templates in the staff pages: seen by one's own, changed by administrators, tried."""

import pytest

from waywarden.bodies.models import Membership, ResponseTemplate
from waywarden.events.models import Event

LIST = "/staff/templates/"


@pytest.fixture
def template(town):
    return ResponseTemplate.objects.create(
        body=town.county, title="Mended", text="Fixed by {{body}}.", states=["fixed - council"]
    )


@pytest.fixture
def as_administrator(client, town):
    Membership.objects.filter(user=town.ines).update(role="administrator")
    client.force_login(town.ines)
    return client


def typed(**values):
    return {
        "title": "Mended", "text": "Fixed by {{body}}.", "states": ["fixed - council"],
        "is_automatic": "on", "sample-state": "fixed - council", "do": "save",
    } | values  # fmt: skip


def page(answer):
    return answer.content.decode()


def test_ines_sees_her_bodys_templates_and_their_rules_and_oskar_does_not(client, town, template):
    client.force_login(town.ines)
    shown = page(client.get(LIST))
    assert "Mended" in shown
    assert "When the state becomes “Fixed”, for every category." in shown
    client.force_login(town.oskar)
    assert "Mended" not in page(client.get(LIST))
    for path in (f"{LIST}{template.pk}/", f"{LIST}new/{town.county.pk}/"):
        assert client.get(path).status_code == 404
        assert client.post(path, typed()).status_code == 404
    assert client.post(f"{LIST}{template.pk}/delete/").status_code == 404
    assert ResponseTemplate.objects.count() == 1


def test_nobody_signs_in_first_and_rosa_is_refused(client, town, template):
    assert client.get(f"{LIST}{template.pk}/").status_code == 302
    client.force_login(town.rosa)
    assert client.get(f"{LIST}{template.pk}/").status_code == 403


def test_an_inspector_looks_and_tries_and_changes_nothing(client, town, template):
    client.force_login(town.ines)
    shown = page(client.get(f"{LIST}{template.pk}/"))
    assert "Store it" not in shown
    tried = client.post(f"{LIST}{template.pk}/", typed(do="try"))
    assert "Fixed by Borsetshire County Council." in page(tried)
    assert client.post(f"{LIST}{template.pk}/", typed(title="Other")).status_code == 403
    assert client.get(f"{LIST}new/{town.county.pk}/").status_code == 403
    template.refresh_from_db()
    assert template.title == "Mended"


def test_an_administrator_writes_one(as_administrator, town):
    answer = as_administrator.post(
        f"{LIST}new/{town.county.pk}/",
        typed(external_codes="DONE,*\nOK", categories=[town.pothole.pk], email_text="Mail."),
    )
    assert answer.status_code == 302
    stored = ResponseTemplate.objects.get()
    assert (stored.body, stored.external_codes) == (town.county, ["DONE,*", "OK"])
    assert list(stored.categories.all()) == [town.pothole]
    fact = Event.objects.get(kind="template.saved")
    assert (fact.subject_id, fact.actor_id) == (town.county.pk, town.ines.pk)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"title": ""}, "Please fill this in."),
        ({"text": "It is {{ref}}."}, "Nothing is known under {{ref}}."),
        ({"states": []}, "An automatic template needs a state or an external code."),
        ({"title": "Mended"}, "There is another template with this title."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    as_administrator, town, template, values, words
):
    answer = as_administrator.post(f"{LIST}new/{town.county.pk}/", typed(**values))
    assert words in page(answer)
    assert ResponseTemplate.objects.count() == 1


def test_a_category_of_another_body_is_no_choice(as_administrator, town):
    answer = as_administrator.post(
        f"{LIST}new/{town.county.pk}/", typed(categories=[town.vehicle.pk])
    )
    assert answer.status_code == 400
    assert not ResponseTemplate.objects.exists()


def test_what_is_typed_is_tried_and_not_stored(as_administrator, town, template):
    answer = as_administrator.post(
        f"{LIST}{template.pk}/",
        typed(
            do="try",
            text="Good news about {{reference}}. {{description}}",
            email_text="Dear all, {{reference}}!",
            **{"sample-words": "Hole filled.", "sample-reference": "77"},
        ),
    )
    shown = page(answer)
    assert "Good news about 77. Hole filled." in shown
    assert "Dear all, 77!" in shown
    assert "This template speaks." in shown
    template.refresh_from_db()
    assert template.text == "Fixed by {{body}}."


def test_a_trial_names_the_template_that_goes_before(as_administrator, town, template):
    special = ResponseTemplate.objects.create(
        body=town.county, title="Holes", text="Hole closed.", states=["fixed - council"]
    )
    special.categories.add(town.pothole)
    values = {"sample-category": town.pothole.pk}
    shown = page(as_administrator.post(f"{LIST}{template.pk}/", typed(do="try", **values)))
    assert "Hole closed." in shown
    assert "“Holes” speaks: it goes before this one." in shown


def test_what_a_template_clashes_with_is_said_where_it_is_stored(as_administrator, town, template):
    answer = as_administrator.post(
        f"{LIST}new/{town.county.pk}/", typed(title="Again"), follow=True
    )
    words = "“Mended” and “Again” both speak for “Fixed”; the first is used."
    assert words in page(answer)
    assert words in page(as_administrator.get(f"{LIST}{template.pk}/"))


def test_a_template_is_taken_away(as_administrator, town, template):
    as_administrator.post(f"{LIST}{template.pk}/delete/")
    assert not ResponseTemplate.objects.exists()
    assert Event.objects.get(kind="template.deleted").data["title"] == "Mended"


def test_many_bodies_cost_no_more_questions(
    client, town, template, django_user_model, django_assert_max_num_queries
):
    for number in range(15):
        body = type(town.county).objects.create(name=f"Body {number}", slug=f"b{number}")
        ResponseTemplate.objects.create(body=body, title="T", text="x", states=["closed"])
    client.force_login(django_user_model.objects.create_superuser("op@example.org"))
    with django_assert_max_num_queries(14):
        assert "Body 14" in page(client.get(LIST))
