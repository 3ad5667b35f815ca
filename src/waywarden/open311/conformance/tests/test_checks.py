"""Every check passes on a good server, and fails on one that has its fault."""

import json

import pytest

from waywarden.open311.conformance import document_rules, fake, runner, service_lists
from waywarden.open311.conformance.faults import FAULTS
from waywarden.open311.conformance.registry import CHECKS, Outcome
from waywarden.open311.conformance.tests.judging import judged
from waywarden.open311.tests.memory import served

NEEDS_A_LONG_LIST = "7-a-list-of-5000-services-comes-in-time"
NEEDS_A_TOKEN = "2.5-a-token-becomes-a-request"


def outcomes(report):
    return {one.check.code: one.result.outcome for one in report.findings}


def test_every_check_has_a_fault_and_every_fault_a_check():
    assert set(FAULTS) == set(CHECKS)


@pytest.mark.parametrize("jurisdiction", ["", fake.JURISDICTION])
def test_every_check_passes_on_a_good_server(jurisdiction):
    with served(fake.build()) as url:
        report = judged(url, jurisdiction_id=jurisdiction)
    told = {one.check.code: one.result for one in report.findings}
    not_passed = {code for code, one in told.items() if one.outcome is not Outcome.PASSED}
    assert not_passed == {NEEDS_A_LONG_LIST, NEEDS_A_TOKEN}, told
    assert all(report.meets(level) for level in runner.LEVELS)


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_the_check_finds_its_fault(code, monkeypatch):
    monkeypatch.setattr(document_rules, "SLOW_SECONDS", 0.2)
    monkeypatch.setattr(service_lists, "SECONDS_FOR_A_FULL_LIST", 3)
    with served(fake.build(code)) as url:
        (finding,) = judged(url, only={code}).findings
    assert finding.result.outcome is Outcome.FAILED, finding.result
    assert finding.result.asked
    assert finding.result.came
    assert finding.result.change.endswith((".", ")"))


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_a_whole_run_survives_every_fault(code):
    with served(fake.build(code)) as url:
        report = judged(url, may_write=False)
    assert set(outcomes(report)) == set(CHECKS)


def test_a_list_of_5000_services_is_judged_by_what_it_really_took():
    with served(fake.build(services=5000)) as url:
        report = judged(url, only={NEEDS_A_LONG_LIST, "2.2-service-codes-are-unique"})
    assert set(outcomes(report).values()) == {Outcome.PASSED}
    assert "5000 services in" in report.findings[-1].result.came


def test_a_token_that_leads_to_a_request_passes():
    app = fake.build()
    with served(_with_tokens(app)) as url:
        report = judged(url, only={NEEDS_A_TOKEN})
    assert outcomes(report) == {NEEDS_A_TOKEN: Outcome.PASSED}


def _with_tokens(app):
    def answer(environ, start_response):
        if environ["REQUEST_METHOD"] == "POST":
            body = b"<service_requests><request><token>T1</token></request></service_requests>"
            start_response("200 OK", [("Content-Type", "text/xml")])
            return [body]
        return app(environ, start_response)

    return answer


def test_without_leave_to_write_nothing_is_posted():
    posts = []

    def watching(environ, start_response, app=fake.build()):  # noqa: B008 - one app for all calls
        if environ["REQUEST_METHOD"] == "POST":
            posts.append(environ["PATH_INFO"])
        return app(environ, start_response)

    with served(watching) as url:
        report = judged(url, may_write=False)
    assert posts == []
    writing = {one.code for one in CHECKS.values() if one.writes}
    skipped = {one.check.code for one in report.findings if one.result.came == runner.UNWRITTEN}
    assert skipped == writing


def test_a_server_that_is_not_there_makes_checks_fail_and_not_the_run():
    with served(fake.build()) as url:
        pass
    report = judged(url)
    assert not report.meets(1)
    told = {one.check.code: one.result.came for one in report.findings}
    words = {"The connection was refused.", "Connecting took too long."}
    assert told["2.2-services-can-be-read"] in words


def test_a_private_host_is_called_only_with_leave():
    with served(fake.build()) as url:
        report = judged(url, may_be_private=False)
    assert not report.meets(1)
    assert outcomes(report)["2.2-services-can-be-read"] is Outcome.FAILED


def test_without_a_key_the_updates_say_that_one_is_wanted():
    code = "2.7-updates-can-be-read"
    with served(fake.build()) as url:
        (finding,) = judged(url, api_key="", only={code}).findings
    assert finding.result.outcome is Outcome.FAILED
    assert "--api-key" in finding.result.change


def test_a_level_needs_the_levels_below_it():
    with served(fake.build("2.7-updates-can-be-read")) as url:
        report = judged(url)
    assert [report.meets(level) for level in runner.LEVELS] == [True, False, False]


def test_the_key_stands_nowhere_in_a_report():
    with served(fake.build("2.7-updates-can-be-read")) as url:
        report = judged(url, api_key="hush-hush-hush")
    told = json.dumps([[f.result.asked, f.result.came] for f in report.findings])
    assert "hush" not in told


def test_a_server_that_speaks_only_json_is_judged_in_json():
    with served(fake.build("1-xml-is-served")) as url:
        report = judged(url)
    assert report.meets(3)
    assert outcomes(report)["1-xml-is-served"] is Outcome.FAILED
