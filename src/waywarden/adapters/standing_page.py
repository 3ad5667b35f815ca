"""The page for people: what needs somebody first, then how it goes with each deployment."""

import html
from collections.abc import Iterable, Iterator
from datetime import datetime

from waywarden.adapters.health import STEPS, Failure, WayHealth
from waywarden.adapters.kept import SetAside
from waywarden.adapters.status_pages import Files, Standing, extras
from waywarden.kernel import clock

_STYLE = (
    ":root{color-scheme:light dark;--ink:#1c2b2a;--soft:#52605e;--paper:#f6f8f7;--card:#fff;"
    "--line:#dbe3e1;--bad:#a11c1c;--well:#1d6b45;--link:#0b5c7a}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4eceb;--soft:#a3b3b0;--paper:#121b1a;"
    "--card:#1a2625;--line:#33433f;--bad:#ff9c94;--well:#8fd6ac;--link:#8fcfe8}}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:var(--ink);background:var(--paper)}"
    "main{max-width:60rem;margin:auto;padding:2rem 1rem 3rem}h1{font-size:1.5rem;margin:0 0 .25rem}"
    "p{margin:.25rem 0}a{color:var(--link)}.soft,dt{color:var(--soft)}.bad{color:var(--bad)}"
    ".well{color:var(--well)}strong.bad,strong.well{font-weight:600}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
    "padding:.9rem 1.1rem;margin:1rem 0;overflow-wrap:anywhere}"
    "section.wrong{border-inline-start:.3rem solid var(--bad)}"
    "h2{font-size:1.1rem;margin:0;display:flex;flex-wrap:wrap;gap:.1rem .6rem;"
    "align-items:baseline}h2 .soft{font-size:.9rem;font-weight:400}h2 strong{margin-inline-start:"
    "auto;font-size:.95rem}dl{display:grid;grid-template-columns:repeat(auto-fit,"
    "minmax(15rem,1fr));gap:.5rem 1.5rem;margin:.6rem 0 .2rem}dt{font-size:.9rem}dd{margin:0}"
    "details{margin-top:.4rem}summary{cursor:pointer}ul{margin:.3rem 0;padding-inline-start:1.2rem}"
    "code{font-size:.95em}"
)
_TITLES = {STEPS: "Photos and notes"}


def page(standings: Iterable[Standing], *, store_bytes: int, files: Files) -> bytes:
    """The page."""
    found = sorted(standings, key=lambda one: not one.needs_somebody)
    parts = "".join(_section(one) for one in found)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Adapters</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>Adapters</h1>"
        f"<p>{_summary(found, files)}</p>{_refused(files)}"
        f'<p class="soft">As it was {_when(clock.now())}. The deployment files were last taken '
        f"{_when(files.taken_at)}. The store holds "
        f"{store_bytes / 1_000_000:.1f} MB. "
        'The same as <a href="/health.json">JSON</a> and as <a href="/metrics">numbers</a>.</p>'
        f"{parts}</main></body></html>"
    ).encode()


def _summary(found: list[Standing], files: Files) -> str:
    wrong = [_text(one.name) for one in found if one.needs_somebody]
    wrong += ["a deployment file"] if files.refused else []
    if not wrong:
        return '<strong class="well">All is well.</strong>'
    return f'<strong class="bad">Somebody must look:</strong> {", ".join(wrong)}.'


def _refused(files: Files) -> str:
    if not files.refused:
        return ""
    items = "".join(f"<li>{_text(fault)}</li>" for fault in files.refused)
    return (
        '<section class="wrong"><p class="bad">A changed deployment file is wrong and was not '
        f"taken; what was there before goes on.</p><ul>{items}</ul></section>"
    )


def _section(one: Standing) -> str:
    wrong = one.needs_somebody
    state = '<strong class="bad">somebody must look</strong>' if wrong else _well()
    rows = "".join(_way(way) for way in one.ways)
    return (
        f'<section{" class=wrong" if wrong else ""}><h2>{_text(one.name)} <span class="soft">'
        f"{_text(one.jurisdiction)} by {_text(one.kind)}</span> {state}</h2>"
        f"<dl>{rows}</dl>{''.join(_counts(one))}"
        f"{_asides(one.set_aside)}{_failures(one.failures)}</section>"
    )


def _well() -> str:
    return '<strong class="well">fine</strong>'


def _way(way: WayHealth) -> str:
    title = _TITLES.get(way.way, way.way.capitalize())
    said = f"worked {_when(way.succeeded_at)}" if way.succeeded_at else "nothing yet"
    if way.in_a_row:
        times = "once" if way.in_a_row == 1 else f"{way.in_a_row} times in a row"
        colour = "bad" if way.is_broken else "soft"
        said = (
            f'<span class="{colour}">failed {times}, last {_when(way.failed_at)}: '
            f"{_text(way.words)}</span> {said if way.succeeded_at else ''}"
        )
    return f"<div><dt>{title}</dt><dd>{said}</dd></div>"


def _counts(one: Standing) -> Iterator[str]:
    waiting = f"; {extras(one.steps_waiting)} to be sent" if one.steps_waiting else ""
    yield f'<p class="soft">{one.posts} sent{waiting}.</p>'
    if one.unsure:
        yield f'<p class="bad">{one.unsure} may or may not have arrived.</p>'
    if one.steps_dead:
        yield f'<p class="bad">{extras(one.steps_dead)} given up.</p>'
    if one.unsure or one.steps_dead:
        yield "<p>What they are, and what to do: <code>waywarden adapter stuck</code>.</p>"


def _asides(rows: tuple[SetAside, ...]) -> str:
    if not rows:
        return ""
    items = "".join(
        f"<li>{_text(row.kind)} {_text(row.key)}: {_text(row.reason)} ({row.times} times)</li>"
        for row in rows[:10]
    )
    number = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    return f"<details><summary>{number} set aside</summary><ul>{items}</ul></details>"


def _failures(rows: Iterable[Failure]) -> str:
    items = "".join(f"<li>{_when(row.at)}, {row.way}: {_text(row.words)}</li>" for row in rows)
    return f"<details><summary>Last failures</summary><ul>{items}</ul></details>" if items else ""


def _text(text: str) -> str:
    return html.escape(text)


def _when(moment: datetime | None) -> str:
    if moment is None:
        return "–"
    is_today = moment.date() == clock.now().date()
    shown = f"today at {moment:%H:%M}" if is_today else f"{moment:%Y-%m-%d at %H:%M}"
    return f'<time datetime="{moment.isoformat()}">{shown} UTC</time>'
