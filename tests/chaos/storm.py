"""The storm: reports are posted while processes are struck down, and then the calm after."""

import http.client
import json
import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db import OperationalError, connection

from tests.chaos import town
from tests.chaos.world import HOST, World, raise_database, strike_database

CLIENTS = 4
ROUGHNESS = 0.4
#: Seconds between two strikes at a worker; it is started again after one. What a dead worker
#: held is found by the others within a minute, so strikes that come faster only stop all work.
STRIKES = (20.0, 40.0)
#: The storm goes on until so much of what was posted has come to rest, or for so many seconds.
ENOUGH, LONGEST = 0.7, 420.0
#: Seconds PostgreSQL and the body's system are away.
DATABASE_AWAY, BACKEND_AWAY = 5.0, 15.0
#: Seconds until what is on its way after the storm must have come to rest.
CALM = 900.0


@dataclass
class Poster:
    """Posts reports at our own endpoint, each until it is taken, always under the same key."""

    world: World
    key: str
    count: int
    numbers: dict[int, int] = field(default_factory=dict)
    """Turn → our report's number."""
    tries: int = 0

    def run(self) -> None:
        """Posts all of them from some clients at once."""
        turns: queue.SimpleQueue[int] = queue.SimpleQueue()
        for turn in range(self.count):
            turns.put(turn)
        threads = [
            threading.Thread(target=self._client, args=[turns], daemon=True)
            for _one in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _client(self, turns: "queue.SimpleQueue[int]") -> None:
        while True:
            try:
                turn = turns.get_nowait()
            except queue.Empty:
                return
            while turn not in self.numbers:
                self.tries += 1
                number = self._post(turn)
                if number is None:
                    time.sleep(0.5)
                else:
                    self.numbers[turn] = number

    def _post(self, turn: int) -> int | None:
        form = {
            "api_key": self.key, "service_code": "potholes", "first_name": "Rosa",
            "lat": f"{town.LAT + turn % 50 * 0.001:.6f}",
            "long": f"{town.LON + turn // 50 * 0.001:.6f}",
            "description": f"Hole {turn}\nIt is deep.", "email": "rosa@example.org",
        }  # fmt: skip
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Idempotency-Key": f"storm-{self.world.seed}-{turn}",
        }
        wire = http.client.HTTPConnection(HOST, self.world.web, timeout=30)
        try:
            wire.request("POST", "/open311/v2/requests.json", urlencode(form), headers)
            answer = wire.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            wire.close()
        if answer.status != 200:
            return None
        return int(json.loads(body)[0]["service_request_id"])


@dataclass
class Storm:
    """Strikes while the reports are posted."""

    world: World
    poster: Poster
    updates: int
    dice: random.Random
    strikes: int = 0
    made: int = 0

    def blow(self) -> None:
        """Until all reports are posted, most have met it, and all updates are said."""
        began = time.monotonic()
        posting = threading.Thread(target=self.poster.run, daemon=True)
        self.world.ask(roughness=ROUGHNESS)
        posting.start()
        marks = iter(
            [
                (0.25, self._strike_database),
                (0.5, self._take_backend_away),
                (0.75, self._strike_database),
            ]
        )
        mark = next(marks, None)
        next_strike = time.monotonic() + self.dice.uniform(*STRIKES)
        while (
            posting.is_alive()
            or self.made < self.updates
            or mark
            or (self._few_have_arrived() and time.monotonic() - began < LONGEST)
        ):
            time.sleep(0.5)
            self._say_updates()
            done = len(self.poster.numbers) / self.poster.count
            if mark and done >= mark[0]:
                mark[1]()
                mark = next(marks, None)
            if time.monotonic() > next_strike:
                self._strike_worker()
                next_strike = time.monotonic() + self.dice.uniform(*STRIKES)
            self.world.look_after()
        posting.join()
        self.world.ask(roughness=0.0)

    def _few_have_arrived(self) -> bool:
        try:
            return town.unsettled() > (1 - ENOUGH) * self.poster.count
        except OperationalError:
            connection.close()
            return True

    def _say_updates(self) -> None:
        """In step with the reports, so that some come before the reference is known here."""
        share = len(self.poster.numbers) / self.poster.count
        wanted = int(self.updates * share) - self.made
        if share == 1.0:
            wanted = min(wanted, max(self.updates // 50, 1))
        if wanted > 0:
            self.made += self.world.ask(updates=wanted)["made"]

    def _strike_worker(self) -> None:
        name = f"worker-{self.dice.choice([1, 2])}"
        self.world.strike(name)
        time.sleep(1)
        self.world.start_worker(int(name[-1]))
        self.strikes += 1

    def _strike_database(self) -> None:
        strike_database()
        time.sleep(DATABASE_AWAY)
        raise_database()

    def _take_backend_away(self) -> None:
        self.world.ask(is_up=False)
        time.sleep(BACKEND_AWAY)
        self.world.ask(is_up=True)


def wait_until_calm(
    world: World, *, updates: int, with_aside: bool, say: Callable[[str], None]
) -> bool:
    """Whether all has come to rest in time: deliveries, and the updates taken in.

    `with_aside` where some can stay on the board only: of a report's second number there.
    """
    deadline = time.monotonic() + CALM
    told = time.monotonic()
    while time.monotonic() < deadline:
        world.look_after()
        try:
            waiting, here = town.unsettled(), town.taken_in()
            here += len(town.aside()) if with_aside else 0
        except OperationalError:
            connection.close()
            continue
        if not waiting and here >= updates:
            return True
        if time.monotonic() - told > 30:
            say(f"{waiting} deliveries on their way, {here} of {updates} updates here")
            told = time.monotonic()
        time.sleep(1)
    return False
