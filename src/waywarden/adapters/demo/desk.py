"""The clerk's pages of the works system: what came in, what became of it, and adding a job."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from waywarden.adapters.demo.markup import Html, join, tag
from waywarden.adapters.demo.works import ORIGINS, STATES, JobFilter, NewJob, Row, Works
from waywarden.adapters.demo.wsgi import Question, Reply, as_html, see_other
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line, paragraphs, shorten

NAME = "Borsetshire Works"
CORNERS: Mapping[str, tuple[float, float]] = {
    "Railway Square": (60.17140, 24.94390),
    "Senate Square": (60.16950, 24.95240),
    "Market Square": (60.16770, 24.95250),
    "Esplanade and Mikonkatu": (60.16800, 24.94570),
    "Three Smiths": (60.16880, 24.94140),
    "Forum": (60.16950, 24.93800),
    "Kaisaniemi Park": (60.17480, 24.94560),
    "Bulevardi and Annankatu": (60.16540, 24.93770),
    "Kasarmitori": (60.16500, 24.94890),
    "Töölö Bay": (60.17560, 24.93760),
}
"""Places a clerk may pick, latitude and longitude; all lie in the demo's city."""

PAGE = 50
_SAFE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' http: https:;"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def answer(works: Works, asked: Question) -> Reply | None:
    """The page at a path, or what a form did; None when there is none."""
    if asked.path == "/style.css":
        style = (Path(__file__).parent / "style.css").read_bytes()
        return Reply(200, "text/css; charset=utf-8", style, {"Cache-Control": "max-age=600"})
    if asked.method == "POST" and asked.headers.get("sec-fetch-site") == "cross-site":
        return _page(
            "Not from here", tag("p", "This form may only be sent from our own pages."), 403
        )
    fixed = {"/": lambda: see_other("/jobs"), "/jobs": lambda: _jobs(works, asked)}
    fixed["/jobs/add"] = lambda: _add(works, asked)
    if asked.path in fixed:
        return fixed[asked.path]()
    kind, _, number = asked.path[1:].partition("/")
    if kind in {"jobs", "photos"} and number.isascii() and number.isdigit() and len(number) < 16:
        return _job(works, int(number), asked) if kind == "jobs" else _photo(works, int(number))
    return None


def not_found() -> Reply:
    """The page for a path that leads nowhere."""
    return _page(
        "Not found", tag("p", "There is nothing here. ", tag("a", "All jobs", href="/jobs")), 404
    )


def _page(title: str, content: str, status: int = 200) -> Reply:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · {NAME}"),
        tag("link", rel="stylesheet", href="/style.css"),
    )
    menu = tag(
        "nav",
        tag("a", NAME, class_="name", href="/jobs"),
        tag("a", "All jobs", href="/jobs"),
        tag("a", "Add a job", href="/jobs/add"),
        aria_label="Main",
    )
    body = tag("body", tag("header", menu), tag("main", tag("h1", title), content))
    page = join(Html("<!doctype html>"), tag("html", head, body, lang="en"))
    return as_html(page, status=status, headers=_SAFE)


def _state(word: str) -> Html:
    return tag("span", STATES.get(word, word), class_=f"state {word}")


def _jobs(works: Works, asked: Question) -> Reply:
    state = asked.asked("state") if asked.asked("state") in STATES else ""
    before = asked.asked("before")
    found = works.jobs(
        JobFilter(
            states=(state,) if state else (),
            before=int(before)
            if before.isascii() and before.isdigit() and len(before) < 16
            else None,
            newest_first=True,
            limit=PAGE + 1,
        )
    )
    choices = [tag("a", "All", href="/jobs", aria_current=None if state else "page")] + [
        tag("a", label, href=f"/jobs?state={word}", aria_current="page" if word == state else None)
        for word, label in STATES.items()
    ]
    rows = [_job_card(job) for job in found[:PAGE]] or [tag("li", "No jobs.", class_="card")]
    more: str = ""
    if len(found) > PAGE:
        older = {"state": state, "before": found[PAGE - 1]["job_no"]}
        more = tag("p", tag("a", "Older jobs", href="/jobs?" + urlencode(older)))
    filters = tag("nav", *choices, class_="filter", aria_label="State")
    return _page("Jobs", join(filters, tag("ol", *rows, class_="jobs"), more))


def _job_card(job: Row) -> Html:
    number = job["job_no"]
    link = tag("a", f"{number} · {job['job_type_title']}", href=f"/jobs/{number}")
    where = job["place"] or f"{job['lat']:.5f}, {job['lon']:.5f}"
    return tag(
        "li",
        tag("p", tag("strong", link), " ", _state(job["state"])),
        tag("p", shorten(one_line(job["details"]), 160)),
        tag("p", f"{_when(job['created_at'])} · {ORIGINS[job['origin']]} · {where}", class_="soft"),
        class_="card",
    )


def _when(moment: str) -> str:
    return moment.replace("T", " ").removesuffix("Z") + " UTC"


def _job(works: Works, job_no: int, asked: Question) -> Reply | None:
    if asked.method == "POST":
        form = asked.form()
        try:
            state = form.get("state") or form.get("other_state", "")
            works.change_job(job_no, state=state, note=paragraphs(form.get("note", "")))
        except RuleBroken as error:
            return _page("That did not work", tag("p", str(error)), 400)
        return see_other(f"/jobs/{job_no}")
    job = works.job(job_no)
    if job is None:
        return None
    content = join(
        _facts(job, works),
        _change_form(job),
        _history(works.updates_of(job_no)),
        _letters(works.messages(job_no)),
    )
    return _page(f"Job {job_no}: {job['job_type_title']}", content)


def _facts(job: Row, works: Works) -> Html:
    prompts = {
        question["code"]: question
        for kind in works.job_types()
        if kind["code"] == job["job_type"]
        for question in kind["questions"]
    }
    facts: list[tuple[str, str]] = [
        ("State", _state(job["state"])),
        ("What we say", job["note"] or "–"),
        ("Details", job["details"]),
        *(_answered(prompts.get(code), code, values) for code, values in job["answers"].items()),
        ("Place", job["place"] or "–"),
        ("Coordinates", f"{job['lat']:.6f}, {job['lon']:.6f}"),
        ("Came from", ORIGINS[job["origin"]]),
        ("Their number", job["their_ref"] or "–"),
        ("Reporter", " · ".join(_reporter(job)) or "–"),
        ("May be shown", "Yes" if job["is_public"] else "No, private"),
        ("Entered", _when(job["created_at"])),
        ("Changed", _when(job["changed_at"])),
    ]
    listed = tag("dl", *(join(tag("dt", name), tag("dd", value)) for name, value in facts))
    return tag("section", listed, _photos(job), class_="card")


def _reporter(job: Row) -> list[str]:
    return [one for one in (job["reporter"], job["reporter_email"], job["reporter_phone"]) if one]


def _answered(question: Row | None, code: str, values: list[str]) -> tuple[str, str]:
    if question is None:
        return code, ", ".join(values)
    return question["prompt"], ", ".join(question["choices"].get(one, one) for one in values)


def _photos(job: Row) -> str:
    links = [_photo_link(url) for url in job["photo_urls"]]
    ours = [
        tag(
            "a",
            tag("img", src=f"/photos/{number}", alt=f"Photo {number}"),
            href=f"/photos/{number}",
        )
        for number in job.get("photo_nos", [])
    ]
    return tag("p", *links, *ours, class_="photos") if links or ours else ""


def _photo_link(url: str) -> Html:
    """A picture that leads to itself, or plain text when the address is no web address."""
    if not url.startswith(("http://", "https://")):
        return tag("span", url)
    picture = tag("img", src=url, alt="Photo", loading="lazy", referrerpolicy="no-referrer")
    return tag("a", picture, href=url, rel="noreferrer noopener")


def _change_form(job: Row) -> Html:
    options = [
        tag("option", label, value=word, selected=word == job["state"])
        for word, label in STATES.items()
    ]
    return tag(
        "form",
        tag("h2", "What became of it"),
        tag("label", "What we say to the reporter", for_="note"),
        tag("textarea", name="note", id="note"),
        tag("button", "Mark done", name="state", value="DONE"),
        tag("button", "Mark inspected", name="state", value="INSPECTED", class_="quiet"),
        tag("button", "Order work", name="state", value="ORDERED", class_="quiet"),
        tag("button", "No action", name="state", value="NO_ACTION", class_="quiet"),
        tag("details", tag("summary", "Another state"), _another_state(options)),
        method="post",
        class_="card",
    )


def _another_state(options: list[Html]) -> Html:
    """A select in the same form: its button sends an empty state, so the select counts."""
    return join(
        tag("label", "State", for_="other_state"),
        tag("select", *options, name="other_state", id="other_state"),
        tag("button", "Set this state", name="state", value="", class_="quiet"),
    )


def _history(updates: list[Row]) -> Html:
    rows = [
        tag(
            "dd",
            _state(one["state"]),
            f" {_when(one['changed_at'])} · update {one['seq']}\n{one['note']}",
        )
        for one in updates
    ]
    listed = (
        tag("dl", *(join(tag("dt", "Told"), row) for row in rows))
        if rows
        else tag("p", "Nothing yet.")
    )
    return tag("section", tag("h2", "Update table"), listed, class_="card")


def _letters(messages: list[Row]) -> str:
    if not messages:
        return ""
    rows = [
        join(
            tag("dt", _when(one["received_at"])),
            tag(
                "dd",
                " · ".join(part for part in (one["sender"], one["wanted"]) if part),
                "\n",
                one["text"],
            ),
        )
        for one in messages
    ]
    return tag("section", tag("h2", "What people wrote"), tag("dl", *rows), class_="card")


def _photo(works: Works, number: int) -> Reply | None:
    found = works.photo(number)
    if found is None:
        return None
    return Reply(
        200, found.content_type, found.data, {"Content-Security-Policy": "default-src 'none'"}
    )


def _add(works: Works, asked: Question) -> Reply:
    if asked.method != "POST":
        return _page("Add a job", _add_form(works, {}))
    form = asked.form()
    try:
        job_no = works.add_job(_new_job(form))
    except RuleBroken as error:
        complaint = tag("p", str(error), class_="card wrong", role="alert")
        return _page("Add a job", join(complaint, _add_form(works, form)), 400)
    return see_other(f"/jobs/{job_no}")


def _new_job(form: Mapping[str, str]) -> NewJob:
    corner = form.get("corner", "")
    lat, lon = CORNERS.get(corner, (math.nan, math.nan))
    if form.get("lat", "").strip() or form.get("lon", "").strip():
        corner, lat, lon = "", _degrees(form, "lat"), _degrees(form, "lon")
    if math.isnan(lat):
        raise RuleBroken("Say where it is.", field="corner")
    return NewJob(
        job_type=form.get("job_type", ""),
        details=paragraphs(form.get("details", "")),
        lat=lat,
        lon=lon,
        place=one_line(form.get("place", "")) or corner,
        is_public=form.get("private") != "yes",
        reporter=one_line(form.get("reporter", "")),
    )


def _degrees(form: Mapping[str, str], name: str) -> float:
    try:
        found = float(form.get(name, "").replace(",", "."))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise RuleBroken("Latitude and longitude are numbers such as 60.17 and 24.94.", field=name)
    return found


def _add_form(works: Works, form: Mapping[str, Any]) -> Html:
    kinds = [
        tag(
            "option",
            kind["title"],
            value=kind["code"],
            selected=kind["code"] == form.get("job_type"),
        )
        for kind in works.job_types()
    ]
    corners = [
        tag("option", name, value=name, selected=name == form.get("corner")) for name in CORNERS
    ]
    return tag(
        "form",
        tag("label", "Type", for_="job_type"),
        tag("select", *kinds, name="job_type", id="job_type"),
        tag("label", "What is wrong", for_="details"),
        tag("textarea", form.get("details", ""), name="details", id="details", required=True),
        tag("label", "Where", for_="corner"),
        tag("select", *corners, name="corner", id="corner"),
        *_field("lat", "Or latitude", form),
        *_field("lon", "and longitude", form),
        *_field("place", "What the place is called (may stay empty)", form),
        *_field("reporter", "Who told us (may stay empty)", form),
        tag(
            "label",
            tag(
                "input",
                type="checkbox",
                name="private",
                value="yes",
                checked=bool(form.get("private")),
            ),
            "Keep it private",
            class_="check",
        ),
        tag("button", "Add the job"),
        method="post",
        class_="card",
    )


def _field(name: str, label: str, form: Mapping[str, Any]) -> tuple[Html, Html]:
    value = form.get(name, "")
    return tag("label", label, for_=name), tag(
        "input", type="text", name=name, id=name, value=value
    )
