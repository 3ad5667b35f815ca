"""Cobrands: folders found by looking, the default first, each with a host of its own."""

from waywarden import cobrands
from waywarden.kernel.cobrand import Registry


def installed() -> Registry:
    """A registry with every cobrand of the package."""
    registry = Registry()
    cobrands.install(registry)
    return registry


def test_the_default_comes_first_and_installing_twice_changes_nothing():
    registry = installed()
    first = registry.all()
    cobrands.install(registry)
    assert registry.all() == first
    assert first[0].name == "default"
    assert [cobrand.name for cobrand in first] == ["default", "borsetshire"]


def test_a_host_chooses_its_cobrand():
    registry = installed()
    assert registry.for_host("borsetshire.localhost:8000").bodies == ("borsetshire",)
    assert registry.for_host("localhost:8000").name == "default"
    assert registry.for_host("elsewhere.example").name == "default"
