"""A report as text for people and as JSON for programs."""

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from waywarden.kernel.text import one_line
from waywarden.open311.conformance.registry import Outcome, Severity
from waywarden.open311.conformance.runner import LEVELS, Finding, Report

STYLES = {Severity.BREAKS: "bold red", Severity.AGAINST: "yellow", Severity.ADVICE: "cyan"}


def as_plain(report: Report, *, level: int) -> dict[str, Any]:
    """The report as plain data; `met` is about the asked level."""
    return {
        "endpoint": report.endpoint,
        "jurisdiction_id": report.jurisdiction_id,
        "level": level,
        "met": report.meets(level),
        "levels": {str(one): report.meets(one) for one in LEVELS},
        "checks": [_plain(finding) for finding in report.findings],
    }


def _plain(finding: Finding) -> dict[str, Any]:
    check, result = finding.check, finding.result
    return {
        "code": check.code,
        "clause": check.clause,
        "title": check.title,
        "severity": check.severity.value,
        "level": check.level,
        "outcome": result.outcome.value,
        "asked": result.asked,
        "came": result.came,
        "change": result.change,
    }


def as_json(report: Report, *, level: int) -> str:
    """The report as a JSON document."""
    return json.dumps(as_plain(report, level=level), ensure_ascii=False, indent=2)


def show(report: Report, console: Console) -> None:
    """Prints the report: what failed, the worst first; what was not tested; the levels."""
    for severity in Severity:
        _show_failed(report, severity, console)
    _show_untested(report, console)
    count = sum(one.result.outcome is Outcome.PASSED for one in report.findings)
    console.print(Text(f"{count} of {len(report.findings)} checks passed."))
    for level in LEVELS:
        console.print(_level_line(report, level))


def _show_failed(report: Report, severity: Severity, console: Console) -> None:
    found = [
        one
        for one in report.findings
        if one.check.severity is severity and one.result.outcome is Outcome.FAILED
    ]
    if not found:
        return
    console.print(Text(f"{severity.value.capitalize()}: {len(found)}", style=STYLES[severity]))
    for one in found:
        # What a server sent is never taken for markup, and never steers the terminal.
        console.print(Text(f"  {one.check.title} Not so. ({one.check.code})"))
        for name in ("asked", "came", "change"):
            console.print(Text(f"    {name}: {one_line(getattr(one.result, name))}"))
    console.print()


def _show_untested(report: Report, console: Console) -> None:
    found = [one for one in report.findings if one.result.outcome is Outcome.SKIPPED]
    if not found:
        return
    console.print(Text(f"Not tested: {len(found)}", style="bold"))
    reasons: dict[str, list[str]] = {}
    for one in found:
        reasons.setdefault(one_line(one.result.came), []).append(one.check.code)
    for reason, codes in reasons.items():
        console.print(Text(f"  {reason} ({', '.join(codes)})"))
    console.print()


def _level_line(report: Report, level: int) -> Text:
    broken = report.breaks(level)
    if broken:
        codes = ", ".join(one.check.code for one in broken)
        return Text(f"Level {level} is not met: {codes}.", style="bold red")
    untested = sum(
        one.result.outcome is Outcome.SKIPPED
        and one.check.severity is Severity.BREAKS
        and one.check.level <= level
        for one in report.findings
    )
    told = f" as far as was tested ({untested} needed checks were not)" if untested else ""
    return Text(f"Level {level} is met{told}.", style="green")
