"""The page about back-ends is what the plug-ins say of themselves."""

from tests.docs.pages import DOCS
from waywarden.backends.contract import Capability
from waywarden.backends.registry import backend_classes
from waywarden.config.back_end_docs import markdown
from waywarden.kernel.options import fields_of

AGAIN = (
    "write the page anew: .venv/bin/python -c 'from waywarden.config.back_end_docs import markdown;"
    ' print(markdown(), end="")\' > docs/reference/back-ends.md'
)


def test_the_page_is_what_the_plug_ins_say_of_themselves():
    page = (DOCS / "reference" / "back-ends.md").read_text()
    assert page == markdown(), AGAIN


def test_the_matrix_says_of_each_kind_what_it_can_do():
    lines = markdown().splitlines()
    heading = next(line for line in lines if line.startswith("| capability "))
    columns = [cell.strip(" `") for cell in heading.strip("|").split("|")]
    for capability in Capability:
        line = next(line for line in lines if line.startswith(f"| `{capability.value}` "))
        row = dict(zip(columns, (cell.strip() for cell in line.strip("|").split("|")), strict=True))
        can = {name for name in backend_classes() if row[name] == "yes"}
        assert can == {
            name for name, kind in backend_classes().items() if capability in kind.capabilities
        }


def test_every_option_and_secret_has_a_row_with_a_label_and_a_help_of_its_own():
    bare = []
    for name, kind in backend_classes().items():
        for option in (*fields_of(kind.options_type), *fields_of(kind.secrets_type)):
            assert f"| `{option.name}` | {option.label} | " in markdown()
            if not option.help:
                bare.append(f"{name}.{option.name}")
    assert not bare
