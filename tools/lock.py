"""Writes requirements/*.txt anew: every package with its hashes, no address of any registry."""

import subprocess
import sys
from pathlib import Path

COMMON = [
    "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet",
    "--python-version", "3.11",
]  # fmt: skip
SETS = {
    "dev": ["--extra", "site", "--extra", "sftp", "--extra", "mariadb", "--group", "dev"],
    "site": ["--extra", "site"],
    "bare": [],
}

for name, extras in SETS.items():
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *COMMON, *extras,
        *sys.argv[1:], "-o", f"requirements/{name}.txt",
    ]  # fmt: skip
    subprocess.run(command, check=True)
    if "://" in Path(f"requirements/{name}.txt").read_text():
        sys.exit(f"requirements/{name}.txt names an address; nothing may.")
