"""The command line."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from django.core.management import call_command
from django.db import ProgrammingError

from waywarden.config import doctor, environment
from waywarden.config.cli import COMMANDS, cli, main
from waywarden.config.listening import listen_of
from waywarden.kernel.errors import Misconfigured
from waywarden.users.models import User

ROOT = Path(__file__).resolve().parents[4]


def run(*arguments: str, env: dict[str, str] | None = None):
    return CliRunner().invoke(cli, list(arguments), env=env)


def every_command() -> list[str]:
    found = []
    context = click.Context(cli)
    for name in sorted(COMMANDS):
        command = cli.get_command(context, name)
        found.append(f"waywarden {name}")
        if isinstance(command, click.Group):
            found += [f"waywarden {name} {sub}" for sub in command.list_commands(context)]
    return found


def test_help_names_every_command():
    shown = run("--help")
    assert shown.exit_code == 0
    for name, (_where, line) in COMMANDS.items():
        assert name in shown.output
        assert line in shown.output


def test_help_is_quick_because_nothing_is_imported():
    code = (
        "import sys; from waywarden.config.cli import cli; cli(['--help'], standalone_mode=False)"
    )
    check = "assert not {'django', 'granian', 'psycopg', 'cryptography'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {check}"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src")},
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_command_says_what_it_does_and_is_documented():
    page = (ROOT / "docs" / "reference" / "commands.md").read_text()
    missing = [name for name in every_command() if f"`{name}" not in page]
    assert not missing


def test_what_the_operator_can_mend_is_one_sentence_and_exit_1(monkeypatch, capsys):
    monkeypatch.setenv("WAYWARDEN_HOLD_SECOND", "1")
    with pytest.raises(SystemExit) as caught:
        main(["db", "url"])
    assert caught.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "WAYWARDEN_HOLD_SECOND is not a setting. Did you mean WAYWARDEN_HOLD_SECONDS?\n"


def test_a_server_by_address_is_not_started_or_stopped():
    for name in ("start", "stop"):
        result = run("db", name, env={"DATABASE_URL": "postgresql://db.example/ways"})
        assert isinstance(result.exception, Misconfigured)


def test_the_settings_are_listed_without_secrets():
    shown = run("settings", env={"WAYWARDEN_SECRET_KEY": "hush", "WAYWARDEN_HOLD_SECONDS": "7"})
    assert "WAYWARDEN_HOLD_SECONDS=7" in shown.output
    assert "hush" not in shown.output
    assert run("settings", "--docs").output == environment.markdown()


def test_restoring_asks_first(tmp_path):
    file = tmp_path / "backup.dump"
    file.touch()
    shown = CliRunner().invoke(cli, ["db", "restore", str(file)], input="n\n")
    assert shown.exit_code == 1
    assert "replaces every report" in shown.output


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:8000", "127.0.0.1", 8000), ("[::1]:80", "::1", 80), ("host:9000", "host", 9000)],
)
def test_a_place_to_listen_on_is_read(text, host, port):
    found = listen_of(text)
    assert (found.host, found.port) == (host, port)


@pytest.mark.parametrize("text", ["localhost", "host:port", "host:99999", ""])
def test_anything_else_is_no_place_to_listen_on(text):
    with pytest.raises(Misconfigured, match="no place to listen on"):
        listen_of(text)


def verdicts(found) -> list[str]:
    return [finding.verdict.value for finding in found]


def test_the_doctor_finds_debug_on_a_public_site():
    settings = environment.read(
        {"WAYWARDEN_DEBUG": "yes", "WAYWARDEN_BASE_URL": "http://ways.example"}
    )
    assert verdicts(doctor.about_settings(settings)) == ["fine", "wrong", "note"]


def test_the_doctor_finds_a_missing_map_and_a_readable_key(tmp_path):
    settings = environment.read({"WAYWARDEN_HOME": str(tmp_path)})
    assert verdicts(doctor.about_map(settings)) == ["wrong"]
    assert verdicts(doctor.about_keys(settings)) == ["fine"]
    (tmp_path / "secret-key").chmod(0o644)
    assert verdicts(doctor.about_keys(settings)) == ["wrong", "fine"]
    (tmp_path / "map").mkdir()
    (tmp_path / "map" / "city.pmtiles").touch()
    assert verdicts(doctor.about_map(settings)) == ["fine", "note"]


@pytest.mark.django_db
def test_the_doctor_finds_the_database_up_to_date():
    found = list(doctor.about_database(environment.read({})))
    sentences = [finding.sentence for finding in found]
    assert "The database is up to date." in sentences
    assert any("fsync off" in sentence for sentence in sentences), "the tests' own server is fast"


@pytest.mark.django_db
def test_the_doctor_says_when_nobody_can_operate_the_site():
    given = environment.read({})
    assert verdicts(doctor.about_operators(given)) == ["note"]
    User.objects.create_superuser("olive@example.org", "pw")
    assert verdicts(doctor.about_operators(given)) == ["fine"]


@pytest.mark.django_db
def test_the_doctor_asks_nothing_of_tables_that_are_not_there_yet(monkeypatch):
    monkeypatch.setattr("waywarden.config.setup.set_up", lambda: None)
    monkeypatch.setattr("waywarden.config.migrations.waiting", lambda: ["bodies.0001_initial"])

    def missing(*_given):
        raise ProgrammingError

    monkeypatch.setattr(doctor, "about_sites", missing)
    monkeypatch.setattr(doctor, "about_operators", missing)
    sentences = [finding.sentence for finding in doctor.findings()]
    assert any("1 migrations wait" in sentence for sentence in sentences)


@pytest.mark.django_db
def test_the_first_operator_is_made_by_djangos_own_command(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a lamp by the old mill")
    given = {"interactive": False, "email": "olive@example.org", "verbosity": 0}
    call_command("createsuperuser", skip_checks=False, **given)
    olive = User.objects.get(email="olive@example.org")
    assert (olive.is_superuser, olive.check_password("a lamp by the old mill")) == (True, True)


def test_a_database_of_another_kind_is_refused_without_its_password():
    with pytest.raises(Misconfigured, match="postgresql://") as told:
        environment.read({"DATABASE_URL": "mysql://root:hush@localhost/x"})
    assert "hush" not in str(told.value)


def test_the_doctor_finds_a_mail_server_that_does_not_answer(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    given = environment.read({"WAYWARDEN_MAIL_URL": "smtp://127.0.0.1:1"})
    assert verdicts(doctor.about_mail(given)) == ["wrong"]


@pytest.mark.django_db
def test_the_doctor_finds_a_site_of_bodies_that_are_not_there():
    from waywarden.bodies.models import Body

    said = "names bodies that are not: borsetshire"
    found = list(doctor.about_sites(environment.read({})))
    assert [said in one.sentence for one in found] == [True, False]
    Body.objects.create(name="Borsetshire", slug="borsetshire")
    assert verdicts(doctor.about_sites(environment.read({}))) == ["fine"]
