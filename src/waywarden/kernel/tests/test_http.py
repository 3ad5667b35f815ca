"""The way out: what is guarded, what is bounded, what is recorded, and what a failure means."""

import gzip
import socket
import threading
import time

import pytest

from waywarden.kernel import guard
from waywarden.kernel.http import (
    Limits,
    LostReply,
    NotReached,
    TooLarge,
    Way,
)
from waywarden.kernel.tests.calling import HERE, closes, says, serving


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


def test_a_header_of_a_call_replaces_one_of_the_way_whatever_its_case():
    with serving(says()) as (url, asked):
        way = Way(allowed_private=HERE, headers={"X-Own": "1", "user-agent": "Me"})
        way.post(url, body=b"x", headers={"x-own": "2", "content-type": "text/xml"})
    sent = {name.lower(): value for name, value in asked[0][2].items()}
    assert (sent["x-own"], sent["content-type"], sent["user-agent"]) == ("2", "text/xml", "Me")
    assert len(sent) == len(asked[0][2])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_what_changes_something_may_go_by_another_method(method):
    with serving(says()) as (url, asked):
        Way(allowed_private=HERE).post(url, json={}, method=method)
    assert asked[0][0] == method


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
