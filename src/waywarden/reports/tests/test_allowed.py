"""Who may add what: a table per body and category (platform.md 1, *update*)."""

import pytest

from waywarden.reports.allowed import Act, Asking, Rule, Who, may

ANYBODY = {"is_reporter": False, "is_staff": False}
REPORTER = {"is_reporter": True, "is_staff": False}
STAFF = {"is_reporter": False, "is_staff": True}


def asks(act, *tables, who=ANYBODY, is_open=True, **more):
    return may(act, tables, asking=Asking(**who, is_open=is_open, **more))


@pytest.mark.parametrize(
    ("act", "who", "is_open", "allowed"),
    [
        (Act.UPDATE, ANYBODY, True, True),
        (Act.UPDATE, ANYBODY, False, True),
        (Act.FIX, ANYBODY, True, True),
        (Act.FIX, ANYBODY, False, False),  # there is nothing to fix
        (Act.REOPEN, ANYBODY, False, False),
        (Act.REOPEN, REPORTER, False, True),
        (Act.REOPEN, STAFF, False, True),
        (Act.REOPEN, REPORTER, True, False),  # it is open
        (Act.ME_TOO, ANYBODY, True, True),
        (Act.ME_TOO, ANYBODY, False, False),
    ],
)
def test_without_a_table_the_rule_is_the_usual_one(act, who, is_open, allowed):
    assert asks(act, who=who, is_open=is_open) is allowed


@pytest.mark.parametrize(
    ("who", "asking", "allowed"),
    [
        (Who.EVERYONE, ANYBODY, True),
        (Who.REPORTER, ANYBODY, False),
        (Who.REPORTER, REPORTER, True),
        (Who.REPORTER, STAFF, True),
        (Who.STAFF, REPORTER, False),
        (Who.STAFF, STAFF, True),
        (Who.NOBODY, STAFF, False),
    ],
)
def test_a_line_says_whom_it_is_open_to(who, asking, allowed):
    assert asks(Act.UPDATE, [Rule(Act.UPDATE, who)], who=asking) is allowed


def test_a_categorys_line_comes_before_the_bodys():
    general = Rule(Act.UPDATE, Who.NOBODY, is_general=True)
    assert not asks(Act.UPDATE, [general])
    assert asks(Act.UPDATE, [general, Rule(Act.UPDATE, Who.EVERYONE)])
    assert asks(Act.FIX, [general])  # a line is about one act


def test_of_several_bodies_the_strictest_counts():
    generous = [Rule(Act.REOPEN, Who.EVERYONE)]
    assert asks(Act.REOPEN, generous, is_open=False)
    assert not asks(Act.REOPEN, generous, [], is_open=False)  # the other has the usual rule
    assert asks(Act.REOPEN, generous, [], who=REPORTER, is_open=False)


def test_a_line_may_hold_only_while_the_report_is_open():
    line = Rule(Act.UPDATE, Who.EVERYONE, only_while_open=True)
    assert asks(Act.UPDATE, [line])
    assert not asks(Act.UPDATE, [line], is_open=False)


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("is_open", [True, False])
def test_nothing_is_added_to_a_duplicate(act, is_open):
    assert not asks(act, who=STAFF, is_open=is_open, is_duplicate=True)
