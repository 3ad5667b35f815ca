"""The page on health names every metric and every kind of alarm."""

import re

from tests.docs.pages import DOCS
from waywarden.health import metrics
from waywarden.health.verdicts import Kind

PAGE = (DOCS / "reference" / "health.md").read_text()


def test_every_metric_is_on_the_page_and_no_other(monkeypatch):
    nothing = metrics.Snapshot(standings=(), alarms={}, jobs={})
    monkeypatch.setattr(metrics, "snapshot", lambda: nothing)
    named = {metric.name for metric in metrics.REGISTRY.collect()}
    assert set(re.findall(r"\| `(waywarden_\w+)`", PAGE)) == named


def test_every_kind_of_trouble_is_on_the_page():
    assert {kind.value for kind in Kind} <= set(re.findall(r"`([a-z_]+)`", PAGE))
