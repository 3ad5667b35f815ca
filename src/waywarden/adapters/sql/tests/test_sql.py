"""A problem database behind the adapter, on SQLite, PostgreSQL and MariaDB."""

import sqlite3
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa

from waywarden.adapters.deployment import load
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.sql import install
from waywarden.adapters.sql.client import Database
from waywarden.adapters.sql.provider import database_of
from waywarden.adapters.tests.memory import KEY, multipart
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured, TryLater
from waywarden.open311.dates import write_date

JPEG = b"\xff\xd8\xff\xe0 a photo"


def report(**changed):
    return {
        "api_key": KEY,
        "service_code": "POTHOLE",
        "lat": "60.17",
        "long": "24.94",
        "description": "A deep hole, ä € 漢 😀; DROP TABLE reports; --'\"",
        "first_name": "Rosa",
        "last_name": "Reporter-Longname",
        "email": "rosa@example.org",
        "attribute[fixmystreet_id]": "77",
        **changed,
    }


def update(number, **changed):
    return {
        "api_key": KEY,
        "service_request_id": number,
        "update_id": "12",
        "updated_datetime": "2026-11-25T09:30:00Z",
        "status": "OPEN",
        "description": "It has grown.",
        **changed,
    }


def updates(adapter, since=None, until=None):
    now = clock.now()
    asked = {
        "api_key": KEY,
        "start_date": write_date(since or now - timedelta(hours=1)),
        "end_date": write_date(until or now + timedelta(minutes=1)),
    }
    got = adapter.get("/servicerequestupdates.json", **asked)
    assert got.status == 200, got.text
    return got.json


def sent(adapter, **changed):
    got = adapter.post("/requests.json", report(**changed))
    assert got.status == 200, got.text
    return got.json[0]["service_request_id"]


def test_a_report_becomes_a_row_and_is_read_back_with_its_words_unharmed(adapter, problems):
    number = sent(adapter)
    ((ref, category, status, lat, reporter),) = problems.all(
        "SELECT sender_ref, category, status, lat, reporter FROM reports"
    )
    assert (ref, category, status, lat) == ("77", "POTHOLE", "NEW", 60.17)
    assert reporter == "Rosa Repo…"  # cut to the column's width
    (row,) = adapter.get(f"/requests/{number}.json").json
    assert row["description"] == report()["description"]
    assert (row["status"], row["service_code"]) == ("open", "POTHOLE")
    assert row["extras"]["fixmystreet_id"] == "77"
    age = clock.now() - datetime.fromisoformat(row["requested_datetime"])
    assert abs(age) < timedelta(minutes=5)


def test_a_repeat_makes_no_second_row_also_after_the_store_was_lost(deploy, problems, tmp_path):
    number = sent(deploy())
    assert sent(deploy()) == number
    # Killed between the database's answer and ours: the post is unsure, the row is found by ref.
    with sqlite3.connect(tmp_path / "store") as store:
        store.execute("update posts set state = 'sending', answer = ''")
    store.close()
    assert sent(deploy()) == number
    assert len(problems.all("SELECT id FROM reports")) == 1


def test_a_change_by_any_program_is_an_update_once_with_a_stable_id(adapter, problems):
    number = sent(adapter)
    problems.run(
        "UPDATE reports SET note = 'Filled' , status = 'DONE' WHERE id = :n", n=int(number)
    )
    problems.run("UPDATE reports SET lat = 60.2 WHERE id = :n", n=int(number))
    (row,) = updates(adapter)
    assert (row["service_request_id"], row["status"]) == (number, "FIXED")
    assert (row["description"], row["fixmystreet_id"]) == ("Filled", 77)
    assert updates(adapter) == [row]
    moment = datetime.fromisoformat(row["updated_datetime"])
    assert abs(clock.now() - moment) < timedelta(minutes=5)
    second = timedelta(seconds=1)
    assert updates(adapter, moment - second, moment + second) == [row]
    assert updates(adapter, moment + 5 * second, moment + 9 * second) == []


def test_an_ignored_state_is_dropped_and_an_unknown_one_keeps_the_state(adapter, problems):
    number = int(sent(adapter))
    for status in ("DRAFT", "ODD"):
        problems.run("UPDATE reports SET status = :s WHERE id = :n", s=status, n=number)
    (row,) = updates(adapter)
    assert (row["status"], row["external_status_code"]) == ("UNCHANGED", "ODD")


def test_many_updates_come_in_spans_all_of_them_and_in_order(adapter, problems):
    number = int(sent(adapter))
    start = datetime(2026, 11, 1, tzinfo=UTC)
    stamps = [start + timedelta(seconds=one // 3) for one in range(4100)]
    text = problems.engine.dialect.name == "sqlite"
    shown = [write_date(one) if text else one.replace(tzinfo=None) for one in stamps]
    rows = [{"r": number, "s": "DONE", "t": "", "a": one} for one in shown]
    at = (
        ":a"
        if problems.engine.dialect.name != "postgresql"
        else "CAST(:a AS timestamp) AT TIME ZONE 'UTC'"
    )
    with problems.engine.begin() as connection:
        statement = "INSERT INTO report_updates (report_id, status, note, updated_at)"
        connection.execute(sa.text(f"{statement} VALUES (:r, :s, :t, {at})"), rows)
    found = updates(adapter, start, start + timedelta(hours=1))
    assert len(found) == 4100
    assert len({row["update_id"] for row in found}) == 4100
    dates = [row["updated_datetime"] for row in found]
    assert dates == sorted(dates)
    some = updates(adapter, start + timedelta(seconds=10), start + timedelta(seconds=11))
    assert len(some) == 6


EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN ", "mariadb": "EXPLAIN "}


def test_a_span_of_updates_is_found_by_its_index_page_after_page(adapter, problems, monkeypatch):
    number = sent(adapter)
    at = "2026-11-01T10:00:00Z" if problems.kind == "sqlite" else "2026-11-01 10:00:00"
    columns = "(report_id, status, note, updated_at)"
    add = f"INSERT INTO report_updates {columns} VALUES (:r, 'SEEN', 'x', :at)"  # noqa: S608 - ours
    with problems.engine.begin() as connection:
        connection.execute(sa.text(add), [{"r": int(number), "at": at}] * 300)
    monkeypatch.setattr("waywarden.adapters.sql.client.PAGE", 100)
    asked = []

    def note(_connection, _cursor, statement, parameters, *_more):
        if "FROM report_updates" in statement:
            asked.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        updates(adapter, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len(asked) > 2, "page after page"
    with problems.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # so few rows need no index
        for statement, parameters in (asked[0], asked[-1]):
            plan = connection.exec_driver_sql(EXPLAIN[problems.kind] + statement, parameters)
            assert "report_updates_by_time" in str(plan.all())


def test_what_people_add_becomes_a_message_once(adapter, problems):
    number = sent(adapter)
    for _turn in range(2):
        got = adapter.post("/servicerequestupdates.json", update(number))
        assert got.status == 200, got.text
    assert problems.all("SELECT text, sender_ref FROM report_messages") == [("It has grown.", "12")]
    for unknown in ("999999", "x", "9" * 30):
        got = adapter.post("/servicerequestupdates.json", update(unknown, update_id="13"))
        assert got.status == 404


def test_requests_can_be_asked_for_by_state_time_and_service(adapter, problems):
    first, second = sent(adapter), sent(adapter, **{"attribute[fixmystreet_id]": "78"})
    problems.run("UPDATE reports SET status = 'DONE' WHERE id = :n", n=int(second))

    def asked(**query):
        return [row["service_request_id"] for row in adapter.get("/requests.json", **query).json]

    assert asked() == [first, second]
    assert asked(status="open") == [first]
    assert asked(status="closed") == [second]
    assert asked(service_code="LAMP") == []
    assert asked(service_request_id=f"{second},{first},12345,x") == [first, second]
    assert asked(end_date=write_date(clock.now() - timedelta(days=1))) == []


def test_a_row_that_cannot_be_read_is_set_aside_and_the_others_go_out(adapter, problems):
    first, second = sent(adapter), sent(adapter, **{"attribute[fixmystreet_id]": "78"})
    problems.run("UPDATE reports SET lat = 999 WHERE id = :n", n=int(first))
    rows = adapter.get("/requests.json").json
    assert [row["service_request_id"] for row in rows] == [second]
    assert "latitude and longitude are no degrees" in adapter.get("/").text


def test_a_missing_table_or_column_is_told_to_the_operator_and_not_to_callers(deploy):
    adapter = deploy(lambda text: text.replace('note = "note"', 'note = "remark"'))
    got = adapter.get("/requests.json")
    assert got.status == 503
    assert "remark" not in got.text
    assert "The table reports has no column &#x27;remark&#x27;; it has id" in adapter.get("/").text


def test_what_the_database_refuses_is_refused_without_the_reporters_words(adapter, problems):
    problems.run("DROP TABLE report_messages")
    number = sent(adapter)
    got = adapter.post("/servicerequestupdates.json", update(number))
    assert got.status == 503
    assert "grown" not in got.text + adapter.get("/").text


def test_uploaded_photos_are_stored_with_their_report_and_with_what_people_add(deploy, problems):
    binary = {"sqlite": "blob", "postgresql": "bytea"}.get(problems.engine.dialect.name, "longblob")
    problems.run(f"CREATE TABLE photos (report_id bigint, name varchar(50), content {binary})")
    adapter = deploy(
        lambda text: text.replace(
            "[statuses]",
            '[system.photos]\ntable = "photos"\nreport = "report_id"\ndata = "content"\n'
            'filename = "name"\n\n[statuses]',
        )
    )
    photos = [("photo1", JPEG), ("photo2", b"no picture")]
    body, kind = multipart(report(), photos)
    got = adapter.ask("POST", "/requests.json", body=body, kind=kind)
    assert got.status == 200, got.text
    ((number, name, content),) = problems.all("SELECT report_id, name, content FROM photos")
    assert (str(number), name, bytes(content)) == (
        got.json[0]["service_request_id"],
        "photo1.jpg",
        JPEG,
    )
    body, kind = multipart(update(str(number)), [("photo3", JPEG)])
    got = adapter.ask("POST", "/servicerequestupdates.json", body=body, kind=kind)
    assert got.status == 200, got.text
    assert problems.all("SELECT report_id, name FROM photos WHERE name = 'photo3.jpg'") == [
        (number, "photo3.jpg")
    ]


def test_installing_twice_changes_nothing(problems):
    loaded = load(problems.file, KINDS, environ={})
    database = database_of(loaded.options, {})
    with pytest.raises(Misconfigured, match="is there already"):
        install.install(loaded.options, database)
    assert "report_updates_told" in install.script(loaded.options, database)
    database.close()


def test_a_table_whose_trigger_could_not_be_made_gets_it_the_next_time(adapter, problems):
    loaded = load(problems.file, KINDS, environ={})
    database = database_of(loaded.options, {})
    on = " ON reports" if problems.kind == "postgresql" else ""
    problems.run(f"DROP TRIGGER report_updates_told{on}")
    if problems.kind == "postgresql":
        problems.run("DROP FUNCTION report_updates_tell")
    said = install.install(loaded.options, database)
    assert "CREATE TRIGGER" in said
    assert "CREATE TABLE" not in said
    number = sent(adapter)
    problems.run("UPDATE reports SET status = 'DONE' WHERE id = :n", n=int(number))
    assert [row["status"] for row in updates(adapter)] == ["FIXED"]
    database.close()


def test_a_trigger_is_never_made_for_a_table_that_is_something_else(problems):
    loaded = load(problems.file, KINDS, environ={})
    other = msgspec.structs.replace(loaded.options.updates, table="report_messages")
    database = database_of(loaded.options, {})
    with pytest.raises(Misconfigured, match="report_messages has no column"):
        install.install(msgspec.structs.replace(loaded.options, updates=other), database)
    database.close()


def test_a_projection_is_written_and_read_in_its_own_metres(deploy, problems):
    problems.run("ALTER TABLE reports ADD COLUMN east double precision")
    problems.run("ALTER TABLE reports ADD COLUMN north double precision")
    adapter = deploy(
        lambda text: text.replace('lat = "lat"\nlong = "lon"\n', "").replace(
            '# easting = "easting"\n# northing = "northing"\n# projection',
            'easting = "east"\nnorthing = "north"\nprojection',
        )
    )
    number = sent(adapter, lat="51.5007", long="-0.1246")
    ((east, north),) = problems.all("SELECT east, north FROM reports")
    assert (round(east, -1), round(north, -1)) == (530270, 179640)
    (row,) = adapter.get(f"/requests/{number}.json").json
    assert (round(row["lat"], 4), round(row["long"], 4)) == (51.5007, -0.1246)


@pytest.mark.parametrize("problems", ["postgresql", "mariadb"], indirect=True)
def test_a_change_and_a_report_of_a_day_are_told_although_midnight_was_long_ago(deploy, problems):
    problems.run("ALTER TABLE reports ADD COLUMN day date DEFAULT current_date")
    problems.run(
        "CREATE TABLE days (no int PRIMARY KEY, report bigint, state varchar(9), day date)"
    )

    def change(text):
        at, end = text.index("[system.updates]"), text.index("[system.messages]")
        table = (
            '[system.updates]\ntable = "days"\nid = "no"\nreport = "report"\n'
            'status = "state"\nat = "day"\n\n'
        )
        text = text[:at] + table + text[end:]
        return text.replace('created = "created_at"', 'created = "day"')

    adapter = deploy(change)
    number = sent(adapter)
    problems.run("INSERT INTO days VALUES (1, :n, 'DONE', current_date)", n=int(number))
    minute = timedelta(minutes=1)
    found = updates(adapter, clock.now() - minute)
    assert [row["status"] for row in found] == ["FIXED"]
    moment = datetime.fromisoformat(found[0]["updated_datetime"])
    assert abs(clock.now() - moment) < timedelta(minutes=5)
    assert updates(adapter, moment, moment + minute) == found
    start = write_date(clock.now() - minute)
    rows = adapter.get("/requests.json", start_date=start).json
    assert [row["service_request_id"] for row in rows] == [number]
    long_ago = write_date(clock.now() - timedelta(days=3))
    assert adapter.get("/requests.json", start_date=long_ago, end_date=long_ago).json == []


@pytest.mark.parametrize("problems", ["postgresql", "mariadb"], indirect=True)
def test_a_category_may_be_a_number(deploy, problems):
    problems.run("ALTER TABLE reports ADD COLUMN kind int")
    adapter = deploy(
        lambda text: (
            text.replace('category = "category"', 'category = "kind"')
            .replace('{ status = "NEW" }', '{ status = "NEW", category = "x" }')
            .replace("[services.POTHOLE]", '[services.POTHOLE]\ncategory = "12"')
        )
    )
    number = sent(adapter)
    for code, expected in (("POTHOLE", [number]), ("LAMP", [])):
        rows = adapter.get("/requests.json", service_code=code).json
        assert [row["service_request_id"] for row in rows] == expected


STAMPS = {
    "postgresql": ("timestamp DEFAULT localtimestamp", "timestamptz DEFAULT now()"),
    "mariadb": ("datetime DEFAULT current_timestamp", "timestamp DEFAULT current_timestamp"),
}


@pytest.mark.parametrize("problems", STAMPS, indirect=True)
@pytest.mark.parametrize("kind", [0, 1], ids=["local time", "moments"])
def test_what_the_database_stamps_for_us_is_in_the_zone_of_its_own_programs(deploy, problems, kind):
    problems.run(f"ALTER TABLE reports ADD COLUMN made {STAMPS[problems.kind][kind]}")
    adapter = deploy(
        lambda text: text.replace('"Europe/London"', '"Asia/Kolkata"').replace(
            'created = "created_at"', 'created = "made"'
        )
    )
    number = sent(adapter)
    for path in (f"/requests/{number}.json", "/requests.json"):
        (row,) = adapter.get(path).json
        age = clock.now() - datetime.fromisoformat(row["requested_datetime"])
        assert abs(age) < timedelta(minutes=5)
    start = write_date(clock.now() + timedelta(minutes=10))
    end = write_date(clock.now() + timedelta(hours=12))
    assert adapter.get("/requests.json", start_date=start, end_date=end).json == []


def test_a_database_that_is_away_was_surely_not_written(tmp_path):
    for url in ("postgresql://x@127.0.0.1:1/x", "mariadb://x@127.0.0.1:1/x", "sqlite:////no/x"):
        database = Database(url, password="s3cret", seconds=1, at_once=1)
        with pytest.raises(TryLater) as caught:
            database.table("reports")
        database.close()
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("charset", "kept"),
    [("utf8mb3", "Löcher € 漢 ?"), ("latin1", "Löcher ? ? ?")],
)
@pytest.mark.parametrize("problems", ["mariadb"], indirect=True)
def test_letters_that_the_database_does_not_have_do_not_stop_a_report(
    adapter, problems, charset, kept
):
    problems.run(f"ALTER TABLE reports CONVERT TO CHARACTER SET {charset}")
    sent(adapter, description="Löcher € 漢 😀")
    assert problems.all("SELECT details FROM reports") == [(kept,)]
