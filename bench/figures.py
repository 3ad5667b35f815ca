"""One measured figure, and the table and the file of all of them. Pure."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured. `target` 0 means none is set; a rate must reach it, all else stay under.

    `baseline` says what the bare machine did in the same run.
    """

    name: str
    value: float
    unit: str
    target: float = 0.0
    baseline: str = ""
    command: str = "python -m bench"

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if not self.target:
            return None
        return self.value >= self.target if self.unit.endswith("/s") else self.value <= self.target


def machine() -> str:
    """The machine in a few words, and how busy it was."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    python = platform.python_version()
    return f"{cores} cores, {platform.machine()}, Python {python}, load {load:.1f} at the start"


def write(path: Path, figures: Sequence[Figure], *, machine: str) -> None:
    """The file that other programs read."""
    rows = [asdict(figure) | {"met": figure.met} for figure in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


def table(figures: Sequence[Figure]) -> str:
    """The same as a table of Markdown."""
    head = "| what | measured | target | met | baseline of the same run |"
    lines = [head, "|---|---|---|---|---|"]
    for one in figures:
        target = f"{one.target:g} {one.unit}" if one.target else "–"
        met = {True: "yes", False: "no", None: ""}[one.met]
        value = f"{one.value:,.0f}" if one.value >= 100 else f"{one.value:.2g}"
        if 10 <= one.value < 100:
            value = f"{one.value:.1f}"
        lines.append(f"| {one.name} | {value} {one.unit} | {target} | {met} | {one.baseline} |")
    return "\n".join(lines)
