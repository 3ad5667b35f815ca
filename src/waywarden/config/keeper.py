"""Stops the embedded server when its last user is gone, even one that was killed.

Started by `config.database` beside the server: `python -m waywarden.config.keeper HOME`.
"""

import os
import sys
import time
from pathlib import Path

from waywarden.config import database

_PATIENCE = 1.0
"""Seconds between the last user's end and ours; the next command may be about to join."""


def keep(home: Path) -> None:
    """Returns when the server is down, or shall stay up without users."""
    with database.only_keeper(home) as alone:
        while alone:
            database.wait_for_no_user(home)
            time.sleep(_PATIENCE)
            if database.stop_when_unused(home) or database.is_kept(home):
                return


def main() -> None:
    """Goes into the background at once, so that nobody waits for this process."""
    if os.fork():
        return
    os.chdir("/")
    keep(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
