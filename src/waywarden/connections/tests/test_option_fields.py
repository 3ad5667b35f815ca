"""Options as fields, and what was typed as plain data."""

from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from waywarden.connections.option_fields import (
    NOTHING,
    NotReadable,
    form_field,
    shown,
    typed,
    words_for,
)
from waywarden.kernel.options import Options, fields_of


class Kind(Options, frozen=True, kw_only=True):
    address: Annotated[str, Meta(title="Address", description="Where it is.")]
    note: str = "usual"
    seconds: Annotated[int, Meta(title="Time-out", ge=1)] = 60
    loud: bool = False
    style: Literal["plain", "rich"] = "plain"
    codes: tuple[str, ...] = ()
    words: dict[str, str] = {}


OPTIONS = {option.name: option for option in fields_of(Kind)}


def test_label_and_help_come_from_the_plug_in():
    field = form_field(OPTIONS["address"])
    assert (field.label, field.help_text, field.required) == ("Address", "Where it is.", True)
    assert form_field(OPTIONS["seconds"]).required is False


@pytest.mark.parametrize(
    ("name", "stored", "seen"),
    [
        ("address", {}, ""),
        ("note", {}, "usual"),
        ("note", {"note": ""}, ""),
        ("seconds", {}, "60"),
        ("seconds", {"seconds": 5}, "5"),
        ("loud", {"loud": True}, True),
        ("codes", {"codes": ["a", "b"]}, "a\nb"),
        ("words", {"words": {"WIP": "in progress"}}, "WIP = in progress"),
    ],
)
def test_a_field_shows_what_is_stored_or_the_default(name, stored, seen):
    assert shown(OPTIONS[name], stored) == seen


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("address", "", NOTHING),
        ("note", "", ""),
        ("seconds", "", NOTHING),
        ("seconds", "5", "5"),
        ("loud", True, True),
        ("codes", " a \n\nb", ["a", "b"]),
        ("codes", '["x"]', ["x"]),
        ("words", "WIP = in progress\n\nX=", {"WIP": "in progress", "X": ""}),
        ("words", '{"a": "b"}', {"a": "b"}),
    ],
)
def test_what_was_typed_becomes_plain_data(name, text, value):
    found = typed(OPTIONS[name], text)
    assert found is value if value is NOTHING else found == value


@pytest.mark.parametrize("text", ["no sign here", "{not json"])
def test_a_table_that_cannot_be_read_is_said_so(text):
    with pytest.raises(NotReadable):
        typed(OPTIONS["words"], text)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9 ]{0,8}[a-z]", fullmatch=True),
        st.from_regex(r"[a-z=]{0,8}", fullmatch=True),
    )
)
def test_a_table_comes_back_as_it_was_shown(table):
    assert typed(OPTIONS["words"], shown(OPTIONS["words"], {"words": table})) == table


def test_what_is_wrong_names_the_option():
    assert words_for(OPTIONS["seconds"], "Expected `int`, got `str`").startswith("Time-out: ")
    assert words_for(OPTIONS["address"], "Object missing required field `address`") == (
        "Address: please fill this in"
    )
    assert words_for(OPTIONS["style"], "Invalid enum value 'x'") == (
        "Style: please choose one of plain, rich"
    )
