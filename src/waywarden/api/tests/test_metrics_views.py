"""What monitoring reads, and who may."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from waywarden.connections.models import Connection
from waywarden.health import metrics
from waywarden.staff.tests.desk import Desk
from waywarden.staff.tests.desk import build as build_desk
from waywarden.web.tests.town import build

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept():
    metrics.forget()
    yield
    metrics.forget()


@pytest.fixture
def desk(db) -> Desk:
    town = build()
    reports = [town.report(title=f"Lamp {number} is dark") for number in range(8)]
    return build_desk(town.county, town.district, reports, town.report(category=town.vehicle))


def read(client) -> dict[tuple[str, ...], float]:
    text = client.get("/metrics").content.decode()
    return {
        (sample.name, sample.labels.get("connection", ""), *sorted(sample.labels.values())): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_how_each_connection_does(client, desk):
    found = read(client)
    number, name = str(desk.connection.pk), desk.connection.name

    def value(metric: str, *more: str) -> float:
        return found[(f"waywarden_{metric}", number, *sorted([number, name, *more]))]

    assert value("connection_level") == 2
    assert value("circuit_open") == 1
    assert value("failures_in_a_row") == 6
    assert value("deliveries_waiting") == 4
    assert value("oldest_waiting_seconds") == pytest.approx(3 * 3600, abs=60)
    assert value("deliveries_stuck", "refused") == 1
    assert value("deliveries_stuck", "no_address") == 1
    assert value("deliveries_late", "try_later") == 1
    assert value("deliveries_late", "unknown") == 1
    assert value("next_poll_seconds", "updates") == pytest.approx(4 * 60, abs=60)
    assert value("answer_seconds") == pytest.approx(0.31)
    assert value("fetch_lag_seconds", "updates") == pytest.approx(2 * 3600, abs=60)
    assert value("fetch_failures", "updates") == 3
    assert value("rows_set_aside") == 0
    assert value("rows_about_unknown_reports") == 1


def test_the_same_is_had_as_json(client, desk):
    found = client.get("/metrics.json").json()
    (row,) = [one for one in found["connections"] if one["connection"] == desk.connection.pk]
    assert row["level"] == "person"
    assert {"circuit", "stuck", "poll", "unknown", "clock"} == set(row["troubles"])
    assert row["stuck"] == {"refused": 1, "no_address": 1}
    assert row["late"] == {"try_later": 1, "unknown": 1}
    assert row["deliveries_waiting"] == 4
    assert row["deviations_seen"][0]["code"] == "update-in-the-future"
    assert {"lag_seconds", "last_success_at", "next_at"} <= set(row["fetching"][0])


def test_a_token_is_asked_for_where_one_is_set(client, desk, settings):
    settings.WAYWARDEN_METRICS_TOKEN = "let-me-in"
    assert client.get("/metrics").status_code == 404
    for given in ("Bearer wrong", "Bearer ", "Bearer lét-me-in"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404
    right = {"Authorization": "Bearer let-me-in"}
    assert client.get("/metrics", headers=right).status_code == 200
    assert client.get("/metrics.json", headers=right).status_code == 200


def test_without_a_token_only_known_networks_may_read(client, desk, settings):
    for path in ("/metrics", "/metrics.json"):
        assert client.get(path, REMOTE_ADDR="203.0.113.9").status_code == 404
    settings.WAYWARDEN_METRICS_FROM = ("203.0.113.0/24",)
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404


def test_the_numbers_are_kept_for_a_moment(client, desk, django_assert_num_queries):
    client.get("/metrics")
    with django_assert_num_queries(0):
        client.get("/metrics")


def test_the_number_of_questions_does_not_grow_with_the_connections(
    client, desk, django_assert_max_num_queries
):
    for number in range(30):
        one = Connection.objects.create(name=f"W{number}", kind="open311", fetches_updates=True)
        desk.refused.body.categories.create(name=f"c{number}", slug=f"c{number}", connection=one)
    type(desk.refused.body).objects.update(can_be_devolved=True)
    metrics.forget()
    with django_assert_max_num_queries(18):
        shown = client.get("/metrics").content.decode()
    assert "W29" in shown
