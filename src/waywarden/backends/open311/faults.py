"""What an answer of an Open311 server means for us (the table of open311.md 4)."""

from collections.abc import Iterator
from contextlib import contextmanager

from waywarden.kernel.errors import (
    BadReply,
    Misconfigured,
    Refused,
    TryLater,
    Unknown,
    WaywardenError,
)
from waywarden.open311.errors import Fault, Open311Error, Unreachable

#: Nothing was taken; the same call may work later.
BUSY = frozenset({408, 425, 429, 503})
#: The call is not let in.
LOCKED = frozenset({401, 403})


@contextmanager
def sending() -> Iterator[None]:
    """Around a POST: what it may have done decides the error."""
    try:
        yield
    except Open311Error as error:
        raise sending_error(error) from error


@contextmanager
def asking() -> Iterator[None]:
    """Around a GET: nothing of ours is changed by it."""
    try:
        yield
    except Open311Error as error:
        raise asking_error(error) from error


def sending_error(error: Open311Error) -> WaywardenError:
    """The error of a POST, by who must act."""
    if isinstance(error, Unreachable):
        return Unknown(str(error)) if error.was_sent else TryLater(str(error))
    if isinstance(error, Fault):
        return _sending_fault(error)
    return Unknown(f"The answer is no Open311: {error}")


def _sending_fault(fault: Fault) -> WaywardenError:
    words = str(fault)
    if fault.status in BUSY:
        return TryLater(words, after=fault.retry_after)
    if fault.status in LOCKED:
        return Misconfigured(f"The server does not let us in. {words}")
    if 300 <= fault.status < 400:
        return Misconfigured(f"The endpoint has moved. {words}")
    if fault.status == 404 and not fault.items:
        return Misconfigured(f"There is no Open311 at the endpoint. {words}")
    if 400 <= fault.status < 500:
        return Refused(words, patient=fault.status == 400)
    return Unknown(words)


def asking_error(error: Open311Error) -> WaywardenError:
    """The error of a GET, by who must act."""
    if isinstance(error, Unreachable):
        return TryLater(str(error))
    if isinstance(error, Fault):
        if error.status in LOCKED:
            return Misconfigured(f"The server does not let us in. {error}")
        if error.status in BUSY or error.status >= 500:
            return TryLater(str(error), after=error.retry_after)
    return BadReply(str(error))


def is_no_list(error: Open311Error) -> bool:
    """Whether a server that was asked for its requests says that it has no such list."""
    return isinstance(error, Fault) and error.status in {400, 404, 405, 501}
