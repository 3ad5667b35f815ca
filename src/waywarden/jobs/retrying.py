"""How long a job is tried again."""

from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from waywarden.kernel.retry import ATTEMPTS_UNTIL_THEN, pause_after


class ForAWeek(BaseRetryStrategy):
    """With growing pauses, for as long as a delivery: nobody writes again to whom no mail came."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """The next try; None when it has been tried for a week."""
        _ = exception
        failed = job.attempts + 1
        if failed > ATTEMPTS_UNTIL_THEN:
            return None
        return RetryDecision(retry_in={"seconds": int(pause_after(failed).total_seconds())})
