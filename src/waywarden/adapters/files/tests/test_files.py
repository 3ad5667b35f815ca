"""CSV out and in, over a folder and over SFTP."""

import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import paramiko
import pytest

from waywarden.adapters.app import build_app
from waywarden.adapters.asking import asked
from waywarden.adapters.deployment import BadDeployment, load, load_all
from waywarden.adapters.files.client import LocalFolder
from waywarden.adapters.files.fake import Exchange
from waywarden.adapters.files.tests.sftp_server import served
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.new_file import filled
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker, multipart
from waywarden.kernel import clock
from waywarden.kernel.secrets import hash_token
from waywarden.open311.dates import write_date

ENVIRON = {"FILES_PASSWORD": "s3cret"}
JPEG = b"\xff\xd8\xff\xe0 a photo"


@pytest.fixture
def exchange(tmp_path):
    return Exchange(tmp_path / "exchange")


@pytest.fixture
def deploy(tmp_path, exchange):
    def build(change=lambda text: text):
        folder = tmp_path / "deployments"
        folder.mkdir(exist_ok=True)
        text = filled(
            KINDS["files"], jurisdiction="east", name="East", api_key_hash=hash_token(KEY)
        )
        text = text.replace(
            'folder = "exchange"', f'folder = "{exchange.folder}"\nquiet_seconds = 0'
        )
        (folder / "east.toml").write_text(change(text))
        loaded = load_all(folder, KINDS, environ=ENVIRON)
        return Asker(build_app(loaded, store=Store(tmp_path / "store"), environ=ENVIRON))

    return build


@pytest.fixture
def adapter(deploy):
    return deploy()


@pytest.fixture
def over_sftp(deploy, exchange):
    """The same over SFTP; the deployment's text may be changed once more."""
    with served(exchange.folder) as (port, host_key, switches):

        def build(change=lambda text: text):
            def with_sftp(text):
                table = (
                    f'[system.sftp]\nhost = "127.0.0.1"\nport = {port}\nuser = "us"\nseconds = 30\n'
                    f'host_key = "{host_key}"\npassword = {{ env = "FILES_PASSWORD" }}\n\n'
                )
                text = text.replace(str(exchange.folder), "/")
                return change(text.replace("[system.report]\n", table + "[system.report]\n"))

            return deploy(with_sftp)

        build.switches = switches
        yield build


def report(**changed):
    return {
        "api_key": KEY,
        "service_code": "POTHOLE",
        "lat": "60.17",
        "long": "24.94",
        "description": 'A hole, "deep"\nsee 漢',
        "first_name": "Rosa",
        "attribute[fixmystreet_id]": "77",
        **changed,
    }


def go_round(adapter):
    adapter.app.go_round()


def updates(adapter, hours=1.0):
    now = clock.now()
    start, end = write_date(now - timedelta(hours=hours)), write_date(now + timedelta(minutes=1))
    asked = {"api_key": KEY, "start_date": start, "end_date": end}
    got = adapter.get("/servicerequestupdates.json", **asked)
    assert got.status == 200, got.text
    return got.json


def test_a_report_becomes_a_file_whole_and_once(adapter, exchange):
    for _turn in range(2):
        got = adapter.post("/requests.json", report())
        assert got.json[0]["service_request_id"] == "77"
        go_round(adapter)
    (row,) = exchange.reports()
    assert row["Reference"] == "77"
    assert row["Details"] == report()["description"]
    assert (row["Latitude"], row["Type"]) == ("60.17", "POTHOLE")
    assert [path.name for path in (exchange.folder / "out").iterdir()] == [
        path.name for path in (exchange.folder / "out").glob("*.csv")
    ]
    (known,) = adapter.get("/requests/77.json").json
    assert known["status"] == "open"


def test_while_the_folder_is_away_reports_are_taken_and_put_later(deploy, exchange):
    away = exchange.folder.with_name("away")
    exchange.folder.rename(away)
    exchange.folder.write_text("in the way")
    adapter = deploy()
    assert adapter.post("/requests.json", report()).status == 200
    go_round(adapter)
    assert adapter.get("/health.json").json["deployments"][0]["steps_waiting"] == 1
    exchange.folder.unlink()
    away.rename(exchange.folder)
    with Store(adapter.app._store.path).connect() as db:
        db.execute("update steps set next_at = ''")
    go_round(adapter)
    assert len(exchange.reports()) == 1


def test_a_step_taken_twice_puts_the_same_file(adapter, exchange):
    adapter.post("/requests.json", report())
    go_round(adapter)
    with Store(adapter.app._store.path).connect() as db:  # killed after the file, before the mark
        db.execute("update steps set state = 'waiting', next_at = ''")
    go_round(adapter)
    assert len(exchange.reports()) == 1


def test_killed_before_a_file_is_whole_it_is_put_whole_later_and_nobody_reads_the_half(
    adapter, exchange, monkeypatch
):
    def killed(*_asked):
        raise KeyboardInterrupt

    adapter.post("/requests.json", report())
    with monkeypatch.context() as patch:
        patch.setattr(type(exchange.folder), "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            go_round(adapter)
    assert exchange.reports() == []
    assert [path.suffix for path in (exchange.folder / "out").iterdir()] == [".part"]
    go_round(adapter)
    assert len(exchange.reports()) == 1
    assert [path.suffix for path in (exchange.folder / "out").iterdir()] == [".csv"]


def test_a_file_of_theirs_that_was_read_half_is_read_again_when_it_is_whole(adapter, exchange):
    rows = [change(note="First"), change(note="Second")]
    path = exchange.tell("updates.csv", rows)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"Second") + 3])  # their program was cut off here
    assert [row["description"] for row in updates(adapter)] == ["First"]
    path.write_bytes(whole)
    assert [row["description"] for row in updates(adapter)] == ["First", "Second"]


def test_a_text_is_no_formula_for_a_spreadsheet(adapter, exchange):
    adapter.post("/requests.json", report(description="=HYPERLINK(1)", long="-24.94"))
    go_round(adapter)
    (row,) = exchange.reports()
    assert row["Details"] == "'=HYPERLINK(1)"
    assert row["Longitude"] == "-24.94"


def test_photos_that_come_as_such_are_files_beside_the_report_and_are_there_first(
    adapter, exchange, monkeypatch
):
    body, kind = multipart(report(), [("photo1", JPEG), ("photo2", b"no picture")])
    assert adapter.ask("POST", "/requests.json", body=body, kind=kind).status == 200
    put = []
    whole = LocalFolder.put

    def note(folder, under, name, content):
        put.append(name)
        whole(folder, under, name, content)

    monkeypatch.setattr(LocalFolder, "put", note)
    go_round(adapter)
    (row,) = exchange.reports()
    assert (exchange.folder / "out" / row["Photo files"]).read_bytes() == JPEG
    assert put[0] == row["Photo files"]
    assert put[1].endswith(".csv")


def test_what_people_add_becomes_a_file(adapter, exchange):
    form = {
        "api_key": KEY,
        "service_request_id": "77",
        "update_id": "12",
        "updated_datetime": "2026-11-25T09:30:00Z",
        "status": "OPEN",
        "description": "It has grown.",
    }
    assert adapter.post("/servicerequestupdates.json", form).json[0]["update_id"] == "12"
    go_round(adapter)
    (row,) = exchange.messages()
    assert (row["Report"], row["Words"]) == ("77", "It has grown.")


def change(status="Completed", note="Filled", at=None, ref="77"):
    when = write_date(at or clock.now() - timedelta(minutes=5))
    return {"Reference": ref, "Status": status, "Note": note, "When": when}


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


def test_numbers_go_out_with_a_decimal_comma_where_the_file_wants_one(deploy, exchange):
    adapter = deploy(lambda text: text.replace('separator = ","', 'separator = ";"\ndecimal = ","'))
    adapter.post("/requests.json", report())
    go_round(adapter)
    (path,) = (exchange.folder / "out").glob("*.csv")
    assert ";60,17;24,94;" in path.read_text()


def test_a_place_outside_of_the_grid_is_refused_and_leaves_nothing_behind(deploy, exchange):
    adapter = deploy(
        lambda text: text.replace('Latitude = "lat"', 'East = "easting"').replace(
            'separator = ","', 'separator = ","\nprojection = "EPSG:27700"'
        )
    )
    got = adapter.post("/requests.json", report())
    assert (got.status, "outside of this body" in got.text) == (400, True)
    assert adapter.get("/health.json").json["deployments"][0]["unsure"] == 0
    assert adapter.post("/requests.json", report(lat="51.5", long="-0.1")).status == 200
    go_round(adapter)
    assert [row["East"] for row in exchange.reports()] == ["531979.29"]


def test_folders_that_are_not_there_are_named_before_anything_is_sent(deploy, exchange, tmp_path):
    deploy(lambda text: text.replace('folder = "in"', 'folder = "inbox"'))
    path = tmp_path / "deployments" / "east.toml"
    found = list(asked(load(path, KINDS, environ=ENVIRON), environ=ENVIRON))
    wrong = [str(one) for one, is_wrong in found if is_wrong]
    assert [one.partition(": ")[2] for one in wrong] == [
        f"system.{part}.folder: {exchange.folder}/inbox is not there."
        for part in ("updates", "reports")
    ]


def test_a_file_that_just_changed_waits_until_it_is_quiet(deploy, exchange):
    adapter = deploy(lambda text: text.replace("quiet_seconds = 0", "quiet_seconds = 60"))
    exchange.tell("updates.csv", [change()])
    assert updates(adapter) == []


def test_problems_born_there_are_told_with_their_places(adapter, exchange):
    headings = ("Number", "Type", "Status", "Details", "Received", "Latitude", "Longitude")
    row = {
        "Number": "A/1",
        "Type": "LAMP",
        "Status": "New",
        "Details": "Dark",
        "Received": write_date(clock.now() - timedelta(hours=1)),
        "Latitude": "60,1",
        "Longitude": "25",
    }
    exchange.tell("reports.csv", [row, row | {"Number": ""}], headings=headings)
    (found,) = adapter.get("/requests.json").json
    assert (found["service_request_id"], found["lat"], found["status"]) == ("A/1", 60.1, "open")


def test_charset_separator_and_times_are_as_the_file_says(deploy, exchange):
    adapter = deploy(
        lambda text: (
            text.replace('encoding = "utf-8"', 'encoding = "cp1252"')
            .replace('separator = ","', 'separator = ";"')
            .replace("# time_format", "time_format")
            .replace('zone = "Europe/London"', 'zone = "Europe/Helsinki"')
        )
    )
    there = datetime.now(ZoneInfo("Europe/Helsinki"))
    row = change(note="Täyttö, valmis") | {"When": there.strftime("%d/%m/%Y %H:%M")}
    exchange.tell("updates.csv", [row], encoding="cp1252", separator=";")
    (found,) = updates(adapter)
    assert found["description"] == "Täyttö, valmis"
    adapter.post("/requests.json", report(description="Ä 漢"))
    go_round(adapter)
    (path,) = (exchange.folder / "out").glob("*.csv")
    assert "Ä ?".encode("cp1252") in path.read_bytes()


@pytest.mark.parametrize("old_server", [False, True])
def test_all_of_it_works_over_sftp(over_sftp, exchange, old_server):
    over_sftp.switches["old_server"] = old_server
    adapter = over_sftp()
    adapter.post("/requests.json", report())
    go_round(adapter)
    assert [row["Reference"] for row in exchange.reports()] == ["77"]
    with Store(adapter.app._store.path).connect() as db:
        db.execute("update steps set state = 'waiting', next_at = ''")
    go_round(adapter)
    assert len(exchange.reports()) == 1
    exchange.tell("updates.csv", [change()])
    assert [row["status"] for row in updates(adapter)] == ["FIXED"]
    assert adapter.get("/health.json").json["deployments"][0]["steps_waiting"] == 0


def test_another_host_key_or_a_wrong_password_is_the_operators_affair(over_sftp):
    other = paramiko.RSAKey.generate(2048).get_base64()
    adapter = over_sftp(lambda text: text.replace(text.split("ssh-rsa ")[1].split('"')[0], other))
    got = adapter.get("/requests.json")
    assert got.status == 503
    assert "another key than the file says" in adapter.get("/").text
    adapter = over_sftp(lambda text: text.replace('user = "us"', 'user = "them"'))
    assert adapter.get("/requests.json").status == 503
    assert "does not accept this adapter" in adapter.get("/").text
    assert "s3cret" not in adapter.get("/").text


def test_a_server_that_is_away_is_tried_later(deploy):
    table = (
        '[system.sftp]\nhost = "127.0.0.1"\nport = 1\nuser = "us"\nseconds = 1\n'
        'host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+Hx0Qm1vKpVj4Q4rHkYt1hQvZ1x6qk5gkz3oVt"'
        '\npassword = { env = "FILES_PASSWORD" }\n\n'
    )
    adapter = deploy(lambda text: text.replace("[system.report]\n", table + "[system.report]\n"))
    assert adapter.get("/requests.json").status == 503


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('encoding = "utf-8"', 'encoding = "utf-9"', "system.encoding"),
        ('Type = "category"', 'Type = "categroy"', "system.report.columns.Type"),
        ('folder = "out"', 'folder = "../out"', "system.report.folder"),
        ('folder = "out"', 'folder = "/out"', "system.report.folder"),
        ('separator = ","', 'separator = ",,"', "system.separator"),
        ('separator = ","', 'separator = ","\ndecimal = ","', "system.decimal"),
    ],
)
def test_faults_are_named(deploy, old, new, key):
    with pytest.raises(BadDeployment) as caught:
        deploy(lambda text: text.replace(old, new))
    assert key in {fault.key for fault in caught.value.faults}
