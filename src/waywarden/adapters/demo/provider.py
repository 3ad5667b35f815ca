"""The works system made to look like Open311: the adapter to copy for one of your own."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from waywarden.adapters.calling import way_to
from waywarden.adapters.contract import (
    BadRow,
    NotKnown,
    Report,
    Sent,
    System,
    Update,
    Wanted,
    each,
)
from waywarden.adapters.demo import translation
from waywarden.adapters.demo.client import Job, JobType, JobUpdate, WorksClient
from waywarden.adapters.demo.options import DemoOptions
from waywarden.adapters.demo.works import STATES
from waywarden.adapters.deployment import Kind
from waywarden.adapters.opening import Opening, over_system
from waywarden.kernel.errors import RuleBroken
from waywarden.open311 import types

CLOCK_SLACK = timedelta(days=1)
"""How far the vendor's clock may be from ours when a lost job is looked for."""


class DemoSystem(System):
    """One works system. Threads may share it."""

    def __init__(self, client: WorksClient) -> None:
        self._client = client
        self._types: list[JobType] = []

    def services(self) -> Sequence[types.Service]:
        self._types = self._client.job_types()
        return [translation.service_of(kind) for kind in self._types]

    def attributes(self, category: str) -> tuple[types.Attribute, ...]:
        found = (kind for kind in self._types if kind.code == category)
        return next((translation.attributes_of(kind) for kind in found), ())

    def send_report(self, report: Report) -> Sent:
        return Sent(id=str(self._client.add_job(translation.job_from(report))))

    def find_report(self, report: Report, since: datetime) -> Iterator[str]:
        start = (since - CLOCK_SLACK).isoformat()
        asked = [("their_ref", report.ref), ("job_type", report.category), ("created_from", start)]
        for job in self._client.jobs(asked):
            yield str(job.job_no)

    def send_update(self, update: Update) -> Sent:
        message = translation.message_from(update)
        return Sent(id=str(self._client.add_message(_job_no(update), message)))

    def find_update(self, update: Update, _since: datetime) -> Iterator[str]:
        for message in self._client.messages(_job_no(update)):
            if message.their_ref == update.ref:
                yield str(message.message_no)

    def requests(self, wanted: Wanted) -> Iterable[types.ServiceRequest | BadRow]:
        return each(self._jobs(wanted), translation.request_of, key=lambda job: str(job.job_no))

    def updates(
        self, since: datetime, until: datetime
    ) -> Iterable[types.ServiceRequestUpdate | BadRow]:
        rows = self._client.job_updates(since=since, until=until)
        return each(rows, translation.update_of, key=lambda row: str(row.seq))

    def preview_report(self, report: Report) -> str:
        return f"POST …/api/jobs\n{json.dumps(translation.job_from(report), indent=2)}"

    def preview_update(self, update: Update) -> str:
        message = json.dumps(translation.message_from(update), indent=2)
        return f"POST …/api/jobs/{update.new.service_request_id}/messages\n{message}"

    def sample_change(self, state: str) -> Mapping[str, Any]:
        return {
            "seq": 1,
            "job_no": 4711,
            "state": state or "DONE",
            "note": "Filled this morning.",
            "changed_at": "2026-11-25T09:30:00Z",
        }

    def read_change(self, row: Mapping[str, Any]) -> types.ServiceRequestUpdate:
        try:
            return translation.update_of(msgspec.convert(row, JobUpdate))
        except msgspec.ValidationError as error:
            raise RuleBroken(str(error)) from error

    def _jobs(self, wanted: Wanted) -> Iterator[Job]:
        if wanted.ids:
            numbers = [_number_of(one) for one in wanted.ids]
            return self._client.jobs_by_number([one for one in numbers if one is not None])
        asked = [("job_type", code) for code in wanted.categories]
        asked += [("state", word) for word in wanted.states]
        for name in ("created_from", "created_to", "changed_from", "changed_to"):
            moment = getattr(wanted, name)
            if moment is not None:
                asked.append((name, moment.isoformat()))
        return self._client.jobs(asked)


def _job_no(update: Update) -> int:
    number = _number_of(update.new.service_request_id)
    if number is None:
        raise NotKnown
    return number


def _number_of(text: str) -> int | None:
    """A job's number, None for what cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _opened(opening: Opening) -> DemoSystem:
    options: DemoOptions = opening.loaded.options
    token = options.token.read(opening.environ) if options.token else ""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    way = way_to(options, options.url, headers=headers, secret=token)
    return DemoSystem(WorksClient(way, options.url))


KIND = Kind(
    options_type=DemoOptions,
    opens=over_system(_opened),
    sample=Path(__file__).with_name("sample.toml"),
    states=frozenset(STATES),
)
