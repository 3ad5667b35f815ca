"""The table of all checks for the documentation, made from the checks themselves."""

from waywarden.open311.conformance import runner
from waywarden.open311.conformance.registry import CHECKS

HEAD = """# The checks of `waywarden check`

`waywarden check URL` judges any Open311 server. Each check is named for the clause of the protocol
that it tests: clause 1 is what holds everywhere (formats, encoding, dates, lists), 2 the methods, 4
errors, 5 repeats, 7 size and time. A failed check says what was asked, what came, and what to
change.

* **breaks integration**: the [level](../why/integration-levels.md) is not met while it fails.
* **against the specification**: we read it all the same; other clients may not.
* **advice**: it works, and could be better.

A level needs the levels below it. Checks marked *writes* post test reports and run only with
`--write`. How to get there is told in [Prepare your endpoint](../how-to/prepare-your-endpoint.md).
"""


def markdown() -> str:
    """The page `docs/reference/conformance.md`."""
    lines = [HEAD, f"The {len(CHECKS)} checks, on {len(runner.PAGES)} subjects:", ""]
    lines += ["| check | what must be so | if not | level |", "|---|---|---|---|"]
    for one in runner.in_order():
        writes = ", *writes*" if one.writes else ""
        lines.append(f"| `{one.code}` | {one.title} | {one.severity.value} | {one.level}{writes} |")
    return "\n".join(lines) + "\n"
