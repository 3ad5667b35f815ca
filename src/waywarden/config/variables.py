"""The list of settings: each variable, how it is read, what it is without one, what it does."""

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """How the text of a variable is read."""

    TEXT = "text"
    YES_NO = "yes or no"
    SECONDS = "whole seconds"
    DAYS = "whole days"
    METRES = "whole metres"
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
        "WAYWARDEN_ASIDE_DAYS",
        Kind.DAYS,
        "400",
        "How long a row of a body's system is kept that tells of a report which is not this site's"
        " or not here; such a row is applied when its report comes. 0 keeps it for ever.",
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
        "WAYWARDEN_ADDRESS_METRES",
        Kind.METRES,
        "50",
        "How near the next property or street must be for its number (`uprn`, `usrn`) to be sent to"
        " a body that asks for it; see `waywarden import addresses`.",
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
