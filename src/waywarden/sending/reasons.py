"""Why a delivery stands where it stands: one of these sentences, and the words in it. Pure.

Stored whole in English, which logs, files and machines read, and beside it as code and words, so
that staff read it in their own language. What a body's system said stays in its own words.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from waywarden.kernel.text import shorten, without_control_characters

#: Characters of a reason that are kept.
LONGEST = 2000


class Why(enum.StrEnum):
    """The sentence. Its value is stored: never reuse one."""

    SAID = ""  # the words are all of it
    NO_NUMBER = "no_number"
    REFUSED_AFTER = "refused_after"
    WITHDRAWN = "withdrawn"
    UPDATE_WITHDRAWN = "update_withdrawn"
    TAKEN_DOWN = "taken_down"
    WITHDRAWN_NOT_THERE = "withdrawn_not_there"
    WITHDRAWN_MAYBE_THERE = "withdrawn_maybe_there"
    MAYBE_THERE = "maybe_there"
    MOVED_NOT_THERE = "moved_not_there"
    MOVED_MAYBE_THERE = "moved_maybe_there"
    MOVED = "moved"
    ASKED_FOR_DAYS = "asked_for_days"
    TRIED_FOR_DAYS = "tried_for_days"
    STOPPED = "stopped"
    NOT_READY = "not_ready"
    FAULTY = "faulty"
    DUPLICATE = "duplicate"
    BOUNCED = "bounced"
    NO_CATEGORY = "no_category"
    NOT_CONFIRMED = "not_confirmed"
    NOWHERE = "nowhere"


_SENTENCES: dict[Why, str] = {
    Why.SAID: "%(words)s",
    Why.NO_NUMBER: gettext_noop(
        "The body took it and promised a number, which has not come for 14 days."
    ),
    Why.REFUSED_AFTER: gettext_noop("The body took it, and then refused it: %(words)s"),
    Why.WITHDRAWN: gettext_noop("Withdrawn by the reporter before it was sent."),
    Why.UPDATE_WITHDRAWN: gettext_noop("Withdrawn by its author before it was sent."),
    Why.TAKEN_DOWN: gettext_noop("Withdrawn or taken down before it was sent."),
    Why.WITHDRAWN_NOT_THERE: gettext_noop(
        "Withdrawn by the reporter; it is not in the body's list."
    ),
    Why.WITHDRAWN_MAYBE_THERE: gettext_noop(
        "Withdrawn by the reporter; it may have arrived: there is no list to ask."
    ),
    Why.MAYBE_THERE: gettext_noop(
        "It may have arrived: the answer was lost, and the body's list does not tell."
    ),
    Why.MOVED_NOT_THERE: gettext_noop("The report has gone elsewhere; it never arrived here."),
    Why.MOVED_MAYBE_THERE: gettext_noop(
        "The report has gone elsewhere, and may have arrived here before: nothing tells."
    ),
    Why.MOVED: gettext_noop("The report moved to “%(name)s”."),
    Why.ASKED_FOR_DAYS: gettext_noop(
        "It may have arrived; asking has failed for 7 days: %(words)s"
    ),
    Why.TRIED_FOR_DAYS: gettext_noop("Tried for 7 days without success: %(words)s"),
    Why.STOPPED: gettext_noop("The sender stopped in the middle of it."),
    Why.NOT_READY: gettext_noop("It could not be made ready for sending; see the log."),
    Why.FAULTY: gettext_noop("The send method has a fault; see the log."),
    Why.DUPLICATE: gettext_noop(
        "The body gave it the reference %(name)s, which another report has."
    ),
    Why.BOUNCED: gettext_noop("The mail came back from every address: %(words)s"),
    Why.NO_CATEGORY: gettext_noop("The category is gone; choose another, then retry."),
    Why.NOT_CONFIRMED: gettext_noop("The address of the category “%(name)s” is not confirmed yet."),
    Why.NOWHERE: "%(name)s: %(words)s",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence. `words` are somebody else's, or a send method's; `name` names a thing."""

    why: Why = Why.SAID
    words: str = ""
    name: str = ""

    def __str__(self) -> str:
        """In English, as it is stored."""
        return _cleaned(_SENTENCES[self.why] % {"words": self.words, "name": self.name})

    @property
    def stored(self) -> dict[str, str]:
        """Code and words, as they are stored; {} where the English is all there is."""
        if self.why is Why.SAID:
            return {}
        given = {"why": self.why.value, "words": self.words, "name": self.name}
        return {name: _cleaned(value) for name, value in given.items() if value}

    @property
    def columns(self) -> dict[str, object]:
        """Both, as columns of a delivery."""
        return {"reason": str(self), "why": self.stored}


#: No reason at all.
NONE = Reason()


def in_words(reason: str, why: Mapping[str, str]) -> str:
    """A stored reason in the language of whoever reads it.

    `reason` itself where there is no code (a person's words, a system's, an older version's), where
    the code is of a later version, or where the two do not belong together.
    """
    code = why.get("why", "")
    if not code or code not in set(Why):
        return gettext(reason)
    known = Reason(Why(code), why.get("words", ""), why.get("name", ""))
    if str(known) != reason:
        return reason
    values = {"words": gettext(known.words), "name": known.name}
    return _cleaned(gettext(_SENTENCES[known.why]) % values)


def _cleaned(text: str) -> str:
    return shorten(without_control_characters(text), LONGEST)
