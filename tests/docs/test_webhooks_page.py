"""The page on webhooks names every event and every field, and none that there is not."""

import re

import pytest

from tests.docs.pages import DOCS
from waywarden.kernel import clock
from waywarden.reports.models import Update
from waywarden.web.tests.town import build
from waywarden.webhooks import payloads, posting
from waywarden.webhooks.kinds import Kind

PAGE = (DOCS / "reference" / "webhooks.md").read_text()


def fields_under(heading: str) -> set[str]:
    part = PAGE.split(f"### `{heading}`\n")[1].split("\n#")[0]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_every_event_is_on_the_page_and_no_other():
    table = PAGE.split("## Events")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", table, re.MULTILINE)) == {*Kind}


@pytest.mark.django_db
def test_every_field_is_on_the_page_and_no_other():
    town = build()
    moment = clock.now()
    update = Update.objects.create(
        report=town.report(), body=town.county, text="Done.", visibility="shown",
        created=moment, confirmed_at=moment,
    )  # fmt: skip
    kind = Kind.UPDATE_PUBLISHED
    subject = payloads.subjects_of(kind, [update.pk])[update.pk]
    data = payloads.data_of(kind, subject, None)
    assert set(data) == {"report", "update"}
    assert fields_under("report") == set(data["report"])
    assert fields_under("update") == set(data["update"])
    (row,) = data["report"]["bodies"]
    line = PAGE.split("Each of `bodies`:")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", line)) == set(row)
    alarm = payloads.alarm_data({}, {}, {})["alarm"]
    part = PAGE.split("### `alarm`\n")[1].split("\n#")[0]
    assert set(alarm) <= set(re.findall(r"`(\w+)`", part))


def test_the_pauses_are_those_of_the_code():
    words = {1: "s", 60: "min", 3600: "h"}
    said = []
    for pause in posting.PAUSES:
        seconds = int(pause.total_seconds())
        unit = max(one for one in words if seconds % one == 0 and seconds >= one)
        said.append(f"{seconds // unit} {words[unit]}")
    assert ", ".join(said[:-1]) + f" and {said[-1]}" in PAGE
