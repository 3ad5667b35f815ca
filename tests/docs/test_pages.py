"""The documentation names what there is, and nothing that there is not.

That every command and every setting has its place is asked beside them, in `config.tests`.
"""

import re

import click
import pytest
import yaml

from tests.docs.pages import DOCS, ROOT, pages
from waywarden.config.cli import cli
from waywarden.config.variables import SETTINGS

TEXTS = [*pages(), ROOT / "README.md", ROOT / "ARCHITECTURE.md"]


def named(path) -> str:
    return str(path.relative_to(ROOT))


each_text = pytest.mark.parametrize("path", TEXTS, ids=named)


def in_menu(entries) -> set[str]:
    found = set()
    for entry in entries:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            found |= {value} if isinstance(value, str) else in_menu(value)
    return found


def test_every_page_is_in_the_menu():
    menu = in_menu(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    assert {str(page.relative_to(DOCS)) for page in pages()} == menu


@pytest.mark.parametrize("path", pages(), ids=named)
def test_a_page_begins_with_its_title_and_has_words(path):
    first, *rest = path.read_text().strip().splitlines()
    assert re.match(r"# \S", first)
    assert len(" ".join(rest).split()) > 20


@each_text
def test_a_page_names_no_setting_that_there_is_not(path):
    known = {setting.name for setting in SETTINGS}
    named_here = re.findall(r"\bWAYWARDEN_[A-Z_]*[A-Z]", path.read_text())
    assert {name.removesuffix("_FILE") for name in named_here} <= known


@each_text
def test_a_page_names_no_command_that_there_is_not(path):
    context = click.Context(cli)
    call = r"(?:`|bin/|^\$ )waywarden ([a-z0-9-]+)(?: ([a-z][a-z0-9-]*))?"
    calls = re.compile(call, re.MULTILINE)
    unknown = []
    for name, sub in calls.findall(path.read_text()):
        command = cli.get_command(context, name)
        if command is None:
            unknown.append(name)
        elif sub and isinstance(command, click.Group) and not command.get_command(context, sub):
            unknown.append(f"{name} {sub}")
    assert not unknown


@each_text
def test_a_page_names_no_make_target_that_there_is_not(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", path.read_text())) <= targets


@each_text
def test_links_to_other_pages_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text())
    ours = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert not [link for link in ours if not (path.parent / link).exists()]
