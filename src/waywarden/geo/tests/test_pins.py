"""Pictures of pins."""

import pytest
from lxml import etree

from waywarden.geo.pins import pin_classes, pin_svg
from waywarden.kernel.cobrand import PinColours
from waywarden.kernel.errors import Misconfigured


def test_each_class_has_a_shape_and_a_mark_of_its_own():
    pins = pin_classes()
    assert list(pins) == ["open", "progress", "fixed", "closed"]
    assert len({pin.shape for pin in pins.values()}) == 4
    assert len({pin.mark for pin in pins.values()}) == 4


def test_colours_are_a_cobrands_own_by_default():
    assert all(getattr(PinColours(), name) == pin.colour for name, pin in pin_classes().items())


def test_a_pin_is_well_formed_and_hidden_from_screen_readers():
    root = etree.fromstring(pin_svg("open", "#123456"))
    assert root.get("aria-hidden") == "true"
    assert root[0].get("fill") == "#123456"


def test_a_colour_cannot_break_out():
    root = etree.fromstring(pin_svg("open", '"><script>'))
    assert root[0].get("fill") == '"><script>'


def test_an_unknown_class_is_told():
    with pytest.raises(Misconfigured, match="lost"):
        pin_svg("lost")
