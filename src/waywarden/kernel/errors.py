"""The errors of the house, each named for who must act on it.

An exception's docstring is its message when it is raised without one. No secret and no
reporter's details may stand in a message: messages reach logs, boards and mails.
"""

from datetime import timedelta


class WaywardenError(Exception):
    """Something went wrong in Waywarden."""

    def __str__(self) -> str:
        return super().__str__() or (type(self).__doc__ or "").partition("\n")[0]


class RuleBroken(WaywardenError):
    """What was asked breaks a rule; the person who asked can mend it.

    `field` names the field it is about, "" for the whole.
    """

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(*([message] if message else []))
        self.field = field


class NotAllowed(WaywardenError):
    """This person may not do this."""


class Misconfigured(WaywardenError):
    """A setting is wrong; the operator must mend it.

    From a back-end call it means 401, 403 or an option that cannot work: the connection
    is paused, its deliveries wait and burn nothing.
    """


class BackendError(WaywardenError):
    """The body's system did not do what it was asked."""


class TryLater(BackendError):
    """Nothing was sent or taken; the same call may work later.

    `after` is the wait the other side asked for, None when it did not say.
    """

    def __init__(self, message: str = "", *, after: timedelta | None = None) -> None:
        super().__init__(*([message] if message else []))
        self.after = after


class Refused(BackendError):
    """The body's system refused it, and will refuse it again as it stands.

    `patient` asks the engine to try a few times over a day before believing it
    (a 400 is also used for "our system is down").
    """

    def __init__(self, message: str = "", *, patient: bool = False) -> None:
        super().__init__(*([message] if message else []))
        self.patient = patient


class Unknown(BackendError):
    """It went out and no clear answer came: it may have arrived."""


class BadReply(BackendError):
    """The answer to a question could not be read; nothing of ours was changed by it."""
