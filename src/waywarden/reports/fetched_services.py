"""Every write to reports and updates that the updates of a body's system bring about.

The rules are those of integration.md 3, *Applying*.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from waywarden.bodies.models import Category
from waywarden.bodies.templates import Said, Spoken, speak
from waywarden.events.bulk_services import insert_rows, write_columns
from waywarden.events.services import Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.text import one_line, paragraphs, shorten
from waywarden.reports import progress
from waywarden.reports.fetched_ledger import (
    AT_BODY_COLUMNS,
    LATEST_ONLY,
    LATEST_WORDS,
    OWN_NAMES,
    REPORT_COLUMNS,
    AtBodyNow,
    Ledger,
    read_ledger,
)
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.states import VISIBLE, State
from waywarden.reports.words import spoken_by, told_as_moved

#: Longer words of a body are cut.
LONGEST_TEXT = 20_000
#: What a flag of a row says when it is set.
_YES = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Credit:
    """Whom fetched things are credited to, and through which connection they came.

    Without a connection a body's system pushed them by the body's own key.
    """

    connection_id: int | None
    sent_by: str
    user_id: int | None
    suppresses_alerts: bool = False

    def actor_for(self, body_id: int) -> Actor:
        """Who brought a body's news: the connection, else the body."""
        if self.connection_id is None:
            return Actor("body", body_id)
        return Actor("connection", self.connection_id)


@dataclass(frozen=True, slots=True)
class FetchedUpdate:
    """One row about one report at one body. `state` is ours, "" keeps the report's.

    `update_id` is the body's id of the row, "" when it gave none. `said_at` is its own time.
    """

    report_id: int
    body_id: int
    update_id: str
    said_at: datetime
    state: str = ""
    status: str = ""
    text: str = ""
    external_status_code: str = ""
    customer_reference: str = ""
    media_urls: tuple[str, ...] = ()
    extras: Mapping[str, str] = field(default_factory=dict)


def apply_updates(rows: Sequence[FetchedUpdate], *, credit: Credit) -> tuple[Update, ...]:
    """Applies rows in order of time; the updates it made, hidden ones too.

    One transaction, set-based: joins the caller's, who has locked the reports. Rows about a report
    that is not at their body must have been left out before.
    """
    moment = clock.now()
    rows = [_cleaned(row) for row in rows]
    with transaction.atomic(savepoint=False):
        ledger = read_ledger(rows)
        for row in sorted(rows, key=lambda row: row.said_at):
            _apply(row, ledger, credit=credit, now=moment)
        insert_rows([update for update, _is_new in ledger.made])
        write_columns(ledger.reports.values(), REPORT_COLUMNS, model=Report)
        if ledger.no_duplicates:
            Report.objects.filter(pk__in=ledger.no_duplicates).update(duplicate_of=None)
        write_columns(ledger.at_bodies.values(), AT_BODY_COLUMNS, model=ReportBody)
        record(*ledger.moved, *_facts(ledger, credit))
    return tuple(update for update, _is_new in ledger.made)


def _cleaned(row: FetchedUpdate) -> FetchedUpdate:
    extras = {name: value for name, value in row.extras.items() if name not in OWN_NAMES}
    return replace(row, text=shorten(paragraphs(row.text), LONGEST_TEXT), extras=extras)


def _apply(row: FetchedUpdate, ledger: Ledger, *, credit: Credit, now: datetime) -> None:
    report = ledger.reports[row.report_id]
    at_body = ledger.at_bodies[row.report_id, row.body_id]
    is_latest_only = row.extras.get(LATEST_ONLY, "").strip().lower() in _YES
    said_at = now if is_latest_only else row.said_at
    at = progress.time_of(said=said_at, sent_at=at_body.sent_at, now=now)
    if is_latest_only and _is_told(row, at_body, ledger):
        _note_what_is_beside(row, ledger, at=at, credit=credit, now=now)
        return
    _move(row, ledger, at=at, credit=credit, now=now)
    state = progress.state_after(
        current=report.state,
        fetched=row.state if at_body.left_at is None else "",
        at=at,
        changed_at=report.state_changed_at,
        is_first_update=row.report_id not in ledger.updated,
        follows_own_row=at_body.last_status_at == report.state_changed_at,
    )
    is_new_state = state != report.state
    spoken, kept = _spoken(row, ledger, state=state, is_new_state=is_new_state)
    text = spoken.text
    is_hidden = progress.shows_nothing_new(
        text=text,
        last_text=ledger.last_texts.get((row.report_id, row.body_id)),
        has_photos=bool(row.media_urls),
        changes_state=is_new_state,
        is_echo=(row.report_id, text) in ledger.own_texts,
    )
    is_hidden = is_hidden or at_body.left_at is not None
    if is_new_state:
        if report.state == State.DUPLICATE:
            ledger.no_duplicates.add(report.id)
        report.state, report.state_changed_at = state, at
    report.changed = now
    _note_at_body(row, at_body, ledger, at=at)
    update = _update_of(row, at=at, credit=credit, now=now)
    update.text, update.mail_text, update.extras = text, spoken.mail_text, update.extras | kept
    update.state = state if is_new_state else ""
    update.visibility = Update.Visibility.HIDDEN if is_hidden else Update.Visibility.SHOWN
    ledger.made.append((update, is_new_state))
    ledger.updated.add(row.report_id)
    ledger.last_texts[row.report_id, row.body_id] = text


def _is_told(row: FetchedUpdate, at_body: AtBodyNow, ledger: Ledger) -> bool:
    """Whether a row of a system that knows only the latest tells nothing that it did not tell."""
    told = ledger.last_texts.get((row.report_id, row.body_id)), at_body.extras.get(LATEST_WORDS)
    return not row.media_urls and progress.says_the_same(
        status=row.status[:60], last_status=at_body.last_status, text=row.text, told=told
    )


def _note_what_is_beside(
    row: FetchedUpdate, ledger: Ledger, *, at: datetime, credit: Credit, now: datetime
) -> None:
    """The row is stored hidden and leaves the state; what is new beside its words still counts."""
    at_body = ledger.at_bodies[row.report_id, row.body_id]
    if any(row.extras.get(name) != at_body.extras.get(name) for name in ("category", "group")):
        _move(row, ledger, at=at, credit=credit, now=now)
    _note_at_body(row, at_body, ledger, at=at)
    update = _update_of(row, at=at, credit=credit, now=now)
    update.text, update.visibility = row.text, Update.Visibility.HIDDEN
    ledger.made.append((update, False))


def _update_of(row: FetchedUpdate, *, at: datetime, credit: Credit, now: datetime) -> Update:
    extras: dict[str, Any] = dict(row.extras)
    if row.media_urls:
        extras["media_urls"] = list(row.media_urls)
    return Update(
        report_id=row.report_id,
        body_id=row.body_id,
        user_id=credit.user_id,
        external_id=row.update_id,
        external_status_code=row.external_status_code[:100],
        extras=extras,
        visibility=Update.Visibility.SHOWN,
        created=now,
        confirmed_at=at,
    )


def _move(
    row: FetchedUpdate, ledger: Ledger, *, at: datetime, credit: Credit, now: datetime
) -> None:
    """Rule 1: a category or group named in the extras moves the report, and an update says so.

    Only the body's newest row does, and only at a body that still has the report.
    """
    report, at_body = ledger.reports[row.report_id], ledger.at_bodies[row.report_id, row.body_id]
    if at_body.left_at is not None or at < (at_body.last_status_at or at):
        return
    named = one_line(row.extras.get("category", ""))
    category = ledger.categories[row.body_id].get((named or report.category_name).casefold())
    group = one_line(row.extras.get("group", ""))[:120]
    if category is None or (not named and group not in category.groups):
        return
    if group not in category.groups:
        group = category.groups[0] if category.groups else ""
    if category.name == report.category_name and group == report.group:
        return
    update = _update_of(row, at=at, credit=credit, now=now)
    update.external_id, update.external_status_code = "", ""
    if category.name == report.category_name:
        update.text, update.extras = told_as_moved("group", report.group, group)
    else:
        update.text, update.extras = told_as_moved("category", report.category_name, category.name)
    if category.pk != at_body.category_id:
        ledger.moved.append(_moved_fact(row, at_body.category_id, category, credit))
        # As for one that people report there: what is private at the body is private here.
        report.is_private = report.is_private or category.is_private
    report.category_name, report.group, at_body.category_id = category.name, group, category.pk
    ledger.made.append((update, False))


def _moved_fact(row: FetchedUpdate, old_id: int | None, category: Category, credit: Credit) -> Fact:
    data = {"from": old_id, "to": category.pk, "body": row.body_id, "to_body": row.body_id}
    actor = credit.actor_for(row.body_id)
    return Fact("report.moved", "report", row.report_id, actor=actor, data=data)


def _spoken(
    row: FetchedUpdate, ledger: Ledger, *, state: str, is_new_state: bool
) -> tuple[Spoken, dict[str, Any]]:
    """Rule 2: the body's words, or the template that fits, or nothing; what is kept of it."""
    report, at_body = ledger.reports[row.report_id], ledger.at_bodies[row.report_id, row.body_id]
    words, code = row.text, row.external_status_code
    found = ledger.templates[row.body_id]
    if not found:
        return Spoken(words), {}
    said = Said(
        words=words,
        state=state,
        state_changed=is_new_state,
        external_code="" if code == at_body.extras.get("external_status_code") else code,
        category_id=at_body.category_id,
        placeholders={
            "reference": row.customer_reference or at_body.reference,
            "report": str(row.report_id),
            "title": report.title,
            "category": report.category_name,
            "body": ledger.body_names[row.body_id],
            "external_status_code": code,
            **{f"extras.{name}": value for name, value in row.extras.items()},
        },
    )
    spoken = speak(found, said)
    return spoken, spoken_by(spoken, said)


def _note_at_body(
    row: FetchedUpdate, at_body: AtBodyNow, ledger: Ledger, *, at: datetime
) -> None:  # fmt: skip
    """Rule 7: what the body's system says of the report is kept; the newest row counts."""
    at_body.customer_reference = row.customer_reference[:200] or at_body.customer_reference
    if at_body.last_status_at is not None and at < at_body.last_status_at:
        return
    at_body.extras = {**at_body.extras, **row.extras}
    at_body.extras["external_status_code"] = row.external_status_code
    if LATEST_ONLY in row.extras:
        at_body.extras[LATEST_WORDS] = row.text
    at_body.assign(row.extras, ledger.staff[row.body_id])
    if row.status:
        at_body.last_status = row.status[:60]
    at_body.last_status_at = at


def _facts(ledger: Ledger, credit: Credit) -> list[Fact]:
    """One fact for each update that people can see."""
    return [
        Fact(
            "update.fetched",
            "update",
            update.pk,
            actor=credit.actor_for(update.body_id or 0),
            data={
                "report": update.report_id,
                "body": update.body_id,
                "state": update.state,
                "is_new_state": is_new_state,
                "suppress_reporter": credit.suppresses_alerts,
                "photos": len(update.extras.get("media_urls", ())),
            },
        )
        for update, is_new_state in ledger.made
        if update.visibility == Update.Visibility.SHOWN
        and ledger.reports[update.report_id].state in VISIBLE
    ]


def hide_echoes(own: Iterable[tuple[int, str]]) -> int:
    """Updates of ours that came back as a body's, by body and the body's id, are shown no more."""
    named = Q()
    for body_id, external_id in own:
        named |= Q(body=body_id, external_id=external_id)
    if not named:
        return 0
    return Update.objects.filter(named, visibility=Update.Visibility.SHOWN).update(
        visibility=Update.Visibility.HIDDEN
    )
