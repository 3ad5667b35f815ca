"""The town for each test of this room."""

import pytest

from waywarden.web.tests.town import Town, build


@pytest.fixture
def town(db) -> Town:
    """Two bodies, three categories; Ines works for the county, Oskar for the district."""
    return build()
