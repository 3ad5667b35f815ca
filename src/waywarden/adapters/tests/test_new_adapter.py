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
    for room in rooms:
        shutil.copytree(ROOT / "src/waywarden" / room, tmp_path / "src/waywarden" / room)
    shutil.copy(ROOT / "src/waywarden/__init__.py", tmp_path / "src/waywarden")
    return tmp_path


def test_a_kind_is_made_and_registered_and_its_first_file_is_right(tool, project):
    assert tool.main(["works_office"], root=project) == 0
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
    environ = {**os.environ, "PYTHONPATH": str(project / "src")}
    for command in (
        ["new", "works_office", "East Council"],
        ["check", "deployments"],
        ["try", "deployments/east-council.toml"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "waywarden.config.cli", "adapter", *command],
            cwd=project,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "would become" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["Bad Name"], ["demo"], ["store"], ["../out"]])
def test_a_name_that_cannot_be_used_makes_nothing(tool, project, arguments):
    before = (project / "pyproject.toml").read_text()
    assert tool.main(arguments, root=project) == 1
    assert (project / "pyproject.toml").read_text() == before
