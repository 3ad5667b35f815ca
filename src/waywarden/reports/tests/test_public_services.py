"""Me too, flags, duplicates."""

import pytest

from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.notifications.alert_services import follow_report
from waywarden.notifications.models import Alert
from waywarden.reports.models import Flag, Report
from waywarden.reports.public_services import (
    flag_report,
    handle_flags,
    mark_duplicate,
    say_me_too,
    unmark_duplicate,
)
from waywarden.reports.rule_models import UpdateRule
from waywarden.web.tests import town

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return town.build()


def count_of(report):
    return Report.objects.get(pk=report.pk).me_too_count


def test_each_counts_once(place):
    report = place.report()
    assert say_me_too(report.pk, key="a", user=None)
    assert not say_me_too(report.pk, key="a", user=None)
    assert say_me_too(report.pk, key="b", user=place.oskar)
    assert count_of(report) == 2


def test_the_reporter_has_been_counted_by_reporting(place):
    report = place.report()
    assert not say_me_too(report.pk, key="r", user=place.rosa)
    assert count_of(report) == 0


@pytest.mark.parametrize("state", ["closed", "hidden", "unconfirmed"])
def test_only_what_is_open_is_shared(place, state):
    report = place.report(state=state)
    with pytest.raises(NotAllowed):
        say_me_too(report.pk, key="a", user=None)


def test_a_body_may_want_no_counting(place):
    report = place.report()
    UpdateRule.objects.create(body=place.county, act="me_too", who="nobody")
    with pytest.raises(NotAllowed):
        say_me_too(report.pk, key="a", user=None)


def test_a_flag_waits_for_the_operator(place):
    report = place.report()
    flag = flag_report(report.pk, reason="wrong", words="It is in Mill Road.")
    assert handle_flags([flag.pk]) == 1
    assert handle_flags([flag.pk]) == 0


@pytest.mark.parametrize(
    ("reason", "words", "field"), [("", "x", "reason"), ("other", " ", "words")]
)
def test_a_flag_says_why(place, reason, words, field):
    with pytest.raises(RuleBroken) as wrong:
        flag_report(place.report().pk, reason=reason, words=words)
    assert wrong.value.field == field
    assert not Flag.objects.exists()


def test_duplicates_never_make_a_chain(place):
    first, second, third = place.report(), place.report(), place.report()
    mark_duplicate(third.pk, original_id=second.pk)
    mark_duplicate(second.pk, original_id=first.pk)
    assert {one.duplicate_of_id for one in Report.objects.filter(state="duplicate")} == {first.pk}
    fourth = place.report()
    mark_duplicate(fourth.pk, original_id=third.pk)
    fourth.refresh_from_db()
    assert fourth.duplicate_of_id == first.pk
    with pytest.raises(RuleBroken):
        mark_duplicate(first.pk, original_id=third.pk)  # it would be its own


def test_a_report_is_one_of_its_own_again(place):
    one, other = place.report(), place.report()
    mark_duplicate(other.pk, original_id=one.pk)
    unmark_duplicate(other.pk)
    other.refresh_from_db()
    assert (other.duplicate_of_id, other.state) == (None, "confirmed")


def test_a_hidden_report_is_nobodys_original(place):
    with pytest.raises(RuleBroken):
        mark_duplicate(place.report().pk, original_id=place.report(state="hidden").pk)


def test_whoever_follows_a_duplicate_follows_its_original(place):
    original, copy = place.report(), place.report(user=place.ines)
    follow_report(report_id=copy.pk, user=place.oskar)
    mark_duplicate(copy.pk, original_id=original.pk)
    now = Alert.objects.filter(user=place.oskar, stopped_at=None)
    assert [alert.report_id for alert in now] == [original.pk]
