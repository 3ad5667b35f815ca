"""The other side of the folder: takes reports out of files, and writes changes into others."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

HEADINGS = ("Reference", "Status", "Note", "When")


class Exchange:
    """A works system that knows files only. `folder` has `out` for us to read and `in` for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "in").mkdir(parents=True, exist_ok=True)
        (folder / "out").mkdir(parents=True, exist_ok=True)

    def reports(self) -> list[dict[str, str]]:
        """Every report that has arrived whole, by name of file."""
        return self._rows("report-*.csv")

    def messages(self) -> list[dict[str, str]]:
        """Every message that has arrived whole."""
        return self._rows("message-*.csv")

    def _rows(self, pattern: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for path in sorted((self.folder / "out").glob(pattern)):
            with path.open(encoding="utf-8", newline="") as file:
                found += csv.DictReader(file)
        return found

    def tell(
        self,
        name: str,
        rows: Iterable[Mapping[str, str]],
        *,
        headings: tuple[str, ...] = HEADINGS,
        encoding: str = "utf-8",
        separator: str = ",",
    ) -> Path:
        """Writes a file of changes or of reports."""
        path = self.folder / "in" / name
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, headings, delimiter=separator, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path
