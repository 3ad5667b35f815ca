"""A body's own Open311 server as they are found: every oddity of it is a switch."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.sax.saxutils import escape

from waywarden.kernel import clock

KEY = "their-key"


@dataclass
class Case:
    """A request there."""

    number: str
    code: str
    text: str
    lat: str
    long: str
    status: str = "OPEN"
    notes: str = ""
    made: str = ""
    ref: str = ""


@dataclass
class OddServer:
    """Dates without zone, statuses in words of its own, Latin-1, a bell in a text, a needed key."""

    cases: list[Case] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)
    posted: list[dict[str, list[str]]] = field(default_factory=list)
    has_updates: bool = True
    tells_refs: bool = True
    gives_tokens: bool = False
    lists_posted: bool = False
    """Whether its list of updates holds what was posted, under ids of its own."""
    slow: float = 0.0
    refuses: bool = False
    garbage: bool = False
    html: bool = False
    lost_reply: bool = False
    down: bool = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, text = self._answer(environ)
        start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", "text/html")])
        return [text.encode("latin-1", "xmlcharrefreplace")]

    def _answer(self, environ: WSGIEnvironment) -> tuple[int, str]:
        if self.slow:
            time.sleep(self.slow)
        if self.down:
            return 503, "<h1>Down</h1>"
        if self.html:
            return 200, "<!doctype html><title>Sign in</title>"
        if self.refuses:
            return 400, _errors("400", "We take nothing today.")
        status, text = self._done(environ)
        if self.lost_reply:
            return 504, "<h1>Gateway time-out</h1>"
        return (200, "{oops") if self.garbage else (status, text)

    def _done(self, environ: WSGIEnvironment) -> tuple[int, str]:
        path = environ["PATH_INFO"].removesuffix(".xml")
        query = {k: v[0] for k, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
        if environ["REQUEST_METHOD"] == "POST":
            raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return self._post(path, parse_qs(raw.decode()))
        if path in _FIXED:
            return 200, _FIXED[path]
        number = path.rpartition("/")[2].removeprefix("t")
        if path.startswith("/tokens/") and number in {one.number for one in self.cases}:
            row = f"<service_request_id>{number}</service_request_id><token>t{number}</token>"
            return 200, f"<service_requests><request>{row}</request></service_requests>"
        if path == "/requests" or path.startswith("/requests/"):
            return self._requests(path.removeprefix("/requests").strip("/"), query)
        if path == "/servicerequestupdates" and self.has_updates:
            rows = "".join(self.updates)
            return 200, f"<service_requests_updates>{rows}</service_requests_updates>"
        return 404, "<h1>Not found</h1>"

    def _requests(self, number: str, query: dict[str, str]) -> tuple[int, str]:
        rows = [one for one in self.cases if not number or one.number == number]
        if number and not rows:
            return 404, _errors("404", "No such request")
        start, end = query.get("start_date", ""), query.get("end_date", "~")
        rows = [one for one in rows if number or start <= f"{one.made}Z" <= end]
        told = "".join(self._row(one) for one in rows)
        head = '<?xml version="1.0" encoding="utf-16"?>'
        return 200, f"{head}<service_requests>{told}</service_requests>"

    def _row(self, one: Case) -> str:
        ref = f"<extras><fixmystreet_id>{one.ref}</fixmystreet_id></extras>" if one.ref else ""
        return (
            f"<request><service_request_id>{one.number}</service_request_id>"
            f"<status>{one.status}</status><status_notes>{escape(one.notes)}</status_notes>"
            f"<service_code>{one.code}</service_code><description>{escape(one.text)}</description>"
            f"<requested_datetime>{one.made}</requested_datetime>"
            f"<updated_datetime>0001-01-01T00:00:00</updated_datetime><lat>{one.lat}</lat>"
            f"<long>{one.long}</long>{ref if self.tells_refs else ''}</request>"
        )

    def _post(self, path: str, form: dict[str, list[str]]) -> tuple[int, str]:
        if form.get("api_key") != [KEY]:
            return 403, _errors("403", "Which key?")
        self.posted.append(form)
        if path == "/servicerequestupdates":
            if self.lists_posted:
                given = {name: values[0] for name, values in form.items()}
                at, words = given["updated_datetime"], given["description"]
                posted_as = f"u{len(self.posted)}"
                self.tell(given["service_request_id"], "OPEN", words, update_id=posted_as, at=at)
            row = f"<update_id>u{len(self.posted)}</update_id>"
            body = f"<request_update>{row}</request_update>"
            return 200, f"<service_request_updates>{body}</service_request_updates>"
        given = {name: values[0] for name, values in form.items()}
        number = str(len(self.cases) + 1)
        made = (clock.now() - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")
        case = Case(
            number, given["service_code"], given.get("description", ""), given["lat"], given["long"]
        )
        case.made, case.ref = made, given.get("attribute[fixmystreet_id]", "")
        self.cases.append(case)
        tag, value = (
            ("token", f"t{number}") if self.gives_tokens else ("service_request_id", number)
        )
        row = f"<request><{tag}>{value}</{tag}></request>"
        return 201, f"<service_requests>{row}</service_requests>"

    def tell(
        self, number: str, status: str, note: str, *, update_id: str = "", at: str = ""
    ) -> None:
        """A row of its list of updates."""
        self.updates.append(
            f"<request_update><update_id>{update_id}</update_id>"
            f"<service_request_id>{number}</service_request_id><status>{status}</status>"
            f"<updated_datetime>{at}</updated_datetime><description>{escape(note)}\x07</description>"
            "</request_update>"
        )


def _errors(code: str, words: str) -> str:
    return f"<errors><error><code>{code}</code><description>{words}</description></error></errors>"


_SERVICES = (
    "<services><service><service_code>POTHOLE</service_code><service_name>Pothole</service_name>"
    "<metadata>TRUE</metadata><type>Realtime</type><keywords>road; hole</keywords></service>"
    "<service><service_code>LAMP</service_code><service_name>Lamp</service_name>"
    "<metadata>true</metadata></service></services>"
)
_DEFINITION = (
    "<service_definition><service_code>POTHOLE</service_code><attributes><attribute>"
    "<variable>true</variable><code>DEPTH</code><datatype>string</datatype>"
    "<required>false</required><description>How deep?</description></attribute></attributes>"
    "</service_definition>"
)
_FIXED = {"/services": _SERVICES, "/services/POTHOLE": _DEFINITION}
