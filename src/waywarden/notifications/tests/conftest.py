"""A site of the tests' own, and a clock that stands."""

from datetime import timedelta

import pytest

from waywarden.kernel import clock
from waywarden.kernel.cobrand import Cobrand, Registry
from waywarden.notifications import letters, news
from waywarden.notifications.tests.town import NOON


class Clock:
    """The time, which only moves when it is told to."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self):
        return self.moment

    def pass_(self, **span) -> None:
        self.moment += timedelta(**span)


@pytest.fixture
def time(monkeypatch) -> Clock:
    """Noon of a Friday."""
    stands = Clock()
    monkeypatch.setattr(clock, "now", stands)
    return stands


@pytest.fixture
def site(tmp_path, monkeypatch) -> Registry:
    """The only site, without templates of its own."""
    registry = Registry()
    registry.add(
        Cobrand(
            name="shire",
            site_name="Mend the Shire",
            tagline="",
            hosts=(),
            accent="#0b5394",
            accent_dark="#8ab4f8",
            folder=tmp_path,
        )
    )
    monkeypatch.setattr(letters, "registry", registry)
    monkeypatch.setattr(news, "registry", registry)
    return registry
