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


class Mover(enum.Enum):
    """Who sets a state."""

    ANYONE = "anyone"
    REPORTER = "reporter"
    STAFF = "staff"  # people of the body, and the operator
    SYSTEM = "system"  # the body's own, whose news are fetched or pushed


_VISIBLE = frozenset(VISIBLE)
_REOPENED = frozenset({State.CONFIRMED})
#: From which family who may go to which states; what does not stand here may not be (platform 4).
#: The rows `UpdateRule` narrow it for a body or a category, and never widen it.
_TRANSITIONS: dict[tuple[Mover, Family], frozenset[State]] = {
    (Mover.ANYONE, Family.OPEN): frozenset({State.FIXED_USER}),
    (Mover.REPORTER, Family.HIDDEN): frozenset({State.CONFIRMED}),
    (Mover.REPORTER, Family.OPEN): frozenset({State.FIXED_USER, State.CANCELLED}),
    (Mover.REPORTER, Family.FIXED): _REOPENED,
    (Mover.REPORTER, Family.CLOSED): _REOPENED | {State.FIXED_USER},
    (Mover.STAFF, Family.HIDDEN): _VISIBLE | {State.HIDDEN},
    (Mover.STAFF, Family.OPEN): _VISIBLE | {State.HIDDEN},
    (Mover.STAFF, Family.FIXED): _VISIBLE | {State.HIDDEN},
    (Mover.STAFF, Family.CLOSED): _VISIBLE | {State.HIDDEN},
    (Mover.SYSTEM, Family.OPEN): _VISIBLE,
    (Mover.SYSTEM, Family.FIXED): _VISIBLE - frozenset(FIXED),
    (Mover.SYSTEM, Family.CLOSED): _VISIBLE,
}


def may_go(mover: Mover, current: State | str, wanted: State | str) -> bool:
    """Whether somebody may take a report from one state to another; staying is no move.

    What was taken down is no reporter's to bring back, only what waits for their confirmation.
    """
    current, wanted = State(current), State(wanted)
    if mover is Mover.REPORTER and current is State.HIDDEN:
        return False
    return wanted in _TRANSITIONS.get((mover, family_of(current)), ())


def states_before(mover: Mover, wanted: State) -> tuple[State, ...]:
    """The states from which somebody may go to one."""
    return tuple(state for state in State if may_go(mover, state, wanted))


def fetched_state(*, current: State | str, fetched: State | str | None) -> State:
    """The state after a row of the body's system was applied, as far as states decide it.

    A hidden report never becomes visible; fixed by a user and fixed by the council do not
    overwrite each other; None keeps the state.
    """
    current = State(current)
    if fetched is None or not may_go(Mover.SYSTEM, current, fetched):
        return current
    return State(fetched)
