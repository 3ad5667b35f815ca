"""The mail catcher's pages: the list, one mail, and the same as JSON for tests."""

import json
import re
from collections.abc import Iterable
from html import escape
from wsgiref.types import StartResponse, WSGIEnvironment

from waywarden.config.mailbox import Mail, Mailbox

_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: For a mail's own HTML: no scripts, nothing fetched; its links open beside the page.
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " style-src 'unsafe-inline'; img-src data:; base-uri 'self'; form-action 'none';"
    " frame-ancestors 'self'"
)
_HTML = "text/html; charset=utf-8"
_STYLE = """
:root { color-scheme: light dark; --line: #d0d4d9; --quiet: #5c636b; --link: #0b57a4; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3c4249; --quiet: #a9b1ba; --link: #8ec2ff; }
}
* { box-sizing: border-box; }
body { font: 1.0625rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
ul { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid var(--line); padding: .75rem 0; overflow-wrap: anywhere; }
li a { font-weight: 600; }
p { margin: .25rem 0; }
dl { margin: 0 0 1rem; }
dt { color: var(--quiet); float: left; clear: left; margin-right: .5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: .9375rem; }
pre { border: 1px solid var(--line); border-radius: .375rem; font: inherit; margin: 0;
  padding: 1rem; overflow-wrap: anywhere; white-space: pre-wrap; }
h2 { font-size: 1.125rem; margin: 1.5rem 0 .5rem; }
iframe { background: #fff; border: 1px solid var(--line); border-radius: .375rem;
  height: 36rem; max-width: 100%; width: 100%; }
"""


class Pages:
    """The WSGI application over one mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _reply(start, "Only reading is possible here.", status="405 Method Not Allowed")
        path = environ.get("PATH_INFO") or "/"
        if path == "/":
            return _reply(start, list_page(self._mailbox.all()), kind=_HTML)
        if path == "/messages.json":
            return _reply(start, messages_json(self._mailbox.all()), kind="application/json")
        match path.strip("/").split("/"):
            case ["mail", mail_id, *rest] if len(rest) <= 1:
                return self._mail(start, mail_id, rest[0] if rest else "")
        return _missing(start)

    def _mail(self, start: StartResponse, mail_id: str, part: str) -> Iterable[bytes]:
        mail = self._mailbox.get(mail_id)
        if mail is None:
            return _missing(start)
        if part == "":
            return _reply(start, mail_page(mail), kind=_HTML)
        if part == "html" and mail.html:
            framed = f'<base target="_blank">{mail.html}'
            return _reply(start, framed, kind=_HTML, policy=_MAIL_POLICY)
        if part == "source":
            source = self._mailbox.source(mail_id) or b""
            return _reply(start, source.decode(errors="replace"))
        return _missing(start)


def list_page(mails: list[Mail]) -> str:
    """All mails, newest first, each with its subject, addressee and time."""
    if not mails:
        return _page("Mailbox", "<p>No mail has come yet.</p>")
    items = "".join(
        f'<li><a href="/mail/{mail.id}">{escape(mail.subject) or "(no subject)"}</a>'
        f"<p>To {escape(', '.join(mail.to))}</p>"
        f'<p class="quiet">{_time(mail)}</p></li>'
        for mail in mails
    )
    return _page("Mailbox", f'<p><a href="/">Look again</a></p><ul>{items}</ul>')


def mail_page(mail: Mail) -> str:
    """One mail: its head, its text with links to press, its HTML in a frame that runs nothing."""
    head = (
        f"<dl><dt>From</dt><dd>{escape(mail.sender)}</dd>"
        f"<dt>To</dt><dd>{escape(', '.join(mail.to))}</dd>"
        f"<dt>Came</dt><dd>{_time(mail)}</dd></dl>"
    )
    text = f"<h2>As text</h2><pre>{linked(mail.text)}</pre>" if mail.text else ""
    frame = (
        f'<h2>As it looks</h2><iframe src="/mail/{mail.id}/html" title="The mail as it looks"'
        ' sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
        if mail.html
        else ""
    )
    source = f'<p><a href="/mail/{mail.id}/source">The mail as it came</a></p>'
    back = '<p><a href="/">All mails</a></p>'
    return _page(mail.subject or "(no subject)", back + head + text + frame + source)


def messages_json(mails: list[Mail]) -> str:
    """All mails, newest first: id, subject, from, to, at, text, html, links."""
    return json.dumps(
        [
            {
                "id": mail.id,
                "subject": mail.subject,
                "from": mail.sender,
                "to": list(mail.to),
                "at": mail.at.isoformat(),
                "text": mail.text,
                "html": mail.html,
                "links": list(mail.links),
            }
            for mail in mails
        ]
    )


def linked(text: str) -> str:
    """The text as HTML, its addresses made links."""
    parts, last = [], 0
    for found in _URL.finditer(text):
        address = escape(found.group())
        parts += [escape(text[last : found.start()]), f'<a href="{address}">{address}</a>']
        last = found.end()
    return "".join([*parts, escape(text[last:])])


def _time(mail: Mail) -> str:
    local = mail.at.astimezone()
    return f'<time datetime="{mail.at.isoformat()}">{local:%d %b %Y, %H:%M:%S %Z}</time>'


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)} – Mailbox</title>'
        f"<style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def _missing(start: StartResponse) -> Iterable[bytes]:
    return _reply(start, "There is no such mail.", status="404 Not Found")


def _reply(
    start: StartResponse,
    body: str,
    *,
    kind: str = "text/plain; charset=utf-8",
    status: str = "200 OK",
    policy: str = _PAGE_POLICY,
) -> Iterable[bytes]:
    content = body.encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(content))),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
    ]
    start(status, headers)
    return [content]
