"""The languages of the site: extracts texts into catalogs, compiles them. Needs Babel, no gettext.

    python tools/messages.py extract     src/waywarden/locale/*/LC_MESSAGES/django.po anew
    python tools/messages.py compile     the .mo files that the site reads
    python tools/messages.py missing     the texts that wait for a translation

Extracted is what the public and the mails to people say; the admin and the pages of staff speak
English. What is translated already stays; what is gone from the source goes from the catalogs.
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "waywarden"
LOCALE = SOURCE / "locale"
LANGUAGES = {"fr": "French", "ar": "Arabic"}
#: The rooms that the public reads, whole.
ROOMS = ("web", "ui", "notifications", "cobrands")
#: Files of other rooms whose texts reach the public.
FILES = (
    "api/feeds.py",
    "bodies/answers.py",
    "reports/*services.py",
    "reports/allowed.py",
    "reports/duplicates.py",
    "reports/photos.py",
    "reports/reasons.py",
    "reports/state_words.py",
    "reports/words.py",
    "users/services.py",
    "users/frequency.py",
    "config/settings.py",
)
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
#: Classes whose docstring's first line is said to people (kernel/errors.py).
SPOKEN = {"RuleBroken", "NotAllowed"}

Message = tuple[str | tuple[str, ...], str | None, str, int]


def sources() -> Iterator[Path]:
    """Every file that is looked through."""
    for room in ROOMS:
        for pattern in ("*.py", "*.html", "*.txt"):
            yield from sorted((SOURCE / room).rglob(pattern))
    for pattern in FILES:
        yield from sorted(SOURCE.glob(pattern))


def messages() -> Iterator[Message]:
    """Every text: itself (or singular and plural), its context, its file and line."""
    for path in sources():
        if "tests" in path.parts or "migrations" in path.parts or path.name == "admin.py":
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            yield from _of_python(text, path)
            yield from _of_errors(text, path)
        elif "{%" in text:
            yield from _of_template(text, path)


def _of_python(code: str, path: Path) -> Iterator[Message]:
    file: Any = io.BytesIO(code.encode())
    found: Iterable[Any] = extract_python(file, KEYWORDS, [], {"encoding": "utf-8"})
    for line, name, given, _comments in found:
        parts = list(given) if isinstance(given, tuple) else [given]
        where = str(path.relative_to(ROOT))
        yield from _picked(name, parts, where, line)


def _picked(name: str | None, parts: list[str | None], where: str, line: int) -> Iterator[Message]:
    spec = KEYWORDS.get(name or "_") or (1,)
    context = next((parts[part[0] - 1] for part in spec if isinstance(part, tuple)), None)
    texts = [parts[part - 1] for part in spec if isinstance(part, int) and part <= len(parts)]
    if texts and all(texts):
        chosen = tuple(str(text) for text in texts)
        yield (chosen if len(chosen) > 1 else chosen[0], context, where, line)


def _of_template(text: str, path: Path) -> Iterator[Message]:
    """Django turns a template into something like Python; each line of it stands for itself."""
    if not settings.configured:
        settings.configure()
    code = templatize(text, origin=str(path))
    for number, line in enumerate(code.splitlines(), 1):
        if "gettext(" in line or "_(" in line:
            try:
                for message in _of_python(line.strip() + "\n", path):
                    yield (message[0], message[1], message[2], number)
            except (tokenize.TokenError, SyntaxError) as error:
                raise SystemExit(f"{path}:{number}: {error}\n{line}") from error


def _of_errors(code: str, path: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ClassDef) and SPOKEN & {getattr(b, "id", "") for b in node.bases}:
            said = (ast.get_docstring(node) or "").partition("\n")[0]
            if said:
                yield (said, None, str(path.relative_to(ROOT)), node.lineno)


def template() -> Catalog:
    """The catalog without translations."""
    catalog = Catalog(project="Waywarden", charset="utf-8", fuzzy=False)
    for text, context, where, _line in messages():
        catalog.add(text, context=context, locations=[(where, 0)])
    return catalog


def po_of(language: str) -> Path:
    """Where the catalog of a language lies."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """The catalog of a language, an empty one where there is none."""
    path = po_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def extract() -> None:
    """Brings every catalog up to the source."""
    wanted = template()
    for language, name in LANGUAGES.items():
        catalog = read(language)
        catalog.update(wanted, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.header_comment = (
            f"# {name} for Waywarden: the public site and the mails to people.\n"
            "# First translation by the project; it awaits a reader whose first language this is.\n"
            "# Status: needs native review."
        )
        catalog.fuzzy = False
        catalog.project, catalog.version = "Waywarden", "main"
        catalog.last_translator = "awaits a native reader"
        catalog.language_team = name
        catalog.msgid_bugs_address = "the issues of the project"
        # No moment of extraction: it would change the file each time and say nothing.
        catalog.creation_date = catalog.revision_date = datetime(2026, 11, 26, tzinfo=UTC)
        path = po_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=100, sort_output=True, ignore_obsolete=True,
                     include_lineno=False, omit_header=False)  # fmt: skip
        print(f"{language}: {len(catalog)} texts, {len(list(missing(language)))} wait")


def missing(language: str) -> Iterator[str]:
    """The texts that have no translation, or are marked as doubtful."""
    for message in read(language):
        given = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (not all(given) or message.fuzzy):
            yield message.id if isinstance(message.id, str) else message.id[0]


def compile_all() -> int:
    """Writes the .mo files that are older than their .po; how many."""
    made = 0
    for path in LOCALE.glob("*/LC_MESSAGES/*.po"):
        compiled = path.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= path.stat().st_mtime:
            continue
        with path.open("rb") as source:
            catalog = read_po(source, locale=path.parts[-3])
        beside = compiled.with_suffix(".mo.new")
        with beside.open("wb") as file:
            write_mo(file, catalog)
        beside.replace(compiled)  # whoever reads meanwhile has the old one, whole
        made += 1
    return made


def main(arguments: Iterable[str]) -> int:
    """The command line."""
    what = next(iter(arguments), "")
    if what == "extract":
        extract()
    elif what == "compile":
        print(f"{compile_all()} catalogs compiled")
    elif what == "missing":
        for language in LANGUAGES:
            for text in missing(language):
                print(f"{language}: {text}")
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
