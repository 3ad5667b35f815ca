"""Service lists that wait for a person: kept, applied or refused, overtaken by a later list."""

import hashlib
from collections.abc import Sequence

import msgspec
from django.db import transaction

from waywarden.bodies.models import Body
from waywarden.events.services import Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import shorten
from waywarden.sync.category_services import apply_proposal, held_categories
from waywarden.sync.models import ServiceProposal
from waywarden.sync.proposals import Listed, Proposal, propose

State = ServiceProposal.State


def keep_waiting(body: Body, listed: Sequence[Listed], *, reason: str) -> ServiceProposal | None:
    """Keeps a list for a person to look over; None when they refused this very list already.

    One waits at a time: a list that came before is overtaken by it.
    """
    plain = [dict(one.values) for one in listed]
    mark = hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()
    moment = clock.now()
    with transaction.atomic():
        Body.objects.select_for_update().get(pk=body.pk)
        decided = ServiceProposal.objects.filter(body=body).exclude(state=State.OVERTAKEN)
        last = decided.order_by("-id").first()
        if last is not None and last.fingerprint == mark:
            if last.state == State.WAITING:
                return last
            if last.state == State.REFUSED:
                return None
        overtake(body)
        proposal = ServiceProposal.objects.create(
            body=body,
            listed=plain,
            fingerprint=mark,
            reason=shorten(reason, 300),
            created=moment,
        )
        data = {"proposal": proposal.pk, "reason": reason}
        record(Fact("services.proposed", "body", body.pk, data=data))
    return proposal


def overtake(body: Body) -> None:
    """What waited is of no interest any more: a later list was applied, or waits itself."""
    ServiceProposal.objects.filter(body=body, state=State.WAITING).update(
        state=State.OVERTAKEN, decided_at=clock.now()
    )


def proposal_of(kept: ServiceProposal) -> Proposal:
    """What the kept list would do to the categories as they are now."""
    listed = [Listed(values=values) for values in kept.listed]
    return propose(listed, held_categories(kept.body))


def decide(kept: ServiceProposal, *, is_agreed: bool, user_id: int, note: str = "") -> None:
    """A person applies a list that waited, or refuses it. Raises RuleBroken when it is settled."""
    with transaction.atomic():
        claimed = ServiceProposal.objects.filter(pk=kept.pk, state=State.WAITING).update(
            state=State.APPLIED if is_agreed else State.REFUSED,
            decided_at=clock.now(),
            decided_by=user_id,
            note=shorten(note, 300),
        )
        if not claimed:
            message = "This list has been decided already, or a later one has come."
            raise RuleBroken(message)
        if is_agreed:
            apply_proposal(proposal_of(kept), body=kept.body, user_id=user_id)
            return
        record(
            Fact(
                "services.refused",
                "body",
                kept.body_id,
                actor=Actor("user", user_id),
                data={"proposal": kept.pk, "note": note},
            )
        )
