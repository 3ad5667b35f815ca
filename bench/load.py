"""Asks a server over loopback: some clients at once, each on one connection kept open."""

import http.client
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.home import HOST


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of an answer, and answers a second."""

    p50: float
    p95: float
    rate: float
    size: int


def ask(port: int, paths: Sequence[str], *, clients: int = 2, seconds: float = 3.0) -> Timing:
    """Asks for the paths in turn, after a second to warm up. Raises on a wrong answer."""
    _ask(port, paths, clients=clients, seconds=1.0)
    return _ask(port, paths, clients=clients, seconds=seconds)


def _ask(port: int, paths: Sequence[str], *, clients: int, seconds: float) -> Timing:
    times: list[float] = []
    sizes: list[int] = []
    wrong: list[str] = []
    end = time.perf_counter() + seconds

    def client(first: int) -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        number = first
        while time.perf_counter() < end and not wrong:
            path = paths[number % len(paths)]
            number += clients
            began = time.perf_counter()
            connection.request("GET", path, headers={"Host": f"{HOST}:8000"})
            answer = connection.getresponse()
            body = answer.read()
            times.append(time.perf_counter() - began)
            sizes.append(len(body))
            if answer.status != 200:
                wrong.append(f"{path} answers {answer.status}")
        connection.close()

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong or len(times) < 2:
        raise RuntimeError(wrong[0] if wrong else "no answer came in time")
    cuts = statistics.quantiles(times, n=20)
    return Timing(
        p50=statistics.median(times) * 1000,
        p95=cuts[18] * 1000,
        rate=len(times) / seconds,
        size=max(sizes),
    )
