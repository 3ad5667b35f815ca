"""Fetching a photo that has an address, for a system that wants the picture itself."""

from waywarden.adapters.calling import answered
from waywarden.adapters.pictures import is_picture
from waywarden.kernel.errors import BackendError, BadReply, Misconfigured, Refused, TryLater
from waywarden.kernel.http import Way


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
