"""`make new-backend NAME=…`: a folder of your own, made from the webhook's, and its two lines."""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODEL = "webhook"
NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


def main(arguments: list[str], *, root: Path = ROOT) -> int:
    """Makes the back-end; 1, with a sentence, when the name cannot be used."""
    name = arguments[0] if arguments else ""
    folder = root / "src/waywarden/backends" / name
    if not NAME.fullmatch(name):
        print("Give a name of small letters, such as: make new-backend NAME=works_office")
        return 1
    if folder.exists():
        print(f"There is a back-end of that name already: {folder}")
        return 1
    shutil.copytree(
        root / "src/waywarden/backends" / MODEL,
        folder,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for path in sorted(folder.rglob("*.py")):
        path.write_text(renamed(path.read_text(), name))
    register(root / "pyproject.toml", name)
    print(f"Made {folder.relative_to(root)}, its entry point and its line in the floors.")
    print("Now read docs/how-to/back-end.md; begin in plugin.py, and run its tests:")
    print(f"  .venv/bin/pytest -q src/waywarden/backends/{name}")
    return 0


def renamed(text: str, name: str) -> str:
    """A file of the model, in the new one's words."""
    title = "".join(part.capitalize() for part in name.split("_"))
    text = text.replace(f"backends.{MODEL}", f"backends.{name}")
    text = re.sub(r"\bWebhook(Backend|Options|Secrets)\b", rf"{title}\1", text)
    text = text.replace(f'kind = "{MODEL}"', f'kind = "{name}"')
    text = text.replace(
        'label = "Webhook (JSON)"', f'label = "{name.replace("_", " ").capitalize()}"'
    )
    return re.sub(r"class TestWebhook\b", f"class Test{title}", text)


def register(path: Path, name: str) -> None:
    """The entry point, and the line that keeps plug-ins from knowing each other."""
    title = "".join(part.capitalize() for part in name.split("_"))
    text = path.read_text()
    entry = f'{name} = "waywarden.backends.{name}.plugin:{title}Backend"\n'
    text = re.sub(r'(\[project\.entry-points\."waywarden\.backends"\]\n)', rf"\g<1>{entry}", text)
    floor = f'  "waywarden.backends.{name}",\n'
    mark = 'name = "Back-end plug-ins do not know each other"\ntype = "independence"\nmodules = [\n'
    path.write_text(text.replace(mark, mark + floor))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
