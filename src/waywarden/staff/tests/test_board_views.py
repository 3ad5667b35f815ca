"""The board: what it says of each connection, and to whom."""

import pytest

from waywarden.bodies.models import Body, Membership
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.sync.models import ImportRun, ServiceProposal

pytestmark = pytest.mark.django_db
BOARD = "/staff/integration/"


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_board_says_in_words_what_is_wrong(as_ines, desk):
    shown = text_of(as_ines.get(BOARD))
    assert "1 connection needs a person." in shown
    assert "The body’s system does not answer; we try again by ourselves." in shown
    assert "2 deliveries are stuck." in shown
    assert "And 3 more." in shown
    assert "<b>4 wait</b>" in shown  # queued, waiting, unknown, pending


def test_a_level_is_told_by_words_and_shape_not_by_colour_alone(as_ines, desk):
    shown = text_of(as_ines.get(BOARD))
    assert '<path class="shape" d="M12 1.5L22.5 12L12 22.5L1.5 12Z"/>' in shown
    assert "Needs a person" in shown
    assert "Works" in shown  # e-mail


def test_the_board_can_be_narrowed_to_what_is_in_trouble_and_by_name(as_ines, desk):
    shown = text_of(as_ines.get(BOARD, {"need": "1"}))
    assert desk.connection.name in shown
    assert "bodies and categories without a connection" not in shown
    assert desk.connection.name not in text_of(as_ines.get(BOARD, {"q": "nowhere"}))
    assert desk.connection.name in text_of(as_ines.get(BOARD, {"q": "county"}))


def test_the_board_asks_the_same_number_of_questions_however_many_connections(
    client, town, django_user_model, django_assert_max_num_queries
):
    for number in range(60):
        connection = Connection.objects.create(
            name=f"Way {number}", kind="open311", fetches_updates=True
        )
        Body.objects.create(name=f"B {number}", slug=f"b{number}", sending_connection=connection)
    client.force_login(django_user_model.objects.create_superuser("op@example.org"))
    with django_assert_max_num_queries(19):
        shown = text_of(client.get(BOARD))
    assert shown.count('class="line-name"') == 50
    assert "page=2" in shown
    assert text_of(client.get(BOARD, {"page": 2})).count('class="line-name"') == 11


def test_a_connections_page_tells_what_to_do_and_oskar_finds_nothing(as_ines, as_oskar, desk):
    address = f"/staff/integration/connections/{desk.connection.pk}/"
    shown = text_of(as_ines.get(address))
    for words in (
        "2 deliveries are stuck.",
        "Asking for news has not worked for too long.",
        "1 row is about a report that is not known here, or not yet.",
        "The clock of the body’s system is wrong.",
        "Ask the body’s IT desk to set the clock",
    ):
        assert words in shown
    assert "An update&#x27;s date lies in the future." in shown
    assert "the body said no" in shown
    assert as_oskar.get(address).status_code == 404


def test_a_connection_shared_by_two_bodies_shows_each_its_own(as_ines, as_oskar, desk, town):
    Body.objects.filter(pk=town.district.pk).update(sending_connection=desk.connection)
    address = f"/staff/integration/connections/{desk.connection.pk}/"
    shown = text_of(as_oskar.get(address))
    assert town.county.name not in shown
    assert "deliveries are stuck" not in shown


def test_only_who_administers_every_body_of_a_connection_pauses_it(as_ines, desk, town):
    base = f"/staff/integration/connections/{desk.connection.pk}"
    assert as_ines.post(f"{base}/pause/").status_code == 403
    Membership.objects.filter(user=town.ines).update(role="administrator")
    assert 'name="reason"' in as_ines.get(f"{base}/").content.decode()
    assert as_ines.post(f"{base}/pause/", {"reason": "New key"}).status_code == 302
    shown = as_ines.get(f"{base}/").content.decode()
    assert "New key" in shown
    assert 'name="reason"' not in shown
    desk.connection.refresh_from_db()
    assert (desk.connection.is_paused, desk.connection.pause_reason) == (True, "New key")
    Body.objects.filter(pk=town.district.pk).update(sending_connection=desk.connection)
    assert as_ines.post(f"{base}/resume/").status_code == 403
    Body.objects.filter(pk=town.district.pk).update(sending_connection=desk.other)
    assert as_ines.post(f"{base}/resume/").status_code == 302
    facts = Event.objects.filter(subject_kind="connection", actor_kind="user").order_by("id")
    assert [(fact.kind, fact.actor_id) for fact in facts] == [
        ("connection.paused", town.ines.pk),
        ("connection.resumed", town.ines.pk),
    ]


def test_oskar_cannot_pause_what_is_not_his(as_oskar, desk, town):
    Membership.objects.filter(user=town.oskar).update(role="administrator")
    base = f"/staff/integration/connections/{desk.connection.pk}"
    assert as_oskar.post(f"{base}/pause/").status_code == 404
    assert as_oskar.get(f"{base}/pause/").status_code == 405


def test_the_board_names_addresses_that_mail_comes_back_from(as_ines, as_oskar, desk, town):
    town.lamp.bounced_emails = {"old@example.org": "No such mailbox"}
    town.lamp.save()
    assert "Mail to 1 address comes back. (old@example.org)" in text_of(as_ines.get(BOARD))
    assert "old@example.org" not in text_of(as_oskar.get(BOARD))


def test_the_board_says_that_a_service_list_waits(as_ines, as_oskar, desk, town):
    ServiceProposal.objects.create(
        body=town.county, listed=[], fingerprint="x", reason="Empty", created=clock.now()
    )
    address = f"/staff/integration/connections/{desk.connection.pk}/"
    shown = text_of(as_ines.get(address))
    assert "A new list of categories waits" in shown
    assert 'href="/staff/services/"' in shown.split("<h1>")[1]
    assert "A new list of categories waits" not in text_of(as_oskar.get(BOARD))


def test_the_board_shows_imports_that_run_at_ones_bodies(as_ines, as_oskar, desk, town):
    moment = clock.now()
    ImportRun.objects.create(
        body=town.county, connection=desk.connection, kind="csv", source="years.csv",
        fingerprint="x", started_at=moment, moved_at=moment, rows=500, new=480, rejected=3,
    )  # fmt: skip
    shown = text_of(as_ines.get(BOARD))
    assert "years.csv" in shown
    assert "480 new of 500 rows, 3 not taken" in shown
    assert "years.csv" not in text_of(as_oskar.get(BOARD))


def test_ones_own_page_leads_staff_to_the_staff_pages_and_others_not(client, town):
    client.force_login(town.ines)
    assert 'href="/staff/"' in text_of(client.get("/my"))
    client.force_login(town.rosa)
    assert 'href="/staff/"' not in text_of(client.get("/my"))
