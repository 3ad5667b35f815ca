"""What `adapter check --ask` finds in a database, each at its line of the file."""

import pytest
import sqlalchemy as sa

from waywarden.adapters.asking import asked
from waywarden.adapters.deployment import load
from waywarden.adapters.kinds import KINDS
from waywarden.kernel import clock

BOTH = pytest.mark.parametrize("problems", ["postgresql", "mariadb"], indirect=True)


@pytest.fixture
def ask(problems):
    """Checks the file after a change of it: what is wrong, and what is only told."""

    def look(change=lambda text: text, **environ):
        problems.file.write_text(change(problems.file.read_text()))
        found = list(asked(load(problems.file, KINDS, environ=environ), environ=environ))
        return (
            [str(one) for one, is_wrong in found if is_wrong],
            [str(one) for one, is_wrong in found if not is_wrong],
        )

    return look


@pytest.fixture
def row(problems):
    """Puts a report into the table."""

    def put(number=1, category="POTHOLE", status="NEW", **more):
        values = {"id": number, "category": category, "status": status, "details": "x"}
        values |= {"reporter": "", "lat": 60.1, "lon": 24.9, **more}
        names = ", ".join(values)
        given = ", ".join(f":{name}" for name in values)
        problems.run(f"INSERT INTO reports ({names}) VALUES ({given})", **values)  # noqa: S608 - ours

    return put


def line_of(problems, text):
    lines = problems.file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_what_fits_is_told_with_the_newest_report_as_it_reads(ask, row):
    row()
    wrong, told = ask()
    assert wrong == []
    assert any("2 are offered" in one for one in told)
    assert any("the last one, 1: place 60.1, 24.9, made" in one for one in told)


def test_a_wrong_column_and_a_wrong_table_are_named_with_line_and_what_is_there(ask, problems):
    def change(text):
        text = text.replace('note = "note"', 'note = "notes"', 1)
        return text.replace('table = "report_messages"', 'table = "report_message"')

    wrong, _told = ask(change)
    at = line_of(problems, 'note = "notes"')
    assert f"east.toml:{at}: system.reports.note: reports has no column 'notes'." in wrong[0]
    assert "Did you mean 'note'? It has: id, sender_ref," in wrong[0]
    at = line_of(problems, '"report_message"')
    assert f"east.toml:{at}: system.messages.table: the database has no table" in wrong[1]
    assert "Did you mean 'report_messages'?" in wrong[1]


def test_without_the_update_table_it_says_what_makes_it(ask, problems):
    wrong, _told = ask(lambda text: text.replace('"report_updates"', '"changes"'))
    assert len(wrong) == 1
    assert "there is no table 'changes': `waywarden adapter sql install` makes it" in wrong[0]


def test_a_table_that_no_trigger_watches_is_told(ask, problems):
    on = " ON reports" if problems.kind == "postgresql" else ""
    problems.run(f"DROP TRIGGER report_updates_told{on}")
    wrong, told = ask()
    assert wrong == []
    assert any("no trigger watches reports" in one for one in told)


def test_a_column_that_a_new_row_needs_and_nobody_fills_is_named(ask, problems):
    with problems.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE report_messages ADD COLUMN kind varchar(9)")
    if problems.kind == "sqlite":
        problems.run("DROP TABLE report_messages")
        problems.run(
            "CREATE TABLE report_messages (message_id integer PRIMARY KEY, report_id integer,"
            " text text, sender_ref text, writer text, kind text NOT NULL)"
        )
    else:
        change = "ALTER COLUMN kind SET NOT NULL"
        if problems.kind == "mariadb":
            change = "MODIFY kind varchar(9) NOT NULL"
        problems.run(f"ALTER TABLE report_messages {change}")
    wrong, _told = ask()
    assert len(wrong) == 1
    assert "a new row of report_messages needs the column 'kind'" in wrong[0]


def test_states_categories_and_places_that_mean_nothing_here_are_told(ask, row):
    row(1, status="HOLD")
    row(2, category="TREE")
    row(3, lat=999)
    wrong, told = ask()
    assert wrong == []
    said = "\n".join(told)
    assert "the system's state 'HOLD' stands nowhere: it is shown as open" in said
    assert "there are reports of the category 'TREE', which is no service here" in said
    assert "1 of 3 reports cannot be used: latitude and longitude are no degrees" in said


def test_the_wrong_projection_and_the_wrong_zone_are_seen_in_what_is_there(ask, problems, row):
    for name in ("easting", "northing"):
        problems.run(f"ALTER TABLE reports ADD COLUMN {name} double precision")
    row(easting=530270, northing=179640)

    def metres(text):
        text = text.replace('lat = "lat"\nlong = "lon"\n', "")
        return text.replace("# easting", "easting").replace("# northing", "northing")

    def with_projection(text):
        return metres(text).replace("# projection", "projection")

    wrong, _told = ask(lambda text: with_projection(text).replace("27700", "2154"))
    assert (
        "1 of 1 reports cannot be used: easting and northing lie outside of EPSG:2154" in wrong[0]
    )
    wrong, told = ask(lambda text: text.replace("2154", "27700"))
    assert wrong == []
    assert "place 51.50" in "\n".join(told)


@pytest.mark.parametrize("problems", ["mariadb"], indirect=True)
def test_a_time_that_is_still_to_come_is_of_another_zone(ask, row):
    row()
    wrong, _told = ask(lambda text: text.replace("Europe/London", "America/New_York"))
    assert len(wrong) == 1
    assert "system.reports.created: a time is" in wrong[0]
    assert "minutes ahead of now: is the zone wrong, or a clock?" in wrong[0]


def test_ids_that_are_there_twice_are_named(ask, problems, row):
    row()
    problems.run(
        "CREATE TABLE changes (no integer, report integer, state varchar(9), at varchar(30))"
    )
    for _turn in range(2):
        problems.run(
            "INSERT INTO changes VALUES (7, 1, 'DONE', :at)", at=f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
        )

    def change(text):
        at = text.index("[system.updates]")
        end = text.index("[system.messages]")
        table = (
            '[system.updates]\ntable = "changes"\nid = "no"\nreport = "report"\n'
            'status = "state"\nat = "at"\n\n'
        )
        return text[:at] + table + text[end:]

    wrong, told = ask(change)
    assert any("system.updates.id: 1 ids are there twice, such as '7'" in one for one in wrong)
    assert any("'no' of changes is no key: an id may be there twice" in one for one in told)


def as_clerk(problems, name):
    """The file, with another user whose password is in the environment."""
    shown = sa.make_url(problems.url).set(username=name).render_as_string()
    return lambda text: text.replace(
        f'database = "{problems.url}"', f'database = "{shown}"\npassword = {{ env = "PW" }}'
    )


@pytest.mark.parametrize("problems", ["mariadb"], indirect=True)  # the other one trusts everybody
def test_a_wrong_password_is_told_in_the_databases_words_and_never_the_password(
    ask, problems, clerk
):
    wrong, told = ask(as_clerk(problems, clerk), PW="wrong-one")
    assert told == []
    assert len(wrong) == 1
    assert "system.database: The database was not reached" in wrong[0]
    assert f"Access denied for user '{clerk}'" in wrong[0]
    assert "wrong-one" not in wrong[0]


@BOTH
def test_rights_that_are_missing_are_named_for_each_table(ask, problems, clerk):
    wrong, _told = ask(as_clerk(problems, clerk), PW="right-one")
    said = "\n".join(wrong)
    for table in ("reports", "report_messages"):
        assert f"this user may not add to the table {table}: " in said
        assert f"may not read the table {table}" not in said
    assert "denied" in said


@pytest.fixture
def clerk(problems):
    """A user who may read only, with the password `right-one`."""
    base = sa.make_url(problems.url).database
    name = f"clerk_{base[-12:]}"
    if problems.kind == "postgresql":
        problems.run(f"CREATE ROLE {name} LOGIN PASSWORD 'right-one'")
        problems.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
        yield name
        problems.run(f"DROP OWNED BY {name}")
        problems.run(f"DROP ROLE {name}")
    else:
        problems.run(f"CREATE USER '{name}'@'localhost' IDENTIFIED BY 'right-one'")
        problems.run(f"GRANT SELECT ON {base}.* TO '{name}'@'localhost'")
        yield name
        problems.run(f"DROP USER '{name}'@'localhost'")
