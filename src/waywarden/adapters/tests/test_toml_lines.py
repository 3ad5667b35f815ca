"""A fault is shown with the line it stands on."""

import pytest

from waywarden.adapters.toml_lines import line_for, lines_of

TEXT = '''# a comment
name = "East"

[[keys]]
name = "one"
[[keys]]
name = "two"
[system]
body = """
url = "not a key"
"""
list = [
  { a = 1 },
  "b", # ]
]
url = "x"
deep.er = 1
[system."odd name".'x'] # why
a = 1
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("name", 2),
        ("keys", 4),
        ("keys[0].name", 5),
        ("keys[1].name", 7),
        ("keys[1].sha256", 6),
        ("system.body", 9),
        ("system.list", 12),
        ("system.list[1]", 12),
        ("system.url", 16),
        ("system.deep", 17),
        ("system.deep.er", 17),
        ("system.odd name.x.a", 19),
        ("system.missing", 8),
        ("nowhere", 1),
        ("", 1),
    ],
)
def test_a_key_is_found_on_its_line_or_on_that_of_what_it_stands_in(key, line):
    assert line_for(key, lines_of(TEXT)) == line
