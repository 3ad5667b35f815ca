"""`make new-adapter` makes a kind that stands by itself, and registers it."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("new_adapter", ROOT / "tools/new_adapter.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path):
    """As much of the project as the command line of adapters needs."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    rooms = ("adapters", "config", "geo", "kernel", "open311")
    skipped = shutil.ignore_patterns("__pycache__")
    for room in rooms:
        source = ROOT / "src/waywarden" / room
        shutil.copytree(source, tmp_path / "src/waywarden" / room, ignore=skipped)
    shutil.copy(ROOT / "src/waywarden/__init__.py", tmp_path / "src/waywarden")
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=skipped)
    shutil.copy(ROOT / "Makefile", tmp_path)
    return tmp_path


def run(project, *command):
    """A command in the copy, which sees the copy's code and no other; what it printed."""
    environ = {**os.environ, "PYTHONPATH": str(project / "src")}
    environ.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        command, cwd=project, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed on this machine")
def test_a_kind_is_made_and_registered_and_passes_what_every_kind_must(project):
    binaries = Path(sys.executable).parent
    run(project, "make", "-o", "setup", f"BIN={binaries}", "new-adapter", "NAME=works_office")
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    (floor,) = (
        one
        for one in settings["tool"]["importlinter"]["contracts"]
        if one["name"].startswith("Kinds of adapters")
    )
    assert "waywarden.adapters.works_office" in floor["modules"]
    folder = project / "src/waywarden/adapters/works_office"
    text = "".join(path.read_text() for path in folder.rglob("*.py"))
    assert "adapters.demo" not in text
    assert "class WorksOfficeSystem(System)" in text

    program = (sys.executable, "-m", "waywarden.config.cli", "adapter")
    run(project, *program, "new", "works_office", "East Council")
    assert "is right" in run(project, *program, "check", "deployments")
    told = run(project, *program, "try", "deployments/east-council.toml")
    assert "would become" in told

    scenes = project / "src/waywarden/adapters/tests/stands.py"
    line = '    "demo": Scene(_demo),\n'
    theirs = scenes.read_text().replace(f"adapters.{'demo'}", "adapters.works_office")
    theirs = theirs.replace('text_of("demo"', 'text_of("works_office"')
    (project / "src/waywarden/adapters/tests/their_stands.py").write_text(theirs)
    more = line + '    "works_office": Scene(their_stands._demo),\n'
    text = scenes.read_text().replace(line, more)
    imported = "from waywarden.adapters.tests import their_stands\n"
    at = "from waywarden.adapters.tests.stand import"
    scenes.write_text(text.replace(at, imported + at, 1))
    for what in ("works_office/tests/test_reports.py", "tests/test_every_kind.py"):
        tests = (project / "src/waywarden/adapters" / what).as_posix()
        quiet = ("-q", "-x", "-n", "0", "-c", os.devnull, "--rootdir=.", "-p", "no:django")
        chosen = ("-k", "works_office and not slow") if "every" in what else ()
        run(project, sys.executable, "-m", "pytest", *quiet, *chosen, tests)


@pytest.mark.parametrize("arguments", [[], ["Bad Name"], ["demo"], ["store"], ["../out"]])
def test_a_name_that_cannot_be_used_makes_nothing(tool, project, arguments):
    before = (project / "pyproject.toml").read_text()
    assert tool.main(arguments, root=project) == 1
    assert (project / "pyproject.toml").read_text() == before
