"""The town for each test of this room."""

import pytest
from django.core import signals
from django.db import close_old_connections

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


@pytest.fixture
def one_connection(db):
    """Calls by WSGI see what the test has stored: its connection is not closed between them."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)
