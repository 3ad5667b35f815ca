"""Updates that a body pushes to our server, by two clients that keep their connections open."""

import http.client
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from bench import city
from bench.figures import Figure
from bench.home import HOST, site
from waywarden.kernel import clock
from waywarden.reports.models import Report
from waywarden.users.key_services import create_key
from waywarden.users.models import ApiKey

COMMAND = "python -m bench pushing"
PATH = "/open311/v2/servicerequestupdates.json"


def measure(count: int = 600) -> Iterator[Figure]:
    """Updates a second, each with its own answer."""
    key = ApiKey(
        name="Bench pushes",
        scopes=["updates:write"],
        confirms="at_once",
        rate_per_minute=10**9,
        body_id=city.body().pk,
    )
    token = create_key(key)
    ids = list(Report.objects.order_by("pk").values_list("pk", flat=True)[:count])
    with site() as (port, _pid):
        _push(port, token, ids[:40], clients=2)
        for clients, target in ((1, 0), (2, 200)):
            began = time.perf_counter()
            _push(port, token, ids, clients=clients)
            rate = len(ids) / (time.perf_counter() - began)
            name = f"updates pushed, {clients} client{'s' if clients > 1 else ''}"
            yield Figure(name, rate, "/s", target, command=COMMAND)


def _push(port: int, token: str, ids: list[int], *, clients: int) -> None:
    wrong: list[str] = []
    mark = f"P{time.time_ns()}"

    def client(first: int) -> None:
        wire = http.client.HTTPConnection(HOST, port, timeout=60)
        for number in ids[first::clients]:
            form = {
                "api_key": token, "service_request_id": f"B{number}", "status": "IN_PROGRESS",
                "update_id": f"{mark}-{number}", "updated_datetime": clock.now().isoformat(),
                "description": f"We have looked at it, {mark}.",
            }  # fmt: skip
            headers = {
                "Host": f"{HOST}:8000",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            wire.request("POST", PATH, urlencode(form), headers)
            answer = wire.getresponse()
            body = answer.read()
            if answer.status != 200:
                wrong.append(f"a push is answered {answer.status}: {body[:200]!r}")
                break
        wire.close()

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
