"""How long a mail that somebody waits for is tried."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from waywarden.jobs import tasks
from waywarden.kernel import clock
from waywarden.kernel.retry import ATTEMPTS_UNTIL_THEN, PAUSES


@pytest.mark.parametrize(
    "task", [tasks.mail_report_confirmation, tasks.mail_update_confirmation, tasks.mail_report_sent]
)
def test_a_mail_that_somebody_waits_for_is_tried_for_a_week(task):
    waited = timedelta()
    for attempts in range(ATTEMPTS_UNTIL_THEN):
        job = SimpleNamespace(attempts=attempts)
        before = clock.now()
        decision = task.retry_strategy.get_retry_decision(exception=OSError(), job=job)
        pause = decision.retry_at - before
        usual = PAUSES[min(attempts, len(PAUSES) - 1)]
        assert usual <= pause + timedelta(seconds=1)
        waited += usual
    assert timedelta(days=6, hours=18) < waited <= timedelta(days=7)
    late = SimpleNamespace(attempts=ATTEMPTS_UNTIL_THEN)
    assert task.retry_strategy.get_retry_decision(exception=OSError(), job=late) is None
