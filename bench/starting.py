"""How long the command line and the demo take to start."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

from bench.figures import Figure
from bench.home import HOME, ROOT, command

COMMAND = "python -m bench starting"


def measure() -> Iterator[Figure]:
    """The command line's help, the best of five; the demo's second run until it says so."""
    helps = [_seconds("--help") for _turn in range(5)]
    yield Figure("waywarden --help", min(helps), "s", 0.3, _bare_python(), COMMAND)
    shutil.rmtree(HOME / "demo", ignore_errors=True)
    first, second = _demo(), _demo()
    yield Figure("demo, first run (builds its city)", first, "s", command=COMMAND)
    yield Figure("demo, second run", second, "s", 6, command=COMMAND)


def _seconds(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [*command("waywarden.config.cli"), *arguments], cwd=ROOT, check=True, capture_output=True
    )
    return time.perf_counter() - began


def _bare_python() -> str:
    began = time.perf_counter()
    subprocess.run([command("x")[0], "-c", "pass"], check=True)
    return f"bare Python {time.perf_counter() - began:.2f} s"


def _demo() -> float:
    """Seconds until the demo says where everything is."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WAYWARDEN_")}
    ours |= {"WAYWARDEN_HOME": str(HOME / "demo"), "WAYWARDEN_MAP_DIR": str(ROOT / "var" / "map")}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command("waywarden.config.cli"), "demo", "--free-ports", "--json"],
        cwd=ROOT,
        env=ours,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    line = process.stdout.readline() if process.stdout else b""
    seconds = time.perf_counter() - began
    process.send_signal(signal.SIGINT)
    process.wait(60)
    if not line.startswith(b"{"):
        message = f"the demo did not start; see {HOME / 'demo' / 'log'}"
        raise RuntimeError(message)
    return seconds
