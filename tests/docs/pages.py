"""Where the documentation lies, and what is on it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def pages() -> list[Path]:
    """Every page."""
    return sorted(DOCS.rglob("*.md"))
