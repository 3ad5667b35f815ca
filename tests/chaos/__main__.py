"""Sends reports through a storm and takes updates back, then counts. Exit 1 when any is missing."""

import argparse
import random
import secrets
import signal
import sys
import time

from tests.chaos import world as worlds


def main() -> int:
    """Prints the two lines, and the seed to try the same dice again."""
    reader = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    reader.add_argument("--reports", type=int, default=2000)
    reader.add_argument("--updates", type=int, default=5000)
    reader.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    reader.add_argument(
        "--no-look-up",
        action="store_true",
        help="the body has no list to look in: then a report may arrive twice, and is counted",
    )
    wanted = reader.parse_args()
    began = time.monotonic()
    print(f"chaos: seed {wanted.seed}", flush=True)

    def say(words: str) -> None:
        print(f"  {time.monotonic() - began:5.0f} s  {words}", flush=True)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    world = worlds.prepare(wanted.seed)
    try:
        return _run(world, wanted, say)
    finally:
        world.stop()


def _run(world: worlds.World, wanted: argparse.Namespace, say: object) -> int:
    from tests.chaos import town
    from tests.chaos.storm import Poster, Storm, wait_until_calm

    key = town.build(world, looks_up=not wanted.no_look_up)
    worlds.start_site(world)
    poster = Poster(world, key, wanted.reports)
    dice = random.Random(wanted.seed)  # noqa: S311 - dice
    storm = Storm(world, poster, wanted.updates, dice)
    storm.blow()
    say(f"posted in {poster.tries} tries; workers were struck {storm.strikes} times")
    is_calm = wait_until_calm(world, updates=wanted.updates, with_aside=wanted.no_look_up, say=say)
    state = world.ask()
    say("faults: " + ", ".join(f"{name} {n}" for name, n in sorted(state["faults"].items())))
    if world.died:
        say(f"ended without being struck: {', '.join(world.died)}")
    found = town.count(sorted(poster.numbers.values()), state["arrived"])
    back = town.count_updates(state["updates"])
    for name, which in (("lost", found.lost), ("twice", found.twice), ("crossed", found.crossed)):
        if which:
            say(f"{name}: reports {', '.join(map(str, which[:20]))}")
    print(
        f"chaos: {wanted.reports} reports, {found.arrived} arrived, {len(found.lost)} lost,"
        f" {len(found.twice)} twice, {found.held} held (seed {world.seed})"
    )
    on_board = f" {back.aside} set aside," if back.aside else ""
    print(
        f"updates: {len(state['updates'])} made, {back.once} taken in once,{on_board}"
        f" {len(back.lost)} lost"
    )
    doubled_posts = wanted.reports - len(set(poster.numbers.values()))
    is_good = found.is_good and not back.aside
    if wanted.no_look_up:
        is_good = not (found.lost or found.crossed)
    good = is_calm and is_good and not (back.lost or back.twice or doubled_posts or world.died)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
