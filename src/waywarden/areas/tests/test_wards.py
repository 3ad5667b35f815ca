"""Addresses of wards."""

import pytest

from waywarden.areas.wards import ward_slug


@pytest.mark.parametrize(
    ("name", "called"),
    [("North Ward", "north-ward"), ("Saint-Étienne", "saint-etienne"), ("12", "12"), ("–", "x")],
)
def test_a_name_in_latin_letters_is_its_own_words(name, called):
    assert ward_slug(name) == called


def test_names_in_other_scripts_have_addresses_of_their_own():
    """The rule of `slug` alone would call them all the same."""
    names = ["القاهرة", "الجيزة", "القاهرة 1", "الجيزة 1", "東京"]
    called = [ward_slug(name) for name in names]
    assert len(set(called)) == len(names)
    assert all(
        one.isascii() and one == ward_slug(name) for one, name in zip(called, names, strict=True)
    )
    assert called[2].startswith("1-")
