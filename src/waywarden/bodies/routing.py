"""Place × category → bodies (FB A.1 to A.6). Decided on the server only; pure."""

from collections.abc import Iterable
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Choice:
    """One name a person can pick, and the categories it stands for."""

    name: str
    group: str
    description: str
    category_ids: tuple[int, ...]
    body_names: tuple[str, ...]


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
        group=next((offer.group for offer in offers if offer.group), ""),
        description=next((offer.description for offer in offers if offer.description), ""),
        category_ids=tuple(offer.category_id for offer in offers),
        body_names=tuple(offer.body_name for offer in offers),
    )
