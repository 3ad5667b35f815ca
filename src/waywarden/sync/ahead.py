"""Reads in a thread what the caller then writes: neither waits while the other works."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

#: Items that are read ahead.
AHEAD = 16
#: Seconds after which the reader looks whether anybody still wants what it reads.
_LOOK_UP = 0.5


class _End:
    """All has been read; with an error, no more can be."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Reader(threading.Thread, Generic[T]):
    def __init__(self, items: Iterable[T]) -> None:
        super().__init__(name="reader ahead", daemon=True)
        self.ready: queue.Queue[T | _End] = queue.Queue(maxsize=AHEAD)
        self.is_wanted = True
        self._items = items

    def run(self) -> None:
        end = _End()
        try:
            for item in self._items:
                self._put(item)
                if not self.is_wanted:
                    return
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
            end = _End(error)
        self._put(end)

    def _put(self, item: T | _End) -> None:
        while self.is_wanted:
            try:
                self.ready.put(item, timeout=_LOOK_UP)
            except queue.Full:
                continue
            return


def read_ahead(items: Iterable[T], *, patience: float) -> Iterator[T | None]:
    """The items, read in a thread; None each time that none came for `patience` seconds.

    An error of theirs is raised here, after all that came before it. No item may be None.
    """
    reader = _Reader(items)
    reader.start()
    try:
        while True:
            try:
                item = reader.ready.get(timeout=patience)
            except queue.Empty:
                yield None
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        reader.is_wanted = False
        reader.join()
