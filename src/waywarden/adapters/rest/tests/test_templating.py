"""Templates reach nothing but the values that are given."""

from zoneinfo import ZoneInfo

import pytest

from waywarden.adapters.rest.templating import Templates, found
from waywarden.kernel.errors import Misconfigured

VALUES = {
    "text": "hello",
    "number": 7,
    "list": ["a", "b"],
    "answers": {"a": "x"},
    "at": "2026-06-01T10:00:00Z",
}


@pytest.fixture
def templates():
    return Templates(ZoneInfo("Europe/London"))


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{{ text | upper }}!", "HELLO!"),
        ("{{ number }}", 7),
        (" {{ list }} ", ["a", "b"]),
        ("{{ answers.a }}{{ answers.b }}", "x"),
        ("{{ answers.b }}", None),
        ("{{ answers.b.c | default('–') }}", "–"),
        ("{% for one in list %}<{{ one }}>{% endfor %}", "<a><b>"),
        ("{{ at | date('%d.%m.%Y %H:%M') }}", "01.06.2026 11:00"),
        ("{{ text | cut(3) }}", "he…"),
        ("{{ 'ä' ~ text | cut_bytes(2) }}", "ähe"),
        ("{{ number * 2 }}", 14),
        ({"a": ["{{ number }}", 1]}, {"a": [7, 1]}),
    ],
)
def test_templates_are_filled_and_keep_the_kind_of_their_value(templates, template, filled):
    assert templates.filled(template, VALUES) == filled


def test_what_is_put_into_a_path_stays_one_part_of_it(templates):
    assert (
        templates.path("/cases/{{ id }}?a=b", {"id": "../x y/ä?c"})
        == "/cases/..%2Fx%20y%2F%C3%A4%3Fc?a=b"
    )


@pytest.mark.parametrize(
    "template",
    [
        "{{ text.__class__.__mro__ }}",
        "{{ text['__class__'] }}",
        "{{ (1).__class__ }}",
        "{{ answers.keys }}",
        "{{ list.append }}",
        "{{ text.format }}",
    ],
)
def test_no_attribute_of_python_is_reached(templates, template):
    assert templates.text(template, VALUES) == ""


@pytest.mark.parametrize(
    "template",
    [
        "{{ text * 1000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ range(10) }}",
        "{{ lipsum() }}",
        "{{ text.upper() }}",
        "{{ cycler }}{{ cycler.x() }}",
        "{{ dict(a=1) }}",
        "{% include 'x' %}",
        "{{ text | attr('upper') }}",
        "{{ text | map('upper') }}",
        "{{ 1 / 0 }}",
        "{{ (1 / 3) | round(400) | int(default=1 // 0) }}",
        "{{ [] | first | int / 0 }}",
    ],
)
def test_what_could_do_harm_is_not_there(templates, template):
    with pytest.raises(Misconfigured):
        templates.text(template, VALUES)


def test_names_that_are_not_given_are_faults(templates):
    assert list(templates.faults({"a": ["{{ txet }}", "{{ text }}"]}, ["text"])) == [
        "'txet' is not given here. Given: text"
    ]
    assert next(templates.faults("{{ text | shell }}", ["text"])).startswith("this template cannot")


def test_a_path_into_json_finds_what_is_there_and_else_nothing():
    plain = {"a": [{"b": 1}, {"b": 2}]}
    assert found("a[1].b", plain) == 2
    assert found("a[].b", plain) == [1, 2]
    assert found("x.y", plain) is None
    assert found("length(a[0].b)", plain) is None
