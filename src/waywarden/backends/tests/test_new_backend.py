"""`make new-backend` makes a folder that stands by itself, and registers it."""

import importlib.util
import shutil
import subprocess
import sysconfig
import tomllib
import venv
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


#: What a copy of the project needs to be worked in.
COPIED = ("conftest.py", "LICENSE", "Makefile", "README.md", "pyproject.toml")
COPIED_FOLDERS = ("deployments", "src", "tests", "tools")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "built", "journeys", "chaos")


@pytest.fixture
def whole_project(tmp_path):
    """A copy of the project with an environment of its own over the libraries of this one."""
    for name in COPIED:
        shutil.copy(ROOT / name, tmp_path)
    for name in COPIED_FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=NOT_COPIED)
    venv.create(tmp_path / ".venv", symlinks=True)
    libraries = next((tmp_path / ".venv/lib").glob("python*/site-packages"))
    (libraries / "below.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_new_backend_makes_one_that_passes_its_contract_tests(whole_project):
    def run(*words: str) -> str:
        done = subprocess.run(words, cwd=whole_project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    made = run("make", "-o", "setup", "new-backend", "NAME=works_office")

    assert "Made src/waywarden/backends/works_office" in made
    tests = "src/waywarden/backends/works_office"
    tried = run(".venv/bin/python", "-m", "pytest", "-q", "-p", "no:randomly", tests)
    assert " passed" in tried
    asked = "from waywarden.backends.registry import backend_class as c; print(c('works_office'))"
    assert "works_office.plugin.WorksOfficeBackend" in run(".venv/bin/python", "-c", asked)
