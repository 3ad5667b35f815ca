"""Lanes: how a connection's work is shared out, so that a report keeps its order. Pure."""

from dataclasses import dataclass

#: Lanes of the e-mail that goes without a connection.
EMAIL_LANES = 2


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of a connection (None: e-mail without one). A drain empties one lane."""

    connection_id: int | None
    number: int


def lane_for(report_id: int, lanes: int) -> int:
    """The number of the lane that everything of a report goes in, from 0."""
    return report_id % max(lanes, 1)
