"""Runs the kit against a server that a test serves: for the tests of every server of ours."""

from waywarden.open311.conformance import fake, runner
from waywarden.open311.conformance.registry import Outcome


def judged(url, *, only=None, **options):
    """The report on a server; it is called with the fake's key, and test reports are posted."""
    options = {"api_key": fake.KEY, "may_write": True, "may_be_private": True} | options
    return runner.run(runner.open_target(url, **options), only=only)


def shortcomings(url, **options):
    """What the kit finds wrong with a server, a line for each; empty for a good one."""
    return [
        f"{one.check.code}: asked {one.result.asked}, came {one.result.came}"
        for one in judged(url, **options).findings
        if one.result.outcome is Outcome.FAILED
    ]
