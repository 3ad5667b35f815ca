"""Each request has a number, in its log lines and in its answer."""

import json
import logging

import pytest
from django.test import RequestFactory

from waywarden.config import logs
from waywarden.config.request_ids import RequestIdMiddleware


def logged_and_answered(**headers) -> tuple[dict, str]:
    found = {}

    def view(_request):
        from django.http import HttpResponse

        record = logging.LogRecord("waywarden", logging.INFO, "x.py", 1, "Hello", None, None)
        found.update(json.loads(logs.formatter(debug=False).format(record)))
        return HttpResponse()

    request = RequestFactory().get("/", headers=headers)
    return found, RequestIdMiddleware(view)(request)["X-Request-ID"]


def test_a_line_of_the_log_carries_the_number_that_the_answer_has():
    line, number = logged_and_answered()
    assert line["request_id"] == number
    assert len(number) == 32
    assert logged_and_answered()[1] != number


def test_the_number_a_proxy_gave_is_kept():
    line, number = logged_and_answered(**{"X-Request-ID": "edge-0123456789"})
    assert (line["request_id"], number) == ("edge-0123456789", "edge-0123456789")


@pytest.mark.parametrize("given", ["short", "a b c d e f g h", "x" * 65, "<script>alert(1)"])
def test_a_number_that_could_hide_something_is_not_believed(given):
    _line, number = logged_and_answered(**{"X-Request-ID": given})
    assert number != given


def test_every_answer_of_the_site_has_one(client, db):
    assert client.get("/healthz")["X-Request-ID"]
