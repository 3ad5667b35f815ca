"""The closed list of events that machines are told, and the facts they follow from. Pure."""

import enum
from typing import Final


class Kind(enum.StrEnum):
    """What an endpoint may ask for; the value is the `type` of the message."""

    REPORT_PUBLISHED = "report.published"  # confirmed here, or born in a body's system
    REPORT_CHANGED = "report.changed"  # its words, place, category or body; marked as a duplicate
    REPORT_SENT = "report.sent"  # a body's system has it
    REPORT_WITHDRAWN = "report.withdrawn"  # taken back by its author
    REPORT_HIDDEN = "report.hidden"  # taken down: forget what you have of it
    UPDATE_PUBLISHED = "update.published"  # by a person or a body; may carry a new state
    UPDATE_REMOVED = "update.removed"  # taken back by its author
    ALARM_RAISED = "alarm.raised"
    ALARM_CLEARED = "alarm.cleared"
    TEST = "webhook.test"  # sent by the button only


#: What can be chosen.
CHOICES: Final = tuple(kind for kind in Kind if kind is not Kind.TEST)

#: Facts of the site, and what machines are told of them.
OF_FACTS: Final = {
    "report.confirmed": Kind.REPORT_PUBLISHED,
    "report.fetched": Kind.REPORT_PUBLISHED,
    "report.edited": Kind.REPORT_CHANGED,
    "report.corrected": Kind.REPORT_CHANGED,
    "report.moved": Kind.REPORT_CHANGED,
    "report.duplicate": Kind.REPORT_CHANGED,
    "report.sent": Kind.REPORT_SENT,
    "report.withdrawn": Kind.REPORT_WITHDRAWN,
    "report.hidden": Kind.REPORT_HIDDEN,
    "update.confirmed": Kind.UPDATE_PUBLISHED,
    "update.fetched": Kind.UPDATE_PUBLISHED,
    "update.withdrawn": Kind.UPDATE_REMOVED,
    "alarm.raised": Kind.ALARM_RAISED,
    "alarm.cleared": Kind.ALARM_CLEARED,
}
#: These say only which thing is gone.
SAY_LITTLE: Final = frozenset({Kind.REPORT_HIDDEN, Kind.UPDATE_REMOVED})
