"""Troubles, states and causes in words for people who are no programmers, and what to do."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from waywarden.health.models import Alarm
from waywarden.health.verdicts import Kind, Level, Trouble
from waywarden.sending.outcome import Cause


def level_words(level: Level) -> str:
    """How a connection does, in a word or two."""
    return {
        Level.WELL: _("Works"),
        Level.WATCH: _("Wait and see"),
        Level.PERSON: _("Needs a person"),
    }[level]


def name_of(alarm: Alarm) -> str:
    """What an alarm is about."""
    if alarm.kind == Kind.WEBHOOK:
        return _("Webhook")
    return alarm.connection.name if alarm.connection else _("E-mail")


def trouble_words(trouble: Trouble) -> str:
    """What is wrong, in one sentence."""
    count = trouble.count
    words = {
        Kind.PAUSED: _("Paused: nothing is sent or asked."),
        Kind.CIRCUIT: _("The body’s system does not answer; we try again by ourselves."),
        Kind.MAIL: _("The mail server does not take our mails; we try again by ourselves."),
        Kind.STUCK: ngettext("%(n)s delivery is stuck.", "%(n)s deliveries are stuck.", count),
        Kind.AGED: ngettext(
            "%(n)s delivery was tried for seven days.",
            "%(n)s deliveries were tried for seven days.",
            count,
        ),
        Kind.POLL: _("Asking for news has not worked for too long."),
        Kind.CLOCK: _("The clock of the body’s system is wrong."),
        Kind.BOUNCE: ngettext(
            "Mail to %(n)s address comes back.", "Mail to %(n)s addresses comes back.", count
        ),
        Kind.WAITING: ngettext(
            "%(n)s delivery waits for long.", "%(n)s deliveries wait for long.", count
        ),
        Kind.SET_ASIDE: ngettext(
            "%(n)s row from the body could not be used.",
            "%(n)s rows from the body could not be used.",
            count,
        ),
        Kind.UNKNOWN: ngettext(
            "%(n)s row is about a report that is not known here, or not yet.",
            "%(n)s rows are about reports that are not known here, or not yet.",
            count,
        ),
        Kind.PROPOSAL: _("A new list of categories waits to be looked at."),
        Kind.WEBHOOK: _("A webhook was stopped: it failed for too long."),
    }[trouble.kind]
    words = words % {"n": count} if "%(n)s" in words else words
    is_named = trouble.kind is Kind.BOUNCE and trouble.detail
    return f"{words} ({trouble.detail})" if is_named else words


def advice_for(kind: Kind) -> str:
    """What a person does about it."""
    return {
        Kind.PAUSED: _(
            "If the key was refused, ask the body for a valid one and change it in the admin. Then"
            " resume it."
        ),
        Kind.CIRCUIT: _("Nothing to do at first. If it lasts, ring the body’s IT desk."),
        Kind.MAIL: _("If it lasts, the operator looks at the mail settings: waywarden doctor."),
        Kind.STUCK: _("Look at each one: its page says why, and what you can do."),
        Kind.AGED: _("Find out with the body why it never answered, then retry them."),
        Kind.POLL: _("Look at the last poll; ring the body’s IT desk when the fault is theirs."),
        Kind.CLOCK: _("Ask the body’s IT desk to set the clock and the time zone of its server."),
        Kind.BOUNCE: _("Ask the body for the right address and change the category."),
        Kind.WAITING: _("Nothing to do at first. If it lasts, look at the first one’s calls."),
        Kind.SET_ASIDE: _("Look at each row; apply it when the report is there, or drop it."),
        Kind.UNKNOWN: _(
            "Nothing to do: they are kept, and applied when the reference comes. If they should be"
            " known, compare their numbers with those on the reports’ pages."
        ),
        Kind.PROPOSAL: _("Look at the difference, then apply or refuse it."),
        Kind.WEBHOOK: _(
            "Ask whoever runs the other side. Then switch it on again; what it missed can be told"
            " again from its page."
        ),
    }[kind]


def cause_words(cause: str) -> str:
    """The class of a failure, in words; one that we do not know, as it is."""
    if cause not in set(Cause):
        return cause
    return {
        Cause.NONE: "",
        Cause.TRY_LATER: _("the body’s system was not there"),
        Cause.REFUSED: _("the body said no"),
        Cause.UNKNOWN: _("nobody knows whether it arrived"),
        Cause.MISCONFIGURED: _("the connection is set up wrongly"),
        Cause.AGE: _("tried for seven days"),
        Cause.TOKEN: _("the promised number never came"),
        Cause.NO_ADDRESS: _("the category has nowhere to go"),
        Cause.DUPLICATE_ID: _("the body gave it a number that another report has"),
        Cause.BY_HAND: _("decided by a person"),
        Cause.BOUNCED: _("the mail came back"),
        Cause.WITHDRAWN: _("taken back by the reporter"),
        Cause.REROUTED: _("it goes to another body or category now"),
        Cause.LEFT_BEHIND: _("it goes elsewhere now, and may be here too"),
    }.get(Cause(cause), cause)


def advice_for_cause(cause: str) -> str:
    """What a person does about a delivery that is stuck for this."""
    return {
        Cause.TRY_LATER: _("Wait: it is tried again by itself."),
        Cause.REFUSED: _(
            "Read the body’s answer below. Mend what it complains about (the category, the place,"
            " the words), then send it again."
        ),
        Cause.UNKNOWN: _(
            "Look in the body’s system. If it is there, mark it as sent with its number;"
            " if not, send it again."
        ),
        Cause.MISCONFIGURED: _("Mend the connection in the admin, then resume it."),
        Cause.AGE: _("Find out with the body why it never answered, then send it again."),
        Cause.TOKEN: _("Ask the body for the number, and mark it as sent with it."),
        Cause.NO_ADDRESS: _("Give the category an address or a code, or choose another category."),
        Cause.DUPLICATE_ID: _(
            "Ask the body which report the number belongs to, then mark this one as sent with its"
            " own number."
        ),
        Cause.BOUNCED: _(
            "Ask the body for the right address, have the operator change the category, then send"
            " it again."
        ),
        Cause.LEFT_BEHIND: _(
            "Look in the body’s system. If it is there, mark it as sent with its number, and the"
            " body is told where it went; if not, give it up here."
        ),
        Cause.BY_HAND: _("Send it again when what it was held for is settled."),
    }.get(Cause(cause) if cause in set(Cause) else Cause.NONE, "")
