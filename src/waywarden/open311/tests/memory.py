"""A provider with memory, and a way to serve it on loopback, for the tests of this room."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from waywarden.open311 import types
from waywarden.open311.provider import Call, ProviderError


class MemoryProvider:
    """Answers from lists; keeps what it was asked. Service `batch` answers a token."""

    def __init__(self) -> None:
        self.services_list = [
            types.Service("001", "Pothole", metadata=True, keywords=("road", "hole")),
            types.Service("a/b c", "Strange & code", group="Odd", groups=("Odd", "Ends")),
            types.Service("batch", "Slow one", type="batch"),
        ]
        self.requests_list: list[types.ServiceRequest] = []
        self.updates_list: list[types.ServiceRequestUpdate] = []
        self.ids: dict[str, str] = {}
        self.calls: list[Call] = []
        self.news: list[types.NewRequest] = []
        self.new_updates: list[types.NewUpdate] = []
        self.queries: list[object] = []

    def discovery(self, call: Call) -> types.Discovery:
        self.calls.append(call)
        return types.Discovery(
            changeset=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            contact="Ask Ines",
            key_service="None needed",
            endpoints=(
                types.Endpoint(
                    "http://wiki.open311.org/GeoReport_v2",
                    "https://example.org/v2",
                    formats=("text/xml", "application/json"),
                ),
            ),
        )

    def services(self, call: Call) -> Iterator[types.Service]:
        self.calls.append(call)
        if call.jurisdiction_id == "unknown":
            raise ProviderError(404, "jurisdiction_id is not known.")
        yield from self.services_list

    def service_definition(self, _call: Call, service_code: str) -> types.ServiceDefinition:
        if service_code not in {service.service_code for service in self.services_list}:
            raise ProviderError(404, "service_code is not known.")
        depth = types.Attribute(
            "DEPTH",
            datatype="singlevaluelist",
            required=True,
            order=1,
            description="How deep?",
            values=(
                types.AttributeValue("d", "Deep"),
                types.AttributeValue("s", "Shallow", "Wait"),
            ),
        )
        return types.ServiceDefinition(service_code, (depth,))

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt:
        self.calls.append(call)
        if call.api_key != "key":
            raise ProviderError(403, "api_key is not known.")
        self.news.append(new)
        number = f"R-{len(self.news)}"
        if new.service_code == "batch":
            self.ids[f"T-{number}"] = ""
            return types.Receipt(token=f"T-{number}")
        self.requests_list.append(
            types.ServiceRequest(
                number,
                service_code=new.service_code,
                description=new.description,
                requested_datetime=datetime(2026, 2, 3, tzinfo=UTC),
                lat=new.lat,
                long=new.long,
                media_urls=new.media_urls,
            )
        )
        return types.Receipt(service_request_id=number, service_notice="Thank you.")

    def token(self, _call: Call, token: str) -> types.TokenAnswer:
        if token not in self.ids:
            raise ProviderError(404, "token is not known.")
        return types.TokenAnswer(token, self.ids[token])

    def requests(self, call: Call, query: types.RequestQuery) -> Iterator[types.ServiceRequest]:
        self.calls.append(call)
        self.queries.append(query)
        for request in self.requests_list:
            ids = query.service_request_ids
            if not ids or request.service_request_id in ids:
                yield request

    def updates(self, call: Call, query: types.UpdateQuery) -> Iterator[types.ServiceRequestUpdate]:
        self.calls.append(call)
        self.queries.append(query)
        yield from self.updates_list

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt:
        self.calls.append(call)
        self.new_updates.append(new)
        return types.UpdateReceipt(update_id=f"U-{new.update_id}")

    def update_token(self, _call: Call, token: str) -> types.TokenAnswer:
        return types.TokenAnswer(token, "U-9")


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
        return


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def served(app) -> Iterator[str]:
    """The address of a WSGI application that runs for the length of the `with`."""
    server = make_server("127.0.0.1", 0, app, server_class=_Threaded, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
