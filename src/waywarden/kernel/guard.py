"""Where a call may go and what it may use up: checked addresses, patient reads, shared pools.

Part of `kernel.http`, which is the only module that uses it.
"""

import functools
import http.client
import io
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from waywarden.kernel.errors import WaywardenError

IDLE_SECONDS = 4.0
"""A pooled connection idle for longer is not used again: many servers close after five."""
READS_IN_ALL = 5
"""All reads of an answer together may wait this many read time-outs."""


class NotReached(WaywardenError):
    """The other side was not reached; nothing was sent."""


class ForbiddenAddress(NotReached):
    """The address is private or not for us; nothing was sent."""


class LostReply(WaywardenError):
    """The request may have been sent, and no whole answer came."""


class TooLarge(WaywardenError):
    """The answer is larger than we take; the request was sent."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may use up. `read_seconds` is for one read; five times that for all."""

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    max_bytes: int = 50_000_000


class UnknownHost(HTTPError):
    """The host name is not known."""


class Calling(threading.local):
    """What the connection of this thread must know of the call being made."""

    limits = Limits()
    went_out = False


calling = Calling()


class _PatientRaw(io.RawIOBase):
    """A socket's bytes, with a limit on all of the waiting and on all of the bytes."""

    def __init__(self, raw: Any, sock: socket.socket, limits: Limits) -> None:
        self._raw, self._sock = raw, sock
        self._each = limits.read_seconds
        self._seconds_left = limits.read_seconds * READS_IN_ALL
        self._bytes_left = limits.max_bytes + 1_000_000  # head lines and framing

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._seconds_left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(self._each, self._seconds_left))
        began = time.monotonic()
        count: int | None = self._raw.readinto(buffer)
        self._seconds_left -= time.monotonic() - began
        self._bytes_left -= count or 0
        if self._bytes_left < 0:
            raise TooLarge
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PatientResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        if hasattr(socket, "TCP_QUICKACK"):
            # Servers that write head and body apart would wait 40 ms for our acknowledgement.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_PatientRaw(raw, sock, calling.limits))


class _Guarded(HTTPConnection):
    """Connects only to addresses it has checked, and notes when something goes out."""

    allowed: frozenset[str] = frozenset()
    response_class = _PatientResponse
    _opening = False
    _used_at = 0.0

    def _new_conn(self) -> socket.socket:
        last: OSError | None = None
        for address in checked_addresses(self._dns_host, self.port, self.allowed):
            try:
                return urllib3.util.connection.create_connection(
                    (address, self.port), self.timeout, socket_options=self.socket_options
                )
            except OSError as error:
                last = error
        if isinstance(last, TimeoutError):
            message = "connecting took too long"
            raise ConnectTimeoutError(self, message) from last
        raise NewConnectionError(self, (last and last.strerror) or "no connection") from last

    def connect(self) -> None:
        self._opening = True
        try:
            super().connect()
        finally:
            self._opening = False
        self._used_at = time.monotonic()

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not self._opening:
            calling.went_out = True
            self._used_at = time.monotonic()
        super().send(data)

    @property
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._used_at < IDLE_SECONDS


class _GuardedTls(_Guarded, HTTPSConnection):
    pass


def reading_trouble(error: Exception) -> str:
    """What went wrong while an answer was read, in words."""
    if isinstance(error, ReadTimeoutError | TimeoutError):
        return "The other side did not answer in time."
    if isinstance(error, DecodeError):
        return "The answer could not be decompressed."
    return "The connection broke before the whole answer had come."


def reaching_trouble(error: Exception) -> str:
    """What went wrong while the other side was reached, in words."""
    if isinstance(error, UnknownHost):
        return "The host name is not known."
    # A refused connection is a kind of time-out to the library.
    was_refused = isinstance(error, NewConnectionError)
    if isinstance(error, ConnectTimeoutError | TimeoutError) and not was_refused:
        return "Connecting took too long."
    if isinstance(error, SSLError):
        return "No trusted secure connection could be made (TLS)."
    if isinstance(error, ValueError | UnicodeError):
        return "The address or a header is not valid."
    return "The connection was refused."


def checked_addresses(host: str, port: int, allowed: frozenset[str]) -> list[str]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost from error
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    fit = [one for one in addresses if _may_reach(one, host=host, port=port, allowed=allowed)]
    if not fit:
        message = f"{host} leads to a private address, which this connection may not use."
        raise ForbiddenAddress(message)
    return fit


def _may_reach(address: str, *, host: str, port: int, allowed: frozenset[str]) -> bool:
    ip = _plain_ip(address)
    is_odd = ip.is_multicast or ip.is_reserved or ip.is_link_local
    if ip.is_global and not (is_odd or getattr(ip, "is_site_local", False)):
        return True
    bare = host.strip("[]").rstrip(".").lower()
    bracketed = f"[{bare}]" if ":" in bare else bare
    if allowed & {bare, bracketed, f"{bracketed}:{port}"}:
        return True
    return any(ip in network for network in _networks(allowed))


def _plain_ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address that counts: an IPv4 address wrapped in an IPv6 one is unwrapped."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


@functools.lru_cache(maxsize=64)
def _networks(
    allowed: frozenset[str],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    found = []
    for entry in allowed:
        try:
            found.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            continue  # a host name
    return tuple(found)


_making = threading.Lock()


def pool_for(
    process: int, allowed: frozenset[str], proxy: str, client_cert: str
) -> urllib3.PoolManager:
    """The shared connections of all calls with the same guard (safe between threads).

    Threads that call first wait for one of them to make it: reading the trusted certificates takes
    as long as twenty calls, and connections are shared only in one pool.
    """
    with _making:
        return _made(process, allowed, proxy, client_cert)


@functools.lru_cache(maxsize=64)
def _made(
    _process: int, allowed: frozenset[str], proxy: str, client_cert: str
) -> urllib3.PoolManager:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if client_cert:
        context.load_cert_chain(client_cert)
    settings: dict[str, Any] = {"num_pools": 50, "maxsize": 16, "ssl_context": context}
    if proxy:
        target = urlsplit(proxy)
        allowed |= {f"{target.hostname}:{target.port or 80}"}
        login = f"{unquote(target.username or '')}:{unquote(target.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=login if target.username else None)
        manager: urllib3.PoolManager = urllib3.ProxyManager(
            f"{target.scheme}://{target.netloc.rpartition('@')[2]}",
            proxy_headers=headers,
            **settings,
        )
    else:
        manager = urllib3.PoolManager(**settings)
    plain = type("_Plain", (_Guarded,), {"allowed": allowed})
    tls = type("_Tls", (_GuardedTls,), {"allowed": allowed})
    manager.pool_classes_by_scheme = {
        "http": type("_HttpPool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("_HttpsPool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }
    return manager
