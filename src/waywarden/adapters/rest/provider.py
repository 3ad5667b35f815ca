"""A system that speaks JSON over HTTP made to look like Open311."""

import base64
import itertools
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from waywarden.adapters import fields, letters
from waywarden.adapters.calling import way_to
from waywarden.adapters.contract import (
    BadRow,
    CannotAsk,
    NotKnown,
    NotOffered,
    Report,
    Sent,
    Step,
    StepDraft,
    System,
    Update,
    Wanted,
    each,
)
from waywarden.adapters.deployment import Kind
from waywarden.adapters.fields import REQUEST_FIELDS, UPDATE_FIELDS, Reading
from waywarden.adapters.kept import Kept
from waywarden.adapters.opening import Opening, over_system
from waywarden.adapters.rest.auth import Credentials
from waywarden.adapters.rest.client import NOT_FOUND, RestClient
from waywarden.adapters.rest.options import (
    Call,
    FindCall,
    MessageCall,
    ReportsList,
    RestOptions,
    TokenCall,
    UpdatesList,
    faults,
)
from waywarden.adapters.rest.photos import Photos, drafts
from waywarden.adapters.rest.reading import (
    decoded,
    question_of,
    rows_of,
    sent_of,
    text_at,
    words_of,
)
from waywarden.adapters.rest.templating import Templates, found
from waywarden.adapters.values import answers_in, message_values, report_values
from waywarden.kernel import clock
from waywarden.kernel.errors import BadReply, TryLater
from waywarden.kernel.http import Answer
from waywarden.kernel.text import one_line, paragraphs
from waywarden.open311 import types
from waywarden.open311.dates import write_date

MOST_CLASHES = 4
"""How often something is read and written again when somebody else wrote meanwhile."""
EVENTS, CURSOR = "events", "cursor"


class RestSystem(System):
    """One system. Threads may share it."""

    def __init__(
        self,
        options: RestOptions,
        client: RestClient,
        *,
        photos: Photos,
        kept: Kept,
        templates: Templates,
        zone: str,
    ) -> None:
        self._options, self._client, self._kept = options, client, kept
        self._templates, self._photos = templates, photos
        self.gives_once = options.updates is not None and options.updates.once
        self.tells_kept = options.updates is not None and options.updates.is_collected
        self._collecting = threading.Lock()
        self._reading = Reading(
            zone=ZoneInfo(zone), time_format=options.time_format, projection=options.projection
        )

    def services(self) -> Sequence[types.Service] | None:
        named = self._options.categories
        if named is None:
            return None
        address = self._client.address(named.path, named.query, {})
        rows = rows_of(decoded(self._client.read(address)), named.rows)
        return [
            types.Service(
                service_code=str(code),
                service_name=one_line(str(found(named.name, row) or code)),
                description=paragraphs(str(found(named.description, row) or "")),
                group=one_line(str(found(named.group, row) or "")),
                keywords=words_of(found(named.keywords, row)),
            )
            for row in rows
            if (code := found(named.code, row)) not in (None, "")
        ]

    def attributes(self, category: str) -> tuple[types.Attribute, ...]:
        named = self._options.questions
        if named is None:
            return ()
        address = self._client.address(named.path, named.query, {"category": category})
        answer = self._client.read(address, also=[NOT_FOUND])
        if answer.status == NOT_FOUND:
            return ()  # this category asks nothing
        rows = rows_of(decoded(answer), named.rows)
        return tuple(question_of(row, named) for row in rows)

    def send_report(self, report: Report) -> Sent:
        call = self._options.report
        answer = self._client.send(call, self._report_values(report))
        return sent_of(call, answer, otherwise=report.ref)

    def token(self, token: str) -> str:
        return self._became(self._options.token, token)

    def update_token(self, token: str) -> str:
        return self._became(self._options.message_token, token)

    def find_report(self, report: Report, since: datetime) -> Iterator[str]:
        values = {"ref": report.ref, "category": report.category, "since": write_date(since)}
        return self._found(self._options.find_report, values)

    def report_steps(self, report: Report) -> Sequence[StepDraft]:
        if self._options.photo is None:
            return ()
        return [*drafts(f"report-{report.ref}", report.new)]

    def send_update(self, update: Update) -> Sent:
        call = self._options.message
        if call is None:
            raise NotOffered
        values = self._message_values(update)
        if call.before:
            answer = self._changed(call, values)
        else:
            answer = self._client.send(call, values, also=[NOT_FOUND])
            if answer.status == NOT_FOUND:
                raise NotKnown
        return sent_of(call, answer, otherwise=update.ref)

    def find_update(self, update: Update, since: datetime) -> Iterator[str]:
        report = update.new.service_request_id
        values = {"ref": update.ref, "report": report, "since": write_date(since)}
        return self._found(self._options.find_message, values)

    def update_steps(self, update: Update) -> Sequence[StepDraft]:
        if self._options.photo is None:
            return ()
        return [*drafts(f"update-{update.ref}", update.new)]

    def take_step(self, step: Step) -> None:
        call = self._options.photo
        if call is None:
            raise NotOffered
        values = {"url": "", "filename": "", "content_type": "", **step.data}
        given = {"report": step.report_id, "key": step.key, **values}
        picture = step.blob
        if call.fetch and values["url"] and not picture:
            picture = self._photos.fetched(values["url"])
        given["base64"] = base64.b64encode(picture).decode()
        self._client.send(call, given)

    def has_step(self, step: Step, since: datetime) -> bool:
        find, filename = self._options.find_photo, str(step.data.get("filename", ""))
        marks = {"ref": step.key, "report": step.report_id, "filename": filename}
        found_ = self._found(find, {**marks, "since": write_date(since)}, also=filename)
        return next(found_, None) is not None

    def requests(self, wanted: Wanted) -> Iterable[types.ServiceRequest | BadRow]:
        named = self._options.reports
        if named is None:
            raise NotOffered
        rows = self._rows_by_id(named, wanted.ids) if wanted.ids else self._rows(named, wanted)
        return each(
            rows,
            lambda row: fields.request_of(
                fields.picked(named, REQUEST_FIELDS, lambda path: found(path, row)), self._reading
            ),
            key=lambda row: str(found(named.id, row) or letters.content_id(row)),
        )

    def updates(
        self, since: datetime, until: datetime
    ) -> Iterable[types.ServiceRequestUpdate | BadRow]:
        named = self._options.updates
        if named is None:
            raise NotOffered
        if named.is_collected:
            self.collect()
            return self._kept.updates(since, until)
        pages = self._pages(named, since, until)
        return self._listed(named, (plain for plain, _cursor in pages))

    def collect(self) -> None:
        """Takes in what is handed out once, and what has no time of its own."""
        named = self._options.updates
        if named is None or not named.is_collected:
            return
        with self._collecting:
            self._open_letters(named)  # of a process that was killed between
            now = clock.now()
            start = self._kept.mark(CURSOR) if named.resume else ""
            for plain, cursor in self._pages(named, now, now, start=start):
                mark = (CURSOR, cursor) if named.resume and cursor else None
                self._kept.take_in(msgspec.json.encode(plain), source=EVENTS, mark=mark)
            self._open_letters(named)

    def preview_report(self, report: Report) -> str:
        return self._shown(self._options.report, self._report_values(report))

    def preview_update(self, update: Update) -> str:
        call = self._options.message
        if call is None:
            raise NotOffered
        values = self._message_values(update) | {"current": {}}
        return self._shown(call, values)

    def sample_change(self, state: str) -> Mapping[str, Any]:
        named = self._options.updates
        if named is None:
            raise NotOffered
        row: dict[str, Any] = {}
        for path, value in fields.made_up(named, self._reading, state).items():
            *inside, last = path.split(".")
            place = row
            for part in inside:
                place = place.setdefault(part, {})
            place[last] = value
        return row

    def read_change(self, row: Mapping[str, Any]) -> types.ServiceRequestUpdate:
        named = self._options.updates
        if named is None:
            raise NotOffered
        return self._update_of(named, row)

    def _became(self, call: TokenCall | None, token: str) -> str:
        if call is None:
            raise NotOffered
        address = self._client.address(call.path, call.query, {"token": token})
        answer = self._client.read(address, also=[NOT_FOUND])
        return "" if answer.status == NOT_FOUND else text_at(call.id, decoded(answer))

    def _changed(self, call: MessageCall, values: Mapping[str, Any]) -> Answer:
        """Reads, changes and writes; again when somebody else wrote meanwhile."""
        for _turn in range(MOST_CLASHES):
            address = self._client.address(call.before, {}, values)
            before = self._client.read(address, also=[NOT_FOUND])
            if before.status == NOT_FOUND:
                raise NotKnown
            given = {**values, "current": decoded(before)}
            answer = self._client.send(call, given, also=call.clash)
            if answer.status not in call.clash:
                return answer
        message = "Others keep writing to this report. Please ask again in a minute."
        raise TryLater(message)

    def _found(
        self, find: FindCall | None, values: Mapping[str, Any], *, also: str = ""
    ) -> Iterator[str]:
        """Ids of what stands there under our `ref`, or under `also`."""
        if find is None or not values["ref"]:
            raise CannotAsk
        address = self._client.address(find.path, find.query, values)
        answer = self._client.read(address, also=[NOT_FOUND])
        if answer.status == NOT_FOUND:
            return
        for row in rows_of(decoded(answer), find.rows):
            number = found(find.id, row)
            is_ours = not find.ref or str(found(find.ref, row)) in {values["ref"], also or None}
            if is_ours and number not in (None, ""):
                yield str(number)

    def _rows(self, named: ReportsList, wanted: Wanted) -> Iterator[Any]:
        values = {
            name: write_date(getattr(wanted, name)) or ""
            for name in ("created_from", "created_to", "changed_from", "changed_to")
        }
        given = {**values, "categories": list(wanted.categories), "states": list(wanted.states)}
        address = self._client.address(named.path, named.query, given)
        for plain, _cursor in self._client.pages(address, named.paging, named.rows):
            yield from rows_of(plain, named.rows)

    def _rows_by_id(self, named: ReportsList, ids: Iterable[str]) -> Iterator[Any]:
        if not named.one:
            raise NotOffered
        for one in ids:
            address = self._client.address(named.one, {}, {"id": one})
            answer = self._client.read(address, also=[NOT_FOUND, 400])
            row = found(named.one_row, decoded(answer)) if answer.status < 400 else None
            if row is not None:
                yield row

    def _pages(
        self, named: UpdatesList, since: datetime, until: datetime, *, start: str = ""
    ) -> Iterator[tuple[Any, str]]:
        values = {"since": write_date(since), "until": write_date(until)}
        address = self._client.address(named.path, named.query, values)
        return self._client.pages(address, named.paging, named.rows, start=start)

    def _listed(
        self, named: UpdatesList, pages: Iterable[Any], *, letter: int | None = None
    ) -> Iterator[types.ServiceRequestUpdate | BadRow]:
        """The changes of pages. What is handed out once, and says neither id nor time, is told
        from an equal one by the `letter` it came with: a case may come into a state again."""
        is_bare = letter is not None and named.once and not named.at
        turn = itertools.count()
        for plain in pages:
            yield from each(
                rows_of(plain, named.rows),
                lambda row: self._update_of(
                    named, row, mark=[letter, next(turn)] if is_bare else None
                ),
                key=lambda row: str(found(named.id, row) or letters.content_id(row)),
            )

    def _update_of(
        self, named: UpdatesList, row: Any, *, mark: Any = None
    ) -> types.ServiceRequestUpdate:
        values = fields.picked(named, UPDATE_FIELDS, lambda path: found(path, row))
        number = letters.content_id(row if mark is None else [row, mark])
        return fields.update_of(values, self._reading, made_up_id=number)

    def _open_letters(self, named: UpdatesList) -> None:
        for number, body, taken_at in self._kept.letters(EVENTS):
            good: list[types.ServiceRequestUpdate] = []
            bad: list[BadRow] = []
            try:
                for row in self._listed(named, [msgspec.json.decode(body)], letter=number):
                    if isinstance(row, BadRow):
                        bad.append(row)
                    else:
                        good.append(letters.as_told(row, taken_at=taken_at))
            except BadReply as error:
                bad.append(BadRow(letters.content_id(body), str(error), body.decode()))
            self._kept.opened(number, updates=good, bad=bad)

    def _report_values(self, report: Report) -> dict[str, Any]:
        found = report_values(report, projection=self._options.projection)
        words = found["description"] or found["title"]
        return found | {
            "description": words,
            "at": write_date(found["at"]),
            "answers": _answers(report.new),
        }

    def _message_values(self, update: Update) -> dict[str, Any]:
        found = message_values(update)
        at = write_date(found["at"])
        return found | {"at": at, "answers": _answers(update.new), "current": {}}

    def _shown(self, call: Call, values: Mapping[str, Any]) -> str:
        address = self._client.address(call.path, call.query, values)
        body = json.dumps(self._templates.filled(call.body, values), indent=2, ensure_ascii=False)
        return f"{call.method} {address}\n{body}"


def _answers(new: types.NewRequest | types.NewUpdate) -> dict[str, Any]:
    """A question's code to its answer, a list where there are several."""
    found = answers_in(new)
    return {code: given[0] if len(given) == 1 else list(given) for code, given in found.items()}


def _opened(opening: Opening) -> RestSystem:
    options: RestOptions = opening.loaded.options
    zone = opening.loaded.deployment.zone
    secret = options.auth.secret.read(opening.environ) if options.auth.secret else ""
    headers = {"Accept": "application/json", **options.headers}
    addresses = (options.url, options.auth.token_url)
    way = way_to(options, *addresses, headers=headers, secret=secret, hosts=options.hosts)
    templates = Templates(ZoneInfo(zone))
    credentials = Credentials(options.auth, secret, lambda: way)
    client = RestClient(way, options.url, credentials=credentials, templates=templates)
    photos = Photos(way_to(options, hosts=options.hosts, headers={}))
    return RestSystem(
        options, client, photos=photos, kept=opening.kept, templates=templates, zone=zone
    )


KIND = Kind(
    options_type=RestOptions,
    opens=over_system(_opened),
    sample=Path(__file__).with_name("sample.toml"),
    faults=faults,
)
