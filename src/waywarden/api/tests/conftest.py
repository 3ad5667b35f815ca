"""The town for each test of this room."""

import pytest

from waywarden.api import floods
from waywarden.web.tests.town import Town, build


@pytest.fixture
def town(db) -> Town:
    """Two bodies, three categories, Rosa, Ines and Oskar."""
    return build()


@pytest.fixture(autouse=True)
def _calm():
    """No test is stopped by the calls of another."""
    floods.forget()
    yield
    floods.forget()
