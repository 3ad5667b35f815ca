"""Deliveries: lists, one of them with what was said, and decisions with their trace."""

import json

import pytest

from waywarden.bodies.models import Membership
from waywarden.events.models import Event
from waywarden.events.services import record
from waywarden.sending import reasons
from waywarden.sending.claim_services import stuck_fact
from waywarden.sending.models import Delivery
from waywarden.sending.reasons import Reason, Why

pytestmark = pytest.mark.django_db
LIST = "/staff/integration/deliveries/"
MANY = f"{LIST}decide/"


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def page_of(delivery) -> str:
    return f"{LIST}{delivery.pk}/"


def state_of(delivery) -> str:
    return Delivery.objects.get(pk=delivery.pk).state


def facts() -> list[tuple[str, int | None]]:
    found = Event.objects.filter(subject_kind="delivery").order_by("id")
    return [(fact.kind, fact.actor_id) for fact in found]


def test_the_list_begins_with_what_needs_a_person_and_says_why(as_ines, desk):
    shown = text_of(as_ines.get(LIST))
    assert page_of(desk.refused) in shown
    assert "The body said no." in shown
    assert "The service POT is closed." in shown
    assert page_of(desk.by_state["sent"]) not in shown
    assert page_of(desk.elsewhere) not in shown


@pytest.mark.parametrize(
    ("group", "states"),
    [
        ("stuck", {"refused", "held"}),
        ("waiting", {"queued", "waiting", "unknown", "pending"}),
        ("sent", {"sent"}),
        ("over", {"cancelled"}),
    ],
)
def test_the_list_shows_the_states_of_its_group(as_ines, desk, group, states):
    shown = text_of(as_ines.get(LIST, {"state": group}))
    assert {state for state, row in desk.by_state.items() if page_of(row) in shown} == states


def test_the_list_is_narrowed_by_cause_connection_body_number_and_reference(as_ines, desk, town):
    def found(**query) -> set[str]:
        shown = text_of(as_ines.get(LIST, query))
        return {state for state, row in desk.by_state.items() if page_of(row) in shown}

    assert found(cause="refused") == {"refused"}
    assert found(connection=desk.other.pk) == set()
    assert found(body=town.county.pk) == {"refused", "held"}
    assert found(body=town.district.pk) == set()
    assert found(way="email") == set()
    assert found(q=desk.refused.report_id) == {"refused"}
    assert found(state="sent", q="BCC-77") == {"sent"}


@pytest.mark.parametrize(
    "query", [{"page": "x"}, {"body": "9" * 30}, {"cause": "<b>"}, {"q": "\0"}]
)
def test_a_query_that_makes_no_sense_breaks_nothing(as_ines, desk, query):
    assert as_ines.get(LIST, query).status_code == 200


def test_a_long_list_has_pages_and_a_fixed_number_of_questions(
    as_ines, desk, town, django_assert_max_num_queries
):
    row = desk.refused
    Delivery.objects.bulk_create(
        Delivery(
            report=row.report, body=row.body, category=row.category, connection=row.connection,
            state="refused", cause="refused", generation=100 + number, due_at=row.due_at,
            created=row.created,
        )
        for number in range(60)
    )  # fmt: skip
    with django_assert_max_num_queries(9):
        first = text_of(as_ines.get(LIST))
    assert first.count("line-delivery") == 50
    assert text_of(as_ines.get(LIST, {"page": 2})).count("line-delivery") == 12


def test_a_deliverys_page_has_cause_advice_and_the_masked_call(as_ines, desk):
    shown = text_of(as_ines.get(page_of(desk.refused)))
    assert "Mend what it complains about" in shown
    assert "api_key=•••" in shown
    assert "The service POT is closed." in shown


def test_oskar_gets_neither_the_page_nor_the_calls_nor_a_say(as_oskar, desk):
    base = page_of(desk.refused)
    assert as_oskar.get(base).status_code == 404
    assert as_oskar.get(f"{base}calls.json").status_code == 404
    assert as_oskar.post(f"{base}decide/", {"do": "retry"}).status_code == 404
    as_oskar.post(MANY, {"id": desk.refused.pk, "do": "retry"})
    assert as_oskar.post(MANY, {"all_of_body": desk.refused.body_id}).status_code == 404
    assert state_of(desk.refused) == "refused"
    assert facts() == []


def test_the_calls_are_had_as_a_file_for_support(as_ines, desk):
    answer = as_ines.get(f"{page_of(desk.refused)}calls.json")
    assert answer["Content-Disposition"] == (
        f'attachment; filename="delivery-{desk.refused.pk}-calls.json"'
    )
    found = json.loads(answer.content)
    assert found["state"] == "refused"
    (call,) = found["calls"]
    assert (call["method"], call["status"]) == ("POST", 400)
    assert "api_key=•••" in call["request"]


@pytest.mark.parametrize(
    ("given", "state", "fact"),
    [
        ({"do": "retry"}, "queued", "delivery.retried"),
        ({"do": "hold", "reason": "Ask first"}, "held", "delivery.held"),
        ({"do": "give_up", "reason": "Mended"}, "cancelled", "delivery.given_up"),
        ({"do": "mark_sent", "external_id": "99"}, "sent", "delivery.marked_sent"),
    ],
)
def test_a_decision_is_done_and_leaves_its_trace(as_ines, desk, town, given, state, fact):
    town.lamp.service_code = "LAMP"
    town.lamp.save()
    base = page_of(desk.refused)
    answer = as_ines.post(f"{base}decide/", given, follow=True)
    assert state_of(desk.refused) == state
    assert facts() == [(fact, town.ines.pk)]
    assert "by Ines" in text_of(answer)


def test_giving_up_without_a_reason_changes_nothing_and_says_so(as_ines, desk):
    answer = as_ines.post(f"{page_of(desk.refused)}decide/", {"do": "give_up"}, follow=True)
    assert "Please give a reason." in text_of(answer)
    assert state_of(desk.refused) == "refused"


def test_who_only_reads_sees_no_buttons_and_may_not_press(as_ines, desk, town):
    Membership.objects.filter(user=town.ines).update(role="reader")
    base = page_of(desk.refused)
    assert 'name="do"' not in text_of(as_ines.get(base))
    assert 'name="do"' not in text_of(as_ines.get(LIST))
    assert as_ines.post(f"{base}decide/", {"do": "retry"}).status_code == 403
    assert as_ines.post(MANY, {"id": desk.refused.pk, "do": "retry"}).status_code == 403
    assert as_ines.post(MANY, {"all_of_body": desk.refused.body_id}).status_code == 403
    assert state_of(desk.refused) == "refused"


def test_the_ticked_ones_are_decided_about_together(as_ines, desk, town):
    stuck = [desk.refused, desk.by_state["held"]]
    given = {"id": [row.pk for row in stuck], "do": "give_up", "reason": "Old", "back": LIST}
    answer = as_ines.post(MANY, given, follow=True)
    assert "2 deliveries: done." in text_of(answer)
    assert {state_of(row) for row in stuck} == {"cancelled"}
    assert facts() == [("delivery.given_up", town.ines.pk)] * 2


@pytest.mark.parametrize("odd", ["²", "9" * 5000, "x"])
def test_a_number_that_is_none_decides_about_nothing(as_ines, desk, odd):
    assert as_ines.post(MANY, {"id": odd, "do": "retry"})["Location"] == LIST
    assert as_ines.post(MANY, {"all_of_body": odd}).status_code == 404
    assert state_of(desk.refused) == "refused"


def test_one_that_is_too_late_is_said_and_stops_no_other(as_ines, desk):
    given = {"id": [desk.by_state["sent"].pk, desk.refused.pk], "do": "retry"}
    shown = text_of(as_ines.post(MANY, given, follow=True))
    assert "1 delivery: done." in shown
    assert "on its way or finished" in shown


def test_everything_stuck_at_a_body_is_retried_with_one_press(as_ines, desk, town):
    town.lamp.service_code = "LAMP"
    town.lamp.save()
    as_ines.post(MANY, {"all_of_body": town.county.pk})
    assert state_of(desk.refused) == state_of(desk.by_state["held"]) == "queued"
    assert state_of(desk.elsewhere) == "held"


def test_who_works_for_one_body_has_that_press_and_an_operator_once_a_body_is_chosen(
    as_ines, client, desk, town, django_user_model
):
    press = f'name="all_of_body" value="{town.county.pk}"'
    assert press in text_of(as_ines.get(LIST))
    client.force_login(django_user_model.objects.create_superuser("op@example.org"))
    assert "all_of_body" not in text_of(client.get(LIST))
    assert press in text_of(client.get(LIST, {"body": town.county.pk}))


def test_a_press_leads_back_to_this_site_only(as_ines, desk):
    given = {"id": desk.refused.pk, "do": "retry", "back": "https://evil.example/"}
    assert as_ines.post(MANY, given)["Location"] == LIST


def test_a_button_that_there_is_not_is_not_found(as_ines, desk):
    assert as_ines.post(f"{page_of(desk.refused)}decide/", {"do": "drop"}).status_code == 404


def test_why_it_is_stuck_is_said_in_the_language_of_whoever_reads_it(
    as_ines, as_oskar, desk, monkeypatch
):
    row = desk.refused
    row.explain(Reason(Why.TRIED_FOR_DAYS, "503"))
    row.save()
    record(stuck_fact(row))
    monkeypatch.setattr(reasons, "gettext", lambda text: text.replace("Tried for", "Versucht:"))
    for address in (LIST, page_of(row)):
        assert "Versucht: 7 days without success: 503" in text_of(as_ines.get(address))
        assert "Tried for 7" not in text_of(as_ines.get(address))
    assert "Versucht" not in text_of(as_oskar.get(LIST))
