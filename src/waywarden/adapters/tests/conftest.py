"""What the tests of every kind want of a kind's own."""

import pytest

from waywarden.adapters.sql.tests.databases import problems_postgresql
from waywarden.adapters.tests.programs import Programs, find_free_port

__all__ = ["problems_postgresql"]


@pytest.fixture
def free_port():
    return find_free_port()


@pytest.fixture
def programs():
    started = Programs()
    yield started
    started.end()
