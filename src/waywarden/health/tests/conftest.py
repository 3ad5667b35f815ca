"""A town with a desk in trouble."""

import pytest

from waywarden.staff.tests.desk import Desk
from waywarden.staff.tests.desk import build as build_desk
from waywarden.web.tests.town import Town, build


@pytest.fixture
def town(db) -> Town:
    """Two bodies, three categories; Ines works for the county, Oskar for the district."""
    return build()


@pytest.fixture
def desk(town) -> Desk:
    """The county's desk, and something of the district's."""
    reports = [town.report(title=f"Lamp {number} is dark") for number in range(8)]
    theirs = town.report(category=town.vehicle, title="Van without plates")
    return build_desk(town.county, town.district, reports, theirs)
