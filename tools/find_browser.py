"""Finds a Chromium for the browser tests, or installs one by apt, else by Playwright."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-core", "fonts-noto-color-emoji")


def find() -> str | None:
    """The path of a Chromium, None when there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> None:
    """Installs one. Exits with a plain sentence when it cannot."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "-qq", "update"], check=False, **quiet)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *PACKAGES]
        if subprocess.run(command, check=False, env=environment, **quiet).returncode == 0:
            return
    if subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"], check=False
    ).returncode:
        sys.exit(
            "The browser tests need Chromium. Install it (Debian: apt install chromium), "
            "then run the same command again."
        )


if __name__ == "__main__":
    if not find():
        install()
