"""Which problems stay out: each kind of rule, by a table."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.kernel.errors import RuleBroken
from waywarden.open311.types import ServiceRequest
from waywarden.sync.exclusions import By, Exclusions, How, Rule, check

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def row(**fields):
    values = {
        "service_code": "POT", "service_name": "Pot holes", "status": "in_progress",
        "title": "A hole", "description": "Near the TEST track.",
        "agency_responsible": "Roads North",
        "requested_datetime": NOW - timedelta(days=10), "extras": {"ward": "Old Town"},
    } | fields  # fmt: skip
    return ServiceRequest(service_request_id="1", **values)


@pytest.mark.parametrize(
    ("rule", "fields", "stays_out"),
    [
        (Rule(By.SERVICE, "POT"), {}, True),
        (Rule(By.SERVICE, "pot holes"), {}, True),
        (Rule(By.SERVICE, "LMP, P*"), {}, True),
        (Rule(By.SERVICE, "PO"), {}, False),
        (Rule(By.SERVICE, "LMP"), {}, False),
        (Rule(By.STATUS, "In progress"), {}, True),
        (Rule(By.STATUS, "closed, IN-PROGRESS"), {}, True),
        (Rule(By.STATUS, "closed"), {}, False),
        (Rule(By.AGE, "9"), {}, True),
        (Rule(By.AGE, "10"), {}, False),
        (Rule(By.AGE, "9"), {"requested_datetime": None}, False),
        (Rule(By.KEYWORD, "test"), {}, True),
        (Rule(By.KEYWORD, "tes"), {}, False),
        (Rule(By.KEYWORD, "foo, test track"), {}, True),
        (Rule(By.KEYWORD, "c++"), {"status_notes": "Written in C++ there."}, True),
        (Rule(By.FIELD, "Roads*", "agency_responsible"), {}, True),
        (Rule(By.FIELD, "Roads", "agency_responsible"), {}, False),
        (Rule(By.FIELD, "roads", "agency_responsible", How.CONTAINS), {}, True),
        (Rule(By.FIELD, "old town", "ward"), {}, True),
        (Rule(By.FIELD, "Old Town", "ward", How.IS_NOT), {}, False),
        (Rule(By.FIELD, "New Town", "ward", How.IS_NOT), {}, True),
        (Rule(By.FIELD, "", "ward", How.IS_EMPTY), {}, False),
        (Rule(By.FIELD, "", "ward", How.IS_EMPTY), {"extras": {}}, True),
        (Rule(By.FIELD, "", "title", How.IS_NOT_EMPTY), {}, True),
    ],
    ids=str,
)
def test_a_rule(rule, fields, stays_out):
    check(rule)
    found = Exclusions([rule]).rule_for(row(**fields), is_private=False, now=NOW)
    assert (found == rule) is stays_out


@pytest.mark.parametrize("is_private", [True, False])
def test_private_is_the_rows_or_the_categorys(is_private):
    rule = Rule(By.PRIVATE)
    check(rule)
    found = Exclusions([rule]).rule_for(row(), is_private=is_private, now=NOW)
    assert (found is not None) is is_private


def test_without_rules_everything_comes_in_and_the_first_rule_that_fits_is_named():
    assert Exclusions().rule_for(row(), is_private=True, now=NOW) is None
    rules = [Rule(By.STATUS, "closed"), Rule(By.SERVICE, "POT"), Rule(By.KEYWORD, "hole")]
    assert Exclusions(rules).rule_for(row(), is_private=False, now=NOW) == rules[1]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Rule(By.SERVICE, " , "), "value"),
        (Rule(By.SERVICE, "*"), "value"),
        (Rule(By.SERVICE, "a*b*c*d*e*f*g"), "value"),
        (Rule(By.AGE, "ten"), "value"),
        (Rule(By.AGE, "0"), "value"),
        (Rule(By.AGE, "-3"), "value"),
        (Rule(By.FIELD, "x", " "), "field"),
        (Rule(By.FIELD, "", "ward", How.IS), "value"),
    ],
    ids=str,
)
def test_a_rule_that_would_match_nothing_or_everything_is_refused(rule, field):
    with pytest.raises(RuleBroken) as refused:
        check(rule)
    assert refused.value.field == field
