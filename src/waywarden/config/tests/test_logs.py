"""What is in the log, and what never is."""

import json
import logging

from waywarden.config import logs


def line(message: str, **extra) -> dict:
    record = logging.LogRecord("waywarden", logging.INFO, "x.py", 1, message, None, None)
    for name, value in extra.items():
        setattr(record, name, value)
    return json.loads(logs.formatter(debug=False).format(record))


def test_a_line_is_json_with_its_time_level_and_logger():
    found = line("The worker waits.")
    assert found["event"] == "The worker waits."
    assert (found["level"], found["logger"]) == ("info", "waywarden")
    assert found["timestamp"].endswith("Z")


def test_mail_addresses_and_queries_are_masked():
    found = line("rosa@example.org asked https://works.example/requests?api_key=1234 twice")
    assert "rosa" not in json.dumps(found)
    assert "1234" not in json.dumps(found)
    assert "https://works.example/requests?" in found["event"]


def test_secrets_and_personal_fields_are_masked_by_name():
    event = {"api_key": "1234", "email": "rosa", "report": 4711, "phone": "040"}
    assert logs.masked(None, "info", event) == {
        "api_key": "•••",
        "email": "•••",
        "report": 4711,
        "phone": "•••",
    }
