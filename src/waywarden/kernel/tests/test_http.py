"""The way out: what is guarded, what is bounded, what is recorded, and what a failure means."""

import gzip
import json
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from waywarden.kernel import guard
from waywarden.kernel.http import (
    ForbiddenAddress,
    Limits,
    LostReply,
    NotReached,
    TooLarge,
    Way,
)
from waywarden.kernel.secrets import MASK

HERE = frozenset({"127.0.0.1"})


@contextmanager
def serving(answer):
    """A server whose `answer(handler)` does what it likes; gives its address and what was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.command, self.path, dict(self.headers), body))
            answer(self)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do  # noqa: N815 - the library's names

        def log_message(self, format, *args):  # noqa: A002 - the library's
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def says(body=b"hello", status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def closes(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def test_a_get_gives_the_whole_answer():
    with serving(says(b"hello", 404, X_Thing="1")) as (url, asked):
        answer = Way(allowed_private=HERE).get(f"{url}/a?b=c", params=[("d", "é"), ("d", "2")])
    assert (answer.status, answer.body, answer.headers["x-thing"]) == (404, b"hello", "1")
    assert asked[0][1] == "/a?b=c&d=%C3%A9&d=2"


def test_a_form_json_and_bytes_are_posted_as_what_they_are():
    with serving(says()) as (url, asked):
        way = Way(allowed_private=HERE, headers={"X-Own": "1"}, basic_auth=("rosa", "pässword"))
        way.post(url, form=[("a", "1"), ("a", "ü")])
        way.post(url, json={"a": [1]})
        way.post(url, body=b"<x/>", headers={"Content-Type": "text/xml"})
    kinds = [headers["Content-Type"] for _, _, headers, _ in asked]
    assert [body for *_, body in asked] == [b"a=1&a=%C3%BC", b'{"a": [1]}', b"<x/>"]
    assert kinds[0] == "application/x-www-form-urlencoded"
    assert kinds[1].startswith("application/json")
    assert kinds[2] == "text/xml"
    assert asked[0][2]["X-Own"] == "1"
    assert asked[0][2]["Authorization"].startswith("Basic ")


class Photo:
    name, filename, content_type, data = "photo1", "hole.jpg", "image/jpeg", b"\xff\xd8\x00"


def test_a_header_of_a_call_replaces_one_of_the_way_whatever_its_case():
    with serving(says()) as (url, asked):
        way = Way(allowed_private=HERE, headers={"X-Own": "1", "user-agent": "Me"})
        way.post(url, body=b"x", headers={"x-own": "2", "content-type": "text/xml"})
    sent = {name.lower(): value for name, value in asked[0][2].items()}
    assert (sent["x-own"], sent["content-type"], sent["user-agent"]) == ("2", "text/xml", "Me")
    assert len(sent) == len(asked[0][2])


def test_files_travel_as_parts_and_are_named_in_the_record():
    records = []
    with serving(says()) as (url, asked):
        way = Way(allowed_private=HERE, record=records.append)
        way.post(url, form=[("a", "1")], uploads=[Photo()])
    assert asked[0][2]["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="photo1"; filename="hole.jpg"\r\nContent-Type: image/jpeg' in asked[0][3]
    assert "photo1: hole.jpg, image/jpeg, 3 bytes" in records[0].request


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]",  # noqa: S104 - not bound to
     "[::ffff:127.0.0.1]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254",
     "100.64.0.1", "[fe80::1]", "[fc00::1]", "224.0.0.1", "[ff02::1]", "240.0.0.1",
     "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::]"],
)  # fmt: skip
def test_a_private_address_is_refused_and_recorded(host):
    records = []
    with pytest.raises(ForbiddenAddress):
        Way(record=records.append, limits=Limits(connect_seconds=0.5)).get(f"http://{host}:9/x")
    assert len(records) == 1
    assert (records[0].status, "private" in records[0].error) == (None, True)


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x", "file:///etc/passwd", "gopher://x", "http://", "x"]
)
def test_only_http_and_https_are_called(url):
    with pytest.raises(ForbiddenAddress):
        Way().get(url)


@pytest.mark.parametrize("entry", ["127.0.0.1", "127.0.0.1:{port}", "127.0.0.0/8", " 127.0.0.1 "])
def test_what_is_on_the_list_may_be_reached(entry):
    with serving(says()) as (url, _):
        entry = entry.format(port=url.rpartition(":")[2])
        assert Way(allowed_private={entry}).get(url).status == 200


@pytest.mark.parametrize("entry", ["127.0.0.1:1", "127.0.0.2", "10.0.0.0/8", "localhost"])
def test_what_is_not_on_the_list_may_not(entry):
    with serving(says()) as (url, asked), pytest.raises(ForbiddenAddress):
        Way(allowed_private={entry}).get(url)
    assert asked == []


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch):
    """The name is looked up once: a second answer that leads elsewhere is never asked for."""
    looked_up = []
    real = socket.getaddrinfo

    def shifty(host, *args, **kwargs):
        if host != "shifty.example":
            return real(host, *args, **kwargs)
        looked_up.append(host)
        address = "10.0.0.1" if len(looked_up) > 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", shifty)
    with serving(says()) as (url, asked):
        port = url.rpartition(":")[2]
        way = Way(allowed_private=HERE)
        assert way.get(f"http://shifty.example:{port}/").status == 200
        assert looked_up == ["shifty.example"]
        assert asked[0][2]["Host"] == f"shifty.example:{port}"
        with pytest.raises(ForbiddenAddress):
            way.get("http://shifty.example:9/")


def test_a_redirect_of_a_get_is_followed_and_a_loop_is_not():
    def answer(handler):
        count = int(handler.path.strip("/") or 0)
        says(status=302, Location=f"/{count + 1}")(handler) if count != 3 else says()(handler)

    with serving(answer) as (url, asked):
        way = Way(allowed_private=HERE)
        assert way.get(url).url == f"{url}/3"
        asked.clear()
        with pytest.raises(LostReply):
            way.get(f"{url}/4")
    assert len(asked) == 6


def test_a_redirect_to_a_private_address_is_refused():
    with (
        serving(says()) as (home, asked),
        serving(says(status=302, Location=f"{home}/secret")) as (url, _),
        pytest.raises(ForbiddenAddress),
    ):
        Way(allowed_private={url.removeprefix("http://")}).get(url)
    assert asked == []


def test_only_the_hosts_that_are_named_are_called_by_whatever_redirect():
    with (
        serving(says()) as (home, asked),
        serving(says(status=302, Location=f"{home.replace('127.0.0.1', 'localhost')}/")) as (
            url,
            _,
        ),
    ):
        way = Way(allowed_private=HERE, hosts=["127.0.0.1"])
        for address in (url, "http://localhost:1/"):
            with pytest.raises(ForbiddenAddress):
                way.get(address)
    assert asked == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_what_changes_something_may_go_by_another_method(method):
    with serving(says()) as (url, asked):
        Way(allowed_private=HERE).post(url, json={}, method=method)
    assert asked[0][0] == method


def test_a_redirect_to_another_host_does_not_learn_the_credentials():
    with (
        serving(says()) as (other, asked),
        serving(says(status=302, Location=f"{other}/x")) as (url, first),
    ):
        way = Way(allowed_private=HERE, basic_auth=("a", "b"), headers={"X-Secret": "1"})
        way.get(url)
    assert {"Authorization", "X-Secret"} <= set(first[0][2])
    assert not {"Authorization", "X-Secret"} & set(asked[0][2])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_post_is_not_followed(status):
    with serving(says(status=status, Location="/elsewhere")) as (url, asked):
        assert Way(allowed_private=HERE).post(url, form=[("a", "1")]).status == status
    assert len(asked) == 1


def test_an_answer_past_the_limit_is_too_large():
    with serving(says(b"x" * 2000)) as (url, _), pytest.raises(TooLarge):
        Way(allowed_private=HERE, limits=Limits(max_bytes=1999)).get(url)
    with serving(says(b"x" * 2000)) as (url, _):
        assert len(Way(allowed_private=HERE, limits=Limits(max_bytes=2000)).get(url).body) == 2000


def test_the_limit_counts_what_was_compressed_too():
    bomb = gzip.compress(b"\0" * 5_000_000)
    with serving(says(bomb, Content_Encoding="gzip")) as (url, _):
        way = Way(allowed_private=HERE, limits=Limits(max_bytes=100_000))
        with pytest.raises(TooLarge):
            way.get(url)
        with way.stream(url) as reply:
            assert reply.read(10) == b"\0" * 10


def test_compressed_rubbish_is_a_lost_reply():
    answer = says(b"no gzip at all", Content_Encoding="gzip")
    with serving(answer) as (url, _), pytest.raises(LostReply):
        Way(allowed_private=HERE).get(url)


def test_a_port_without_a_server_is_not_reached():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(NotReached, match="refused"):
        Way(allowed_private=HERE).post(f"http://127.0.0.1:{port}/", form=[("a", "1")])


def test_an_unknown_host_is_not_reached(monkeypatch):
    def nobody(*args, **kwargs):
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(NotReached, match="not known"):
        Way().get("http://nobody.example/")


def test_a_server_that_speaks_no_tls_is_not_reached():
    with serving(says()) as (url, asked), pytest.raises(NotReached, match="TLS"):
        Way(allowed_private=HERE).post(url.replace("http:", "https:"), form=[("a", "1")])
    assert asked == []


@pytest.mark.parametrize("headers", [{"X-Bad": "a\r\nB: c"}, {"X Bad\n": "1"}])
def test_a_header_cannot_smuggle_another(headers):
    with serving(says()) as (url, asked), pytest.raises(NotReached):
        Way(allowed_private=HERE).get(url, headers=headers)
    assert asked == []


def test_a_silent_server_is_a_lost_reply_in_time():
    def answer(handler):
        time.sleep(1)
        closes(handler)

    with serving(answer) as (url, _):
        began = time.monotonic()
        with pytest.raises(LostReply, match="in time"):
            Way(allowed_private=HERE, limits=Limits(read_seconds=0.2)).post(url, form=[("a", "1")])
        assert time.monotonic() - began < 0.9


@pytest.mark.parametrize("headers_sent", [False, True])
def test_a_stream_that_drips_for_ever_is_given_up(headers_sent):
    def answer(handler):
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"\r\n" * headers_sent)
            for _ in range(100):
                handler.wfile.write(b"X-Drip: 1\r\n")
                time.sleep(0.05)
        except OSError:
            pass
        handler.close_connection = True

    with serving(answer) as (url, _):
        began = time.monotonic()
        with pytest.raises(LostReply):
            Way(allowed_private=HERE, limits=Limits(read_seconds=0.1)).get(url)
        assert time.monotonic() - began < 2


def test_a_reset_after_the_request_is_a_lost_reply():
    with serving(closes) as (url, asked), pytest.raises(LostReply):
        Way(allowed_private=HERE).post(url, form=[("a", "1")])
    assert len(asked) == 1


def test_an_answer_that_breaks_off_is_a_lost_reply():
    def answer(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        closes(handler)

    with serving(answer) as (url, _), pytest.raises(LostReply):
        Way(allowed_private=HERE).get(url)


def test_connections_are_kept_and_an_idle_one_is_not_trusted(monkeypatch):
    ports = []

    def answer(handler):
        ports.append(handler.client_address[1])
        says()(handler)

    with serving(answer) as (url, _):
        way = Way(allowed_private=HERE)
        for _ in range(3):
            way.post(url, form=[("a", "1")])
        Way(allowed_private=HERE).get(url)  # another Way with the same guard shares them
        assert len(set(ports)) == 1
        monkeypatch.setattr(guard, "IDLE_SECONDS", 0.0)
        way.get(url)
    assert len(set(ports)) == 2


def test_a_dead_kept_connection_is_replaced_without_a_trace():
    def answer(handler):
        says()(handler)
        handler.close_connection = True  # without saying so

    with serving(answer) as (url, asked):
        way = Way(allowed_private=HERE)
        for _ in range(3):
            way.post(url, form=[("a", "1")])
            time.sleep(0.05)
    assert len(asked) == 3


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(says()) as (url, _):
        assert Way(allowed_private=HERE).get(url).status == 200


def test_a_proxy_of_the_connection_is_used_and_the_guard_still_holds():
    with serving(says(b"via proxy")) as (proxy, asked):
        way = Way(proxy=proxy.replace("//", "//user:secret1@"), allowed_private={"10.9.9.9"})
        assert way.get("http://10.9.9.9/x").body == b"via proxy"
        with pytest.raises(ForbiddenAddress):
            way.get("http://10.9.9.8/x")
    assert [path for _, path, *_ in asked] == ["http://10.9.9.9/x"]
    assert asked[0][2]["proxy-authorization"].startswith("Basic ")


def test_a_call_is_recorded_once_and_masked_everywhere():
    records = []
    with serving(says(b'{"echo": "s3cret-key", "other": "hush+hush"}')) as (url, _):
        way = Way(
            allowed_private=HERE,
            record=records.append,
            basic_auth=("rosa", "passw0rd"),
            headers={"X-Api-Key": "header-key"},
            masked=("hush+hush",),
        )
        way.post(
            f"{url}/x?token=t0ken-in-url&a=hush%2Bhush",
            form=[("api_key", "s3cret-key"), ("description", "A hole, hush+hush")],
        )
    (record,) = records
    whole = json.dumps([record.url, record.request, record.response, record.error])
    for secret in ("s3cret", "t0ken", "hush", "passw0rd", "header-key", "cm9zYT"):
        assert secret not in whole
    assert (record.method, record.status, record.error) == ("POST", 200, "")
    assert record.url == f"{url}/x?token={MASK}&a={MASK}"
    assert f"api_key={MASK}" in record.request
    assert "description=A hole" in record.request
    assert record.started_at.tzinfo is UTC
    assert record.seconds > 0


def test_json_is_masked_by_name_in_the_record():
    records = []
    with serving(says()) as (url, _):
        way = Way(allowed_private=HERE, record=records.append)
        way.post(url, json={"client_secret": "x", "deep": [{"password": "y", "name": "Rosa"}]})
    body = json.loads(records[0].request.partition("\n\n")[2])
    assert body == {"client_secret": MASK, "deep": [{"password": MASK, "name": "Rosa"}]}


@pytest.mark.parametrize(
    ("answer", "error"),
    [(closes, LostReply), (says(b"x" * 500), TooLarge)],
)
def test_a_failure_is_recorded_once_too(answer, error):
    records = []
    with serving(answer) as (url, _):
        way = Way(allowed_private=HERE, record=records.append, limits=Limits(max_bytes=100))
        with pytest.raises(error):
            way.post(url, form=[("a", "1")])
    assert [record.error for record in records] != [""]
    assert len(records) == 1


def test_a_long_answer_is_cut_in_the_record_and_whole_for_the_caller():
    records = []
    with serving(says(b"x" * 50_000)) as (url, _):
        answer = Way(allowed_private=HERE, record=records.append).get(url)
    assert len(answer.body) == 50_000
    assert len(records[0].response) == 20_000


def test_a_stream_is_read_bit_by_bit_and_recorded_at_its_end():
    records = []
    with serving(says(b"0123456789" * 20_000)) as (url, _):
        way = Way(allowed_private=HERE, record=records.append)
        with way.stream(url) as reply:
            assert reply.status == 200
            assert reply.read(4) == b"0123"
            assert records == []
            assert sum(len(piece) for piece in reply.chunks()) == 199_996
            assert reply.read(4) == b""
    assert len(records) == 1
    assert records[0].response.startswith("0123456789")


def test_a_stream_may_be_left_early():
    records = []
    with serving(says(b"x" * 1_000_000)) as (url, _):
        way = Way(allowed_private=HERE, record=records.append)
        with way.stream(url) as reply:
            reply.read(10)
        assert way.get(url).status == 200
    assert [record.error for record in records] == ["", ""]


def test_many_threads_share_a_way():
    with serving(says()) as (url, asked):
        way = Way(allowed_private=HERE)
        threads = [
            threading.Thread(target=lambda: [way.post(url, form=[("a", "1")]) for _ in range(10)])
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(asked) == 80
