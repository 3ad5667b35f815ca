"""Settings from the environment."""

from pathlib import Path

import pytest

from waywarden.config import environment, keys
from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.secrets import new_field_key

ROOT = Path(__file__).resolve().parents[4]


def test_an_empty_environment_gives_the_defaults():
    settings = environment.read({})
    assert settings.home == Path("var").resolve()
    assert settings.base_url == "http://localhost:8000"
    assert settings.map_dir == settings.home / "map"
    assert settings.hold_seconds == 300
    assert settings.debug is False
    assert settings.private_hosts == ()


def test_lists_switches_and_folders_are_read():
    settings = environment.read(
        {
            "WAYWARDEN_HOME": "/srv/ways",
            "WAYWARDEN_PRIVATE_HOSTS": "10.1.0.0/16, works.lan:8080,",
            "WAYWARDEN_DEBUG": "Yes",
            "WAYWARDEN_BASE_URL": "https://ways.example/",
            "WAYWARDEN_LOG_LEVEL": "warning",
        }
    )
    assert settings.home == Path("/srv/ways")
    assert settings.private_hosts == ("10.1.0.0/16", "works.lan:8080")
    assert settings.debug is True
    assert settings.base_url == "https://ways.example"
    assert settings.log_level == "WARNING"


def test_an_unknown_variable_is_refused_with_the_nearest_name():
    with pytest.raises(
        Misconfigured, match=r"WAYWARDEN_HOLD_SECOND .* mean WAYWARDEN_HOLD_SECONDS"
    ):
        environment.read({"WAYWARDEN_HOLD_SECOND": "5"})


def test_only_secrets_may_come_from_a_file():
    with pytest.raises(Misconfigured, match="WAYWARDEN_HOME_FILE is not a setting"):
        environment.read({"WAYWARDEN_HOME_FILE": "/etc/passwd"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WAYWARDEN_DEBUG", "maybe"),
        ("WAYWARDEN_HOLD_SECONDS", "-1"),
        ("WAYWARDEN_HOLD_SECONDS", "five"),
        ("WAYWARDEN_BASE_URL", "ways.example"),
        ("WAYWARDEN_TIME_ZONE", "Atlantis/Capital"),
        ("WAYWARDEN_TIME_ZONE", ""),
        ("WAYWARDEN_TIME_ZONE", "../../etc/passwd"),
        ("WAYWARDEN_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value):
    with pytest.raises(Misconfigured, match=name):
        environment.read({name: value})


def test_a_secret_is_read_from_its_file(tmp_path):
    file = tmp_path / "url"
    file.write_text("postgresql://ways:pw@db/ways\n")
    settings = environment.read({"DATABASE_URL_FILE": str(file)})
    assert settings.database_url == "postgresql://ways:pw@db/ways"


def test_a_secret_given_twice_or_in_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Misconfigured, match="both given"):
        environment.read({"WAYWARDEN_SECRET_KEY": "a", "WAYWARDEN_SECRET_KEY_FILE": "b"})
    with pytest.raises(Misconfigured, match="WAYWARDEN_SECRET_KEY_FILE"):
        environment.read({"WAYWARDEN_SECRET_KEY_FILE": str(tmp_path / "none")})


def test_keys_are_made_once_for_the_owner_only(tmp_path):
    settings = environment.read({"WAYWARDEN_HOME": str(tmp_path / "home")})
    first, second = keys.with_keys(settings), keys.with_keys(settings)
    assert first == second
    assert len(first.field_keys) == 1
    keys.check(first)
    for name in ("secret-key", "field-keys"):
        assert (tmp_path / "home" / name).stat().st_mode & 0o777 == 0o600


def test_given_keys_win_over_made_ones(tmp_path):
    newest, older = new_field_key(), new_field_key()
    given = {
        "WAYWARDEN_HOME": str(tmp_path),
        "WAYWARDEN_SECRET_KEY": "x" * 40,
        "WAYWARDEN_FIELD_KEYS": f"{newest}, {older}",
    }
    filled = keys.with_keys(environment.read(given))
    assert filled.field_keys == (newest, older)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_key_is_refused(tmp_path):
    given = {"WAYWARDEN_SECRET_KEY": "short", "WAYWARDEN_FIELD_KEYS": new_field_key()}
    with pytest.raises(Misconfigured, match="32 characters"):
        keys.check(environment.read(given))
    given = {"WAYWARDEN_SECRET_KEY": "x" * 40, "WAYWARDEN_FIELD_KEYS": "no key"}
    with pytest.raises(Misconfigured, match="Fernet"):
        keys.check(environment.read(given))


def test_an_empty_key_file_is_refused_and_kept(tmp_path):
    (tmp_path / "secret-key").touch()
    with pytest.raises(Misconfigured, match="empty"):
        keys.with_keys(environment.read({"WAYWARDEN_HOME": str(tmp_path)}))


def test_the_documentation_holds_the_whole_table():
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert environment.markdown() in page
