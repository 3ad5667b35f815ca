"""Mail that comes back from bodies: filed with its report, never lost, never twice."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from waywarden.bodies.models import Category
from waywarden.events.services import Actor, Fact, record
from waywarden.kernel import clock
from waywarden.reports.locking_services import lock_reports
from waywarden.sending.claim_services import stuck_fact
from waywarden.sending.mail_reading import Bounced, Incoming, read
from waywarden.sending.models import Answer, Delivery
from waywarden.sending.outcome import Cause
from waywarden.sending.reasons import Reason, Why
from waywarden.sending.return_paths import delivery_of

#: So much of a mail is kept as it came, bytes.
KEPT = 500_000


def take_in(raw: bytes, *, recipients: Sequence[str] = ()) -> Answer:
    """Files a mail; `recipients` are those of its envelope, where they are known.

    A mail for an address that is not of a delivery (or whose mark is forged) is kept as unknown.
    The same mail again is the same answer.
    """
    incoming = read(raw)
    mark = hashlib.sha256(raw).hexdigest()
    addressed = [*recipients, *incoming.recipients]
    numbers = [number for one in addressed if (number := delivery_of(one)) is not None]
    with transaction.atomic():
        known = Answer.objects.filter(mark=mark).first()
        if known is not None:
            return known
        delivery = _locked(Delivery.objects.filter(pk=numbers[0])) if numbers else None
        answer = Answer.objects.create(
            kind=_kind(incoming, delivery),
            delivery=delivery,
            report_id=delivery.report_id if delivery else None,
            body_id=delivery.body_id if delivery else None,
            at=clock.now(),
            mark=mark,
            sender=incoming.sender,
            subject=incoming.subject,
            text=incoming.text,
            raw=raw[:KEPT],
        )
        if delivery is not None:
            _follow(answer, delivery, incoming.bounced)
    return answer


def note_bounce(key: str, *, address: str, words: str, is_permanent: bool) -> bool:
    """A provider says that a mail of a delivery (by its key) did not arrive; False if unknown."""
    try:
        known = UUID(key)
    except ValueError:
        return False
    with transaction.atomic():
        delivery = _locked(Delivery.objects.filter(key=known))
        if delivery is None:
            return False
        _note_bounced(delivery, [Bounced(address.strip().lower(), is_permanent, words)])
    return True


def _locked(rows: QuerySet[Delivery]) -> Delivery | None:
    """The one delivery, its report locked before it."""
    lock_reports(rows.values_list("report_id", flat=True))
    return rows.select_for_update().first()


def _kind(incoming: Incoming, delivery: Delivery | None) -> Answer.Kind:
    if delivery is None:
        return Answer.Kind.UNKNOWN
    if incoming.bounced:
        return Answer.Kind.BOUNCE
    return Answer.Kind.AUTOMATIC if incoming.is_automatic else Answer.Kind.ANSWER


def _follow(answer: Answer, delivery: Delivery, bounced: Sequence[Bounced]) -> None:
    if answer.kind == Answer.Kind.BOUNCE:
        _note_bounced(delivery, bounced)
        return
    record(
        Fact(
            "report.answered",
            "report",
            delivery.report_id,
            actor=Actor("body", delivery.body_id),
            data={"answer": answer.pk, "body": delivery.body_id, "kind": answer.kind},
        )
    )


def _note_bounced(delivery: Delivery, bounced: Iterable[Bounced]) -> None:
    """Marks the category's addresses; a report that reached none of them waits for a person."""
    lost = {one.address: one.words for one in bounced if one.is_permanent}
    category = delivery.category
    if category is None or not lost:
        return
    own = {address.lower() for address in category.emails}
    if len(own) == 1 and len(lost) == 1:  # behind an alias the notice names another address
        lost = {next(iter(own)): next(iter(lost.values()))}
    known = {address: words for address, words in lost.items() if address in own}
    if not known:
        return
    _mark_category(category, known)
    notebook = {
        name: done for name, done in delivery.notebook.items() if name[3:].lower() not in lost
    }
    reached = [name for name, done in notebook.items() if name.startswith("to:") and done == "sent"]
    delivery.notebook = notebook
    if not reached and delivery.state == Delivery.State.SENT:
        delivery.state, delivery.cause = Delivery.State.HELD, Cause.BOUNCED
        delivery.explain(Reason(Why.BOUNCED, "; ".join(known.values())))
        record(stuck_fact(delivery))
    delivery.save(update_fields=["notebook", "state", "cause", "reason", "why"])


def _mark_category(category: Category, lost: Mapping[str, str]) -> None:
    category.bounced_emails = {**category.bounced_emails, **lost}
    category.save(update_fields=["bounced_emails"])
    record(Fact("category.bounced", "category", category.pk, data={"addresses": sorted(lost)}))
