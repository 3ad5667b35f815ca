"""The mails of alerts, each handed over before it is marked sent; safe to kill anywhere.

Items that are due are put into a mailing. A worker claims it for a while (`next_at` moves), hands
the mail over, and marks it. A worker that dies in between leaves it claimed until the claim runs
out: then the same mail goes again, with the same Message-ID. Nothing is ever marked before it
went.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.db import connection

from waywarden.kernel import clock
from waywarden.kernel.retry import is_too_old, next_attempt_at
from waywarden.notifications.alert_services import stop_bounced_alert
from waywarden.notifications.letters import send
from waywarden.notifications.models import Item, Mailing
from waywarden.notifications.news import letter_of

log = logging.getLogger(__name__)
State = Mailing.State

#: Items put into mailings, and mailings claimed, at a time.
GATHERED, CLAIMED = 5000, 20
#: How long a claim holds; a mail takes seconds.
CLAIM = timedelta(minutes=5)
#: What was told is remembered this long; longer than anything is told after (`matching.FRESH`).
KEPT = timedelta(days=30)

_GATHER = """
    WITH due AS (
        SELECT id, alert_id FROM notifications_item
        WHERE mailing_id IS NULL AND due_at <= %(now)s
        ORDER BY due_at, alert_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
    ), made AS (
        INSERT INTO notifications_mailing (alert_id, state, created, next_at, attempts, error)
        SELECT DISTINCT alert_id, 'queued', %(now)s, %(now)s, 0, '' FROM due
        RETURNING id, alert_id
    )
    UPDATE notifications_item item SET mailing_id = made.id
    FROM due JOIN made ON made.alert_id = due.alert_id WHERE item.id = due.id
"""
_CLAIM = """
    UPDATE notifications_mailing SET next_at = %(until)s, attempts = attempts + 1
    WHERE id IN (
        SELECT id FROM notifications_mailing WHERE state = 'queued' AND next_at <= %(now)s
        ORDER BY next_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
    ) RETURNING id, attempts
"""


def is_due(moment: datetime) -> bool:
    """Whether anything waits to be told at a moment."""
    return (
        Item.objects.filter(mailing=None, due_at__lte=moment).exists()
        or Mailing.objects.filter(state=State.QUEUED, next_at__lte=moment).exists()
    )


def gather() -> int:
    """Puts items that are due into mailings, one an alert; how many items."""
    with connection.cursor() as cursor:
        cursor.execute(_GATHER, {"now": clock.now(), "most": GATHERED})
        return int(cursor.rowcount)


def send_due(*, until: datetime | None = None) -> bool:
    """Gathers and hands over what is due; whether something was left at `until`."""
    while True:
        gather()
        claimed = claim()
        if not claimed:
            return False
        for mailing_id, attempt in claimed:
            if _holds(mailing_id, attempt):
                hand_over(mailing_id)
        if until is not None and clock.now() >= until:
            return True


def claim() -> list[tuple[int, int]]:
    """Takes some mailings that are due, each with the number of its attempt.

    Nobody else gets them until the claim runs out.
    """
    moment = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": moment, "until": moment + CLAIM, "most": CLAIMED})
        return [(number, attempt) for number, attempt in cursor.fetchall()]


def _holds(mailing_id: int, attempt: int) -> bool:
    """Whether the claim is still ours; it begins anew. A slow server may have outlasted it."""
    mine = Mailing.objects.filter(pk=mailing_id, state=State.QUEUED, attempts=attempt)
    return bool(mine.update(next_at=clock.now() + CLAIM))


def hand_over(mailing_id: int) -> None:
    """Hands a claimed mailing to the mail server and marks it; puts it off when that fails."""
    mailing = Mailing.objects.select_related(
        "alert__user", "alert__report", "alert__area", "alert__body"
    ).get(pk=mailing_id)
    try:
        letter = letter_of(mailing)
        if letter is None:
            _mark(mailing, State.DROPPED)
            return
        send(letter)
    except (SMTPRecipientsRefused, AnymailRecipientsRefused) as refused:
        _refused(mailing, refused)
    except (SMTPException, AnymailError, OSError) as failure:
        _put_off(mailing, failure)
    except Exception as failure:
        log.exception("mailing %s cannot be written", mailing_id)
        _put_off(mailing, failure)
    else:
        _mark(mailing, State.SENT)


def _refused(mailing: Mailing, refused: Exception) -> None:
    """The server wants no mail for that address: for good (5xx) is a bounce."""
    replies = getattr(refused, "recipients", None)
    codes = [reply[0] for reply in replies.values()] if isinstance(replies, dict) else []
    if codes and all(code >= 500 for code in codes):
        _mark(mailing, State.GIVEN_UP, error=f"refused: {codes[0]}")
        stop_bounced_alert(mailing.alert_id)
    else:
        _put_off(mailing, refused)


def _put_off(mailing: Mailing, failure: Exception) -> None:
    error = type(failure).__name__
    if is_too_old(first_attempt_at=mailing.created, now=clock.now()):
        log.error("mailing %s is given up: %s", mailing.pk, error)
        _mark(mailing, State.GIVEN_UP, error=error)
        return
    again = next_attempt_at(now=clock.now(), attempts=mailing.attempts)
    Mailing.objects.filter(pk=mailing.pk, state=State.QUEUED).update(next_at=again, error=error)


def _mark(mailing: Mailing, state: Mailing.State, *, error: str = "") -> None:
    sent_at = clock.now() if state is State.SENT else None
    Mailing.objects.filter(pk=mailing.pk).update(state=state, sent_at=sent_at, error=error)


def drop_old_mailings() -> int:
    """Forgets what was told long ago; how many mailings."""
    before = clock.now() - KEPT
    return Mailing.objects.filter(created__lt=before).exclude(state=State.QUEUED).delete()[0]
