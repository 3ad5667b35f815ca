"""The words for a state on the wire, and our states behind them (open311.md 3). Pure data.

State names are text here because the protocol's room knows no others; `reports` holds the enum.
"""

import functools
from collections.abc import Mapping

IGNORE = "ignore"
"""In a connection's table: drop the row."""
KEEP = ""
"""Keep the report's state (UNCHANGED, or no status at all)."""

STATE_OF: Mapping[str, str] = {
    "open": "confirmed",
    "investigating": "investigating",
    "in_progress": "in progress",
    "planned": "planned",
    "action_scheduled": "action scheduled",
    "for_triage": "for triage",
    "fixed": "fixed - council",
    "closed": "closed",
    "no_further_action": "unable to fix",
    "not_councils_responsibility": "not responsible",
    "duplicate": "duplicate",
    "internal_referral": "internal referral",
    "cancelled": "cancelled",
    "reopen": "confirmed",
    "unchanged": KEEP,
    "": KEEP,
}

WIRE_OF: Mapping[str, str] = {
    **{
        state: wire.upper()
        for wire, state in STATE_OF.items()
        if wire not in {"reopen", "unchanged", ""}
    },
    "fixed": "FIXED",
    "fixed - user": "FIXED",
}

FAMILY_OF: Mapping[str, str] = {
    "confirmed": "open",
    "investigating": "open",
    "in progress": "open",
    "planned": "open",
    "action scheduled": "open",
    "for triage": "open",
    "fixed": "fixed",
    "fixed - council": "fixed",
    "fixed - user": "fixed",
    "closed": "closed",
    "unable to fix": "closed",
    "not responsible": "closed",
    "duplicate": "closed",
    "internal referral": "closed",
    "cancelled": "closed",
}


@functools.lru_cache(maxsize=1000)
def folded(word: str) -> str:
    """A status word as we compare it: lower case, `_` for `-` and space."""
    return "_".join(word.replace("-", " ").replace("_", " ").lower().split())


def is_known(word: str) -> bool:
    """Whether the protocol (with the extension) has this word."""
    return folded(word) in STATE_OF


def state_for(word: str, *, extended: bool, table: Mapping[str, str] | None = None) -> str | None:
    """Our state for their word; KEEP or IGNORE; None for a word nobody knows (keep, and report).

    `table` is the connection's own: their word → our state, or IGNORE. It goes first.
    Without extended statuses CLOSED means that the body fixed it.
    """
    wire = folded(word)
    own = {folded(theirs): state for theirs, state in (table or {}).items()}
    if wire in own:
        return own[wire]
    if wire == "closed" and not extended:
        return "fixed - council"
    return STATE_OF.get(wire)


def wire_for(
    state: str, *, extended: bool, table: Mapping[str, str] | None = None, reopens: bool = False
) -> str:
    """The word to send for our state, upper case unless the connection's table says otherwise.

    `table` is our state → their word. `reopens` writes REOPEN: pass it only where the
    connection opted in. Without extended statuses there are only OPEN and CLOSED.
    """
    if reopens:
        return "REOPEN"
    if table and state in table:
        return table[state]
    family = FAMILY_OF.get(state, "open")
    if not extended:
        return "OPEN" if family == "open" else "CLOSED"
    return WIRE_OF.get(state, "OPEN")
