"""What became of an HTTP call to a system, told by who must act on it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from waywarden.adapters.contract import SystemOptions, noted
from waywarden.kernel import clock
from waywarden.kernel.errors import BadReply, Misconfigured, Refused, TryLater, Unknown
from waywarden.kernel.http import (
    Answer,
    ForbiddenAddress,
    Limits,
    LostReply,
    NotReached,
    TooLarge,
    Way,
)
from waywarden.kernel.text import one_line, shorten
from waywarden.open311.client import retry_after

_COULD_NOT = {408, 425, 429, 503}
_NO_CALLER = {401, 403}
_SAID = ("error_description", "message", "error", "detail", "title", "description")


class HttpOptions(SystemOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a system is called that answers over HTTP."""

    allow_private: Annotated[
        tuple[str, ...],
        Meta(description="Hosts or networks that may be called although they are private."),
    ] = ()
    connect_seconds: Annotated[
        float, Meta(gt=0, le=60, description="How long connecting may take.")
    ] = 5.0
    read_seconds: Annotated[
        float, Meta(gt=0, le=300, description="How long an answer may take.")
    ] = 30.0


def way_to(
    options: HttpOptions,
    *addresses: str,
    headers: Mapping[str, str],
    secret: str = "",
    hosts: Iterable[str] = (),
) -> Way:
    """The way to the hosts of these addresses, and to no other host but `hosts`."""
    named = (urlsplit(address).hostname or "" for address in addresses)
    return Way(
        limits=Limits(connect_seconds=options.connect_seconds, read_seconds=options.read_seconds),
        allowed_private=options.allow_private,
        headers=headers,
        masked=(secret,) if secret else (),
        hosts=["", *named, *hosts],  # never none at all, which would be any
    )


def answered(ask: Callable[[], Answer], *, also: Iterable[int] = ()) -> Answer:
    """A successful answer, or one with a status of `also`; every other becomes an error.

    TryLater means that nothing was done, Unknown and BadReply that it may have been.
    """
    try:
        answer = ask()
    except ForbiddenAddress as error:
        raise forbidden(error) from error
    except NotReached as error:
        raise TryLater(f"The system was not reached. {error}") from error
    except LostReply as error:
        raise Unknown("The system did not answer in time.") from error
    except TooLarge as error:
        raise BadReply("The system's answer is too large.") from error
    if not (200 <= answer.status < 300 or answer.status in also):
        _complain(answer)
    return answer


def forbidden(error: ForbiddenAddress) -> Misconfigured:
    """What is told of an address that may not be called. A private one is meant that way mostly."""
    told = Misconfigured("The system's address may not be called.")
    return noted(told, f"{error} Is it one of your own net? Then name it in `allow_private`.")


def _complain(answer: Answer) -> None:
    status = answer.status
    if status in _COULD_NOT:
        wait = retry_after(answer.headers.get("Retry-After", ""), now=clock.now())
        raise TryLater("The system is not available.", after=wait)
    if status in _NO_CALLER:
        raise Misconfigured("The system does not accept this adapter's key.")
    if status == 504:
        raise Unknown("The system did not answer in time.")
    if 400 <= status < 500:
        raise Refused(f"The system refused it ({status}): {_words_of(answer.body)}")
    raise BadReply(f"The system answered with status {status}.")


def _words_of(body: bytes) -> str:
    """What a refusal says of itself, where it is JSON with one of the usual names."""
    try:
        plain = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        plain = None
    found = plain if isinstance(plain, dict) else {}
    said = next((found[name] for name in _SAID if isinstance(found.get(name), str)), "")
    return shorten(one_line(said), 200) or "it did not say why."
