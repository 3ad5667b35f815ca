"""Who may see a report, and what of it. Pure: values in, a verdict out."""

import enum
from dataclasses import dataclass

from waywarden.reports.states import State


class Sight(enum.Enum):
    """What a viewer gets; the value is the HTTP status of the page."""

    FULL = 200
    NOT_FOUND = 404  # never confirmed: it does not exist for others
    FORBIDDEN = 403  # private
    GONE = 410  # taken down


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: an account or nobody, and the bodies they work for."""

    user_id: int | None = None
    is_operator: bool = False
    body_ids: frozenset[int] = frozenset()


NOBODY = Viewer()


def sight_of(
    *,
    state: str,
    is_private: bool,
    reporter_id: int | None,
    body_ids: frozenset[int],
    viewer: Viewer,
) -> Sight:
    """What a viewer may see of a report that went to `body_ids` (FB 1.4)."""
    is_staff = viewer.is_operator or bool(viewer.body_ids & body_ids)
    is_reporter = viewer.user_id is not None and viewer.user_id == reporter_id
    if state == State.UNCONFIRMED and not viewer.is_operator:
        return Sight.NOT_FOUND
    if state == State.HIDDEN and not is_staff:
        return Sight.GONE
    if is_private and not (is_staff or is_reporter):
        return Sight.FORBIDDEN
    return Sight.FULL
