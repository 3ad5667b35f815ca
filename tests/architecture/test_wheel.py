"""The wheel holds all that the source does; it is built with the project's own tool."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "waywarden"
LEFT_OUT = {"__pycache__"}


@pytest.fixture(scope="module")
def names(tmp_path_factory) -> frozenset[str]:
    """The files of a wheel that is built here and now; nothing is fetched for it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


def test_every_file_of_the_source_is_in_the_wheel(names):
    """Templates, styles, scripts, built assets, compiled catalogs, sites, and the rest."""
    files = [
        path.relative_to(SOURCE.parent).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and not LEFT_OUT & set(path.parts)
    ]
    assert len(files) > 900
    assert sorted(set(files) - names) == []


@pytest.mark.parametrize(
    "name",
    [
        "waywarden/locale/fr/LC_MESSAGES/django.mo",
        "waywarden/locale/ar/LC_MESSAGES/django.mo",
        "waywarden/ui/static/ui/built/app.js",
        "waywarden/ui/static/ui/built/worker.js",
        "waywarden/ui/static/ui/page.css",
        "waywarden/ui/templates/ui/base.html",
        "waywarden/notifications/templates/notifications/digest.txt",
        "waywarden/cobrands/default/cobrand.toml",
        "waywarden/cobrands/borsetshire/static/logo.svg",
        "waywarden/cobrands/borsetshire/templates/web/about.html",
        "waywarden/adapters/store.sql",
    ],
)
def test_what_the_site_cannot_be_without_is_there(names, name):
    assert name in names


def test_the_command_and_the_licence_come_with_it(names):
    ends = {name.partition(".dist-info/")[2] for name in names if ".dist-info/" in name}
    assert {"entry_points.txt", "licenses/LICENSE", "METADATA"} <= ends
