"""How it goes with each deployment, as JSON for machines and as numbers."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import msgspec

from waywarden.adapters import steps
from waywarden.adapters.figures import Gauge
from waywarden.adapters.health import Failure, Health, WayHealth
from waywarden.adapters.kept import Kept, SetAside
from waywarden.adapters.store import Store
from waywarden.kernel import clock

LONG = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one deployment. No secret, nothing of a reporter's."""

    jurisdiction: str
    name: str
    kind: str
    ways: tuple[WayHealth, ...]
    failures: tuple[Failure, ...]
    posts: int
    unsure: int
    """Reports and updates that may or may not have arrived."""
    unsure_long: int
    """Those of them that nobody has asked about for an hour: a sender that repeats settles them."""
    steps_waiting: int
    steps_dead: int
    set_aside: tuple[SetAside, ...]

    @property
    def needs_somebody(self) -> bool:
        """Whether a person should look."""
        return bool(self.unsure or self.steps_dead or any(way.is_broken for way in self.ways))


@dataclass(frozen=True, slots=True)
class Files:
    """When the deployment files were last taken, and a line for each fault of those refused."""

    taken_at: datetime
    refused: tuple[str, ...] = ()


def extras(number: int) -> str:
    """So many photos or notes, in words."""
    return "1 photo or note" if number == 1 else f"{number} photos or notes"


def standing_of(store: Store, health: Health, *, name: str, kind: str) -> Standing:
    """How it stands now."""
    place = health.jurisdiction
    with store.connect() as db:
        posts, unsure, unsure_long = db.execute(
            "select count(*), coalesce(sum(state = 'unsure'), 0),"
            " coalesce(sum(state = 'unsure' and answer = '' and last_at < ?), 0) from posts"
            " where jurisdiction = ? or jurisdiction glob ?",
            [(clock.now() - LONG).isoformat(), place, f"{place}/*"],
        ).fetchone()
    counted = steps.counted(store, place)
    return Standing(
        jurisdiction=place,
        name=name,
        kind=kind,
        ways=health.all(),
        failures=tuple(health.failures),
        posts=posts,
        unsure=unsure,
        unsure_long=unsure_long,
        steps_waiting=counted.waiting,
        steps_dead=counted.dead,
        set_aside=tuple(Kept(store, place).all_set_aside()),
    )


def as_json(standings: Iterable[Standing], *, store_bytes: int, files: Files) -> bytes:
    """The same for machines; `set_aside` is a count."""
    rows = []
    for one in standings:
        row = asdict(one) | {"set_aside": len(one.set_aside), "needs_somebody": one.needs_somebody}
        rows.append(row)
    whole = {
        "deployments": rows,
        "store_bytes": store_bytes,
        "files_taken_at": files.taken_at,
        "files_refused": files.refused,
    }
    return msgspec.json.encode(whole)


def gauges(standings: Iterable[Standing], *, store_bytes: int, files: Files) -> Iterator[Gauge]:
    """The same as numbers."""
    found = list(standings)

    def each(name: str, meaning: str, field: str) -> Gauge:
        values = [(one.jurisdiction, float(getattr(one, field))) for one in found]
        return f"waywarden_adapter_{name}", meaning, values

    yield each("unsure_posts", "Posts that may or may not have arrived.", "unsure")
    yield each("steps_waiting", "Secondary work that waits.", "steps_waiting")
    yield each("steps_dead", "Secondary work that was given up.", "steps_dead")
    yield (
        "waywarden_adapter_rows_set_aside",
        "Rows of the system that could not be used.",
        [(one.jurisdiction, float(len(one.set_aside))) for one in found],
    )
    for way in ("sending", "fetching", "steps"):
        meaning = f"Failures of {way} since its last success."
        rows = [
            (one.jurisdiction, float(state.in_a_row))
            for one in found
            for state in one.ways
            if state.way == way
        ]
        yield f"waywarden_adapter_{way}_failures_in_a_row", meaning, rows
    yield "waywarden_adapter_store_bytes", "Size of the store.", [("", float(store_bytes))]
    meaning = "Faults in changed deployment files that were not taken."
    yield "waywarden_adapter_files_faults", meaning, [("", float(len(files.refused)))]
