"""Measures, prints the table, and writes `var/bench/latest.json`."""

import argparse
import sys
from collections.abc import Callable, Iterator

from bench import home
from bench.figures import Figure, machine, table, write

NAMES = (
    "pages",
    "places",
    "phone",
    "open311",
    "sending",
    "taking-in",
    "pushing",
    "polling",
    "importing",
    "importing-pages",
    "starting",
    "adapters",
)
QUICK, FULL = (10_000, 100_000), (10_000, 100_000, 1_000_000)


def main() -> int:
    """Exit 1 when something could not be measured; a target that is missed is no error."""
    reader = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    reader.add_argument("names", nargs="*", help=f"what to measure, of {', '.join(NAMES)}")
    reader.add_argument("--quick", action="store_true", help="100,000 reports, not a million")
    reader.add_argument(
        "--keep", action="store_true", help="the city of an earlier run, not a new one"
    )
    wanted = reader.parse_args()
    if unknown := set(wanted.names) - set(NAMES):
        reader.error(f"unknown: {', '.join(sorted(unknown))}")
    home.prepare()
    figures: list[Figure] = []
    said, wrong = machine(), 0
    for name in wanted.names or NAMES:
        try:
            for figure in _measures(quick=wanted.quick, keep=wanted.keep)[name]():
                figures.append(figure)
                print(f"{figure.name}: {figure.value:.4g} {figure.unit}", file=sys.stderr)
        except (RuntimeError, OSError) as error:
            print(f"{name} could not be measured: {error}", file=sys.stderr)
            wrong = 1
    write(home.HOME / "latest.json", figures, machine=said)
    print(f"{said}\n\n{table(figures)}")
    return wrong


def _measures(*, quick: bool, keep: bool) -> dict[str, Callable[[], Iterator[Figure]]]:
    """What is measured, by name. Django is set up by now, so that models can be imported."""
    from bench import (
        adapters,
        city,
        importing,
        open311,
        pages,
        phone,
        places,
        polling,
        pushing,
        sending,
        starting,
        taking_in,
    )

    sizes = QUICK if quick else FULL

    def in_a_city(measure: Callable[[], Iterator[Figure]]) -> Callable[[], Iterator[Figure]]:
        def measured() -> Iterator[Figure]:
            city.grow_to(sizes[0])
            yield from measure()

        return measured

    def pages_of_a_new_city() -> Iterator[Figure]:
        if not keep:
            city.empty()
        yield from pages.measure(sizes[-1:] if keep else sizes)

    return {
        "pages": pages_of_a_new_city,
        "places": lambda: places.measure(sizes[-1]),
        "phone": lambda: phone.measure(sizes[-1]),
        "open311": in_a_city(open311.measure),
        "sending": in_a_city(sending.measure),
        "taking-in": in_a_city(taking_in.measure),
        "pushing": in_a_city(pushing.measure),
        "polling": in_a_city(polling.measure),
        "importing": lambda: importing.measure(sizes[-1]),
        "importing-pages": lambda: importing.measure(sizes[-1], page=250),
        "starting": starting.measure,
        "adapters": adapters.measure,
    }


if __name__ == "__main__":
    sys.exit(main())
