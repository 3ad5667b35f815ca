"""What comes next, in plain words, and by when."""

from datetime import timedelta

import pytest

from waywarden.kernel import clock
from waywarden.reports.models import Report, ReportBody
from waywarden.reports.states import VISIBLE, State
from waywarden.reports.story_queries import story_of
from waywarden.web.outlook import outlook_of
from waywarden.web.queries import ways_of

pytestmark = pytest.mark.django_db


def outlook(report, *, days=None):
    story = story_of(report.pk)
    return outlook_of(story.report, ways_of(story), target_days=days)


@pytest.mark.parametrize("state", VISIBLE)
def test_every_state_says_what_comes_next(town, state):
    assert outlook(town.report(state=state)).words.endswith((".", "?"))


def test_an_open_report_says_how_far_it_has_got(town):
    report = town.report()
    assert "goes out shortly" in outlook(report).words
    ReportBody.objects.filter(report=report).update(sent_at=clock.now())
    assert "with Borsetshire County Council" in outlook(report).words
    ReportBody.objects.filter(report=report).delete()
    assert "No body takes reports at this place" in outlook(report).words
    own = town.report(source=Report.Source.BACKEND)
    assert "their own system" in outlook(own).words


def test_the_usual_time_counts_from_the_sending(town):
    report = town.report()
    sent = clock.now() - timedelta(days=1)
    ReportBody.objects.filter(report=report).update(sent_at=sent)
    told = outlook(report, days=5)
    assert told.by == sent + timedelta(days=5)
    assert not told.is_late


def test_what_takes_longer_than_usual_is_late_while_it_is_open(town):
    report = town.report(state=State.IN_PROGRESS)
    ReportBody.objects.filter(report=report).update(sent_at=clock.now() - timedelta(days=9))
    assert outlook(report, days=5).is_late
    Report.objects.filter(pk=report.pk).update(state=State.FIXED_COUNCIL)
    assert outlook(report, days=5).by is None  # it is done


def test_without_a_usual_time_nothing_is_promised(town):
    assert outlook(town.report()).by is None
