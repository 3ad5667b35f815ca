"""What a response template makes of a row of the body's system."""

import pytest

from waywarden.bodies.models import ResponseTemplate
from waywarden.reports.models import Update
from waywarden.sync.tests.conftest import only_update, take, update

pytestmark = pytest.mark.django_db


def test_the_response_template_speaks_where_the_row_says_nothing(body, report):
    ResponseTemplate.objects.create(
        body=body, title="Fixed", states=["fixed - council"], text="Fixed by {{body}} road crew."
    )
    take(body, update(status="fixed", description=""))
    assert only_update(report).text == "Fixed by Borsetshire County Council road crew."


def test_a_template_with_a_place_for_them_carries_the_bodys_words(body, report):
    ResponseTemplate.objects.create(
        body=body, title="Fixed", states=["fixed - council"], text="Good news. {{description}}"
    )
    take(body, update(status="fixed", description="The hole is filled."))
    assert only_update(report).text == "Good news. The hole is filled."


def test_a_template_without_a_place_for_them_does_not_silence_the_bodys_words(body, report):
    ResponseTemplate.objects.create(
        body=body, title="Fixed", states=["fixed - council"], text="Fixed."
    )
    take(body, update(status="fixed", description="The hole is filled."))
    assert only_update(report).text == "The hole is filled."


def test_a_template_for_the_state_is_silent_while_the_state_stays(body, report):
    ResponseTemplate.objects.create(
        body=body, title="Fixed", states=["fixed - council"], text="Fixed."
    )
    take(
        body,
        update("u1", minutes_ago=20, status="fixed", description=""),
        update("u2", minutes_ago=10, status="fixed", description=""),
    )
    texts = Update.objects.filter(report=report).order_by("confirmed_at")
    assert [(one.text, one.visibility) for one in texts] == [("Fixed.", "shown"), ("", "hidden")]


def test_a_template_for_an_external_code_goes_before_the_one_for_the_state(body, report, category):
    ResponseTemplate.objects.create(body=body, title="State", states=["in progress"], text="State.")
    mine = ResponseTemplate.objects.create(
        body=body, title="Code", external_codes=["INP"], text="Code {{external_status_code}}."
    )
    mine.categories.add(category)
    take(body, update(description="", external_status_code="INP"))
    shown = only_update(report)
    assert (shown.text, shown.external_status_code) == ("Code INP.", "INP")


def test_a_code_that_stays_the_same_does_not_speak_again(body, report):
    ResponseTemplate.objects.create(body=body, title="Code", external_codes=["INP"], text="Ours.")
    take(body, update("u1", minutes_ago=20, description="", external_status_code="INP"))
    take(body, update("u2", minutes_ago=10, description="", external_status_code="INP"))
    hidden = Update.objects.get(external_id="u2")
    assert (hidden.text, hidden.visibility) == ("", "hidden")


def test_a_template_that_is_not_automatic_waits_for_staff(body, report):
    ResponseTemplate.objects.create(
        body=body, title="By hand", states=["in progress"], text="By hand.", is_automatic=False
    )
    take(body, update(description=""))
    assert only_update(report).text == ""
