"""Place × category → bodies (FB A.1 to A.6)."""

from waywarden.bodies.routing import Offer, choices


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
