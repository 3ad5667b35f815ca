"""The page about deployment files is what the tables that read them say of themselves."""

import typing

import msgspec

from tests.docs.pages import DOCS
from waywarden.adapters.deployment import Deployment
from waywarden.adapters.faults import inner_struct
from waywarden.adapters.kinds import KINDS
from waywarden.config.deployment_docs import markdown, meaning_of

AGAIN = (
    "write the page anew: .venv/bin/python -c 'from waywarden.config.deployment_docs import "
    'markdown; print(markdown(), end="")\' > docs/reference/deployments.md'
)


def structs_in(struct) -> set:
    found = {struct}
    for hint in typing.get_type_hints(struct, include_extras=True).values():
        inner, _shape = inner_struct(hint)
        if inner is not None:
            found |= structs_in(inner)
    return found


def test_the_page_is_what_the_tables_say_of_themselves():
    assert (DOCS / "reference" / "deployments.md").read_text() == markdown(), AGAIN


def test_every_key_of_every_kind_says_what_it_means_and_stands_on_the_page():
    tables = [Deployment, *(kind.options_type for kind in KINDS.values())]
    bare, page = [], markdown()
    for struct in {one for table in tables for one in structs_in(table)}:
        hints = typing.get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            assert f"| `{field.encode_name}` | " in page
            if not meaning_of(hints[field.name]):
                bare.append(f"{struct.__name__}.{field.name}")
    assert not bare
