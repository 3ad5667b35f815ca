"""The kinds that send nothing."""

import pytest

from waywarden.backends.contract import Accepted
from waywarden.backends.contract_tests import REPORT
from waywarden.backends.noop.plugin import NoopBackend
from waywarden.backends.refuse.options import RefuseOptions
from waywarden.backends.refuse.plugin import RefuseBackend
from waywarden.backends.registry import backend_class
from waywarden.kernel.errors import Refused
from waywarden.kernel.http import Way
from waywarden.kernel.options import Options, Secrets


def test_they_are_installed_under_their_names():
    assert backend_class("noop") is NoopBackend
    assert backend_class("refuse") is RefuseBackend


def test_noop_takes_it_and_says_that_it_stays_here():
    backend = NoopBackend(options=Options(), secrets=Secrets(), way=Way())
    assert backend.send_report(REPORT, {}) == Accepted()
    assert NoopBackend.keeps_here


def test_refuse_says_why():
    options = RefuseOptions(reason="Please ring us.")
    backend = RefuseBackend(options=options, secrets=Secrets(), way=Way())
    with pytest.raises(Refused, match="Please ring us"):
        backend.send_report(REPORT, {})
    assert RefuseBackend.takes_none
