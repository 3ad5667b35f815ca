"""Every setting of an install, read once from the environment, typed and checked."""

import difflib
import os
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from waywarden.config.variables import SETTINGS, Setting
from waywarden.kernel.errors import Misconfigured

PREFIX = "WAYWARDEN_"
_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off", ""}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


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
    aside_days: int
    """0: rows set aside have no age."""
    time_zone: str
    map_dir: Path
    geocoder: str
    grid: str
    address_metres: int
    """How near an address must be."""
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
        database_url=_postgresql("DATABASE_URL", raw["DATABASE_URL"]),
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
        hold_seconds=_number("WAYWARDEN_HOLD_SECONDS", raw["WAYWARDEN_HOLD_SECONDS"], "seconds"),
        aside_days=_number("WAYWARDEN_ASIDE_DAYS", raw["WAYWARDEN_ASIDE_DAYS"], "days"),
        time_zone=_zone("WAYWARDEN_TIME_ZONE", raw["WAYWARDEN_TIME_ZONE"]),
        map_dir=_folder(raw["WAYWARDEN_MAP_DIR"]) if raw["WAYWARDEN_MAP_DIR"] else home / "map",
        geocoder=raw["WAYWARDEN_GEOCODER"],
        grid=raw["WAYWARDEN_GRID"],
        address_metres=_number("WAYWARDEN_ADDRESS_METRES", raw["WAYWARDEN_ADDRESS_METRES"]),
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


def _number(name: str, text: str, unit: str = "metres") -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    message = f"{name} must be a whole number of {unit}, 0 or more."
    raise Misconfigured(message)


def _address(name: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and parts.hostname and not parts.query:
        return text.rstrip("/")
    message = f"{name} must be an address that begins with http:// or https://."
    raise Misconfigured(message)


def _postgresql(name: str, text: str) -> str:
    """The address of a database; its password stands in no message."""
    if not text or urlsplit(text).scheme in ("postgresql", "postgres"):
        return text
    message = f"{name} must begin with postgresql://; no other kind of database can be used."
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
