"""Four works systems that speak JSON, each of another character, for trying the adapter.

`PlainDesk` is what the sample file describes. `LockingDesk` wants a token and refuses to write over
what it has not been shown. `OneShotDesk` hands each event out once. `PostRoom` answers with a slip
and gives the number later, and says what it wants to know. All of them misbehave at will.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from waywarden.kernel import clock
from waywarden.open311.dates import write_date

Plain = dict[str, Any]
Answered = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Switches:
    """How a system misbehaves."""

    slow: float = 0.0
    """Seconds before each answer."""
    refuses: bool = False
    garbage: bool = False
    """The call is done; the answer is no JSON."""
    html: bool = False
    """Nothing is done; a proxy's login page comes with 200."""
    lost_reply: bool = False
    """The call is done; a gateway gives up."""
    down: bool = False
    """Nothing is done."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One call."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    form: Mapping[str, str]


class Desk:
    """What the three have in common: memory, switches, and who may call."""

    def __init__(self) -> None:
        self.switches = Switches()
        self.cases: dict[str, Plain] = {}
        self.changes: list[Plain] = []
        self.photos: list[Plain] = []
        self.calls: list[str] = []
        self.lock = threading.RLock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, body = self._answer(_read(environ))
        text = body if isinstance(body, str) else json.dumps(body)
        kind = "text/html" if isinstance(body, str) else "application/json"
        start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", kind)])
        return [text.encode()]

    def change(self, number: str, state: str, note: str = "", at: datetime | None = None) -> None:
        """What a clerk does."""
        with self.lock:
            case = self.cases[number]
            case |= {"state": state, "note": note, "changed": write_date(at or clock.now())}
            self.changes.append(
                {
                    "id": len(self.changes) + 1,
                    "case": number,
                    "state": state,
                    "note": note,
                    "at": write_date(at or clock.now()),
                    "reference": case.get("reference", ""),
                }
            )

    def add_case(self, given: Plain) -> Plain:
        """Enters a case."""
        with self.lock:
            now = write_date(clock.now())
            number = f"C-{len(self.cases) + 1}"
            case = {**given, "number": number, "state": "New", "created": now, "changed": now}
            self.cases[number] = {**case, "notes": [], "version": 1}
            return self.cases[number]

    def may_call(self, _asked: Asked) -> bool:
        """Whether the caller is known."""
        return True

    def answer(self, asked: Asked) -> Answered:
        """The work itself."""
        raise NotImplementedError

    def _answer(self, asked: Asked) -> Answered:
        self.calls.append(f"{asked.method} /{'/'.join(asked.path)}")
        switches = self.switches
        if switches.slow:
            time.sleep(switches.slow)
        if switches.down:
            return 503, "<h1>Down for maintenance</h1>"
        if switches.html:
            return 200, "<!doctype html><title>Sign in</title>"
        if switches.refuses:
            return 422, {"message": "We take nothing today."}
        if not self.may_call(asked):
            return 401, {"message": "Who are you?"}
        done = self.answer(asked)
        if switches.lost_reply:
            return 504, "<h1>Gateway time-out</h1>"
        return (200, "<xml>oops") if switches.garbage else done


class PlainDesk(Desk):
    """A key in a header, lists by page, and everything can be looked up."""

    def __init__(self, key: str = "") -> None:
        super().__init__()
        self._key = key

    def may_call(self, asked: Asked) -> bool:
        return not self._key or asked.headers.get("X-API-KEY") == self._key

    def answer(self, asked: Asked) -> Answered:
        routes: dict[tuple[str, int], Callable[[Asked], Answered]] = {
            ("POST", 1): self._post_case,
            ("GET", 1): self._list,
            ("GET", 2): self._one,
            ("POST", 3): self._post_part,
            ("GET", 3): self._parts,
        }
        found = routes.get((asked.method, len(asked.path)))
        return found(asked) if found else (404, {"message": "No such call."})

    def _post_case(self, asked: Asked) -> Answered:
        if not asked.body.get("text"):
            return 400, {"message": "The text is missing."}
        return 201, {"case": self.add_case(asked.body)}

    def _list(self, asked: Asked) -> Answered:
        name = asked.path[0]
        rows = list(self.cases.values()) if name == "cases" else list(self.changes)
        reference = asked.query.get("reference")
        if reference:
            rows = [row for row in rows if row.get("reference") == reference]
        rows = [row for row in rows if _within(row, asked.query)]
        page, size = int(asked.query.get("page", 1)), int(asked.query.get("size", 100))
        return 200, {name: rows[(page - 1) * size : page * size]}

    def _one(self, asked: Asked) -> Answered:
        case = self.cases.get(asked.path[1])
        return (200, {"case": case}) if case else (404, {"message": "No such case."})

    def _post_part(self, asked: Asked) -> Answered:
        case = self.cases.get(asked.path[1])
        if case is None:
            return 404, {"message": "No such case."}
        if asked.path[2] == "photos":
            self.photos.append({"case": asked.path[1], **asked.body})
            return 201, {}
        with self.lock:
            note = {"number": len(case["notes"]) + 1, **asked.body}
            case["notes"].append(note)
        return 201, {"note": note}

    def _parts(self, asked: Asked) -> Answered:
        case = self.cases.get(asked.path[1])
        if asked.path[2] == "photos":
            return 200, {"photos": [one for one in self.photos if one["case"] == asked.path[1]]}
        return (200, {"notes": case["notes"]}) if case else (404, {"message": "No such case."})


class LockingDesk(Desk):
    """A token by client credentials; items are written whole, and only by who has seen them."""

    def __init__(self, client: str = "us", secret: str = "s3cret") -> None:  # noqa: S107 - a fake's
        super().__init__()
        self._client, self._secret = client, secret
        self.tokens: set[str] = set()
        self.between: Callable[[], None] = lambda: None
        """Called between the reading and the writing of an item."""

    def may_call(self, asked: Asked) -> bool:
        if asked.path == ("token",):
            return True
        return asked.headers.get("AUTHORIZATION", "").removeprefix("Bearer ") in self.tokens

    def answer(self, asked: Asked) -> Answered:
        if asked.path == ("token",):
            return self._token(asked.form)
        number = asked.path[1] if len(asked.path) > 1 else ""
        if asked.method == "POST":
            case = self.add_case(asked.body)
            return 200, {"item": {"id": case["number"]}}
        if asked.method == "PUT":
            return self._put(number, asked.body)
        if number:
            case = self.cases.get(number, {})
            answer = {"item": _item(case)}
            self.between()
            return (200, answer) if case else (404, {"message": "No such item."})
        if asked.path == ("log",):
            start = int(asked.query.get("after") or 0)
            rows = [row for row in self.changes if _within(row, asked.query)][start : start + 2]
            more = str(start + 2) if len(rows) == 2 else None
            return 200, {"results": rows, "next": more}
        start = int(asked.query.get("offset") or 0)
        items = [_item(case) for case in self.cases.values()]
        mine = asked.query.get("ref")
        wanted = [one for one in items if not mine or one["attributes"]["ref"] == mine]
        return 200, {"results": wanted[start : start + 2]}

    def _token(self, form: Mapping[str, str]) -> Answered:
        if (form.get("client_id"), form.get("client_secret")) != (self._client, self._secret):
            return 401, {"error": "invalid_client"}
        token = secrets.token_hex(8)
        self.tokens.add(token)
        return 200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}

    def _put(self, number: str, body: Plain) -> Answered:
        with self.lock:
            case = self.cases.get(number)
            if case is None:
                return 404, {"message": "No such item."}
            if body.get("signature") != case["version"]:
                return 409, {"message": "ItemSignatureMismatch"}
            case["log"] = body["log"]
            case["seen"] = [*case.get("seen", []), body.get("last", "")]
            case["version"] += 1
        return 200, {}


class OneShotDesk(Desk):
    """A login; events are emptied by reading them and have no id; nothing can be looked up."""

    def answer(self, asked: Asked) -> Answered:
        if asked.method == "POST" and asked.path == ("tickets",):
            return 200, {"ticket": self.add_case(asked.body)["number"]}
        if asked.method == "POST":
            known = asked.path[1] in self.cases
            return (200, {"ok": True}) if known else (404, {"message": "No such ticket."})
        if asked.path == ("tickets",):
            return 200, {"tickets": list(self.cases.values())}
        if len(asked.path) == 2:
            case = self.cases.get(asked.path[1])
            return (200, case) if case else (404, {"message": "No such ticket."})
        with self.lock:
            events, self.changes = self.changes, []
        return 200, {
            "events": [
                {"ticket": e["case"], "state": e["state"], "said": e["note"]} for e in events
            ]
        }


class PostRoom(Desk):
    """What comes in lies in a tray, for a slip; its number is there when the tray is opened."""

    FIELDS: Mapping[str, list[Plain]] = {
        "POTHOLE": [
            {"name": "depth", "label": "How deep?", "type": "NUM", "must": True, "unit": "cm"},
            {
                "name": "where",
                "label": "Where?",
                "type": "PICK",
                "options": [{"id": 1, "is": "Lane"}],
            },
        ]
    }

    def __init__(self) -> None:
        super().__init__()
        self.tray: dict[str, Callable[[], str]] = {}
        self.opened: dict[str, str] = {}
        self.is_open = True
        """Whether the tray is opened as soon as something lies in it."""

    def open_tray(self) -> None:
        """What a clerk does in the morning."""
        with self.lock:
            for slip, enter in self.tray.items():
                self.opened[slip] = enter()
            self.tray.clear()

    def answer(self, asked: Asked) -> Answered:
        routes: dict[tuple[str, str], Callable[[Asked], Answered]] = {
            ("POST", "tray"): self._taken,
            ("GET", "slips"): lambda asked: (200, {"number": self.opened.get(asked.path[1])}),
            ("GET", "kinds"): self._kinds,
            ("GET", "orders"): self._orders,
            ("GET", "log"): lambda _asked: (200, self.changes),
        }
        return routes[(asked.method, asked.path[0])](asked)

    def _taken(self, asked: Asked) -> Answered:
        def enter() -> str:
            if "order" not in asked.body:
                return str(self.add_case(asked.body)["number"])
            notes = self.cases[asked.body["order"]]["notes"]
            notes.append(asked.body)
            return str(len(notes))

        with self.lock:
            slip = f"S{len(self.opened) + len(self.tray) + 1}"
            self.tray[slip] = enter
        if self.is_open:
            self.open_tray()
        return 202, {"slip": slip}

    def _kinds(self, asked: Asked) -> Answered:
        if len(asked.path) == 1:
            return 200, [{"code": "POTHOLE", "name": "Hole"}, {"code": "LAMP", "name": "Lamp"}]
        fields = self.FIELDS.get(asked.path[1])
        return (200, {"fields": fields}) if fields else (404, {"message": "It asks nothing."})

    def _orders(self, asked: Asked) -> Answered:
        rows = list(self.cases.values())
        if len(asked.path) > 1:
            rows = [row for row in rows if row["number"] == asked.path[1]]
        wanted = asked.query.get("ref")
        return 200, [row for row in rows if not wanted or row.get("ref") == wanted]


def _item(case: Plain) -> Plain:
    return {
        "id": case.get("number"),
        "signature": case.get("version"),
        "attributes": {
            name: case.get(name)
            for name in ("kind", "text", "state", "lat", "lon", "created", "changed", "ref", "log")
        },
    }


def _within(row: Plain, query: Mapping[str, str]) -> bool:
    """Whether a row lies in the span of a query, both ends included."""
    for name in ("created_from", "from"):
        if query.get(name, "") > row.get("created" if name == "created_from" else "at", "~"):
            return False
    for name in ("created_to", "to"):
        if query.get(name, "~") < row.get("created" if name == "created_to" else "at", ""):
            return False
    return True


def _read(environ: WSGIEnvironment) -> Asked:
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    is_json = "json" in environ.get("CONTENT_TYPE", "")
    form = {} if is_json else {name: one[0] for name, one in parse_qs(raw.decode()).items()}
    return Asked(
        method=environ["REQUEST_METHOD"],
        path=tuple(part for part in environ.get("PATH_INFO", "").split("/") if part),
        query={name: one[0] for name, one in parse_qs(environ.get("QUERY_STRING", "")).items()},
        headers={
            name[5:].replace("_", "-"): one
            for name, one in environ.items()
            if name.startswith("HTTP_")
        },
        body=json.loads(raw) if is_json and raw else {},
        form=form,
    )
