"""What may be chosen at a place, what comes with it, and what is asked."""

import dataclasses
import re

import pytest

from waywarden.bodies.question_models import SiteQuestion
from waywarden.kernel.cobrand import registry
from waywarden.reports.models import Report
from waywarden.web.tests.town import LAMP, PLACE, page

pytestmark = pytest.mark.django_db


def test_the_page_says_which_body_gets_each_category(client, town):
    shown = page(client.get("/report/new", PLACE))
    assert "goes to Borsetshire County Council" in shown
    assert "goes to Borchester District Council" in shown


def test_without_scripts_the_questions_of_a_category_come_after_the_first_press(client, town):
    fields = LAMP | {"category": "Pothole", "asked": ""}
    first = page(client.post("/report/new", fields))
    assert "How deep?" in first
    assert "In danger call 112." in first
    assert 'name="asked" value="Pothole"' in first
    assert "Nothing is lost" not in first  # no error: they were not asked before

    assert (
        client.post("/report/new", fields | {"asked": "Pothole", "q.depth": "2"}).status_code == 302
    )
    assert Report.objects.get().at_bodies.get().answers == {"depth": ["2"]}


def test_an_answer_that_is_missing_or_not_offered_is_said_beside_its_question(client, town):
    fields = LAMP | {"category": "Pothole", "asked": "Pothole"}
    for answers, words in (
        ({}, "Please answer this question."),
        ({"q.depth": "9"}, "Please choose from the list."),
    ):
        shown = client.post("/report/new", fields | answers)
        assert shown.status_code == 422
        assert words in page(shown)
    assert not Report.objects.exists()


def test_a_category_that_is_not_offered_here_is_refused(client, town):
    shown = client.post("/report/new", LAMP | {"category": "Moon dust"})
    assert shown.status_code == 422
    assert "Please choose" in page(shown)


def test_a_private_category_makes_a_private_report(client, town):
    client.force_login(town.rosa)
    client.post("/report/new", LAMP | {"category": "Abandoned vehicle", "asked": ""})
    report = Report.objects.get()
    assert report.is_private
    client.logout()
    assert client.get(f"/report/{report.pk}").status_code == 403


def change(category, **values):
    type(category).objects.filter(pk=category.pk).update(**values)


def test_what_comes_with_a_choice_is_told_before_it_is_stored(client, town):
    change(town.lamp, emergency_notice="Sparks? Call 112.", target_days=5)
    first = client.post("/report/new", LAMP | {"asked": ""})
    assert first.status_code == 200
    assert "Sparks? Call 112." in page(first)
    assert "within 5 days" in page(first)
    assert not Report.objects.exists()
    assert client.post("/report/new", LAMP).status_code == 302


def test_a_stop_message_stops(client, town):
    change(town.lamp, stop_message="Ring 0800 111 999.")
    shown = client.post("/report/new", LAMP)
    assert shown.status_code == 422
    assert "Ring 0800 111 999." in page(shown)
    assert not Report.objects.exists()


def test_look_alikes_are_offered_once_and_private_kinds_show_none(client, town):
    town.report(title="Lamp by the door")
    first = client.post("/report/new", LAMP | {"asked": ""})
    assert "Is it one of these?" in page(first)
    assert "Lamp by the door" in page(first)
    assert client.post("/report/new", LAMP).status_code == 302
    town.report(category=town.vehicle, title="A neighbour's van")
    shown = page(client.get("/report/new", PLACE | {"category": "Abandoned vehicle"}))
    assert "A neighbour" not in shown


def test_without_a_name_where_the_category_allows_it(client, town):
    nameless = {key: value for key, value in LAMP.items() if key not in ("name", "email")}
    nameless["is_anonymous"] = "on"
    assert client.post("/report/new", nameless).status_code == 422
    change(town.lamp, allows_anonymous=True)
    done = client.post("/report/new", nameless)
    report = Report.objects.get()
    assert done["Location"] == f"/report/{report.pk}"
    assert (report.state, report.user, report.email) == ("confirmed", None, "")


def test_where_nobody_takes_anything_one_may_still_show_it(client, town):
    for category in (town.lamp, town.pothole, town.vehicle):
        change(category, state="inactive")
    shown = page(client.get("/report/new", PLACE))
    assert "No body takes reports at this place yet" in shown
    client.force_login(town.rosa)
    fields = {key: value for key, value in LAMP.items() if key not in ("category", "asked")}
    done = client.post("/report/new", fields)
    assert "No body takes reports at this place." in page(client.get(done["Location"]))


def test_a_conditional_question_is_checked_by_the_rule_it_is_shown_by(client, town):
    town.pothole.questions.create(
        code="water", datatype="string", description="How much water?", required=True, order=2,
        shown_if="depth", shown_if_values=["2"],
    )  # fmt: skip
    fields = LAMP | {"category": "Pothole", "asked": "Pothole"}
    shown = client.post("/report/new", fields | {"q.depth": "2"})
    assert shown.status_code == 422
    assert "Only if you answered “Deep” to “How deep?”." in page(shown)
    dropped = client.post("/report/new", fields | {"q.depth": "1", "q.water": "none"})
    assert dropped.status_code == 302
    assert Report.objects.get().at_bodies.get().answers == {"depth": ["1"]}


def test_a_category_of_several_groups_stands_in_each_and_is_chosen_in_one(client, town):
    change(town.pothole, groups=["Roads", "Winter"])
    change(town.lamp, groups=["Roads", "Winter"])
    shown = page(client.get("/report/new", PLACE))
    assert re.findall(r'<h3 id="group-\d">(\w+)</h3>', shown) == ["Roads", "Winter", "More"]
    assert shown.count('value="Street light (Roads)"') == 1
    assert shown.count('value="Street light (Winter)"') == 1
    sent = LAMP | {"category": "Street light (Winter)"}
    again = page(client.post("/report/new", sent | {"title": ""}))
    assert re.findall(r'name="category" required value="([^"]+)" checked', again) == [
        "Street light (Winter)"
    ]
    assert client.post("/report/new", sent).status_code == 302
    report = Report.objects.get()
    assert (report.category_name, report.group) == ("Street light", "Winter")


def test_a_category_alone_in_its_groups_stands_once_without_them(client, town):
    change(town.lamp, groups=["Lights", "Night"])
    shown = page(client.get("/report/new", PLACE))
    assert shown.count('value="Street light"') == 1
    assert "Night</h3>" not in shown


HERE = {"headers": {"host": "borsetshire.localhost"}}


def test_a_bodys_own_site_offers_what_that_body_takes(client, town):
    shown = page(client.get("/report/new", PLACE, **HERE))
    assert "Street light" in shown
    assert "Abandoned vehicle" not in shown
    theirs = LAMP | {"category": "Abandoned vehicle", "asked": "Abandoned vehicle"}
    assert client.post("/report/new", theirs, **HERE).status_code == 422
    assert not Report.objects.exists()


def test_what_two_bodies_take_goes_to_both_from_the_site_of_one(client, town):
    change(town.vehicle, name="Street light", is_private=False)
    assert client.post("/report/new", LAMP, **HERE).status_code == 302
    bodies = Report.objects.get().at_bodies.values_list("body", flat=True)
    assert set(bodies) == {town.county.pk, town.district.pk}


def test_a_bodys_own_site_takes_nothing_where_that_body_does_not_answer(client, town):
    town.county.areas.clear()
    shown = page(client.get("/report/new", PLACE, **HERE))
    assert "Nobody on this site answers for that place" in shown
    theirs = LAMP | {"category": "Abandoned vehicle", "asked": "Abandoned vehicle"}
    assert client.post("/report/new", theirs, **HERE).status_code == 422


def test_a_site_may_offer_what_other_bodies_take_too(client, town, monkeypatch):
    own = registry.named("borsetshire")
    both = dataclasses.replace(own, offers_other_bodies=True)
    monkeypatch.setitem(registry._cobrands, "borsetshire", both)
    assert "Abandoned vehicle" in page(client.get("/report/new", PLACE, **HERE))


def test_a_phone_number_is_asked_for_where_the_category_needs_one(client, town):
    change(town.lamp, phone_required=True)
    shown = client.post("/report/new", LAMP)
    assert shown.status_code == 422
    assert 'id="id_phone_error"' in page(shown)
    assert "This category needs one." in page(shown)
    assert client.post("/report/new", LAMP | {"phone": "020 7946 0958"}).status_code == 302


def test_what_a_site_asks_is_asked_of_every_category_and_reaches_the_body(client, town):
    SiteQuestion.objects.create(code="channel", description="How did you see it?", required=True)
    SiteQuestion.objects.create(code="pool", description="Toute la rue ?", language="fr")
    SiteQuestion.objects.create(code="crew", description="Which crew?", cobrand="borsetshire")
    shown = client.post("/report/new", LAMP)
    assert shown.status_code == 422
    assert "How did you see it?" in page(shown)
    assert "Which crew?" not in page(shown)
    assert "Toute la rue" not in page(shown)
    assert client.post("/report/new", LAMP | {"q.channel": "On foot"}).status_code == 302
    assert Report.objects.get().at_bodies.get().answers == {"channel": ["On foot"]}
    there = page(client.get("/report/new", PLACE | {"category": "Street light"}, **HERE))
    assert "Which crew?" in there
