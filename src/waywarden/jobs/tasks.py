"""The queue's tasks: each a few lines that call the room which knows.

Procrastinate on the site's own database. Deliveries and cursors are the truth; jobs only wake
them, so a lost job is made again by the sweep and a doubled one finds nothing to do.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.types import JSONDict

from waywarden.health import letters as alarm_letters
from waywarden.health import self_test_services as self_tests
from waywarden.jobs.retrying import ForAWeek
from waywarden.jobs.services import queue_once, wake
from waywarden.kernel import clock
from waywarden.notifications import mailing_services as mailing
from waywarden.notifications import matching_services as matching
from waywarden.notifications import services as notifications
from waywarden.sending import drain as draining
from waywarden.sending import shadow_services
from waywarden.sending.lanes import Lane
from waywarden.sync import photos, polling, watch_services
from waywarden.sync.models import What
from waywarden.webhooks import posting
from waywarden.webhooks import services as webhooks

#: A mail that somebody waits for is tried for as long as a delivery is.
FOR_A_WEEK = ForAWeek()
#: Other work of the mails is tried a few times over some hours.
MAIL_RETRY = RetryStrategy(max_attempts=8, exponential_wait=4)
#: How many workers may mail news at a time, and how long one does before others have a turn.
NEWS_LANES, NEWS_SPELL = 4, timedelta(minutes=1)
#: A server of photos that is down for now, or a worker that died over one; what the other side
#: refuses is not asked again.
PHOTO_TRIES = 3
PHOTO_RETRY = RetryStrategy(max_attempts=PHOTO_TRIES, wait=60, linear_wait=240)


def wake_lane(lane: Lane, *, at: datetime | None = None) -> None:
    """Queues a drain of a lane, now or later."""
    key = f"lane {lane.connection_id or 'email'} {lane.number}"
    arguments: JSONDict = {"connection_id": lane.connection_id, "number": lane.number}
    wake(drain_lane, arguments, key=key, at=at)


def queue_polls(polls: Iterable[tuple[int, What]]) -> None:
    """Queues polls of connections, in the caller's transaction."""
    queue_once(
        poll,
        {
            f"poll {connection_id} {what.value}": {
                "connection_id": connection_id,
                "what": what.value,
            }
            for connection_id, what in polls
        },
    )


@app.task(name="drain_lane", queue="sending")
def drain_lane(connection_id: int | None, number: int) -> None:
    """Sends all that is due in a lane, and comes back when the next is due."""
    lane = Lane(connection_id, number)
    next_due = draining.drain(lane)
    if next_due is not None:
        wake_lane(lane, at=max(next_due, clock.now()))


@app.task(name="poll", queue="sync")
def poll(connection_id: int, what: str) -> None:
    """Asks a connection for news."""
    polling.poll(connection_id, What(what))


@app.task(name="mail_report_confirmation", queue="mail", retry=FOR_A_WEEK)
def mail_report_confirmation(report_id: int) -> None:
    """Mails the link that publishes a report."""
    notifications.mail_report_confirmation(report_id)


@app.task(name="mail_update_confirmation", queue="mail", retry=FOR_A_WEEK)
def mail_update_confirmation(update_id: int) -> None:
    """Mails the link that shows an update."""
    notifications.mail_update_confirmation(update_id)


@app.task(name="mail_report_sent", queue="mail", retry=FOR_A_WEEK)
def mail_report_sent(report_id: int, body_id: int) -> None:
    """Tells a reporter that a body has the report."""
    notifications.mail_report_sent(report_id, body_id)


def wake_news(number: int = 0) -> None:
    """Queues one of the lanes that mail news; several work at the same heap."""
    lane = number % NEWS_LANES
    wake(mail_news, {"number": lane}, key=f"news {lane}")


@app.task(name="tell_of_reports", queue="mail", retry=MAIL_RETRY)
def tell_of_reports(report_ids: list[int]) -> None:
    """Notes new reports for whoever follows their place or body."""
    if matching.match_reports(report_ids):
        wake_news(report_ids[0])


@app.task(name="tell_of_updates", queue="mail", retry=MAIL_RETRY)
def tell_of_updates(update_ids: list[int], quiet: list[int]) -> None:
    """Notes updates for whoever follows their reports."""
    if matching.match_updates(update_ids, quiet=quiet):
        wake_news(update_ids[0])


@app.task(name="mail_news", queue="mail")
def mail_news(number: int) -> None:
    """Hands over the mails of alerts that are due; a minute at a time."""
    if mailing.send_due(until=clock.now() + NEWS_SPELL):
        wake_news(number)


@app.task(name="rehearse_report", queue="sending")
def rehearse_report(report_id: int) -> None:
    """Builds a report for connections in shadow; nothing is sent."""
    shadow_services.rehearse_report(report_id)


@app.task(name="rehearse_update", queue="sending")
def rehearse_update(update_id: int) -> None:
    """Builds an update for connections in shadow; nothing is sent."""
    shadow_services.rehearse_update(update_id)


@app.task(name="fetch_update_photos", queue="sync", retry=PHOTO_RETRY, pass_context=True)
def fetch_update_photos(context: JobContext, update_id: int) -> None:
    """Fetches the photos that a fetched update names."""
    photos.fetch_update_photos(update_id, is_last=context.job.attempts >= PHOTO_TRIES)


@app.task(name="fetch_report_photos", queue="sync", retry=PHOTO_RETRY, pass_context=True)
def fetch_report_photos(context: JobContext, report_id: int) -> None:
    """Fetches the photos of a problem born in a body's system."""
    photos.fetch_report_photos(report_id, is_last=context.job.attempts >= PHOTO_TRIES)


@app.task(name="mail_alarm", queue="mail", retry=MAIL_RETRY)
def mail_alarm(alarm_id: int, to: str, is_over: bool) -> None:
    """Tells one address that something broke, or mended."""
    alarm_letters.mail_alarm(alarm_id, to=to, is_over=is_over)


@app.task(name="mail_summary", queue="mail", retry=MAIL_RETRY)
def mail_summary(to: str) -> None:
    """Tells one address what is stuck this morning."""
    alarm_letters.mail_summary(to=to)


@app.task(name="run_self_test", queue="sync")
def run_self_test(self_test_id: int) -> None:
    """Judges a connection's endpoint with the conformance kit."""
    self_tests.run(self_test_id)


@app.task(name="fetch_imported_photos", queue="sync", retry=PHOTO_RETRY)
def fetch_imported_photos(report_ids: list[int]) -> None:
    """Fetches the photos of some problems of a bulk import."""
    for report_id in report_ids:
        photos.fetch_report_photos(report_id)


def wake_webhook(endpoint_id: int, *, at: datetime | None = None) -> None:
    """Queues the telling of an endpoint, now or later."""
    wake(tell_endpoint, {"endpoint_id": endpoint_id}, key=f"webhook {endpoint_id}", at=at)


@app.task(name="fan_out_webhooks", queue="webhooks", retry=MAIL_RETRY)
def fan_out_webhooks(fact: str, happened: list[JSONDict], batch: str, at: str) -> None:
    """Writes the calls of an event, one for each endpoint that may hear of it."""
    subjects = [webhooks.Happened(one["id"], one["data"]) for one in happened]  # type: ignore[arg-type]
    moment = datetime.fromisoformat(at)
    for endpoint_id in webhooks.fan_out(fact, subjects, batch=UUID(batch), at=moment):
        wake_webhook(endpoint_id)


@app.task(name="tell_endpoint", queue="webhooks")
def tell_endpoint(endpoint_id: int) -> None:
    """Tells an endpoint all that is due, and comes back when the next is."""
    next_due = posting.drain(endpoint_id)
    if next_due is not None:
        wake_webhook(endpoint_id, at=max(next_due, clock.now()))


@app.task(name="look_at_services", queue="sync")
def look_at_services(body_id: int) -> None:
    """Looks whether a body's service list has changed, and takes it in."""
    watch_services.look(body_id)
