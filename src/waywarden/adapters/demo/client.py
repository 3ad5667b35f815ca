"""Speaking to the works system in its own words, over its own small interface.

Errors: TryLater (nothing was done), Refused, Misconfigured, Unknown (it may have been done),
BadReply (the answer could not be read; a POST may have been done all the same).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from waywarden.adapters.calling import answered
from waywarden.kernel.errors import BadReply
from waywarden.kernel.http import Answer, Way

PAGE = 200
IDS_AT_ONCE = 100


class Question(msgspec.Struct, frozen=True):
    """A question of a job type."""

    code: str
    prompt: str
    kind: str
    mandatory: bool = False
    choices: dict[str, str] = {}


class JobType(msgspec.Struct, frozen=True):
    """A type of job."""

    code: str
    title: str
    section: str = ""
    hint: str = ""
    words: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


class Job(msgspec.Struct, frozen=True):
    """A job, as much of it as concerns us."""

    job_no: int
    job_type: str
    job_type_title: str
    state: str
    note: str
    details: str
    lat: float
    lon: float
    created_at: datetime
    changed_at: datetime
    place: str = ""
    their_ref: str = ""
    photo_urls: tuple[str, ...] = ()
    is_public: bool = True


class JobUpdate(msgspec.Struct, frozen=True):
    """A row of the update table."""

    seq: int
    job_no: int
    state: str
    note: str
    changed_at: datetime
    their_ref: str = ""
    job_type: str = ""


class Message(msgspec.Struct, frozen=True):
    """What somebody wrote about a job."""

    message_no: int
    their_ref: str = ""


class _JobTypes(msgspec.Struct):
    job_types: list[JobType]


class _Jobs(msgspec.Struct):
    jobs: list[Job]
    more: bool


class _JobUpdates(msgspec.Struct):
    job_updates: list[JobUpdate]
    more: bool


class _Messages(msgspec.Struct):
    messages: list[Message]


class _MadeJob(msgspec.Struct):
    job_no: int


class _MadeMessage(msgspec.Struct):
    message_no: int


T = TypeVar("T")
Asked = Mapping[str, str]


class WorksClient:
    """The works system at an address."""

    def __init__(self, way: Way, url: str) -> None:
        self._way, self._url = way, url.rstrip("/")

    def job_types(self) -> list[JobType]:
        """Every type of job, in the order of the desk's list."""
        return self._get("job-types", (), _JobTypes).job_types

    def jobs(self, wanted: list[tuple[str, str]]) -> Iterator[Job]:
        """Jobs by number, page after page. `wanted` holds the interface's own filters."""
        after = 0
        while True:
            page = [*wanted, ("after", str(after)), ("limit", str(PAGE))]
            found = self._get("jobs", page, _Jobs)
            yield from found.jobs
            if not found.more or not found.jobs:
                return
            after = found.jobs[-1].job_no

    def jobs_by_number(self, numbers: list[int]) -> Iterator[Job]:
        """The jobs of these numbers that exist."""
        for start in range(0, len(numbers), IDS_AT_ONCE):
            some = ",".join(str(number) for number in numbers[start : start + IDS_AT_ONCE])
            yield from self.jobs([("job_nos", some)])

    def job_updates(self, *, since: datetime, until: datetime) -> Iterator[JobUpdate]:
        """The update table's rows of a window, both ends included, by number."""
        after = 0
        window = [("from", since.isoformat()), ("to", until.isoformat()), ("limit", str(PAGE))]
        while True:
            page = [*window, ("after_seq", str(after))]
            found = self._get("job-updates", page, _JobUpdates)
            yield from found.job_updates
            if not found.more or not found.job_updates:
                return
            after = found.job_updates[-1].seq

    def messages(self, job_no: int) -> list[Message]:
        """What people wrote about a job."""
        return self._get(f"jobs/{job_no}/messages", (), _Messages).messages

    def add_job(self, job: Mapping[str, Any]) -> int:
        """Enters a job and gives its number."""
        return self._post("jobs", job, _MadeJob).job_no

    def add_message(self, job_no: int, message: Mapping[str, Any]) -> int:
        """Adds a message to a job and gives the message's number."""
        return self._post(f"jobs/{job_no}/messages", message, _MadeMessage).message_no

    def _get(self, what: str, asked: Any, kind: type[T]) -> T:
        return _read(lambda: self._way.get(f"{self._url}/api/{what}", params=asked), kind)

    def _post(self, what: str, given: Mapping[str, Any], kind: type[T]) -> T:
        return _read(lambda: self._way.post(f"{self._url}/api/{what}", json=given), kind)


def _read(ask: Callable[[], Answer], kind: type[T]) -> T:
    """The answer to a call, or an error that says what may have happened."""
    answer = answered(ask)
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReply("The system's answer cannot be read.") from error
