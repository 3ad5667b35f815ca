"""What follows from a fact: the one page that tells it.

*now* handlers run inside the transaction that made the fact true; *later* ones only queue, in
that same transaction.
"""

from uuid import uuid4

from procrastinate.types import JSONDict, JSONValue

from waywarden.bodies.queries import bodies_telling_when_sent
from waywarden.events.services import Fact, on
from waywarden.health.letters import readers_of
from waywarden.health.models import Alarm
from waywarden.jobs import tasks
from waywarden.jobs.services import queue_each
from waywarden.kernel import clock
from waywarden.notifications import alert_services as alerts
from waywarden.notifications import questionnaire_services as asking
from waywarden.reports.acknowledging_services import acknowledge_sent
from waywarden.reports.fetched_photo_services import reports_with_photos, updates_with_photos
from waywarden.reports.models import Report
from waywarden.reports.queries import reports_with_shadow, updates_with_shadow
from waywarden.sending import hold_services as held
from waywarden.sending import moving_services as moving
from waywarden.sending import queries as sending_queries
from waywarden.sending import services as sending
from waywarden.sync import aside_services
from waywarden.sync import services as sync
from waywarden.webhooks.kinds import OF_FACTS
from waywarden.webhooks.queries import somebody_listens

Facts = tuple[Fact, ...]
#: Imported reports whose photos one job fetches.
PHOTOS_OF_A_JOB = 50
#: The priority of jobs that wait until their queue holds nothing else.
BEHIND = -10


#: Subjects that one job fans out.
WEBHOOKS_OF_A_JOB = 200


def install() -> None:
    """Registers every handler; called once when the site starts."""
    on("delivery.retried", now=[wake_lanes])
    on("report.created", later=[mail_confirmations])
    on(
        "report.confirmed",
        now=[plan_reports, follow_own_reports],
        later=[tell_of_reports, rehearse],
    )
    on(
        "report.sent",
        now=[apply_set_aside, acknowledge, plan_questionnaires],
        later=[mail_sent],
    )
    on("update.acknowledged", later=[tell_of_updates])
    on("report.moved", now=[follow_moves], later=[rehearse_moves])
    on("report.duplicate", now=[move_followers])
    on("report.corrected", now=[require_held])
    on("report.withdrawn", now=[require_held, cancel_deliveries])
    on("update.corrected", now=[require_updates_held])
    on("update.withdrawn", now=[require_updates_held, cancel_update_deliveries])
    on("update.created", later=[mail_update_confirmations])
    on(
        "update.confirmed",
        now=[plan_updates, follow_as_said],
        later=[tell_of_updates, rehearse_updates],
    )
    on("update.fetched", later=[tell_of_updates, fetch_update_photos])
    on("report.fetched", now=[apply_set_aside_for_born], later=[fetch_report_photos])
    on("reports.imported", later=[fetch_imported_photos])
    on("report.referenced", now=[apply_set_aside])
    on("update.sent", now=[note_own_updates])
    on("alarm.raised", later=[mail_alarms])
    on("alarm.cleared", later=[mail_alarms])
    on("self_test.asked", later=[run_self_tests])
    on("webhook.replayed", later=[wake_webhooks])
    for kind in OF_FACTS:
        on(kind, later=[tell_machines])


def _ids(facts: Facts) -> list[int]:
    return [fact.subject_id for fact in facts]


def mail_confirmations(facts: Facts) -> None:
    """A report by somebody not signed in: its author confirms by a mailed link."""
    unsigned = Report.objects.filter(pk__in=_ids(facts), user=None).exclude(email="")
    waiting = unsigned.values_list("pk", flat=True)
    queue_each(tasks.mail_report_confirmation, ({"report_id": one} for one in waiting))


def mail_update_confirmations(facts: Facts) -> None:
    """An update by somebody not signed in: its author confirms by a mailed link."""
    ids = [fact.subject_id for fact in facts if fact.actor.kind != "user"]
    queue_each(tasks.mail_update_confirmation, ({"update_id": one} for one in ids))


def plan_questionnaires(facts: Facts) -> None:
    """A body has the report: in four weeks its reporter is asked whether it is fixed."""
    asking.plan_questionnaires(_ids(facts))


def follow_own_reports(facts: Facts) -> None:
    """Reporters follow what they have just published."""
    alerts.follow_own(_ids(facts))


def follow_as_said(facts: Facts) -> None:
    """Whoever wrote an update follows the report, or leaves it, as the form was ticked."""
    alerts.follow_as_said(_ids(facts))


def tell_of_reports(facts: Facts) -> None:
    """New reports: whoever follows their area, their body or the place hears of them.

    Problems born in a body's system are mailed to nobody (integration.md 4); feeds show them.
    """
    queue_each(tasks.tell_of_reports, [{"report_ids": [*_ids(facts)]}])


def tell_of_updates(facts: Facts) -> None:
    """Updates that show: whoever follows the report hears of them."""
    quiet = [fact.subject_id for fact in facts if fact.data.get("suppress_reporter")]
    queue_each(tasks.tell_of_updates, [{"update_ids": [*_ids(facts)], "quiet": [*quiet]}])


def fetch_update_photos(facts: Facts) -> None:
    """A fetched update that names photos: they are fetched apart from it."""
    named = [fact.subject_id for fact in facts if fact.data.get("photos")]
    found = updates_with_photos(named) if named else ()
    queue_each(tasks.fetch_update_photos, ({"update_id": one} for one in found))


def _with_photos(facts: Facts) -> list[int]:
    """The problems of facts that do not say that none of theirs names a photo."""
    telling = [fact for fact in facts if fact.data.get("photos") != 0]
    return [report_id for fact in telling for report_id in fact.data.get("reports", ())]


def fetch_report_photos(facts: Facts) -> None:
    """Fetched problems that name photos: the same."""
    ids = _with_photos(facts)
    queue_each(tasks.fetch_report_photos, ({"report_id": one} for one in reports_with_photos(ids)))


def fetch_imported_photos(facts: Facts) -> None:
    """Imported problems that name photos: a job for some dozens, behind all other work."""
    ids = _with_photos(facts)
    named: list[JSONValue] = list(reports_with_photos(ids))
    pieces = (named[at : at + PHOTOS_OF_A_JOB] for at in range(0, len(named), PHOTOS_OF_A_JOB))
    queue_each(
        tasks.fetch_imported_photos, ({"report_ids": piece} for piece in pieces), priority=-10
    )


def plan_reports(facts: Facts) -> None:
    """A confirmed report goes to its bodies: the deliveries, and a knock on their lanes."""
    for lane in sending.plan_reports(_ids(facts)):
        tasks.wake_lane(lane)


def plan_updates(facts: Facts) -> None:
    """A person's update goes to the bodies that want updates."""
    for lane in sending.plan_updates(_ids(facts)):
        tasks.wake_lane(lane)


def wake_lanes(facts: Facts) -> None:
    """A delivery that a person had tried again: its lane need not wait for the sweep."""
    for lane in sending_queries.lanes_of(_ids(facts)):
        tasks.wake_lane(lane)


def move_followers(facts: Facts) -> None:
    """Who follows a duplicate follows its original from now on."""
    for fact in facts:
        alerts.move_followers(fact.subject_id, fact.data["original"])


def require_held(facts: Facts) -> None:
    """An author may change a report only while nothing of it has gone out; else nothing is."""
    held.require_reports_held(_ids(facts))


def require_updates_held(facts: Facts) -> None:
    """The same for updates."""
    held.require_updates_held(_ids(facts))


def cancel_update_deliveries(facts: Facts) -> None:
    """A withdrawn update is not sent any more."""
    held.cancel_updates(_ids(facts))


def acknowledge(facts: Facts) -> None:
    """A body's automatic template for the open state becomes its first update."""
    acknowledge_sent((fact.subject_id, fact.data["body"]) for fact in facts)


def mail_sent(facts: Facts) -> None:
    """The reporter hears that it was sent, where the body's switch says so."""
    telling = bodies_telling_when_sent(fact.data["body"] for fact in facts)
    pairs = {(fact.subject_id, fact.data["body"]) for fact in facts}
    queue_each(
        tasks.mail_report_sent,
        ({"report_id": report, "body_id": body} for report, body in pairs if body in telling),
    )


def rehearse(facts: Facts) -> None:
    """Where a body has a connection in shadow, the report is built for it, and not sent."""
    shadowed = reports_with_shadow(_ids(facts))
    queue_each(tasks.rehearse_report, ({"report_id": one} for one in shadowed))


def rehearse_updates(facts: Facts) -> None:
    """The same for what people say of a report."""
    _rehearse_updates(_ids(facts))


def rehearse_moves(facts: Facts) -> None:
    """Staff put a report under another category: news for its body, a report for another one."""
    moves = [fact for fact in facts if "update" in fact.data]
    stays = [fact for fact in moves if fact.data["to_body"] == fact.data["body"]]
    _rehearse_updates([fact.data["update"] for fact in stays])
    rehearse(tuple(fact for fact in moves if fact not in stays))


def _rehearse_updates(update_ids: list[int]) -> None:
    shadowed = updates_with_shadow(update_ids)
    queue_each(tasks.rehearse_update, ({"update_id": one} for one in shadowed))


def cancel_deliveries(facts: Facts) -> None:
    """A withdrawn report is not sent any more."""
    for fact in facts:
        sending.cancel_for(fact.subject_id)


def follow_moves(facts: Facts) -> None:
    """A body's system put a report under another category, which may go another way."""
    for fact in facts:
        if fact.actor.kind in ("body", "connection"):
            data = fact.data
            lanes = moving.follow_move(
                fact.subject_id,
                body_id=data["body"],
                from_category_id=data["from"],
                to_category_id=data["to"],
            )
            for lane in lanes:
                tasks.wake_lane(lane)


def note_own_updates(facts: Facts) -> None:
    """An update of ours that a body took does not come back as the body's."""
    sync.note_own_updates(facts)


def apply_set_aside_for_born(facts: Facts) -> None:
    """An update that came before the problem that it is about is applied now."""
    ids = [report_id for fact in facts for report_id in fact.data.get("reports", ())]
    aside_services.apply_set_aside_for(ids)


def apply_set_aside(facts: Facts) -> None:
    """An update that came before the report's reference did is applied now."""
    aside_services.apply_set_aside_for(_ids(facts))


def mail_alarms(facts: Facts) -> None:
    """Something broke or mended: everyone who hears of it is mailed, a job each."""
    alarms = Alarm.objects.select_related("connection").in_bulk(_ids(facts))
    queue_each(
        tasks.mail_alarm,
        (
            {"alarm_id": fact.subject_id, "to": to, "is_over": fact.kind == "alarm.cleared"}
            for fact in facts
            for to in readers_of(alarms[fact.subject_id])
        ),
    )


def run_self_tests(facts: Facts) -> None:
    """A person wants an endpoint tested."""
    queue_each(tasks.run_self_test, ({"self_test_id": one} for one in _ids(facts)))


def tell_machines(facts: Facts) -> None:
    """What an endpoint of a machine wants to know is fanned out to all that do, apart from this."""
    kind = facts[0].kind
    if not somebody_listens(kind):
        return
    at, step = clock.now().isoformat(), WEBHOOKS_OF_A_JOB
    happened: list[JSONValue] = [
        {"id": number, "data": _said(fact)} for fact in facts for number in _numbers(fact)
    ]
    pieces = (happened[start : start + step] for start in range(0, len(happened), step))
    jobs: list[JSONDict] = [
        {"fact": kind, "happened": piece, "batch": str(uuid4()), "at": at} for piece in pieces
    ]
    queue_each(tasks.fan_out_webhooks, jobs)


def _numbers(fact: Fact) -> list[int]:
    """The subjects of a fact; problems that came together are one fact."""
    return list(fact.data.get("reports", [fact.subject_id]))


def _said(fact: Fact) -> dict[str, JSONValue]:
    """Of alarms the fact says all; of others it is read anew."""
    return dict(fact.data) if fact.subject_kind == "alarm" else {}


def wake_webhooks(facts: Facts) -> None:
    """A person has something told again, or a test sent."""
    for fact in facts:
        tasks.wake_webhook(fact.subject_id)
