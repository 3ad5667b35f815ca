"""Response templates as staff read them."""

import pytest

from waywarden.bodies.models import Body, Category, ResponseTemplate
from waywarden.reports.template_queries import clashes_of, clashes_with, rule_in_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def body():
    return Body.objects.create(name="Borsetshire County Council", slug="borsetshire")


def template(body, title, **fields):
    return ResponseTemplate.objects.create(body=body, title=title, text=title, **fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"states": ["fixed - council"]}, "When the state becomes “Fixed”, for every category."),
        (
            {"states": ["closed"], "external_codes": ["*"]},
            "When the state becomes “Closed” or the body’s code is anything, for every category.",
        ),
        ({}, "Never speaks: it has no state and no external code."),
        ({"states": ["closed"], "is_automatic": False}, "Waits for staff to pick it."),
    ],
)
def test_a_rule_is_a_sentence(body, fields, words):
    assert rule_in_words(template(body, "One", **fields)) == words


def test_the_sentence_names_the_categories(body):
    row = template(body, "One", states=["closed"])
    row.categories.add(Category.objects.create(body=body, name="Trees", slug="trees"))
    assert rule_in_words(row) == "When the state becomes “Closed”, for Trees."


def test_two_that_would_both_speak_are_named(body):
    one = template(body, "One", states=["closed"], external_codes=["A"])
    template(body, "Two", states=["closed"], external_codes=["A"])
    aside = template(body, "By hand", states=["closed"], is_automatic=False)
    [words] = clashes_of([body.pk])[body.pk]
    assert words == "“One” and “Two” both speak for “Closed”, A; the first is used."
    assert clashes_with(one) == (words,)
    assert clashes_with(aside) == ()


def test_the_templates_of_another_body_are_no_conflict(body):
    template(body, "One", states=["closed"])
    other = Body.objects.create(name="Oskar's town", slug="town")
    template(other, "One", states=["closed"])
    assert clashes_of([body.pk, other.pk]) == {body.pk: (), other.pk: ()}
