"""Deployment files that change while the server runs: checked first, then put in their place.

A file that is wrong is refused in words, and the deployment goes on by what it was before.
"""

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from waywarden.adapters.deployment import Fault, Found, Loaded, load_each
from waywarden.adapters.health import Health
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.mounting import Opened, open_one
from waywarden.adapters.store import Store
from waywarden.kernel.errors import Misconfigured

log = logging.getLogger(__name__)

Stamps = Mapping[Path, tuple[int, int, int]]
"""A file → what differs after it was written or replaced."""
Swap = Callable[[tuple[Opened, ...], tuple[Fault, ...]], None]
"""Puts deployments in the place of those there are, between two calls."""


class Reloading:
    """Watches the files of a folder. Used by one thread at a time."""

    def __init__(
        self,
        directory: Path,
        opened: Iterable[Opened],
        *,
        stamps: Stamps,
        store: Store,
        swap: Swap,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """`stamps` are those of before `opened` were read."""
        self._directory, self._store, self._environ = directory, store, environ
        self._opened, self._swap = tuple(opened), swap
        self._taken = self._last = stamps
        self._retired: list[Opened] = []
        self._faulty: frozenset[Path] = frozenset()

    def look(self) -> None:
        """Takes what has changed and stayed so since the look before: a half is no change yet."""
        self._let_go()
        now = stamps_of(self._directory, self._opened, also=self._faulty)
        has_settled, self._last = now == self._last, now
        if has_settled and now != self._taken:
            before, self._taken = self._taken, now
            self._take(before)
            # What is watched from now on may be more, and is as it was read.
            more = stamps_of(self._directory, self._opened, also=self._faulty)
            self._taken = self._last = {**more, **{p: s for p, s in now.items() if p in more}}

    def _take(self, before: Stamps) -> None:
        found = load_each(self._directory, KINDS, environ=self._environ)
        faults = list(found.faults)
        after = self._reopened(found, before, faults)
        have = {one.jurisdiction for one in after}
        # What is wrong goes on as it was; a folder without any file is a mistake, too.
        wrong = found.wrong or {_path_of(one) for one in self._opened if not after}
        after += [
            one for one in self._opened if _path_of(one) in wrong and one.jurisdiction not in have
        ]
        self._tell(after, faults)
        self._faulty = frozenset(one.path for one in faults)
        self._retired += [one for one in self._opened if not any(one is other for other in after)]
        self._opened = tuple(sorted(after, key=_path_of))
        self._swap(self._opened, tuple(faults))

    def _reopened(self, found: Found, before: Stamps, faults: list[Fault]) -> list[Opened]:
        """The right ones: those that are as they were, and new ones for those that are not."""
        old = {_path_of(one): one for one in self._opened}
        healths = {one.jurisdiction: one.mounted.health for one in self._opened}
        after: list[Opened] = []
        for loaded in found.loaded:
            was = old.get(loaded.path)
            is_same = all(before.get(one) == self._taken.get(one) for one in loaded.paths())
            if was is not None and is_same:
                after.append(was)
                continue
            try:
                after.append(self._opened_anew(loaded, healths))
            except Misconfigured as error:
                faults.append(Fault(loaded.path, "", str(error)))
                after += [was] if was is not None else []
        return after

    def _opened_anew(self, loaded: Loaded, healths: Mapping[str, Health | None]) -> Opened:
        health = healths.get(loaded.deployment.jurisdiction)
        return open_one(loaded, store=self._store, environ=self._environ, health=health)

    def _tell(self, after: Iterable[Opened], faults: Iterable[Fault]) -> None:
        now = {one.jurisdiction: one for one in after}
        was = {one.jurisdiction: one for one in self._opened}
        for name in sorted(now.keys() | was.keys()):
            if now.get(name) is not was.get(name):
                what = "is new" if name not in was else "is served by its changed file"
                log.warning("%s %s", name, what if name in now else "is not served any more")
        for fault in faults:
            log.error("A changed deployment file is wrong and was not taken: %s", fault)

    def _let_go(self) -> None:
        """Closes what was replaced, as soon as no call is at it."""
        for one in [one for one in self._retired if one.is_idle()]:
            self._retired.remove(one)
            one.close()


def stamps_of(
    directory: Path, opened: Iterable[Opened] = (), *, also: Iterable[Path] = ()
) -> Stamps:
    """Those of every deployment file, of the children of those that are open, and of others."""
    children = {path for one in opened if one.loaded for path in one.loaded.paths()}
    found = {}
    for path in {*directory.glob("*.toml"), *children, *also}:
        try:
            seen = path.stat()
        except OSError:
            continue  # just gone
        found[path] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
    return found


def _path_of(one: Opened) -> Path:
    return one.loaded.path if one.loaded is not None else Path()
