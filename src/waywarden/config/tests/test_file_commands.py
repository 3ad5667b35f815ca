"""`waywarden config`: all that a site is set up with, there and back."""

import pytest
from click.testing import CliRunner

from waywarden.bodies.models import Body, Category
from waywarden.config.file_commands import config
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.reports.rule_models import UpdateRule
from waywarden.sync.models import ExclusionRule

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setattr("waywarden.config.setup.set_up", lambda: None)

    def run(*words):
        return CliRunner().invoke(config, [words[0], str(tmp_path), *words[1:]])

    return run


@pytest.fixture
def county():
    """Who may do what at a body, and what a connection keeps out."""
    way = Connection.objects.create(
        name="County", kind="open311", options={"endpoint": "https://c.example.org"}
    )
    body = Body.objects.create(name="County", slug="county", sending_connection=way)
    potholes = Category.objects.create(body=body, name="Potholes", slug="potholes")
    UpdateRule.objects.create(body=body, act="reopen", who="reporter", only_while_open=True)
    UpdateRule.objects.create(body=body, category=potholes, act="update", who="nobody")
    ExclusionRule.objects.create(connection=way, by="keyword", value="graffiti", note="not ours")
    ExclusionRule.objects.create(connection=way, by="age", value="365", is_on=False)
    return body


def table() -> set[tuple]:
    rows = UpdateRule.objects.values_list("category__slug", "act", "who", "only_while_open")
    return set(rows)


def kept_out() -> list[tuple]:
    rows = ExclusionRule.objects.order_by("id")
    return list(rows.values_list("by", "value", "note", "is_on"))


def test_rules_of_bodies_and_exclusions_travel_with_the_files(run, county):
    rules, exclusions = table(), kept_out()
    assert run("export").exit_code == 0
    assert run("apply").output == "Nothing to change.\n"

    UpdateRule.objects.all().delete()
    ExclusionRule.objects.filter(by="age").delete()
    ExclusionRule.objects.create(connection=county.sending_connection, by="private")
    said = run("apply", "--dry-run").output
    assert "bodies/county.toml: rules change" in said
    assert "connections/county.open311.toml: exclusions change" in said
    assert (table(), len(kept_out())) == (set(), 2)

    assert run("apply").exit_code == 0
    assert (table(), kept_out()) == (rules, exclusions)
    assert Event.objects.filter(kind="exclusions.changed").count() == 2
    assert run("apply").output == "Nothing to change.\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("bodies/county.toml", '"reporter"', '"anyone"', "who"),
        ("bodies/county.toml", 'category = "potholes"', 'category = "trees"', "trees"),
        ("bodies/county.toml", "only_while_open = true", 'only_while_open = "yes"', "only_while"),
        ("bodies/county.toml", "only_while_open", "only_when_open", "only_when_open"),
        ("connections/county.open311.toml", '"graffiti"', '"*"', "pattern"),
        ("connections/county.open311.toml", '"keyword"', '"colour"', "by"),
        ("connections/county.open311.toml", '"365"', '"a year"', "days"),
    ],
)
def test_a_wrong_line_of_theirs_is_named_and_nothing_is_written(
    run, county, tmp_path, file, old, new, words
):
    run("export")
    path = tmp_path / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    before = table(), kept_out()

    said = run("apply")

    assert said.exit_code == 1
    assert file in said.output
    assert words in said.output
    assert (table(), kept_out()) == before
