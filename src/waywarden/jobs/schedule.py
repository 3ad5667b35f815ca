"""What runs when. Each entry fires once however many workers run."""

from datetime import UTC, datetime

from django.utils import timezone
from procrastinate.contrib.django import app

from waywarden.connections import services as connections
from waywarden.events import partition_services
from waywarden.health import alarm_services as alarms
from waywarden.health import letters as alarm_letters
from waywarden.jobs import services, tasks
from waywarden.kernel import clock
from waywarden.notifications import flag_services
from waywarden.notifications import mailing_services as mailing
from waywarden.notifications import questionnaire_services as asking
from waywarden.reports import count_services, figure_services, photo_services
from waywarden.sending import queries as sending_queries
from waywarden.sending import services as sending
from waywarden.sending import shadow_services
from waywarden.sync import ageing_services, aside_services, run_services
from waywarden.sync import services as sync
from waywarden.sync import watch_services as watches
from waywarden.webhooks import queries as webhook_queries
from waywarden.webhooks import services as webhooks

#: The hour, in the site's zone, at which the summary goes out.
MORNING = 7


@app.periodic(cron="* * * * * */15")
@app.task(name="sweep_deliveries", queue="clock", queueing_lock="sweep_deliveries")
def sweep_deliveries(timestamp: int) -> None:
    """Every 15 seconds: recovers what a dead worker left, wakes every lane with something due."""
    _ = timestamp
    for lane in sending.recover() | sending_queries.lanes_due(clock.now()):
        tasks.wake_lane(lane)


@app.periodic(cron="* * * * * */20")
@app.task(name="rescue_stalled_jobs", queue="clock", queueing_lock="rescue_stalled_jobs")
async def rescue_stalled_jobs(timestamp: int) -> None:
    """Every 20 seconds: jobs of workers that died are queued again."""
    _ = timestamp
    await services.rescue_stalled_jobs()


@app.periodic(cron="* * * * * */5")
@app.task(name="poll_what_is_due", queue="clock", queueing_lock="poll_what_is_due")
def poll_what_is_due(timestamp: int) -> None:
    """Every five seconds: queues a poll of each connection whose time has come."""
    _ = timestamp
    sync.ensure_cursors()
    run_services.queue_due(tasks.queue_polls)


@app.periodic(cron="* * * * * */30")
@app.task(name="sweep_news", queue="clock", queueing_lock="sweep_news")
def sweep_news(timestamp: int) -> None:
    """Every 30 seconds: wakes the lanes of news when a digest or a second try is due."""
    _ = timestamp
    if mailing.is_due(clock.now()):
        for number in range(tasks.NEWS_LANES):
            tasks.wake_news(number)


@app.periodic(cron="* * * * * */30")
@app.task(name="fold_pin_counts", queue="clock", queueing_lock="fold_pin_counts")
def fold_pin_counts(timestamp: int) -> None:
    """Every 30 seconds: what writers added to the counts of the map becomes one row a square."""
    _ = timestamp
    count_services.fold_pin_counts()


@app.periodic(cron="*/10 * * * *")
@app.task(name="mail_flags", queue="mail", queueing_lock="mail_flags")
def mail_flags(timestamp: int) -> None:
    """Every ten minutes: what was flagged, in one mail to the people who run the site."""
    _ = timestamp
    flag_services.mail_flags()


@app.periodic(cron="15 * * * *")
@app.task(name="send_questionnaires", queue="mail", queueing_lock="send_questionnaires")
def send_questionnaires(timestamp: int) -> None:
    """Once an hour: asks the reporters whose four weeks are over."""
    _ = timestamp
    asking.send_due()


@app.periodic(cron="*/10 * * * *")
@app.task(name="refresh_figures", queue="clock", queueing_lock="refresh_figures")
def refresh_figures(timestamp: int) -> None:
    """Every ten minutes: the figures of bodies whose reports changed."""
    _ = timestamp
    figure_services.refresh_figures()


@app.periodic(cron="*/5 * * * *")
@app.task(name="apply_missed", queue="clock", queueing_lock="apply_missed")
def apply_missed(timestamp: int) -> None:
    """Every five minutes: pushed updates that met their report's reference just too early."""
    _ = timestamp
    aside_services.apply_missed()


@app.periodic(cron="40 2 * * *")
@app.task(name="mop_up", queue="clock", queueing_lock="mop_up")
def mop_up(timestamp: int) -> None:
    """Once a night: asks for the last 24 hours of updates again, tries problems outside again."""
    sync.mop_up(datetime.fromtimestamp(timestamp, tz=UTC))
    aside_services.try_problems_again()


@app.periodic(cron="*/5 * * * *")
@app.task(name="watch_services", queue="clock", queueing_lock="watch_services")
def watch_services(timestamp: int) -> None:
    """Every five minutes: queues a look at each service list whose time has come."""
    _ = timestamp
    watches.ensure_watches()
    services.queue_each(
        tasks.look_at_services, ({"body_id": one} for one in watches.claim_due(clock.now()))
    )


@app.periodic(cron="20 3 * * *")
@app.task(name="make_months", queue="clock", queueing_lock="make_months")
def make_months(timestamp: int) -> None:
    """Once a night: the tables of events of the next three months."""
    _ = timestamp
    partition_services.make_months()


@app.periodic(cron="10 3 * * *")
@app.task(name="drop_old_records", queue="clock", queueing_lock="drop_old_records")
def drop_old_records(timestamp: int) -> None:
    """Once a night: exchanges, rehearsals and runs older than 90 days go, news told 30 days ago."""
    _ = timestamp
    connections.drop_old_exchanges()
    shadow_services.drop_old_rehearsals()
    run_services.drop_old_runs()
    ageing_services.age_set_aside()
    mailing.drop_old_mailings()
    alarms.drop_old_alarms()
    webhooks.drop_old_calls()


@app.periodic(cron="* * * * * 10")
@app.task(name="watch_health", queue="clock", queueing_lock="watch_health")
def watch_health(timestamp: int) -> None:
    """Once a minute: raises an alarm for what broke, clears it for what mended."""
    _ = timestamp
    alarms.watch()


@app.periodic(cron="5 * * * *")
@app.task(name="morning_summary", queue="clock", queueing_lock="morning_summary")
def morning_summary(timestamp: int) -> None:
    """Each hour: at seven by the site's own clock, what is stuck goes to all who hear of alarms."""
    if timezone.localtime(datetime.fromtimestamp(timestamp, tz=UTC)).hour == MORNING:
        readers = alarm_letters.morning_readers()
        services.queue_each(tasks.mail_summary, ({"to": address} for address in readers))


@app.periodic(cron="* * * * * */30")
@app.task(name="sweep_webhooks", queue="clock", queueing_lock="sweep_webhooks")
def sweep_webhooks(timestamp: int) -> None:
    """Every 30 seconds: wakes every endpoint with something due; its job may be lost."""
    _ = timestamp
    for endpoint_id in webhook_queries.endpoints_due(clock.now()):
        tasks.wake_webhook(endpoint_id)


@app.periodic(cron="23 * * * *")
@app.task(name="drop_adrift_photos", queue="clock", queueing_lock="drop_adrift_photos")
def drop_adrift_photos(timestamp: int) -> None:
    """Every hour: photos of forms that were never sent go after a week."""
    _ = timestamp
    photo_services.drop_adrift_photos()
