"""What can go wrong when speaking Open311, by what the caller must make of it (open311.md 4)."""

from datetime import timedelta

from waywarden.kernel.errors import WaywardenError
from waywarden.open311.types import ErrorItem


class Open311Error(WaywardenError):
    """An Open311 call failed."""


class Fault(Open311Error):
    """The server answered with an error.

    `status` is the HTTP status, `items` what its errors document said (perhaps nothing),
    `retry_after` what its `Retry-After` asked.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        items: tuple[ErrorItem, ...] = (),
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.items = items
        self.retry_after = retry_after


class NotOpen311(Open311Error):
    """The answer is no Open311 document: rubbish, HTML, too large, too deep, or nothing.

    `status` is the HTTP status it came with, None when read from a file.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(Open311Error):
    """No answer came. `was_sent` is True when the request had (or may have) gone out whole."""

    def __init__(self, message: str, *, was_sent: bool) -> None:
        super().__init__(message)
        self.was_sent = was_sent
