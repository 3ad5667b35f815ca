"""Adapters run where only the bare install is: no Django, no driver of any database, no grid."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]

#: Every library but those that the bare install brings is as if it were not installed.
PROGRAM = """
import importlib.abc, importlib.metadata, json, re, sys
from pathlib import Path

def plain(name):
    return re.sub(r"[-_.]+", "-", re.match(r"[\\w.-]+", name)[0]).lower()

allowed, todo = {"waywarden"}, [plain(one) for one in sys.argv[2:]]
while todo:
    name = todo.pop()
    if name not in allowed:
        allowed.add(name)
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        todo += [plain(one) for one in needs if "extra ==" not in one]
owners = importlib.metadata.packages_distributions()

class OnlyThose(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in owners and not allowed & {plain(one) for one in owners[top]}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

sys.meta_path.insert(0, OnlyThose())
from click.testing import CliRunner
from waywarden.adapters.app import build_app
from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.store import Store
from waywarden.config.cli import cli

def run(*arguments):
    done = CliRunner().invoke(cli, ["adapter", *arguments])
    assert done.exit_code == 0, (arguments, done.output, done.exception)
    return done.output

folder = Path(sys.argv[1])
for kind in KINDS:
    run("new", kind, f"{kind} town", "--directory", str(folder))
run("check", str(folder))
for path in folder.glob("*.toml"):
    run("try", str(path))
app = build_app(load_all(folder, KINDS), store=Store(folder / "store"))
for path in ("/healthz", "/", "/metrics", "/services.xml"):
    environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "QUERY_STRING": ""}
    environ["QUERY_STRING"] = "jurisdiction_id=files-town"
    said = []
    body = b"".join(app(environ, lambda status, headers: said.append(status)))
    assert said == ["200 OK"] and body, (path, said, body)
heavy = {"django", "psycopg", "pymysql", "paramiko", "pyproj", "shapely", "PIL"}
print(json.dumps(sorted(heavy & {name.partition(".")[0] for name in sys.modules})))
"""


def test_every_kind_is_made_checked_tried_and_served_with_the_bare_install_alone(tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "deployments"), *project["dependencies"]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == "[]"
