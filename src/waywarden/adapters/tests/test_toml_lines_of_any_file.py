"""Whatever a deployment file looks like, each of its keys is found on its own line."""

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from waywarden.adapters.toml_lines import line_for, lines_of

NAMES = st.sampled_from(["name", "zone", "keys", "Done", "In progress", "a.b", "x-1", "#no", "[n]"])
TEXTS = st.text(alphabet=st.sampled_from('ab #[]{}="\\,.\n漢'), max_size=12)


def quoted(name):
    is_bare = name.isascii() and name.replace("-", "").isalnum()
    return name if is_bare else '"' + name.replace("\\", "\\\\") + '"'


def basic(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def long(text):
    return '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'


VALUES = st.one_of(
    st.integers(-9, 99).map(str),
    st.booleans().map(lambda one: str(one).lower()),
    TEXTS.map(basic),
    TEXTS.map(long),
    st.lists(TEXTS.map(basic), max_size=3).map(lambda many: f"[{', '.join(many)}]"),
    st.lists(TEXTS.map(basic), max_size=3).map(
        lambda many: "[\n  # several lines\n" + "".join(f"  {one},\n" for one in many) + "]"
    ),
    TEXTS.map(lambda text: f"{{ env = {basic(text)}, n = [1, 2] }}"),
)
BODIES = st.lists(st.tuples(NAMES, VALUES), max_size=4, unique_by=lambda pair: pair[0])
TABLES = st.lists(
    st.tuples(st.lists(NAMES, min_size=1, max_size=2), BODIES),
    max_size=4,
    unique_by=lambda pair: pair[0][0],  # no table stands inside another, and none twice
)
NOISE = st.sampled_from(["", "\n", "# a note = [1]\n", "   \n"])


@given(BODIES, TABLES, st.lists(BODIES, max_size=3), NOISE)
@settings(max_examples=150, deadline=None)
def test_each_key_is_found_on_its_line(top, tables, rows, noise):
    text, wanted = "", {}

    def add(at, body):
        nonlocal text
        for name, value in body:
            wanted[f"{at}{name}"] = text.count("\n") + 1
            text += f"{quoted(name)} = {value}\n{noise}"

    add("", top)
    taken = {name for name, _value in top}
    for names, body in tables:
        if names[0] not in taken:
            text += f"[{'.'.join(map(quoted, names))}]  # of its own\n"
            add(f"{'.'.join(names)}.", body)
    for number, body in enumerate(rows):
        wanted[f"rows[{number}]"] = text.count("\n") + 1
        text += "[[rows]]\n"
        add(f"rows[{number}].", body)
    tomllib.loads(text)
    lines = lines_of(text)
    assert {key: line_for(key, lines) for key in wanted} == wanted
