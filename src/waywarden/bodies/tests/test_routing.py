"""Place × category → bodies (FB A.1 to A.6)."""

from dataclasses import replace

import pytest

from waywarden.bodies.routing import Offer, OnLayer, Way, choices, is_offered


def offer(body_id, name, *, prefers=False, group=""):
    return Offer(
        category_id=body_id * 100 + len(name),
        body_id=body_id,
        body_name=f"Body {body_id}",
        name=name,
        group=group,
        description="",
        prefers=prefers,
    )


def test_the_same_name_at_two_bodies_is_shown_once_and_goes_to_both():
    (choice,) = choices([offer(2, "Litter"), offer(1, "Litter")])
    assert choice.body_names == ("Body 1", "Body 2")
    assert len(choice.category_ids) == 2


def test_a_body_that_is_preferred_gets_it_alone():
    (choice,) = choices([offer(1, "Litter"), offer(2, "Litter", prefers=True)])
    assert choice.body_names == ("Body 2",)


def test_preferring_means_nothing_where_only_one_body_has_it():
    (choice,) = choices([offer(1, "Litter", prefers=True)])
    assert choice.body_names == ("Body 1",)


def test_other_comes_last():
    names = [
        choice.name
        for choice in choices([offer(1, "Other"), offer(1, "Potholes"), offer(1, "Zebra")])
    ]
    assert names == ["Potholes", "Zebra", "Other"]


def test_categories_of_a_group_stand_together():
    offers = [
        offer(1, "Bins", group="Streets"),
        offer(1, "Alleys", group="Roads"),
        offer(1, "Gullies", group="Roads"),
    ]
    assert [choice.name for choice in choices(offers)] == ["Alleys", "Gullies", "Bins"]


TRUNK = OnLayer(layer_id=1, is_within=True, metres=15)
OFF_TRUNK = OnLayer(layer_id=1, is_within=False, metres=15)


@pytest.mark.parametrize(
    ("rules", "far", "offered"),
    [
        ((), {}, True),
        ((TRUNK,), {1: 14.9}, True),
        ((TRUNK,), {1: 15.1}, False),
        ((TRUNK,), {}, False),
        ((OFF_TRUNK,), {1: 0.0}, False),
        ((OFF_TRUNK,), {1: 20.0}, True),
        ((OFF_TRUNK,), {}, True),
        ((TRUNK, OnLayer(2, False, 5)), {1: 3.0, 2: 4.0}, False),
    ],
)
def test_a_category_is_on_offer_where_all_its_rules_by_place_hold(rules, far, offered):
    assert is_offered(rules, far) is offered


def test_what_bodies_say_of_the_same_name_is_brought_together():
    one, two = offer(1, "Litter", group="Streets"), offer(2, "Litter")
    one = replace(one, emergency_notice="Needles? Call 112.", groups=("Streets", "Parks"),
                  keywords=("rubbish",), target_days=3, allows_anonymous=True)  # fmt: skip
    two = replace(two, emergency_notice="Asbestos? Do not touch.", target_days=10,
                  photo_required=True, way=Way.REFUSED, reason="Please phone us.")  # fmt: skip
    (choice,) = choices([two, one])
    assert choice.notices == ("Needles? Call 112.", "Asbestos? Do not touch.")
    assert choice.keywords == ("Streets", "Parks", "rubbish")
    assert choice.target_days == 10
    assert choice.photo_required
    assert not choice.allows_anonymous  # the other body wants a name
    assert [taker.reason for taker in choice.refusing] == ["Please phone us."]
    assert choice.is_taken  # by the first
