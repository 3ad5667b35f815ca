"""Every setting of an install, read once from the environment, typed and checked."""

import difflib
import enum
import os
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from waywarden.kernel.errors import Misconfigured

PREFIX = "WAYWARDEN_"
_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off", ""}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class Kind(enum.Enum):
    """How the text of a variable is read."""

    TEXT = "text"
    YES_NO = "yes or no"
    SECONDS = "whole seconds"
    LIST = "list, commas between"
    FOLDER = "folder"
    ADDRESS = "http or https address"
    ZONE = "time zone"
    LEVEL = "DEBUG, INFO, WARNING or ERROR"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its variable, how it is read, what it is without one, and what it does."""

    name: str
    kind: Kind
    default: str
    doc: str
    secret: bool = False
    """A secret may also be given as a file, by the variable with `_FILE` at its end."""


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "WAYWARDEN_HOME",
        Kind.FOLDER,
        "./var",
        "Where the install keeps its data: the embedded database, photos, keys.",
    ),
    Setting(
        "DATABASE_URL",
        Kind.TEXT,
        "",
        "A PostgreSQL server (15 or later) as `postgresql://user:password@host:5432/name`."
        " Without it, an embedded one runs under `WAYWARDEN_HOME`.",
        secret=True,
    ),
    Setting(
        "WAYWARDEN_SECRET_KEY",
        Kind.TEXT,
        "",
        "Signs sessions and links. Made once, as `secret-key` under `WAYWARDEN_HOME`, when absent.",
        secret=True,
    ),
    Setting(
        "WAYWARDEN_FIELD_KEYS",
        Kind.LIST,
        "",
        "Fernet keys that encrypt stored secrets, newest first; older ones still decrypt."
        " Made once, as `field-keys` under `WAYWARDEN_HOME`, when absent.",
        secret=True,
    ),
    Setting(
        "WAYWARDEN_BASE_URL",
        Kind.ADDRESS,
        "http://localhost:8000",
        "The site's own address, as people see it; stands in mails and feeds.",
    ),
    Setting(
        "WAYWARDEN_ALLOWED_HOSTS",
        Kind.LIST,
        "",
        "Further host names the site answers to; that of `WAYWARDEN_BASE_URL` always is one."
        " A leading dot takes in every name below it.",
    ),
    Setting(
        "WAYWARDEN_DEBUG",
        Kind.YES_NO,
        "no",
        "Shows errors in the browser and logs for people. Never in production.",
    ),
    Setting(
        "WAYWARDEN_MAIL_URL",
        Kind.TEXT,
        "smtp://localhost:1025",
        "How mail leaves: `smtp://`, `smtps://` or `submission://` with `user:password@host:port`,"
        " `mailgun://KEY@domain` or another provider's name, `file:FOLDER`, `console:`.",
        secret=True,
    ),
    Setting(
        "WAYWARDEN_MAIL_FROM",
        Kind.TEXT,
        "Waywarden <reports@localhost>",
        "The sender of the site's mails, where a cobrand names none.",
    ),
    Setting(
        "WAYWARDEN_MAIL_ANSWERS",
        Kind.TEXT,
        "",
        "A domain whose mail comes to `waywarden mail receive` or to your provider's webhook."
        " Then bounces and answers of bodies are taken in and filed with the report. Without it,"
        " bodies answer to the reporter directly.",
    ),
    Setting(
        "WAYWARDEN_MAIL_WEBHOOK_SECRET",
        Kind.TEXT,
        "",
        "`user:password` with which your mail provider calls `/mail/…`; without it, these addresses"
        " are closed.",
        secret=True,
    ),
    Setting(
        "WAYWARDEN_PRIVATE_HOSTS",
        Kind.LIST,
        "",
        "Hosts (`host`, `host:port`) and networks (`10.1.0.0/16`) on private addresses that"
        " back-ends may call; all other private addresses are refused.",
    ),
    Setting(
        "WAYWARDEN_CALLS_FROM",
        Kind.TEXT,
        "",
        "The address from which bodies see this site call, shown beside the settings of their"
        " connections, for their firewalls.",
    ),
    Setting(
        "WAYWARDEN_HOLD_SECONDS",
        Kind.SECONDS,
        "300",
        "How long a new report is held before it is sent; its author can withdraw it until then.",
    ),
    Setting(
        "WAYWARDEN_TIME_ZONE",
        Kind.ZONE,
        "Europe/London",
        "The zone in which times are shown.",
    ),
    Setting(
        "WAYWARDEN_MAP_DIR",
        Kind.FOLDER,
        "",
        "The folder with the base map (`*.pmtiles`) and the gazetteer; `map` under"
        " `WAYWARDEN_HOME` when absent.",
    ),
    Setting(
        "WAYWARDEN_GEOCODER",
        Kind.TEXT,
        "",
        "Who is asked for places that the gazetteer does not know: `nominatim:https://…` or"
        " `photon:https://…`. Answers are kept 30 days; one call a second at most.",
    ),
    Setting(
        "WAYWARDEN_GRID",
        Kind.TEXT,
        "",
        "The national grid whose references people may type: `EPSG:27700` (British) or"
        " `EPSG:29903` (Irish).",
    ),
    Setting(
        "WAYWARDEN_COBRANDS",
        Kind.FOLDER,
        "",
        "The folder with this install's own sites, a folder each; `cobrands` under"
        " `WAYWARDEN_HOME` when absent.",
    ),
    Setting(
        "WAYWARDEN_TRUSTED_PROXIES",
        Kind.LIST,
        "",
        "Addresses or networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto`"
        " are believed.",
    ),
    Setting(
        "WAYWARDEN_ALARM_MAIL",
        Kind.LIST,
        "",
        "Addresses that are mailed once when a connection breaks, once when it mends, and each"
        " morning on which something is stuck. People of a body choose for themselves at"
        " `/staff/integration/alarms/`.",
    ),
    Setting(
        "WAYWARDEN_METRICS_TOKEN",
        Kind.TEXT,
        "",
        "What `/metrics` and `/metrics.json` ask for as `Authorization: Bearer …`. Without it they"
        " answer only calls from `WAYWARDEN_METRICS_FROM`.",
        secret=True,
    ),
    Setting(
        "WAYWARDEN_METRICS_FROM",
        Kind.LIST,
        "127.0.0.1,::1",
        "Addresses or networks that may read `/metrics` without a token.",
    ),
    Setting(
        "WAYWARDEN_OIDC_SERVER",
        Kind.TEXT,
        "",
        "The address of an OpenID Connect provider (the part before `/.well-known/`); people may"
        " then sign in by it. Its return address is `/auth/oidc/own/login/callback/` on the site.",
    ),
    Setting(
        "WAYWARDEN_OIDC_NAME",
        Kind.TEXT,
        "Single sign-on",
        "What the button for it says.",
    ),
    Setting(
        "WAYWARDEN_OIDC_CLIENT",
        Kind.TEXT,
        "",
        "The client id that the provider gave to this site.",
    ),
    Setting(
        "WAYWARDEN_OIDC_SECRET",
        Kind.TEXT,
        "",
        "The client secret that goes with it.",
        secret=True,
    ),
    Setting(
        "WAYWARDEN_LOG_LEVEL",
        Kind.LEVEL,
        "INFO",
        "The least severe messages that are logged.",
    ),
)


@dataclass(frozen=True, slots=True)
class Environment:
    """The settings of this install, typed. Folders are absolute; keys may be empty (see `keys`)."""

    home: Path
    database_url: str
    """"" means the embedded server."""
    secret_key: str
    field_keys: tuple[str, ...]
    base_url: str
    """Without a slash at its end."""
    allowed_hosts: tuple[str, ...]
    debug: bool
    mail_url: str
    mail_from: str
    private_hosts: tuple[str, ...]
    calls_from: str
    mail_answers: str
    mail_webhook_secret: str
    hold_seconds: int
    time_zone: str
    map_dir: Path
    geocoder: str
    grid: str
    cobrands: Path
    trusted_proxies: tuple[str, ...]
    alarm_mail: tuple[str, ...]
    metrics_token: str
    metrics_from: tuple[str, ...]
    oidc_server: str
    """"" where people do not sign in by a provider."""
    oidc_name: str
    oidc_client: str
    oidc_secret: str
    log_level: str


def read(environ: Mapping[str, str] | None = None) -> Environment:
    """The settings of this process. Raises Misconfigured that names the wrong variable."""
    environ = os.environ if environ is None else environ
    _refuse_unknown(environ)
    raw = {setting.name: _raw(setting, environ) for setting in SETTINGS}
    home = _folder(raw["WAYWARDEN_HOME"])
    return Environment(
        home=home,
        database_url=raw["DATABASE_URL"],
        secret_key=raw["WAYWARDEN_SECRET_KEY"],
        field_keys=_list(raw["WAYWARDEN_FIELD_KEYS"]),
        base_url=_address("WAYWARDEN_BASE_URL", raw["WAYWARDEN_BASE_URL"]),
        allowed_hosts=_list(raw["WAYWARDEN_ALLOWED_HOSTS"]),
        debug=_yes_no("WAYWARDEN_DEBUG", raw["WAYWARDEN_DEBUG"]),
        mail_url=raw["WAYWARDEN_MAIL_URL"],
        mail_from=raw["WAYWARDEN_MAIL_FROM"],
        private_hosts=_list(raw["WAYWARDEN_PRIVATE_HOSTS"]),
        calls_from=raw["WAYWARDEN_CALLS_FROM"],
        mail_answers=raw["WAYWARDEN_MAIL_ANSWERS"].strip().lower(),
        mail_webhook_secret=raw["WAYWARDEN_MAIL_WEBHOOK_SECRET"],
        hold_seconds=_seconds("WAYWARDEN_HOLD_SECONDS", raw["WAYWARDEN_HOLD_SECONDS"]),
        time_zone=_zone("WAYWARDEN_TIME_ZONE", raw["WAYWARDEN_TIME_ZONE"]),
        map_dir=_folder(raw["WAYWARDEN_MAP_DIR"]) if raw["WAYWARDEN_MAP_DIR"] else home / "map",
        geocoder=raw["WAYWARDEN_GEOCODER"],
        grid=raw["WAYWARDEN_GRID"],
        cobrands=_folder(raw["WAYWARDEN_COBRANDS"])
        if raw["WAYWARDEN_COBRANDS"]
        else home / "cobrands",
        trusted_proxies=_list(raw["WAYWARDEN_TRUSTED_PROXIES"]),
        alarm_mail=_list(raw["WAYWARDEN_ALARM_MAIL"]),
        metrics_token=raw["WAYWARDEN_METRICS_TOKEN"],
        metrics_from=_list(raw["WAYWARDEN_METRICS_FROM"]),
        oidc_server=raw["WAYWARDEN_OIDC_SERVER"].rstrip("/"),
        oidc_name=raw["WAYWARDEN_OIDC_NAME"],
        oidc_client=raw["WAYWARDEN_OIDC_CLIENT"],
        oidc_secret=raw["WAYWARDEN_OIDC_SECRET"],
        log_level=_level("WAYWARDEN_LOG_LEVEL", raw["WAYWARDEN_LOG_LEVEL"]),
    )


def markdown() -> str:
    """The table of `docs/reference/settings.md`, one row a setting."""
    rows = ["| variable | what it is | default | what it does |", "|---|---|---|---|"]
    for setting in SETTINGS:
        kind = setting.kind.value + (", secret" if setting.secret else "")
        default = f"`{setting.default}`" if setting.default else "–"
        rows.append(f"| `{setting.name}` | {kind} | {default} | {setting.doc} |")
    return "\n".join(rows) + "\n"


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {setting.name for setting in SETTINGS}
    known |= {f"{setting.name}_FILE" for setting in SETTINGS if setting.secret}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in known:
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        message = f"{name} is not a setting. Did you mean {near[0]}?"
        raise Misconfigured(message)


def _raw(setting: Setting, environ: Mapping[str, str]) -> str:
    file_name = f"{setting.name}_FILE"
    if not setting.secret or file_name not in environ:
        return environ.get(setting.name, setting.default).strip()
    if setting.name in environ:
        message = f"{setting.name} and {file_name} are both given; keep one."
        raise Misconfigured(message)
    try:
        return Path(environ[file_name]).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file_name} names a file that cannot be read."
        raise Misconfigured(message) from error


def _folder(text: str) -> Path:
    return Path(text or ".").expanduser().resolve()


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _yes_no(name: str, text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    message = f"{name} must be yes or no."
    raise Misconfigured(message)


def _seconds(name: str, text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    message = f"{name} must be a whole number of seconds, 0 or more."
    raise Misconfigured(message)


def _address(name: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and parts.hostname and not parts.query:
        return text.rstrip("/")
    message = f"{name} must be an address that begins with http:// or https://."
    raise Misconfigured(message)


def _zone(name: str, text: str) -> str:
    try:
        return zoneinfo.ZoneInfo(text).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{name} must be the name of a time zone, such as Europe/London."
        raise Misconfigured(message) from error


def _level(name: str, text: str) -> str:
    if text.upper() in _LEVELS:
        return text.upper()
    message = f"{name} must be one of {', '.join(_LEVELS)}."
    raise Misconfigured(message)
