"""The queue's tasks: each a few lines that call the room which knows.

Procrastinate on the site's own database. Deliveries and cursors are the truth; jobs only wake
them, so a lost job is made again by the sweep and a doubled one finds nothing to do.
"""

from datetime import datetime

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.types import JSONDict

from waywarden.jobs.services import wake
from waywarden.kernel import clock
from waywarden.notifications import services as notifications
from waywarden.sending import drain as draining
from waywarden.sending.lanes import Lane
from waywarden.sync import photos, polling
from waywarden.sync.models import What

#: Mails to people are tried a few times over some hours.
MAIL_RETRY = RetryStrategy(max_attempts=8, exponential_wait=4)
#: A worker that died over a photo; what the other side refuses is not asked again.
PHOTO_RETRY = RetryStrategy(max_attempts=3, wait=60)


def wake_lane(lane: Lane, *, at: datetime | None = None) -> None:
    """Queues a drain of a lane, now or later."""
    key = f"lane {lane.connection_id or 'email'} {lane.number}"
    arguments: JSONDict = {"connection_id": lane.connection_id, "number": lane.number}
    wake(drain_lane, arguments, key=key, at=at)


def wake_poll(connection_id: int, what: What) -> None:
    """Queues a poll of a connection."""
    arguments: JSONDict = {"connection_id": connection_id, "what": what.value}
    wake(poll, arguments, key=f"poll {connection_id} {what.value}")


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


@app.task(name="mail_report_confirmation", queue="mail", retry=MAIL_RETRY)
def mail_report_confirmation(report_id: int) -> None:
    """Mails the link that publishes a report."""
    notifications.mail_report_confirmation(report_id)


@app.task(name="mail_update_confirmation", queue="mail", retry=MAIL_RETRY)
def mail_update_confirmation(update_id: int) -> None:
    """Mails the link that shows an update."""
    notifications.mail_update_confirmation(update_id)


@app.task(name="mail_update_to_reporter", queue="mail", retry=MAIL_RETRY)
def mail_update_to_reporter(update_id: int) -> None:
    """Tells the reporter that there is news."""
    notifications.mail_update_to_reporter(update_id)


@app.task(name="fetch_update_photos", queue="sync", retry=PHOTO_RETRY)
def fetch_update_photos(update_id: int) -> None:
    """Fetches the photos that a fetched update names."""
    photos.fetch_update_photos(update_id)


@app.task(name="fetch_report_photos", queue="sync", retry=PHOTO_RETRY)
def fetch_report_photos(report_id: int) -> None:
    """Fetches the photos of a problem born in a body's system."""
    photos.fetch_report_photos(report_id)
