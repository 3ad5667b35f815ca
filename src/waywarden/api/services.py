"""Every write that other applications bring about: a report once, an update once."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import timedelta

import msgspec
from django.db import transaction

from waywarden.api.models import Post
from waywarden.bodies.models import Body, Category
from waywarden.bodies.queries import Served
from waywarden.connections.models import Connection
from waywarden.connections.services import default_email_backend, open_backend
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.open311 import types
from waywarden.reports.services import NewReport, create_report
from waywarden.sync.queries import exclusions_of
from waywarden.sync.rows import Counts, cleaned
from waywarden.sync.source import Source
from waywarden.sync.updates import take_in, take_in_updates
from waywarden.users.key_services import Key
from waywarden.users.models import User

KEPT = timedelta(days=90)
"""How long a repeat of a POST is answered as the first was."""


class KeyReused(RuleBroken):
    """This idempotency key was used for something else before."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells that a POST is the same one: the hash of the sender's key, and of the content.

    `digest` "" where the content of a repeat may differ.
    """

    api_key_id: int
    kind: Post.Kind
    mark: str
    digest: str = ""


def mark_of(
    *, api_key_id: int, kind: Post.Kind, names: tuple[str, ...], content: object = None
) -> Mark:
    """The mark of a POST, by the names that stay the same on every attempt."""
    digest = _hash(content) if content is not None else ""
    return Mark(api_key_id, kind, _hash(names), digest)


def digest_of(new: types.NewRequest | types.NewUpdate) -> dict[str, object]:
    """What makes two posts the same content. Photos are left out: their addresses may change."""
    content = asdict(new)
    for name in ("media_urls", "uploads", "idempotency_key"):
        del content[name]
    return content


def _hash(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def first_answer(mark: Mark) -> str | None:
    """What was answered to this POST before, None when it is new. Raises KeyReused."""
    post = Post.objects.filter(api_key_id=mark.api_key_id, kind=mark.kind, mark=mark.mark).first()
    return None if post is None else _answer_of(post, mark)


def _answer_of(post: Post, mark: Mark) -> str:
    if mark.digest and post.digest and mark.digest != post.digest:
        raise KeyReused
    return post.answer


def _forget_old_answers() -> None:
    """Nobody tries again for so long; done as new ones come, by their index."""
    Post.objects.filter(created__lt=clock.now() - KEPT).delete()


def keep_answer(mark: Mark, answer: str) -> None:
    """Remembers what a POST was answered."""
    _forget_old_answers()
    Post.objects.bulk_create([_post(mark, answer)], ignore_conflicts=True)


def _post(mark: Mark, answer: str = "") -> Post:
    return Post(
        api_key_id=mark.api_key_id,
        kind=mark.kind,
        mark=mark.mark,
        digest=mark.digest,
        answer=answer,
        created=clock.now(),
    )


def create_report_once(
    new: NewReport, *, user: User | None, mark: Mark | None, served: Served | None
) -> str:
    """Our number of the report, made now or by an earlier attempt.

    Two attempts at once: the second waits for the first and then gives its answer. Raises what
    `create_report` raises, and KeyReused; nothing is kept then.
    """
    _forget_old_answers()
    with transaction.atomic():
        if mark is None:
            return str(create_report(new, user=user, served=served).pk)
        post = _post(mark)
        found, is_new = Post.objects.get_or_create(
            api_key_id=mark.api_key_id,
            kind=mark.kind,
            mark=mark.mark,
            defaults={"digest": mark.digest, "created": post.created},
        )
        if not is_new:
            return _answer_of(found, mark)
        found.answer = str(create_report(new, user=user, served=served).pk)
        found.save(update_fields=["answer"])
        return found.answer


def rehearse_report(new: NewReport, *, user: User | None, served: Served | None) -> None:
    """Makes the report and takes it all back: raises what making it would raise."""
    with transaction.atomic():
        create_report(new, user=user, served=served)
        transaction.set_rollback(True)


def author_at(body: Body, key: Key) -> User | None:
    """Who a problem born in a body's system is by: the update user, else the body's application."""
    connection = body.connection_for_fetching
    if connection is not None and connection.update_user is not None:
        return connection.update_user
    return User.objects.filter(pk=key.user_id).first()


def require_wanted(
    new: types.NewRequest, report: NewReport, *, category: Category, body: Body
) -> None:
    """Raises RuleBroken where a rule keeps such a problem of the body out, polled or pushed."""
    row = types.ServiceRequest(
        service_request_id=report.references.get(body.pk, ""),
        service_name=category.name,
        service_code=category.service_code or new.service_code,
        description=new.description,
        title=report.title,
        address=new.address_string,
        requested_datetime=clock.now(),
        extras={code: ", ".join(values) for code, values in new.attributes.items()},
    )
    rules = exclusions_of(body.connection_for_fetching)
    rule = rules.rule_for(row, is_private=category.is_private, now=clock.now())
    if rule is not None:
        message = f"A rule of this site keeps this problem out: {rule}."
        raise RuleBroken(message)


def take_in_update(
    row: types.ServiceRequestUpdate, *, body: Body, connection: Connection | None, is_sandbox: bool
) -> Counts:
    """A pushed update on the way of a polled one. Raises Misconfigured, RuleBroken.

    In the sandbox everything is taken back.
    """
    if not is_sandbox:
        return take_in_updates(body=body, connection=connection, rows=[row])
    backend = open_backend(connection).backend if connection else default_email_backend()
    source = Source(connection=connection, backend=backend, bodies=(body,))
    return take_in([cleaned(row)], source=source, dry_run=True)
