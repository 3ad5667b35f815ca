"""`make new-adapter NAME=…`: a kind of adapter of your own, made from the demo's, and its lines."""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODEL = "demo"
NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
ADAPTERS = "src/waywarden/adapters"


def main(arguments: list[str], *, root: Path = ROOT) -> int:
    """Makes the kind; 1, with a sentence, when the name cannot be used."""
    name = arguments[0] if arguments else ""
    folder = root / ADAPTERS / name
    if not NAME.fullmatch(name):
        print("Give a name of small letters, such as: make new-adapter NAME=works_office")
        return 1
    if folder.exists() or (root / ADAPTERS / f"{name}.py").exists():
        print(f"There is something of that name already: {folder}")
        return 1
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / ADAPTERS / MODEL, folder, ignore=skipped)
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.toml")]):
        path.write_text(renamed(path.read_text(), name))
    register(root, name)
    print(f"Made {folder.relative_to(root)}, its line in kinds.py and its line in the floors.")
    print("Now read docs/how-to/adapter.md; begin in client.py, and run its tests:")
    print(f"  .venv/bin/pytest -q {ADAPTERS}/{name}")
    print("Then give it its line in adapters/tests/stands.py: the tests of every kind run over it.")
    return 0


def renamed(text: str, name: str) -> str:
    """A file of the model, in the new one's words."""
    title = "".join(part.capitalize() for part in name.split("_"))
    text = text.replace(f"adapters.{MODEL}", f"adapters.{name}")
    text = re.sub(r"\bDemo(System|Options)\b", rf"{title}\1", text)
    return text.replace(f'kind = "{MODEL}"', f'kind = "{name}"')


def register(root: Path, name: str) -> None:
    """Its line among the kinds, and the line that keeps kinds from knowing each other."""
    kinds = root / ADAPTERS / "kinds.py"
    line = f'    "{name}": "waywarden.adapters.{name}.provider",\n'
    text = kinds.read_text()
    kinds.write_text(re.sub(r"(_PLACES: Mapping\[str, str\] = \{\n)", rf"\g<1>{line}", text))
    project = root / "pyproject.toml"
    mark = 'name = "Kinds of adapters do not know each other"\ntype = "independence"\nmodules = [\n'
    text = project.read_text()
    project.write_text(text.replace(mark, f'{mark}  "waywarden.adapters.{name}",\n'))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
