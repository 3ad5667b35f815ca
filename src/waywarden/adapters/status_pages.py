"""How it goes with each deployment: a page for people, JSON for machines, numbers."""

import html
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

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;"
    "color:#1c2b2a;background:#fbfcfb}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;"
    "border-bottom:1px solid #d5dedc;vertical-align:top}.bad{color:#a11c1c;font-weight:600}"
    "time{white-space:nowrap}td,th,li{overflow-wrap:anywhere}"
    "@media(max-width:45rem){thead{position:absolute;clip-path:inset(50%);height:1px;width:1px}"
    "table,tbody,tr,th,td{display:block}tr{border-bottom:1px solid #d5dedc;padding:.4rem 0}"
    "th,td{border:0;padding:0}td:empty{display:none}td::before{content:attr(data-is) ': '}}"
    "@media(prefers-color-scheme:dark){body{color:#e4eceb;background:#152120}"
    ".bad{color:#ff9c94}th,td{border-color:#33433f}}"
)


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


def as_json(standings: Iterable[Standing], *, store_bytes: int) -> bytes:
    """The same for machines; `set_aside` is a count."""
    rows = []
    for one in standings:
        row = asdict(one) | {"set_aside": len(one.set_aside), "needs_somebody": one.needs_somebody}
        rows.append(row)
    return msgspec.json.encode({"deployments": rows, "store_bytes": store_bytes})


def gauges(standings: Iterable[Standing], *, store_bytes: int) -> Iterator[Gauge]:
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


def page(standings: Iterable[Standing], *, store_bytes: int) -> bytes:
    """The page for people."""
    parts = "".join(_section(one) for one in standings)
    megabytes = f"{store_bytes / 1_000_000:.1f} MB"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Adapters</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>Adapters</h1>"
        f"<p>{_when(clock.now())}. The store holds {megabytes}. The same as "
        '<a href="/health.json">JSON</a> and as <a href="/metrics">numbers</a>.</p>'
        f"{parts}</main></body></html>"
    ).encode()


def _section(one: Standing) -> str:
    state = '<span class="bad">somebody must look</span>' if one.needs_somebody else "fine"
    rows = "".join(_way_row(way) for way in one.ways)
    counts = (
        f"<p>{one.posts} sent, {_bad(one.unsure)} of them unsure. Secondary work: "
        f"{one.steps_waiting} waiting, {_bad(one.steps_dead)} given up. "
        f"{_rows(len(one.set_aside))} set aside.</p>"
    )
    return (
        f"<h2>{_text(one.name)} ({_text(one.jurisdiction)}, {_text(one.kind)}): {state}</h2>"
        "<table><thead><tr><th>Way</th><th>Last success</th><th>Last failure</th><th>What went "
        f"wrong</th></tr></thead><tbody>{rows}</tbody></table>{counts}"
        f"{_asides(one.set_aside[:10])}{_failures(one.failures)}"
    )


def _way_row(way: WayHealth) -> str:
    words = _text(way.words) if way.in_a_row else ""
    if way.is_broken:
        words = f'<span class="bad">{words} ({way.in_a_row} times in a row)</span>'
    return (
        f'<tr><th scope="row">{way.way.capitalize()}</th>'
        f'<td data-is="Last success">{_when(way.succeeded_at)}</td>'
        f'<td data-is="Last failure">{_when(way.failed_at)}</td>'
        f'<td data-is="What went wrong">{words}</td></tr>'
    )


def _asides(rows: Iterable[SetAside]) -> str:
    items = "".join(
        f"<li>{_text(row.kind)} {_text(row.key)}: {_text(row.reason)} ({row.times} times)</li>"
        for row in rows
    )
    return f"<details><summary>Rows set aside</summary><ul>{items}</ul></details>" if items else ""


def _failures(rows: Iterable[Failure]) -> str:
    items = "".join(f"<li>{_when(row.at)}, {row.way}: {_text(row.words)}</li>" for row in rows)
    return f"<details><summary>Last failures</summary><ul>{items}</ul></details>" if items else ""


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def _bad(number: int) -> str:
    return f'<span class="bad">{number}</span>' if number else "0"


def _text(text: str) -> str:
    return html.escape(text)


def _when(moment: datetime | None) -> str:
    if moment is None:
        return "–"
    return f'<time datetime="{moment.isoformat()}">{moment:%Y-%m-%d %H:%M} UTC</time>'
