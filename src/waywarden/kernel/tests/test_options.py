"""Options: one declaration, several uses."""

from typing import Annotated, Literal

import pytest
from msgspec import Meta

from waywarden.kernel import options
from waywarden.kernel.errors import RuleBroken


class Sample(options.Options, frozen=True, kw_only=True):
    endpoint: Annotated[str, Meta(title="Endpoint", description="Where it listens.")]
    style: Literal["repeat", "brackets"] = "repeat"
    timeout_seconds: int = 60
    extended: bool = False
    statuses: dict[str, str] = {}


def test_fields_carry_label_help_kind_choices_and_default():
    by_name = {field.name: field for field in options.fields_of(Sample)}
    assert by_name["endpoint"].label == "Endpoint"
    assert by_name["endpoint"].help == "Where it listens."
    assert by_name["endpoint"].required
    assert by_name["style"].choices == ("repeat", "brackets")
    assert by_name["timeout_seconds"].kind == "number"
    assert by_name["extended"].kind == "yes_no"
    assert by_name["statuses"].kind == "table"
    assert by_name["statuses"].default == {}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"endpoint": "x", "style": "other"}, "style"),
        ({"endpoint": "x", "timeout_seconds": "soon"}, "timeout_seconds"),
        ({"endpoint": "x", "statuses": {"a": 1.5}}, "statuses"),
    ],
)
def test_a_wrong_option_is_named(raw, field):
    with pytest.raises(RuleBroken) as caught:
        options.read(Sample, raw)
    assert caught.value.field == field


def test_an_unknown_option_is_refused():
    with pytest.raises(RuleBroken, match="endpiont"):
        options.read(Sample, {"endpoint": "x", "endpiont": "y"})


def test_plain_and_read_are_each_others_inverse():
    read = options.read(Sample, {"endpoint": "x", "extended": True})
    assert options.read(Sample, options.plain(read)) == read
