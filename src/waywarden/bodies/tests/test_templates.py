"""The choice of a response template, and its words."""

import pytest

from waywarden.bodies.templates import (
    Said,
    Template,
    choose,
    conflicts,
    fill,
    has_placeholder,
    speak,
    unknown_placeholders,
)

EXACT = Template(1, "exact", external_codes=("ABC,12",))
PATTERN = Template(2, "pattern", external_codes=("ABC,*",))
NOT_EMPTY = Template(3, "not empty", external_codes=("XYZ,+",))
FIXED = Template(4, "fixed", states=("fixed - council", "closed"))
FIXED_POTHOLES = Template(5, "fixed pothole", states=("fixed - council",), category_ids=(7,))
PATTERN_POTHOLES = Template(6, "pothole code", external_codes=("ABC,*",), category_ids=(7,))
BOTH = Template(7, "both", states=("planned",), external_codes=("PLN",))
LATER_FIXED = Template(8, "later", states=("fixed - council",))
ALL = (LATER_FIXED, BOTH, PATTERN_POTHOLES, FIXED_POTHOLES, FIXED, NOT_EMPTY, PATTERN, EXACT)


@pytest.mark.parametrize(
    ("code", "state", "state_changed", "category_id", "expected"),
    [
        pytest.param("ABC,12", "confirmed", False, 9, EXACT, id="an exact code"),
        pytest.param("ABC,12", "fixed - council", True, 7, EXACT, id="exact goes before all"),
        pytest.param("ABC,13", "confirmed", False, 9, PATTERN, id="a pattern"),
        pytest.param("ABC,", "confirmed", False, 9, PATTERN, id="* is also nothing"),
        pytest.param("ABC,13", "fixed - council", True, 9, PATTERN, id="a code before a state"),
        pytest.param("ABC,13", "confirmed", False, 7, PATTERN_POTHOLES, id="a category's first"),
        pytest.param("XYZ,1", "confirmed", False, 9, NOT_EMPTY, id="+ is something"),
        pytest.param("XYZ,", "confirmed", False, 9, None, id="+ is not nothing"),
        pytest.param("ABC,1,2", "confirmed", False, 9, None, id="as many parts"),
        pytest.param("", "fixed - council", True, 9, FIXED, id="a state, the first by number"),
        pytest.param("", "fixed - council", True, 7, FIXED_POTHOLES, id="a category's state"),
        pytest.param("", "fixed - council", True, None, FIXED, id="without a category the general"),
        pytest.param("", "fixed - council", False, 7, None, id="the state did not change"),
        pytest.param("", "confirmed", True, 7, None, id="no template for the state"),
        pytest.param("PLN", "confirmed", False, 7, BOTH, id="both: by its code"),
        pytest.param("", "planned", True, 7, BOTH, id="both: by its state"),
        pytest.param("abc,12", "confirmed", False, 9, None, id="codes are taken as they are"),
    ],
)
def test_which_template_speaks(code, state, state_changed, category_id, expected):
    found = choose(
        ALL, category_id=category_id, state=state, state_changed=state_changed, external_code=code
    )
    assert found == expected


def test_an_emptied_code_fires_nothing_not_even_the_widest_pattern():
    widest = Template(1, "any", external_codes=("*",))
    assert (
        choose([widest], category_id=1, state="closed", state_changed=False, external_code="")
        is None
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fixed: {{description}}", "Fixed: a crew came"),
        ("Fixed: {{ description }} ({{reference}})", "Fixed: a crew came (4711)"),
        ("{{nothing_known}}Thank you.", "Thank you."),
        ("No place for words", "No place for words"),
    ],
)
def test_placeholders_are_filled(text, expected):
    assert fill(text, {"description": "a crew came", "reference": "4711"}) == expected


def test_words_put_in_are_not_read_for_placeholders():
    assert fill("{{description}}", {"description": "{{secret}}", "secret": "x"}) == "{{secret}}"


@pytest.mark.parametrize(
    ("text", "has"),
    [("{{description}}", True), ("{{ description }}", True), ("{{descriptions}}", False)],
)
def test_whether_a_template_carries_the_bodys_words(text, has):
    assert has_placeholder(text, "description") is has


def made(number, **fields):
    return Template(id=number, text=f"t{number}", **fields)


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ({"states": ("closed",)}, {"states": ("closed", "fixed")}, True),
        ({"states": ("closed",)}, {"states": ("fixed",)}, False),
        ({"states": ("closed",)}, {"external_codes": ("A",)}, False),  # the code goes before
        ({"external_codes": ("A",)}, {"external_codes": ("A",)}, True),
        ({"external_codes": ("A",)}, {"external_codes": ("*",)}, False),  # the exact goes before
        ({"external_codes": ("A,*",)}, {"external_codes": ("*,B",)}, True),
        ({"external_codes": ("A,*",)}, {"external_codes": ("B,*",)}, False),
        ({"external_codes": ("A,+",)}, {"external_codes": ("A,*",)}, True),
        ({"external_codes": ("*",)}, {"external_codes": ("*,*",)}, False),  # other parts
        ({"states": ("closed",), "category_ids": (1,)}, {"states": ("closed",)}, False),
        (
            {"states": ("closed",), "category_ids": (1, 2)},
            {"states": ("closed",), "category_ids": (2, 3)},
            True,
        ),
        (
            {"states": ("closed",), "category_ids": (1,)},
            {"states": ("closed",), "category_ids": (3,)},
            False,
        ),
    ],
)
def test_two_templates_clash_when_neither_goes_before_the_other(one, other, clash):
    assert bool(list(conflicts([made(1, **one), made(2, **other)]))) is clash


def test_what_is_mailed_is_filled_too_and_only_when_the_template_speaks():
    template = made(1, states=("closed",), email_text="Mail: {{title}}")
    said = Said("", "closed", True, placeholders={"title": "Hole"})
    assert speak([template], said).mail_text == "Mail: Hole"
    assert speak([template], Said("Own words.", "closed", True)).mail_text == ""


def test_a_placeholder_that_stands_for_nothing_is_named():
    assert unknown_placeholders("{{ref}} {{reference}} {{extras.crew}} {{ref}}") == ["ref"]
