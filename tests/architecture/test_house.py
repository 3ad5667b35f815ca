"""The house rules that import-linter cannot say, one short test each (design/architecture.md)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "waywarden"
KERNEL = {"clock", "cobrand", "errors", "guard", "http", "options", "retry", "secrets", "text"}
NO_ROOM_FOR = {"utils", "helpers", "common", "misc", "base", "manager"}
DJANGO_FREE = ("open311", "adapters", "geo", "kernel")
#: Names that core may not know: councils of the demo and the peers' products.
NAMES = re.compile(r"(?i)borsetshire|borchester|fixmystreet|symology|alloy|bartec|salesforce")
#: The extension's own words on the wire.
WIRE_NAMES = re.compile(r"fixmystreet_id|attribute\[fixmystreet_id\]")
#: Rooms whose data may name a council or a vendor.
MAY_NAME = ("cobrands", "adapters", "config")


def sources(*, tests: bool = False) -> Iterator[Path]:
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).parts
        if "migrations" in parts or (not tests and "tests" in parts):
            continue
        yield path


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_are_at_most_400_lines():
    long = {
        name_of(path): count
        for path in sources()
        if (count := len(path.read_text().splitlines())) > 400
    }
    assert not long


def test_functions_are_at_most_50_lines():
    long = {
        f"{name_of(path)}:{function.name}"
        for path in sources()
        for function in functions(ast.parse(path.read_text()))
        if (function.end_lineno or 0) - function.lineno + 1 > 50
    }
    assert not long


def test_no_file_has_a_name_that_says_nothing():
    assert not [name_of(path) for path in sources() if path.stem in NO_ROOM_FOR]


def test_every_module_says_what_it_is_for():
    silent = [
        name_of(path)
        for path in sources(tests=False)
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_the_kernel_is_a_closed_list():
    assert {path.stem for path in (SOURCE / "kernel").glob("[a-z]*.py")} == KERNEL


def test_rooms_are_one_folder_deep_but_for_plug_ins():
    deep = [
        name_of(path)
        for path in sources()
        if len(path.relative_to(SOURCE).parts) > 2
        and path.relative_to(SOURCE).parts[0] not in ("backends", "adapters", "cobrands", "open311")
    ]
    assert not [
        name for name in deep if "/management/" not in name and "/templatetags/" not in name
    ]


def test_core_names_no_council_and_no_vendor():
    guilty = []
    for path in [*sources(), *SOURCE.rglob("*.html"), *SOURCE.rglob("*.txt")]:
        if "tests" in path.parts or path.relative_to(SOURCE).parts[0] in MAY_NAME:
            continue
        text = WIRE_NAMES.sub("", path.read_text())
        if NAMES.search(text):
            guilty.append(name_of(path))
    assert not guilty


def test_no_django_signals():
    guilty = [
        name_of(path)
        for path in sources()
        if re.search(
            r"django\.(db\.models|dispatch|core)\.?signals?|@receiver|\.connect\(.*sender=",
            path.read_text(),
        )
    ]
    assert not guilty


def test_rooms_without_django_read_no_settings():
    guilty = [
        name_of(path)
        for path in sources()
        if path.relative_to(SOURCE).parts[0] in DJANGO_FREE
        and re.search(r"\bsettings\.[A-Z]", path.read_text())
    ]
    assert not guilty


def test_foreign_keys_by_string_point_down_or_sideways():
    """A key given as "room.Model" would hide an upward import from the floors; none is needed."""
    pattern = re.compile(r"(?:ForeignKey|OneToOneField|ManyToManyField)\(\s*[\"']([a-z_]+)\.")
    guilty = {
        name_of(path): found for path in sources() if (found := pattern.findall(path.read_text()))
    }
    assert not guilty


def test_time_comes_from_the_clock():
    pattern = re.compile(r"datetime\.now\(|timezone\.now\(|datetime\.utcnow\(|date\.today\(")
    guilty = [
        name_of(path)
        for path in sources()
        if path.name != "clock.py" and pattern.search(path.read_text())
    ]
    assert not guilty


def test_transactions_are_opened_in_services_only():
    allowed = re.compile(r"(^|/)(\w*_?services)\.py$")
    guilty = [
        name_of(path)
        for path in sources()
        if "transaction.atomic" in path.read_text() and not allowed.search(name_of(path))
    ]
    assert not guilty


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=name_of(p)) for p in sources() if p.name == "models.py"]
)
def test_models_hold_no_rules_in_save(path: Path):
    assert "def save(" not in path.read_text()


def test_every_kind_of_fact_that_is_heard_is_documented():
    text = (ROOT / "docs" / "reference" / "events.md").read_text()
    kinds = set()
    for path in sources():
        kinds |= set(re.findall(r'Fact\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text()))
        kinds |= set(re.findall(r'on\("([a-z_]+\.[a-z_]+)"', path.read_text()))
    assert kinds
    assert not {kind for kind in kinds if f"`{kind}`" not in text}


def test_every_job_is_documented():
    text = (ROOT / "docs" / "reference" / "jobs.md").read_text()
    names = set()
    for path in (SOURCE / "jobs").glob("*.py"):
        names |= set(re.findall(r'name="([a-z_]+)"', path.read_text()))
    assert names
    assert not {name for name in names if f"`{name}`" not in text}


def test_the_rooms_table_of_the_architecture_page_is_true():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert not {room for room in rooms if f"`{room}`" not in text}
