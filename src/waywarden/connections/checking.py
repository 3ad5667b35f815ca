"""Asks a connection's back-end something harmless, and says in words what came of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from django.utils.translation import gettext as _

from waywarden.backends.contract import Backend, Capability, Notes, Span
from waywarden.connections.models import Connection
from waywarden.connections.services import Opened, keep_exchanges, open_backend, open_email
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError

#: The span that is asked for where news or problems are fetched.
ASKED = timedelta(hours=1)
#: Habits of a server that are told at once.
MOST_REMARKS = 10


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found; no finding is good. `remarks` keep nothing from working."""

    label: str
    findings: tuple[str, ...]
    remarks: tuple[str, ...] = ()


Question = Callable[[Opened], Iterable[str]]


def check(connection: Connection | None, *, also: Question | None = None) -> Checked:
    """Checks a connection, stored or not; None is plain e-mail. Never inside a transaction.

    Where nothing is wrong so far, what it is to fetch is asked for once, and then `also` is asked:
    its answers are findings, too. The exchanges of a stored connection are kept, as of any call.
    """
    if connection is None:
        opened = open_email()
    else:
        try:
            opened = open_backend(connection)
        except WaywardenError as error:
            return Checked(label=connection.kind, findings=(str(error),))
    notes = Notes()
    findings = _asked(lambda: opened.backend.check(notes))
    if not findings and connection is not None:
        findings = tuple(_fetching(connection, opened.backend, notes))
    if not findings and also is not None:
        findings = _asked(lambda: also(opened))
    if connection is not None and connection.pk is not None:
        keep_exchanges(opened, subject_kind="check")
    remarks = tuple(dict.fromkeys(note.message for note in notes.deviations))
    return Checked(str(opened.backend.label), findings, remarks[:MOST_REMARKS])


def _asked(question: Callable[[], Iterable[str]]) -> tuple[str, ...]:
    try:
        return tuple(question())
    except WaywardenError as error:
        return (str(error),)


def _fetching(connection: Connection, backend: Backend, notes: Notes) -> Iterator[str]:
    """What goes wrong when the last hour is asked for, as polling will do it."""
    moment = clock.now()
    span = Span(moment - ASKED, moment)
    has_list = backend.can(Capability.FETCHES_UPDATES) and not backend.tells_by_report
    if connection.fetches_updates and has_list:
        for words in _trouble(lambda: backend.fetch_updates(span, notes)):
            yield _("Updates cannot be fetched: %s") % words
    if connection.fetches_reports and backend.can(Capability.FETCHES_REPORTS):
        wanted = None if connection.fetches_all_reports else span
        for words in _trouble(lambda: backend.fetch_reports(wanted, notes)):
            yield _("Problems cannot be fetched: %s") % words


def _trouble(fetch: Callable[[], Iterable[object]]) -> tuple[str, ...]:
    """The error of the first row of a list; () when it can be had."""

    def first() -> tuple[str, ...]:
        rows = iter(fetch())
        try:
            list(islice(rows, 1))
        finally:
            if close := getattr(rows, "close", None):  # a stream is not read to its end
                close()
        return ()

    return _asked(first)
