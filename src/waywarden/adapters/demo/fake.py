"""The demo's works system: a council's job desk with a database and a machine interface of its own.

A program by itself. It speaks no Open311: `/api/…` answers in its own words, `/jobs` is for the
clerk, and `POST /switches` makes it misbehave as real systems do. Only for a loopback address:
it asks nobody who they are.
"""

import base64
import binascii
import functools
import hmac
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec

from waywarden.adapters import serving
from waywarden.adapters.demo import desk, wsgi
from waywarden.adapters.demo.samples import add_samples
from waywarden.adapters.demo.works import JobFilter, NewJob, Photo, Works
from waywarden.kernel.errors import NotAllowed, RuleBroken

MAX_LIMIT = 500
_PICTURES = {"image/jpeg", "image/png", "image/gif", "image/webp"}


class Switches(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the machine interface misbehaves. The clerk's pages always work."""

    slow: float = 0.0
    """Seconds to wait before each answer."""
    refuses: bool = False
    """Every call is refused with 400 and a reason."""
    garbage: bool = False
    """The call is done; the answer is no JSON."""
    html: bool = False
    """Nothing is done; a proxy's login page comes with 200."""
    lost_reply: bool = False
    """The call is done; a gateway in between gives up and answers 504."""
    down: bool = False
    """Nothing is done; 503."""


class JobIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `POST /api/jobs` takes. A photo is `{filename, content_type, base64}`."""

    job_type: str
    details: str
    lat: float
    lon: float
    place: str = ""
    answers: dict[str, list[str]] = {}
    reporter: str = ""
    reporter_email: str = ""
    reporter_phone: str = ""
    their_ref: str = ""
    photo_urls: tuple[str, ...] = ()
    photos: tuple[dict[str, str], ...] = ()
    is_public: bool = True


class MessageIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `POST /api/jobs/NO/messages` takes."""

    text: str
    their_ref: str = ""
    sender: str = ""
    wanted: str = ""
    photo_urls: tuple[str, ...] = ()


class WorksApp:
    """The works system as a WSGI application. `token`, when given, guards the machine interface."""

    def __init__(
        self, works: Works, *, token: str = "", sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.works = works
        self.switches = Switches()
        self.calls: list[tuple[str, str]] = []
        """Method and path of each call of the machine interface, the latest thousand."""
        self._token, self._sleep, self._lock = token, sleep, threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            reply = self._answer(wsgi.read(environ))
        except RuleBroken as error:
            reply = wsgi.as_json({"error": str(error), "field": error.field}, status=400)
        except NotAllowed as error:
            reply = wsgi.as_json({"error": str(error)}, status=401)
        return reply.send(start_response)

    def _answer(self, asked: wsgi.Question) -> wsgi.Reply:
        if asked.path == "/switches":
            return self._switch(asked)
        if asked.path.startswith("/api/"):
            return self._machine(asked)
        if asked.method not in {"GET", "POST"}:
            return wsgi.as_html("Only GET and POST.", status=405)
        return desk.answer(self.works, asked) or desk.not_found()

    def _switch(self, asked: wsgi.Question) -> wsgi.Reply:
        """GET shows the switches, POST sets all of them: what is not named is off."""
        if asked.method == "POST":
            self.switches = _typed(asked, Switches)
        return wsgi.as_json(msgspec.to_builtins(self.switches))

    def _machine(self, asked: wsgi.Question) -> wsgi.Reply:
        with self._lock:
            self.calls = [*self.calls[-999:], (asked.method, asked.path)]
        switches = self.switches
        if switches.slow:
            self._sleep(switches.slow)
        if switches.down:
            return wsgi.as_html("<h1>Service unavailable</h1>", status=503)
        if switches.html:
            return wsgi.as_html("<!doctype html><title>Sign in</title><form>Password</form>")
        if switches.refuses:
            return wsgi.as_json({"error": "The job desk takes no jobs just now."}, status=400)
        reply = self._done(asked)
        if switches.lost_reply:
            return wsgi.as_html("<h1>Gateway timeout</h1>", status=504)
        if switches.garbage:
            return _garbage()
        return reply

    def _done(self, asked: wsgi.Question) -> wsgi.Reply:
        given = asked.headers.get("authorization", "")
        if self._token and not hmac.compare_digest(
            given.encode(), f"Bearer {self._token}".encode()
        ):
            raise NotAllowed("The token is not known.")
        _, _, collection, number, part = (*asked.path.split("/"), "", "")[:5]
        handler = {
            ("GET", "job-types", False, ""): self._get_types,
            ("GET", "jobs", False, ""): self._get_jobs,
            ("POST", "jobs", False, ""): self._post_job,
            ("GET", "job-updates", False, ""): self._get_updates,
            ("GET", "jobs", True, "messages"): self._get_messages,
            ("POST", "jobs", True, "messages"): self._post_message,
        }.get((asked.method, collection, bool(number), part))
        if handler is None:
            return wsgi.as_json({"error": "There is no such call."}, status=404)
        return handler(asked)

    def _get_types(self, _asked: wsgi.Question) -> wsgi.Reply:
        return wsgi.as_json({"job_types": self.works.job_types()})

    def _get_jobs(self, asked: wsgi.Question) -> wsgi.Reply:
        limit = min(_number(asked, "limit") or MAX_LIMIT, MAX_LIMIT)
        found = self.works.jobs(
            JobFilter(
                job_nos=_numbers(asked.asked("job_nos")) if asked.asked("job_nos") else None,
                their_ref=asked.asked("their_ref"),
                job_types=tuple(asked.query.get("job_type", ())),
                states=tuple(asked.query.get("state", ())),
                created_from=_moment(asked, "created_from"),
                created_to=_moment(asked, "created_to"),
                changed_from=_moment(asked, "changed_from"),
                changed_to=_moment(asked, "changed_to"),
                after=_number(asked, "after"),
                limit=limit,
            )
        )
        return wsgi.as_json({"jobs": found, "more": len(found) == limit})

    def _post_job(self, asked: wsgi.Question) -> wsgi.Reply:
        given = _typed(asked, JobIn)
        values = {name: getattr(given, name) for name in given.__struct_fields__}
        values["photos"] = tuple(_photo(one) for one in given.photos)
        job_no = self.works.add_job(NewJob(**values, origin="OPEN311"))
        return wsgi.as_json({"job_no": job_no}, status=201)

    def _get_updates(self, asked: wsgi.Question) -> wsgi.Reply:
        limit = min(_number(asked, "limit") or MAX_LIMIT, MAX_LIMIT)
        found = self.works.updates(
            since=_moment(asked, "from"),
            until=_moment(asked, "to"),
            after_seq=_number(asked, "after_seq"),
            limit=limit,
        )
        return wsgi.as_json({"job_updates": found, "more": len(found) == limit})

    def _get_messages(self, asked: wsgi.Question) -> wsgi.Reply:
        return wsgi.as_json({"messages": self.works.messages(_job_no(asked))})

    def _post_message(self, asked: wsgi.Question) -> wsgi.Reply:
        given = _typed(asked, MessageIn)
        message_no = self.works.add_message(
            _job_no(asked),
            {**msgspec.to_builtins(given), "photo_urls": "\n".join(given.photo_urls)},
        )
        return wsgi.as_json({"message_no": message_no}, status=201)


def _garbage() -> wsgi.Reply:
    return wsgi.Reply(200, "application/json", b'{"job_no": <b>\x00\xff out of cheese')


T = TypeVar("T")


def _typed(asked: wsgi.Question, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(asked.body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RuleBroken(str(error)) from error


def _photo(given: dict[str, str]) -> Photo:
    kind = given.get("content_type", "")
    if kind not in _PICTURES:
        raise RuleBroken("A photo must be a JPEG, PNG, GIF or WebP.", field="photos")
    try:
        data = base64.b64decode(given.get("base64", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RuleBroken("A photo is not base64.", field="photos") from error
    return Photo(filename=given.get("filename", ""), content_type=kind, data=data)


def _number(asked: wsgi.Question, name: str) -> int:
    return next(iter(_numbers(asked.asked(name))), 0)


def _numbers(text: str) -> tuple[int, ...]:
    """A comma list of numbers; what is none, or is too long for the database, is left out."""
    return tuple(
        int(one) for one in text.split(",") if one.isascii() and one.isdigit() and len(one) < 16
    )


def _job_no(asked: wsgi.Question) -> int:
    found = _numbers(asked.path.split("/")[3])
    if not found:
        raise RuleBroken("There is no such job.", field="job_no")
    return found[0]


def _moment(asked: wsgi.Question, name: str) -> datetime | None:
    text = asked.asked(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise RuleBroken("That is not a time.", field=name) from error
    if found.tzinfo is None:
        raise RuleBroken("A time needs its zone.", field=name)
    return found


def build(database: Path, *, with_samples: bool = True) -> WorksApp:
    """The works system over a database file; a new one gets some jobs to look at."""
    is_new = not database.exists()
    works = Works(database)
    if is_new and with_samples:
        add_samples(works)
    return WorksApp(works)


def serve(database: Path, *, host: str, port: int, with_samples: bool = True) -> None:
    """Runs the works system until SIGTERM or SIGINT."""
    load = functools.partial(build, database, with_samples=with_samples)
    serving.run(load, host=host, port=port)
