"""Place × category → bodies (FB A.1 to A.6). Decided on the server only; pure."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class Way(enum.StrEnum):
    """How a body gets reports of a category."""

    SYSTEM = "system"  # straight into its own system
    EMAIL = "email"
    REFUSED = "refused"  # it takes none this way, and says so
    NOWHERE = "nowhere"  # nobody has set up yet where they go


@dataclass(frozen=True, slots=True)
class Offer:
    """One body's category as the choice sees it."""

    category_id: int
    body_id: int
    body_name: str
    name: str
    group: str
    description: str
    prefers: bool
    groups: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    way: Way = Way.EMAIL
    reason: str = ""
    """What a body that refuses says."""
    emergency_notice: str = ""
    stop_message: str = ""
    title_hint: str = ""
    detail_hint: str = ""
    photo_required: bool = False
    phone_required: bool = False
    is_private: bool = False
    allows_anonymous: bool = False
    target_days: int | None = None
    look_alike_metres: int = 0


@dataclass(frozen=True, slots=True)
class Taker:
    """A body that a choice is for, and how it gets it."""

    body_id: int
    body_name: str
    way: Way
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One name a person can pick, and the categories it stands for."""

    name: str
    group: str
    description: str
    category_ids: tuple[int, ...]
    takers: tuple[Taker, ...]
    groups: tuple[str, ...] = ()
    """All that it stands in; `group` is the first of them."""
    keywords: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    stop_message: str = ""
    title_hint: str = ""
    detail_hint: str = ""
    photo_required: bool = False
    phone_required: bool = False
    is_private: bool = False
    allows_anonymous: bool = False
    """Only where all its bodies allow it."""
    target_days: int | None = None
    """The longest of its bodies'."""
    look_alike_metres: int = 0

    @property
    def body_names(self) -> tuple[str, ...]:
        """The bodies it is for, by name."""
        return tuple(taker.body_name for taker in self.takers)

    @property
    def body_ids(self) -> frozenset[int]:
        """The bodies it is for."""
        return frozenset(taker.body_id for taker in self.takers)

    @property
    def refusing(self) -> tuple[Taker, ...]:
        """Those that refuse it."""
        return tuple(taker for taker in self.takers if taker.way is Way.REFUSED)

    @property
    def is_taken(self) -> bool:
        """Whether anybody gets it."""
        return any(taker.way in (Way.SYSTEM, Way.EMAIL) for taker in self.takers)


@dataclass(frozen=True, slots=True)
class OnLayer:
    """A rule: the category is on offer only within `metres` of a layer, or only farther away."""

    layer_id: int
    is_within: bool
    metres: float


def is_offered(rules: Iterable[OnLayer], far: Mapping[int, float]) -> bool:
    """Whether all rules of a category hold; `far` is metres by layer, near ones only."""
    return all(
        (far.get(rule.layer_id, float("inf")) <= rule.metres) == rule.is_within for rule in rules
    )


def choices(offers: Iterable[Offer]) -> tuple[Choice, ...]:
    """One choice per name, in order of group and name; "Other" last.

    The same name at several bodies is shown once and goes to all of them, unless one of them is
    marked *prefer if multiple*: then only to that one (the first by number when several are).
    """
    by_name: dict[str, list[Offer]] = {}
    for offer in offers:
        by_name.setdefault(offer.name, []).append(offer)
    made = [_choice(name, group) for name, group in by_name.items()]
    return tuple(
        sorted(made, key=lambda choice: (choice.name == "Other", choice.group, choice.name))
    )


def _choice(name: str, offers: list[Offer]) -> Choice:
    offers = sorted(offers, key=lambda offer: offer.body_id)
    preferred = [offer for offer in offers if offer.prefers]
    if len(offers) > 1 and preferred:
        offers = preferred[:1]
    return Choice(
        name=name,
        group=_first(offer.group for offer in offers),
        description=_first(offer.description for offer in offers),
        category_ids=tuple(offer.category_id for offer in offers),
        takers=tuple(
            Taker(offer.body_id, offer.body_name, offer.way, offer.reason) for offer in offers
        ),
        groups=_united(name for offer in offers for name in offer.groups),
        keywords=_united(word for offer in offers for word in (*offer.groups, *offer.keywords)),
        notices=_united(offer.emergency_notice for offer in offers),
        stop_message=_first(offer.stop_message for offer in offers),
        title_hint=_first(offer.title_hint for offer in offers),
        detail_hint=_first(offer.detail_hint for offer in offers),
        photo_required=any(offer.photo_required for offer in offers),
        phone_required=any(offer.phone_required for offer in offers),
        is_private=any(offer.is_private for offer in offers),
        allows_anonymous=all(offer.allows_anonymous for offer in offers),
        target_days=max((offer.target_days or 0 for offer in offers), default=0) or None,
        look_alike_metres=max(offer.look_alike_metres for offer in offers),
    )


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _united(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
