"""A virtual environment where Python came without `ensurepip` (plain Debian)."""

import importlib.util
import subprocess
import sys

target = sys.argv[1]
for tool in ("virtualenv", "uv"):
    if importlib.util.find_spec(tool):
        command = [
            sys.executable,
            "-m",
            tool,
            *(["venv", "--seed"] if tool == "uv" else []),
            target,
        ]
        sys.exit(subprocess.call(command))
sys.exit(
    "This Python cannot make virtual environments.\n"
    "On Debian and Ubuntu: apt install python3-venv\n"
    "Elsewhere: python3 -m pip install --user virtualenv\n"
    "Then run the same command again."
)
