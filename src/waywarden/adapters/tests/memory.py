"""A system in memory with switches, and ways to ask an adapter, for the tests of this room."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from waywarden.adapters.contract import Sent, StepDraft, System, SystemOptions
from waywarden.adapters.deployment import Deployment, Loaded
from waywarden.adapters.health import Health
from waywarden.adapters.kept import Kept
from waywarden.adapters.opening import Opening, over_system
from waywarden.kernel.secrets import hash_token
from waywarden.open311 import types

KEY = "open sesame"


@dataclass
class Got:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class Asker:
    """Asks a WSGI application without a socket."""

    def __init__(self, app):
        self.app = app

    def ask(self, method, path, *, body=b"", kind="", **headers):
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        started = []
        pieces = self.app(environ, lambda status, head: started.append((status, head)))
        content = b"".join(pieces)
        status, head = started[0]
        return Got(int(status[:3]), {name.lower(): value for name, value in head}, content)

    def get(self, path, **params):
        return self.ask("GET", path + ("?" + urlencode(params, doseq=True) if params else ""))

    def post(self, path, form, **headers):
        body = urlencode(form, doseq=True).encode()
        return self.ask(
            "POST", path, body=body, kind="application/x-www-form-urlencoded", **headers
        )


def multipart(form, photos):
    """Body and type of a POST with photos: their names and bytes."""
    parts = [f'Content-Disposition: form-data; name="{n}"\r\n\r\n{v}' for n, v in form.items()]
    blocks = [part.encode() for part in parts]
    for name, data in photos:
        head = f'Content-Disposition: form-data; name="{name}"; filename="{name}.jpg"'
        blocks.append(f"{head}\r\nContent-Type: image/jpeg\r\n\r\n".encode() + data)
    body = b"".join(b"------x\r\n" + block + b"\r\n" for block in blocks)
    return body + b"------x--\r\n", "multipart/form-data; boundary=----x"


@dataclass
class MemorySystem(System):
    """Remembers what it got. `fails` is raised by every call, after the work when `late`."""

    reports: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    changes: list = field(default_factory=list)
    taken: list = field(default_factory=list)
    drafts: tuple[StepDraft, ...] = ()
    fails: Exception | None = None
    late: Exception | None = None
    step_fails: Exception | None = None

    def services(self):
        return [types.Service("HOLE", "Hole")]

    def send_report(self, report):
        self._fail()
        self.reports.append(report)
        if self.late:
            raise self.late
        return Sent(id=f"R{len(self.reports)}")

    def find_report(self, report, _since):
        for number, one in enumerate(self.reports, start=1):
            if one.ref == report.ref:
                yield f"R{number}"

    def report_steps(self, _report):
        return self.drafts

    def send_update(self, update):
        self._fail()
        self.notes.append(update)
        return Sent(token=f"T{len(self.notes)}")

    def update_token(self, token):
        return f"N-{token}"

    def take_step(self, step):
        if self.step_fails:
            raise self.step_fails
        self.taken.append(step)

    def requests(self, _wanted):
        self._fail()
        return iter(self.rows)

    def updates(self, _since, _until):
        self._fail()
        yield from self.changes

    def _fail(self):
        if self.fails:
            raise self.fails


def deployment(**changed):
    """A deployment of it."""
    named = {"jurisdiction": "east", "name": "East", "kind": "memory"} | changed
    keys = [{"name": "test", "sha256": hash_token(KEY)}]
    return msgspec.convert({"keys": keys, **named}, Deployment)


def provider_of(system, store, **changed):
    """A provider over a system, with what it stands in."""
    options = SystemOptions(services_seconds=0, settle_seconds=0)
    loaded = Loaded(Path("east.toml"), deployment(**changed), options)
    name = loaded.deployment.jurisdiction
    opening = Opening(loaded, store, {}, Health(store, name), Kept(store, name))
    return over_system(lambda _opening: system)(opening)
