"""Photos on their way into a system: a step for each, fetched where it wants the picture itself."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from waywarden.adapters.calling import answered
from waywarden.adapters.contract import StepDraft
from waywarden.adapters.pictures import is_picture
from waywarden.kernel.errors import BackendError, BadReply, Misconfigured, Refused, TryLater
from waywarden.kernel.http import Way
from waywarden.kernel.text import one_line
from waywarden.open311 import types


class Photos:
    """Photos by their addresses. `way` leads to their hosts only, and knows no secret."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def fetched(self, address: str) -> bytes:
        """A picture. Raises TryLater, Refused and Misconfigured: nothing was sent to the system."""
        try:
            picture = answered(lambda: self._way.get(address)).body
        except Misconfigured as error:
            message = "A photo is on a host that the file does not name in `hosts`."
            raise Misconfigured(message) from error
        except Refused as error:
            message = "A photo is not there any more."
            raise Refused(message) from error
        except (BackendError, BadReply) as error:
            message = "A photo could not be fetched."
            raise TryLater(message) from error
        if not is_picture(picture):
            message = "What stands where a photo should be is no picture."
            raise Refused(message)
        return picture


def drafts(whose: str, new: types.NewRequest | types.NewUpdate) -> Iterator[StepDraft]:
    """A step for each photo. Its name is no other's, so that it can be looked for by it."""
    number = 0
    for number, url in enumerate(new.media_urls, start=1):
        yield StepDraft(f"photo {number}", {"url": url, "filename": f"{whose}-{number}.jpg"})
    for further, one in enumerate(new.uploads, start=number + 1):
        ending = PurePosixPath(one_line(one.filename)).suffix or ".jpg"
        given = {"filename": f"{whose}-{further}{ending}", "content_type": one.content_type}
        yield StepDraft(f"photo {further}", given, one.data)
