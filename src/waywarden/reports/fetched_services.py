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
    ASSIGNED_EMAIL,
    ASSIGNED_NAME,
    AT_BODY_COLUMNS,
    LATEST_ONLY,
    LATEST_WORDS,
    OWN_NAMES,
    REPORT_COLUMNS,
    AtBodyNow,
    Ledger,
    ReportNow,
    read_ledger,
)
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.states import VISIBLE, State
from waywarden.reports.told import (
    CATEGORY,
    GROUP,
    REFERENCE,
    ROW,
    STATE,
    STATUS,
    ToldState,
    extra,
    is_news,
)
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


@dataclass(frozen=True, slots=True)
class _When:
    """When a row was said: as it is shown (rule 3), and by the body's own order of its rows.

    `place` is in seconds since 1970; rows from before the sending keep their order by it.
    """

    at: datetime
    place: float
    is_latest_only: bool


def _when(row: FetchedUpdate, at_body: AtBodyNow, *, now: datetime) -> _When:
    is_latest_only = row.extras.get(LATEST_ONLY, "").strip().lower() in _YES
    said = now if is_latest_only else row.said_at
    believed = progress.time_of(said=said, sent_at=None, now=now)
    return _When(
        at=progress.time_of(said=said, sent_at=at_body.sent_at, now=now),
        place=believed.timestamp(),
        is_latest_only=is_latest_only,
    )


def _apply(row: FetchedUpdate, ledger: Ledger, *, credit: Credit, now: datetime) -> None:
    report = ledger.reports[row.report_id]
    at_body = ledger.at_bodies[row.report_id, row.body_id]
    when = _when(row, at_body, now=now)
    if when.is_latest_only and _is_told(row, at_body, ledger):
        _note_what_is_beside(row, ledger, when=when, credit=credit, now=now)
        return
    _move(row, ledger, when=when, credit=credit, now=now)
    is_new_state = _set_state(row, ledger, when)
    spoken, kept = _spoken(row, ledger, state=report.state, is_new_state=is_new_state)
    text = spoken.text
    is_hidden = progress.shows_nothing_new(
        text=text,
        last_text=ledger.last_text(row.report_id, row.body_id),
        has_photos=bool(row.media_urls),
        changes_state=is_new_state,
        is_echo=(row.report_id, text) in ledger.own_texts,
    )
    is_hidden = is_hidden or at_body.left_at is not None
    report.changed = now
    _note_at_body(row, at_body, ledger, when=when)
    update = _update_of(row, at=when.at, credit=credit, now=now)
    update.text, update.mail_text, update.extras = text, spoken.mail_text, update.extras | kept
    update.state = report.state if is_new_state else ""
    update.visibility = Update.Visibility.HIDDEN if is_hidden else Update.Visibility.SHOWN
    ledger.made.append((update, is_new_state))
    ledger.note_text(row.report_id, row.body_id, at=when.at, text=text)


def _set_state(row: FetchedUpdate, ledger: Ledger, when: _When) -> bool:
    """Rule 4; whether the row shows another state."""
    report = ledger.reports[row.report_id]
    at_body = ledger.at_bodies[row.report_id, row.body_id]
    if not row.state or at_body.left_at is not None:
        return False
    told = ledger.told_states.get(row.report_id)
    if told is not None and when.place < told.at:
        late = progress.state_after_late(
            current=report.state,
            fetched=row.state,
            at=when.at,
            changed_at=report.state_changed_at,
            told_last=told.state,
        )
        _change(report, ledger, late, at=max(told.moment, when.at))
        return False  # what came after it has the last word
    is_first = told is None and row.report_id not in ledger.spoken_of
    state = progress.state_after(
        current=report.state,
        fetched=row.state,
        at=when.at,
        changed_at=report.state_changed_at,
        is_first_update=is_first,
        follows_row=told is not None,
    )
    if is_first and report.state_changed_at is not None:
        # From here on its rows count, though something else was later.
        report.state_changed_at = min(report.state_changed_at, when.at)
    ledger.told_states[row.report_id] = ToldState(when.place, row.state)
    at_body.told[STATE] = [when.place, row.state]
    return _change(report, ledger, state, at=when.at)


def _change(report: ReportNow, ledger: Ledger, state: State, *, at: datetime) -> bool:
    if state == report.state:
        return False
    if report.state == State.DUPLICATE:
        ledger.no_duplicates.add(report.id)
    report.state, report.state_changed_at = state, at
    return True


def _is_told(row: FetchedUpdate, at_body: AtBodyNow, ledger: Ledger) -> bool:
    """Whether a row of a system that knows only the latest tells nothing that it did not tell."""
    told = ledger.last_text(row.report_id, row.body_id), at_body.extras.get(LATEST_WORDS)
    return not row.media_urls and progress.says_the_same(
        status=row.status[:60], last_status=at_body.last_status, text=row.text, told=told
    )


def _note_what_is_beside(
    row: FetchedUpdate, ledger: Ledger, *, when: _When, credit: Credit, now: datetime
) -> None:
    """The row is stored hidden and leaves the state; what is new beside its words still counts."""
    at_body = ledger.at_bodies[row.report_id, row.body_id]
    if any(row.extras.get(name) != at_body.extras.get(name) for name in ("category", "group")):
        _move(row, ledger, when=when, credit=credit, now=now)
    _note_at_body(row, at_body, ledger, when=when)
    update = _update_of(row, at=when.at, credit=credit, now=now)
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
    row: FetchedUpdate, ledger: Ledger, *, when: _When, credit: Credit, now: datetime
) -> None:
    """Rule 1: a category or group named in the extras moves the report, and an update says so.

    Only the body's newest row that names one does, and only at a body that still has the report.
    """
    report, at_body = ledger.reports[row.report_id], ledger.at_bodies[row.report_id, row.body_id]
    named = _named(row, ledger, when)
    if at_body.left_at is not None or named is None:
        return
    category, group = named
    if category.name == report.category_name and group == report.group:
        return
    update = _update_of(row, at=when.at, credit=credit, now=now)
    update.external_id, update.external_status_code = "", ""
    if category.name == report.category_name:
        update.text, update.extras = told_as_moved("group", report.group, group)
    else:
        update.text, update.extras = told_as_moved("category", report.category_name, category.name)
    if category.pk != at_body.category_id:
        ledger.moved.append(_moved_fact(row, at_body.category_id, category, credit))
    report.category_name, report.group, at_body.category_id = category.name, group, category.pk
    ledger.made.append((update, False))


def _named(row: FetchedUpdate, ledger: Ledger, when: _When) -> tuple[Category, str] | None:
    """The category and group that a row moves its report to; None where it names none anew."""
    report, at_body = ledger.reports[row.report_id], ledger.at_bodies[row.report_id, row.body_id]
    known, told = ledger.categories[row.body_id], at_body.told
    here = known.get(report.category_name.casefold())
    named = known.get(one_line(row.extras.get("category", "")).casefold())
    if named is not None and named.is_private and at_body.left_at is None:
        # As for one that people report there: what is private at the body is private here.
        report.is_private = True
    if named is not None and is_news(told, [CATEGORY], at=when.place):
        told[CATEGORY] = when.place
    else:
        named = None
    group = one_line(row.extras.get("group", ""))[:120]
    is_known = any(group in one.groups for one in known.values())
    if is_known and when.place >= told.get(GROUP, (when.place, ""))[0]:
        told[GROUP] = [when.place, group]
    else:
        group = ""
    target = named or here
    if target is None or not (named or group):
        return None
    if target is not here:
        group = group or told.get(GROUP, (0, ""))[1]
    if group in target.groups:
        return target, group
    return target, report.group if target is here else next(iter(target.groups), "")


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
    row: FetchedUpdate, at_body: AtBodyNow, ledger: Ledger, *, when: _When
) -> None:  # fmt: skip
    """Rule 7: what the body's system says is kept; of each thing the newest row counts."""
    told, at = at_body.told, when.place
    if is_news(told, [extra(ASSIGNED_EMAIL), extra(ASSIGNED_NAME)], at=at):
        at_body.assign(row.extras, ledger.staff[row.body_id])
    news = {name: row.extras[name] for name in row.extras if is_news(told, [extra(name)], at=at)}
    at_body.extras = {**at_body.extras, **news}
    told.update({extra(name): at for name in news})
    if row.customer_reference and is_news(told, [REFERENCE], at=at):
        at_body.customer_reference, told[REFERENCE] = row.customer_reference[:200], at
    if row.status and is_news(told, [STATUS], at=at):
        at_body.last_status, told[STATUS] = row.status[:60], at
    if not is_news(told, [ROW], at=at):
        return
    told[ROW] = at
    at_body.extras["external_status_code"] = row.external_status_code
    if LATEST_ONLY in row.extras:
        at_body.extras[LATEST_WORDS] = row.text
    at_body.last_status_at = when.at


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
