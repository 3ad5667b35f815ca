"""The states of a report, their families, and the classes of a pin (open311.md 3, FB 2.2). Pure."""

import enum


class Family(enum.Enum):
    """Families decide who may do what."""

    HIDDEN = "hidden"
    OPEN = "open"
    FIXED = "fixed"
    CLOSED = "closed"


class PinClass(enum.Enum):
    """Colours, counts and filters go by class."""

    OPEN = "open"
    PROGRESS = "progress"
    FIXED = "fixed"
    CLOSED = "closed"


class State(enum.StrEnum):
    """Every state a report can be in; the value is what the database holds."""

    UNCONFIRMED = "unconfirmed"  # waits for the reporter's confirmation
    HIDDEN = "hidden"  # taken down
    CONFIRMED = "confirmed"  # shown as "Open"
    INVESTIGATING = "investigating"
    IN_PROGRESS = "in progress"
    PLANNED = "planned"
    ACTION_SCHEDULED = "action scheduled"
    FOR_TRIAGE = "for triage"
    FIXED = "fixed"  # by whom is not known
    FIXED_USER = "fixed - user"  # marked by the public
    FIXED_COUNCIL = "fixed - council"  # marked by staff or the back-end
    CLOSED = "closed"
    UNABLE_TO_FIX = "unable to fix"  # shown as "No further action"
    NOT_RESPONSIBLE = "not responsible"
    DUPLICATE = "duplicate"
    INTERNAL_REFERRAL = "internal referral"
    CANCELLED = "cancelled"  # withdrawn


_FAMILIES = {
    Family.HIDDEN: (State.UNCONFIRMED, State.HIDDEN),
    Family.OPEN: (
        State.CONFIRMED,
        State.INVESTIGATING,
        State.IN_PROGRESS,
        State.PLANNED,
        State.ACTION_SCHEDULED,
        State.FOR_TRIAGE,
    ),
    Family.FIXED: (State.FIXED, State.FIXED_USER, State.FIXED_COUNCIL),
    Family.CLOSED: (
        State.CLOSED,
        State.UNABLE_TO_FIX,
        State.NOT_RESPONSIBLE,
        State.DUPLICATE,
        State.INTERNAL_REFERRAL,
        State.CANCELLED,
    ),
}
_FAMILY_OF = {state: family for family, states in _FAMILIES.items() for state in states}

VISIBLE = tuple(state for state, family in _FAMILY_OF.items() if family is not Family.HIDDEN)
OPEN = _FAMILIES[Family.OPEN]
FIXED = _FAMILIES[Family.FIXED]
CLOSED = _FAMILIES[Family.CLOSED]


def family_of(state: State | str) -> Family:
    """The family a state belongs to."""
    return _FAMILY_OF[State(state)]


def pin_class_of(state: State | str) -> PinClass | None:
    """The class of the pin, None for states that are not shown."""
    state = State(state)
    family = _FAMILY_OF[state]
    if family is Family.HIDDEN:
        return None
    if family is Family.OPEN:
        return PinClass.OPEN if state is State.CONFIRMED else PinClass.PROGRESS
    return PinClass(family.value)


def states_of(pin_class: PinClass) -> tuple[State, ...]:
    """The states whose pin has a class."""
    return tuple(state for state in VISIBLE if pin_class_of(state) is pin_class)


def fetched_state(*, current: State | str, fetched: State | str | None) -> State:
    """The state after a row of the body's system was applied, as far as states decide it.

    A hidden report never becomes visible; fixed by a user and fixed by the council do not
    overwrite each other; None keeps the state.
    """
    current = State(current)
    if fetched is None or family_of(current) is Family.HIDDEN:
        return current
    fetched = State(fetched)
    if family_of(current) is Family.FIXED and family_of(fetched) is Family.FIXED:
        return current
    return fetched
