"""CSV in: what a body's programs put down, whole or not."""

import os
from datetime import timedelta

import pytest

from waywarden.adapters.files.client import LocalFolder
from waywarden.adapters.files.tests.asks import change, report, updates
from waywarden.kernel import clock


def test_changes_are_read_once_however_often_their_rows_recur(adapter, exchange):
    adapter.post("/requests.json", report())
    first, second = change("Assigned", "Seen"), change()
    exchange.tell("updates-1.csv", [first])
    found = updates(adapter)
    assert [(row["service_request_id"], row["status"]) for row in found] == [("77", "IN_PROGRESS")]
    assert found[0]["fixmystreet_id"] == 77
    exchange.tell("updates-2.csv", [first, second])  # the whole history again
    assert [row["status"] for row in updates(adapter)] == ["IN_PROGRESS", "FIXED"]
    assert len(updates(adapter)) == 2
    (known,) = adapter.get("/requests/77.json").json
    assert known["status"] == "fixed"


def test_a_file_that_grows_is_read_again(adapter, exchange):
    first = change("Assigned")
    exchange.tell("updates.csv", [first])
    assert len(updates(adapter)) == 1
    exchange.tell("updates.csv", [first, change()])
    assert [row["status"] for row in updates(adapter)] == ["IN_PROGRESS", "FIXED"]


def test_an_old_change_is_told_by_the_time_it_came(adapter, exchange):
    old = clock.now() - timedelta(days=30)
    exchange.tell("updates.csv", [change(at=old)])
    (row,) = updates(adapter)
    assert row["extras"]["system_datetime"].startswith(old.isoformat()[:16])


def test_a_bad_row_is_set_aside_and_a_bad_file_too(adapter, exchange):
    exchange.tell("updates-1.csv", [change() | {"When": "yesterday"}, change()])
    (exchange.folder / "in" / "updates-2.csv").write_bytes(b"Reference\n77\n")
    (exchange.folder / "in" / "updates-3.csv.part").write_text("half")
    assert len(updates(adapter)) == 1
    page = adapter.get("/").text
    assert "&#x27;yesterday&#x27; is no date" in page
    assert "updates/updates-2.csv: The file has no column &#x27;Status&#x27;" in page
    assert "it has: Reference." in page


def test_a_file_by_another_separator_says_so_and_goes_out_when_the_deployment_is_mended(
    deploy, exchange
):
    exchange.tell("updates.csv", [change()], separator=";")
    adapter = deploy()
    assert updates(adapter) == []
    assert "Is &#x27;,&#x27; what stands between its cells?" in adapter.get("/").text
    adapter = deploy(lambda text: text.replace('separator = ","', 'separator = ";"'))
    assert [row["status"] for row in updates(adapter)] == ["FIXED"]


def test_rows_of_a_wrong_format_of_times_go_out_when_the_deployment_is_mended(deploy, exchange):
    exchange.tell("updates.csv", [change() | {"When": f"{clock.now():%d.%m.%Y %H:%M}"}])
    assert updates(deploy()) == []
    right = 'time_format = "%d.%m.%Y %H:%M"'
    adapter = deploy(lambda text: text.replace("quiet_seconds", f"{right}\nquiet_seconds"))
    assert [row["status"] for row in updates(adapter)] == ["FIXED"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_that_names_the_charset_is_believed(deploy, exchange, encoding):
    adapter = deploy(lambda text: text.replace('encoding = "utf-8"', 'encoding = "cp1252"'))
    exchange.tell("updates.csv", [change(note="Täyttö")], encoding=encoding)
    assert [row["description"] for row in updates(adapter)] == ["Täyttö"]


def test_letters_of_another_charset_set_their_row_aside_and_no_other(adapter, exchange):
    rows = [change(note="Täyttö"), change(note="Filled")]
    exchange.tell("updates.csv", rows, encoding="cp1252")
    assert [row["description"] for row in updates(adapter)] == ["Filled"]
    assert "the row has letters of another charset than the file names" in adapter.get("/").text


def test_a_last_row_that_may_go_on_waits_until_the_file_is_settled(adapter, exchange):
    path = exchange.tell("updates.csv", [change(note="First"), change(status="Completed")])
    whole = path.read_bytes().removesuffix(b"\r\n")
    cut = whole.replace(b"Completed,Filled", b"Completed,Fil")  # its When is whole, its line is not
    path.write_bytes(cut)
    assert [row["description"] for row in updates(adapter)] == ["First"]
    before = clock.now().timestamp() - 120
    os.utime(path, (before, before))
    assert [row["description"] for row in updates(adapter)] == ["First", "Fil"]


def test_a_file_that_is_taken_away_while_it_is_read_is_left_out(adapter, exchange, monkeypatch):
    exchange.tell("updates.csv", [change()])
    entries = LocalFolder.entries

    def then_gone(folder, under):
        found = entries(folder, under)
        (exchange.folder / "in" / "updates.csv").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(LocalFolder, "entries", then_gone)
    assert updates(adapter) == []
