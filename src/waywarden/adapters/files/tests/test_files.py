"""CSV out and in, over a folder and over SFTP."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import paramiko
import pytest

from waywarden.adapters.asking import asked
from waywarden.adapters.deployment import BadDeployment, load
from waywarden.adapters.files.client import LocalFolder
from waywarden.adapters.files.tests.asks import ENVIRON, change, go_round, report, updates
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, multipart
from waywarden.kernel import clock
from waywarden.open311.dates import write_date

JPEG = b"\xff\xd8\xff\xe0 a photo"


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
