"""Open311 over real HTTP on loopback, and what its answers mean."""

from datetime import timedelta

import pytest

from waywarden.backends.contract import (
    Accepted,
    KnownReport,
    Mapped,
    Notes,
    Pending,
    Span,
)
from waywarden.backends.open311.options import Open311Options, Open311Secrets
from waywarden.backends.open311.tests.values import (
    backend_at,
    photo,
    report,
    update,
)
from waywarden.kernel import clock
from waywarden.kernel import options as kernel_options
from waywarden.kernel.errors import (
    Misconfigured,
    Refused,
    RuleBroken,
    TryLater,
    Unknown,
)


def test_a_report_is_taken_and_its_number_comes_back(fake, backend):
    assert backend.send_report(report(), {}) == Accepted(external_id="4711")
    assert backend.send_report(report(), {}) == Accepted(external_id="4711")  # the key is the same
    assert len(fake.memory.requests) == 1


def test_photos_travel_as_files(fake, backend):
    backend.send_report(report(photos=(photo(0),), is_private=True), {})

    (upload,) = fake.memory.requests["4711"].new.uploads
    assert (upload.name, upload.filename) == ("photo1", "7.0.full.jpg")
    assert upload.data == b"\xff\xd8"


def test_a_token_is_pending_until_it_is_settled(fake, backend):
    fake.switches.token = True

    assert backend.send_report(report(), {}) == Pending(token="T4711")
    assert backend.resolve_token("T4711") == Pending(token="T4711")
    assert backend.resolve_token("unheard of") == Pending(token="unheard of")
    fake.settle()
    assert backend.resolve_token("T4711") == Accepted(external_id="4711")


def test_the_token_of_an_update_is_pending_until_it_is_settled(fake, backend):
    backend.send_report(report(), {})
    fake.switches.token_for_updates = True

    assert backend.send_update(update(external_id="4711"), {}) == Pending(token="TU3")
    assert backend.resolve_update_token("TU3") == Pending(token="TU3")
    fake.settle()
    assert backend.resolve_update_token("TU3") == Accepted(external_id="U3")


@pytest.mark.parametrize(
    ("switch", "value", "kind"),
    [
        ("lost_reply", True, Unknown),
        ("garbage", True, Unknown),
        ("html", True, Unknown),
        ("down", True, TryLater),
        ("refuses", 400, Refused),
        ("refuses", 403, Misconfigured),
    ],
)
def test_each_kind_of_trouble(fake, backend, switch, value, kind):
    setattr(fake.switches, switch, value)

    with pytest.raises(kind):
        backend.send_report(report(), {})


def test_already_exists_names_the_number_itself(fake):
    fake.switches.already_exists = True
    backend = backend_at(fake.url, already_exists=r"this (?P<id>report) already")

    assert backend.send_report(report(), {}) == Accepted(external_id="report")


def test_already_exists_and_not_listed_is_unknown(fake):
    fake.switches.already_exists = True

    with pytest.raises(Unknown):
        backend_at(fake.url, already_exists="already exists").send_report(report(), {})
    with pytest.raises(Refused):
        backend_at(fake.url, already_exists="another thing").send_report(report(), {})
    with pytest.raises(Misconfigured):
        backend_at(fake.url, already_exists="(").send_report(report(), {})


def test_already_exists_and_a_list_that_fails_is_unknown_so_that_it_is_not_posted_again(fake):
    fake.switches.already_exists = fake.switches.list_fails = True

    with pytest.raises(Unknown, match="already"):
        backend_at(fake.url, already_exists="already exists").send_report(report(), {})


def test_updates_reports_and_services_are_fetched(fake, backend):
    backend.send_report(report(), {})
    fake.answer_report("4711", status="IN_PROGRESS", text="On the list.")
    span = Span(clock.now() - timedelta(hours=1), clock.now() + timedelta(minutes=1))

    (news,) = backend.fetch_updates(span, Notes())
    (row,) = backend.fetch_reports(span, Notes())

    assert (news.service_request_id, news.status, news.description) == (
        "4711",
        "in_progress",
        "On the list.",
    )
    assert (row.service_request_id, row.status) == ("4711", "in_progress")
    assert [service.service_code for service in backend.list_services(Notes())] == ["POT"]
    assert backend.describe_service("POT", Notes()).attributes == ()
    assert [one.service_request_id for one in backend.fetch_reports(None, Notes())] == ["4711"]


def test_a_server_without_updates_is_asked_about_reports_by_their_numbers(fake):
    backend = backend_at(fake.url, news="requests")
    assert backend.tells_by_report
    for key in "abc":
        backend.send_report(report(key=key), {})
    fake.answer_report("4711", status="CLOSED", text="Filled.")
    fake.memory.calls.clear()
    known = [KnownReport("4711"), KnownReport("4712"), KnownReport("4799")]
    (news,) = backend.fetch_progress(known, Notes())
    assert (news.service_request_id, news.status) == ("4711", "closed")
    assert news.update_id.startswith("status:")
    assert len(fake.memory.calls) == 1


def test_errors_while_rows_are_consumed_are_ours_too(fake, backend):
    fake.switches.down = True
    span = Span(clock.now(), clock.now())

    with pytest.raises(TryLater):
        list(backend.fetch_updates(span, Notes()))
    with pytest.raises(TryLater):
        backend.list_services(Notes())


def test_the_check_says_in_words_what_is_wrong(fake, backend):
    assert backend.check(Notes()) == ()

    fake.switches.html = True
    (finding,) = backend.check(Notes())
    assert finding
    assert "<" not in finding
    wrong = backend_at(
        "http://127.0.0.1:9/", already_exists="(", statuses={"x": "y"}, requires_email=True
    )
    assert len(wrong.check(Notes())) == 4
    fake.switches.html = False
    (finding,) = backend_at(fake.url, projection="EPSG:0").check(Notes())
    assert "EPSG:0" in finding


# Statuses


@pytest.mark.parametrize(
    ("word", "values", "mapped"),
    [
        ("in_progress", {}, Mapped(state="in progress")),
        ("closed", {}, Mapped(state="fixed - council")),
        ("closed", {"extended_statuses": True}, Mapped(state="closed")),
        ("unchanged", {}, Mapped()),
        ("pondering", {}, Mapped(is_known=False)),
        ("pondering", {"statuses": {"Pondering": "investigating"}}, Mapped(state="investigating")),
        ("spam", {"statuses": {"spam": "ignore"}}, Mapped(is_ignored=True)),
        ("odd", {"statuses": {"odd": "no state of ours"}}, Mapped(is_known=False)),
    ],
)
def test_their_words_in_our_states(word, values, mapped):
    assert backend_at("http://example.org", **values).state_for(word) == mapped


# Options


def test_an_endpoint_must_be_an_address():
    with pytest.raises(RuleBroken) as caught:
        kernel_options.read(Open311Options, {"endpoint": "ftp://x"})
    assert caught.value.field == "endpoint"


def test_every_option_says_in_words_what_it_is():
    for kind in (Open311Options, Open311Secrets):
        for field in kernel_options.fields_of(kind):
            assert field.label != field.name
            assert field.help.endswith(".")


def test_rows_of_a_server_with_a_grid_come_in_degrees(httpserver):
    """SU 200 800 on the British grid."""
    rows = [
        {"service_request_id": "1", "status": "open", "lat": "180000", "long": "420000"},
        {"service_request_id": "2", "status": "open"},
    ]
    httpserver.expect_request("/requests.json").respond_with_json(rows)
    grid = backend_at(httpserver.url_for(""), format="json", coordinates="grid")
    first, nowhere = grid.fetch_reports(None, Notes())
    assert (first.lat, first.long) == pytest.approx((51.5187, -1.7132), abs=0.001)
    assert (nowhere.lat, nowhere.long) == (None, None)


@pytest.mark.parametrize("url", ["{here}", "{here}/", "https://other.example/open311/v2"])
def test_the_version_of_a_service_list_is_its_changeset(httpserver, url):
    here = httpserver.url_for("/open311/v2")
    endpoint = {"url": url.format(here=here), "changeset": "2026-01-02T00:00:00Z"}
    httpserver.expect_request("/open311/v2/discovery.json").respond_with_json(
        {"changeset": "2025-01-01T00:00:00Z", "endpoints": [endpoint]}
    )
    assert backend_at(here, format="json").list_version() == "2026-01-02T00:00:00+00:00"


def test_a_server_without_discovery_has_no_version(httpserver):
    assert backend_at(httpserver.url_for("")).list_version() == ""
