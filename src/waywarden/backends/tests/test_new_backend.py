"""`make new-backend` makes a folder that stands by itself, and registers it."""

import importlib.util
import shutil
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("new_backend", ROOT / "tools/new_backend.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src/waywarden/backends/webhook", tmp_path / "src/waywarden/backends/webhook"
    )
    return tmp_path


def test_a_back_end_is_made_and_registered(tool, project):
    assert tool.main(["works_office"], root=project) == 0

    settings = tomllib.loads((project / "pyproject.toml").read_text())
    entries = settings["project"]["entry-points"]["waywarden.backends"]
    assert entries["works_office"] == "waywarden.backends.works_office.plugin:WorksOfficeBackend"
    floors = [
        one for one in settings["tool"]["importlinter"]["contracts"] if "Back-end" in one["name"]
    ]
    assert "waywarden.backends.works_office" in floors[0]["modules"]
    folder = project / "src/waywarden/backends/works_office"
    text = "".join(path.read_text() for path in folder.rglob("*.py"))
    assert "backends.webhook" not in text
    assert 'kind = "works_office"' in text
    for path in folder.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")


@pytest.mark.parametrize("arguments", [[], ["Bad Name"], ["webhook"], ["../out"]])
def test_a_name_that_cannot_be_used_makes_nothing(tool, project, arguments):
    before = (project / "pyproject.toml").read_text()
    assert tool.main(arguments, root=project) == 1
    assert (project / "pyproject.toml").read_text() == before
