"""Where calls may go."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from waywarden.kernel import guard
from waywarden.kernel.http import (
    ForbiddenAddress,
    Limits,
    LostReply,
    NotReached,
    Way,
)
from waywarden.kernel.tests.calling import HERE, says, serving


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]",  # noqa: S104 - not bound to
     "[::ffff:127.0.0.1]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254",
     "100.64.0.1", "[fe80::1]", "[fc00::1]", "224.0.0.1", "[ff02::1]", "240.0.0.1",
     "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::]", "[fec0::1]"],
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


@pytest.mark.parametrize("url", ["http://[x", "http://[::1", "http://℀.example/", "http://a:b/"])
def test_an_address_that_cannot_be_read_is_not_reached_and_recorded(url):
    records = []
    with pytest.raises(NotReached):
        Way(record=records.append).get(url)
    assert [record.url for record in records] == [url]


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


@pytest.mark.parametrize("headers", [{"X-Bad": "a\r\nB: c"}, {"X Bad\n": "1"}])
def test_a_header_cannot_smuggle_another(headers):
    with serving(says()) as (url, asked), pytest.raises(NotReached):
        Way(allowed_private=HERE).get(url, headers=headers)
    assert asked == []


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


def test_threads_that_call_at_once_share_their_connections():
    allowed = frozenset({"only-of-this-test.example"})
    begin = Barrier(8)

    def pool(_turn):
        begin.wait(60)
        return guard.pool_for(os.getpid(), allowed, "", "")

    with ThreadPoolExecutor(8) as threads:
        assert len(set(map(id, threads.map(pool, range(8))))) == 1
