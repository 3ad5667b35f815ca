"""The table of deviations is the list of what the reader notes."""

import ast
import re
from pathlib import Path

from waywarden.open311.deviations import MEANINGS

ROOM = Path(__file__).parents[1]
CODE = re.compile(r"[a-z]+(-[a-z0-9]+)+")


def noted_codes():
    """Every literal code that a call of `note`, or a date that was read, is given."""
    found = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name not in ("note", "ReadDate"):
                continue
            first = [argument for argument in node.args if name == "note"][:1] or node.args[1:2]
            for inner in first:
                found |= {
                    one.value
                    for one in ast.walk(inner)
                    if isinstance(one, ast.Constant)
                    and isinstance(one.value, str)
                    and CODE.fullmatch(one.value)
                }
    return found


def test_every_code_the_reader_notes_has_a_meaning():
    assert noted_codes() - set(MEANINGS) == set()


def test_no_meaning_is_left_of_a_code_that_is_never_noted():
    #: Codes that are put together from a field's name.
    composed = {
        "unknown-type", "unknown-datatype", "update-id-missing", "service-request-id-missing",
    }  # fmt: skip
    assert set(MEANINGS) - noted_codes() == composed


def test_meanings_are_sentences():
    assert [code for code, words in MEANINGS.items() if not words.endswith(".")] == []
