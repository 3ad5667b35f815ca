"""The adapter server: updates from a database in one answer, reports a second, memory, start."""

import http.client
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from bench.figures import Figure
from bench.home import HOME, HOST, command, family_of, free_port, running
from waywarden.adapters.demo.works import NewJob, Works
from waywarden.config import demo_deployment
from waywarden.kernel.secrets import hash_token

COMMAND = "python -m bench adapters"
KEY = "bench"
UPDATES = 10_000
DEPLOYMENTS = 50
SECONDS = 4.0
FOLDER = HOME / "adapters"


def measure() -> Iterator[Figure]:
    """The figures of the adapter server over the demo's works system."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    works = _works()
    with _served("one", 1, works) as (port, _pid, _started):
        yield from _updates(port)
        rate, bare = _posts(port), _bare_inserts()
        yield Figure("reports into a database by an adapter", rate, "/s", 0, bare, COMMAND)
    with _served("fifty", DEPLOYMENTS, works) as (port, pid, started):
        both = [pid, *family_of(pid)]
        note = (
            f"{sum(map(seconds_of, both)):.2f} s of processor time, load {os.getloadavg()[0]:.0f}"
        )
        name = f"adapter with {DEPLOYMENTS} deployments, start"
        yield Figure(name, started, "s", 1, note, COMMAND)
        time.sleep(1)
        memory = sum(own_megabytes_of(one) for one in both)
        note = f"both processes, shared pages once; {len(both)} processes"
        name = f"adapter with {DEPLOYMENTS} deployments, idle"
        yield Figure(name, memory, "MB", 80, note, COMMAND)


def seconds_of(pid: int) -> float:
    """What a process has used of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def own_megabytes_of(pid: int) -> float:
    """What a process holds in memory, each page that it shares divided by who shares it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _works() -> Path:
    """A works system with ten thousand updates in one hour."""
    path = FOLDER / "works.sqlite"
    works = Works(path)
    job = works.add_job(NewJob(job_type="LITT", details="Paint", lat=60.17, lon=24.94))
    start = datetime(2026, 11, 1, tzinfo=UTC)
    rows = [
        (job, "DONE", "Cleaned.", (start + timedelta(seconds=number // 4)).isoformat()[:19] + "Z")
        for number in range(UPDATES)
    ]
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(
            "insert into job_updates (job_no, state, note, changed_at) values (?, ?, ?, ?)", rows
        )
    return path


@contextmanager
def _served(name: str, many: int, works: Path) -> Iterator[tuple[int, int, float]]:
    """Port, process and seconds until it answered, of a server of so many deployments."""
    folder, port = FOLDER / name, free_port()
    folder.mkdir(parents=True)
    text = demo_deployment.text(
        works_database=works, api_key_hash=hash_token(KEY), public_url=f"http://{HOST}:{port}"
    )
    for number in range(many):
        jurisdiction = f'jurisdiction = "body{number}"'
        hurried = text.replace("[[keys]]\n", "[[keys]]\nposts_a_minute = 0\n")
        (folder / f"{number}.toml").write_text(
            hurried.replace('jurisdiction = "borsetshire"', jurisdiction)
        )
    serve = (*command("waywarden.config.cli"), "adapter", "serve", str(folder))
    began = time.perf_counter()
    with running(f"adapter-{name}", *serve, "--listen", f"{HOST}:{port}", port=port) as pid:
        yield port, pid, time.perf_counter() - began


def _updates(port: int) -> Iterator[Figure]:
    span = {"start_date": "2026-11-01T00:00:00Z", "end_date": "2026-11-01T02:00:00Z"}
    path = "/servicerequestupdates.xml?" + urlencode({"api_key": KEY, **span})
    times = []
    for _turn in range(3):
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        began = time.perf_counter()
        connection.request("GET", path)
        body = connection.getresponse().read()
        times.append((time.perf_counter() - began) * 1000)
        connection.close()
    if body.count(b"<request_update>") != UPDATES:
        message = "the adapter did not give every update"
        raise RuntimeError(message)
    note = f"{len(body) / 1e6:.1f} MB"
    yield Figure(f"{UPDATES:,} updates from a database", min(times), "ms", 0, note, COMMAND)


def _posts(port: int, clients: int = 4) -> float:
    """Reports a second, each by a key of its own."""
    end, done, wrong = time.perf_counter() + SECONDS, [0] * clients, list[str]()

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        while time.perf_counter() < end and not wrong:
            form = {"api_key": KEY, "service_code": "LITT", "lat": "60.1", "long": "24.9"}
            form |= {
                "description": "Paint",
                "attribute[fixmystreet_id]": f"1{number}{done[number]:06}",
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/requests.xml", urlencode(form), headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                wrong.append(text.decode()[:200])
            done[number] += 1
        connection.close()

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return sum(done) / SECONDS


def _bare_inserts() -> str:
    """What SQLite alone does, each row in a transaction of its own that outlives the power."""
    with closing(sqlite3.connect(FOLDER / "bare.sqlite", isolation_level=None)) as database:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        database.execute("create table rows (words text)")
        count, end = 0, time.perf_counter() + 1
        while time.perf_counter() < end:
            database.execute("insert into rows values ('Paint')")
            count += 1
    return f"bare SQLite {count}/s; each report is three such transactions"
