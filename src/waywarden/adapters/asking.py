"""Asks the systems behind a deployment, harmlessly, whether its file fits them (`check --ask`)."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

from waywarden.adapters.contract import BadRow, Finding, NotOffered, Wanted
from waywarden.adapters.deployment import Fault, Loaded
from waywarden.adapters.health import in_words
from waywarden.adapters.mapping import StatusTable
from waywarden.adapters.mounting import open_one
from waywarden.adapters.provider import SystemProvider
from waywarden.adapters.store import Store
from waywarden.adapters.toml_lines import line_for, lines_of
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError
from waywarden.open311 import types
from waywarden.open311.provider import Provider

SPAN = timedelta(days=30)
MOST = 200
"""Rows that are looked at."""
AHEAD, AHEAD_MOST = timedelta(minutes=5), timedelta(days=1)
R = TypeVar("R", types.ServiceRequest, types.ServiceRequestUpdate)


def asked(loaded: Loaded, *, environ: Mapping[str, str]) -> Iterator[tuple[Fault, bool]]:
    """What was found, each at its line of the file, and whether it must be mended."""
    with tempfile.TemporaryDirectory() as folder:
        opened = open_one(loaded, store=Store(Path(folder) / "store"), environ=environ)
        try:
            yield from _placed(opened.mounted.provider, loaded)
        finally:
            opened.close()


def _placed(provider: Provider, loaded: Loaded) -> Iterator[tuple[Fault, bool]]:
    for name, child in getattr(provider, "children", {}).items():
        yield from _placed(child, loaded.children[name])
    if isinstance(provider, SystemProvider):
        lines = lines_of(loaded.path.read_text(encoding="utf-8"))
        for one in findings_of(provider):
            line = line_for(one.key, lines)
            yield Fault(loaded.path, one.key, one.words, line), one.is_wrong


def findings_of(provider: SystemProvider) -> Iterator[Finding]:
    """What is found in a system. What is wrong with the whole of it ends it."""
    own = list(_carefully("system", provider.system.look))
    yield from own
    if any(one.is_wrong for one in own):
        return
    looks: dict[str, Callable[[SystemProvider], Iterable[Finding]]] = {
        "services": _services,
        "system.reports": _reports,
    }
    if not provider.system.gives_once:
        looks["system.updates"] = _updates
    told: set[str] = set()
    for key, look in looks.items():
        for one in _carefully(key, lambda look=look: look(provider)):  # type: ignore[misc] # bound now
            if one.words not in told:
                yield one
            told.add(one.words)


def _carefully(key: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except NotOffered:
        yield Finding(key, "the file does not offer this", is_wrong=False)
    except WaywardenError as error:
        yield Finding(key, in_words(error))


def _services(provider: SystemProvider) -> Iterator[Finding]:
    found = provider.catalogue.services()
    for one in found:
        provider.catalogue.questions(one.service_code)
    if not found:
        yield Finding("services", "the system has no category: nobody could report anything")
    else:
        yield Finding("services", f"{len(found)} are offered", is_wrong=False)


def _reports(provider: SystemProvider) -> Iterator[Finding]:
    now = clock.now()
    rows = provider.system.requests(Wanted(created_from=now - SPAN, created_to=now + AHEAD_MOST))
    good: list[types.ServiceRequest] = []
    yield from _sorted_out("system.reports", "reports", rows, good)
    if not good:
        yield Finding("system.reports", "there is no report of the last 30 days to look at", False)
        return
    one = good[-1]
    at = one.requested_datetime
    columns: dict[str, Sequence[object]] = {
        "created": [row.requested_datetime for row in good],
        "category": [row.service_code for row in good],
        "status": [row.status for row in good],
        "lat": [row.lat for row in good],
        "text": [row.description for row in good],
    }
    for name, values in columns.items():
        yield from _blank(f"system.reports.{name}", values)
    yield from _ahead("system.reports.created", [row.requested_datetime for row in good])
    told = f"place {one.lat}, {one.long}, made {f'{at:%Y-%m-%d %H:%M} UTC' if at else 'some time'}"
    words = f"{len(good)} reports of 30 days can be read; the last one, {one.service_request_id}: "
    yield Finding("system.reports", words + told, is_wrong=False)
    yield from _unknown_states(provider, (row.status for row in good), "is shown as open")
    offered = {
        category
        for one in _offered(provider)
        for category in provider.catalogue.categories_of(one.service_code)
    }
    for category in sorted({row.service_code for row in good} - offered):
        words = f"there are reports of the category {category!r}, which is no service here"
        yield Finding("services", words, is_wrong=False)


def _offered(provider: SystemProvider) -> Iterable[types.Service]:
    return provider.catalogue.services(old_will_do=True)


def _updates(provider: SystemProvider) -> Iterator[Finding]:
    now = clock.now()
    rows = provider.system.updates(now - SPAN, now + AHEAD_MOST)
    good: list[types.ServiceRequestUpdate] = []
    yield from _sorted_out("system.updates", "changes", rows, good)
    yield from _blank("system.updates.status", [row.status for row in good])
    yield from _ahead("system.updates.at", [row.updated_datetime for row in good])
    if good:
        words = f"{len(good)} changes of 30 days can be read"
        yield Finding("system.updates", words, is_wrong=False)
    yield from _unknown_states(provider, (row.status for row in good), "changes no state")


def _blank(key: str, values: Sequence[object]) -> Iterator[Finding]:
    """A value that no row has is looked for in the wrong place, mostly."""
    if values and all(one in (None, "") for one in values):
        name = key.rpartition(".")[2]
        yield Finding(
            key, f"none of {len(values)} rows has this: does {name!r} stand there?", False
        )


def _ahead(key: str, moments: Iterable[datetime | None]) -> Iterator[Finding]:
    """A time that is still to come is one of another zone, or of a wrong clock."""
    now = clock.now()
    latest = max((one for one in moments if one is not None), default=now)
    if latest > now + AHEAD:
        minutes = int((latest - now).total_seconds() // 60)
        words = f"a time is {minutes} minutes ahead of now: is the zone wrong, or a clock?"
        yield Finding(key, words)


def _sorted_out(
    key: str, what: str, rows: Iterable[R | BadRow], good: list[R]
) -> Iterator[Finding]:
    """Puts the usable rows into `good`; tells of the others, and of ids that are there twice."""
    bad: Counter[str] = Counter()
    for row in islice(rows, MOST):
        if isinstance(row, BadRow):
            bad[row.reason] += 1
        else:
            good.append(row)
    for reason, number in bad.items():
        words = f"{number} of {number + len(good)} {what} cannot be used: {reason}"
        yield Finding(key, words, is_wrong=not good)
    seen = Counter(_id_of(row) for row in good)
    twice = [number for number, times in seen.items() if times > 1]
    if twice:
        yield Finding(f"{key}.id", f"{len(twice)} ids are there twice, such as {twice[0]!r}")


def _id_of(row: types.ServiceRequest | types.ServiceRequestUpdate) -> str:
    return row.service_request_id if isinstance(row, types.ServiceRequest) else row.update_id


def _unknown_states(
    provider: SystemProvider, states: Iterable[str], what: str
) -> Iterator[Finding]:
    table = StatusTable(provider.frame.deployment.statuses)
    for state in sorted({one for one in states if not table.knows(one)}):
        yield Finding("statuses", f"the system's state {state!r} stands nowhere: it {what}", False)
