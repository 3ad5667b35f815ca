"""Whatever people write, a template puts it in as it is and computes nothing of it."""

import json
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waywarden.adapters.rest.templating import Templates, found
from waywarden.kernel.errors import Misconfigured

TEMPLATES = Templates(ZoneInfo("Europe/London"))
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
WRITTEN = ANYTHING | st.sampled_from(
    ["{{ 7*7 }}", "{% raw %}", "{{ ''.__class__ }}", "{# x #}", "../../etc", "%2e%2e/", "\x00"]
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | WRITTEN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WRITTEN, inner, max_size=3),
    max_leaves=6,
)


@given(WRITTEN)
def test_a_text_stays_the_text_it_is(words):
    assert TEMPLATES.text("<{{ description }}>", {"description": words}) == f"<{words}>"
    body = {"a": "{{ description }}", "b": ["x {{ description }}"]}
    filled = TEMPLATES.filled(body, {"description": words})
    assert filled == {"a": words, "b": [f"x {words}"]}


@given(PLAIN)
def test_a_lone_value_keeps_its_kind(value):
    assert TEMPLATES.filled({"a": "{{ answers }}"}, {"answers": value}) == {"a": value}


@given(WRITTEN)
def test_what_is_put_into_a_path_stays_one_part_of_it(words):
    path = TEMPLATES.path("/cases/{{ report }}/notes", {"report": words})
    parts = urlsplit(f"https://vendor.example{path}")
    assert (parts.hostname, parts.query, parts.fragment) == ("vendor.example", "", "")
    root, cases, one, notes = parts.path.split("/")
    assert (root, cases, unquote(one), notes) == ("", "cases", words, "notes")


@given(ANYTHING, PLAIN)
@settings(max_examples=200, deadline=None)
def test_a_template_of_any_content_gives_a_value_or_the_operators_error(template, value):
    for text in (template, f"{{{{ {template} }}}}"):
        faults = list(TEMPLATES.faults(text, {"value"}))
        try:
            given = TEMPLATES.filled(text, {"value": value})
        except Misconfigured:
            continue
        assert isinstance(given, str) or json.dumps(given, default=str)
        assert all(isinstance(one, str) for one in faults)


@pytest.mark.filterwarnings("ignore:deprecated string literal syntax:PendingDeprecationWarning")
@given(ANYTHING, PLAIN)
@settings(max_examples=200, deadline=None)
def test_a_path_into_any_json_finds_something_or_nothing(path, plain):
    found(path, plain)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 10])
@given(words=WRITTEN)
def test_a_cut_by_bytes_never_splits_a_letter(length, words):
    cut = TEMPLATES.text(f"{{{{ w | cut_bytes({length}) }}}}", {"w": words})
    assert len(cut.encode()) <= length
    assert words.startswith(cut)
