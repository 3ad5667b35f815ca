"""The town for each test of this room."""

import pytest

from waywarden.web.tests.town import Town, build


@pytest.fixture
def town(db) -> Town:
    """Two bodies, three categories, Rosa, Ines and Oskar."""
    return build()
