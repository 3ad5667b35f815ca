"""Keeps the drawn pictures of shared reports, until they show something else."""

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from waywarden.ui.pictures import Card, draw_card

#: Pictures of a report that are kept: of a state ago, of another site or language.
MOST = 4


def kept_card(report_id: int, card: Card) -> bytes:
    """The picture as it was drawn before, if it still shows the same, else drawn now and kept."""
    folder = f"cards/{report_id}"
    name = f"{folder}/{card.key}.png"
    if default_storage.exists(name):
        with default_storage.open(name) as file:
            return bytes(file.read())
    drawn = draw_card(card)
    old = _kept_in(folder)
    for name_of_old in old if len(old) >= MOST else ():
        default_storage.delete(f"{folder}/{name_of_old}")
    default_storage.save(name, ContentFile(drawn))
    return drawn


def _kept_in(folder: str) -> list[str]:
    try:
        return list(default_storage.listdir(folder)[1])
    except FileNotFoundError:
        return []
