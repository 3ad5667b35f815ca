"""`waywarden doctor`: is this installation set up right? One plain sentence for each thing."""

import enum
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from waywarden.config import environment, keys, mail, migrations, setup
from waywarden.config.environment import Environment
from waywarden.kernel.errors import WaywardenError

_OLDEST = 150000
"""PostgreSQL 15, as the server counts."""
_LOCAL = ("localhost", "127.0.0.1", "::1")
BUILT = Path(__file__).resolve().parent.parent / "ui" / "static" / "ui" / "built"


class Verdict(enum.Enum):
    """What a check found."""

    FINE = "fine"
    NOTE = "note"  # works, and could be better
    WRONG = "wrong"  # must be mended


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of the report."""

    verdict: Verdict
    sentence: str


def fine(sentence: str) -> Finding:
    """All is well."""
    return Finding(Verdict.FINE, sentence)


def note(sentence: str) -> Finding:
    """It works, and could be better."""
    return Finding(Verdict.NOTE, sentence)


def wrong(sentence: str) -> Finding:
    """It must be mended."""
    return Finding(Verdict.WRONG, sentence)


@click.command()
def doctor() -> None:
    """Check that this installation is set up right; exit 1 when something is wrong.

    Looks at settings, keys, database, migrations, mail server, map files, assets and sites.
    """
    is_well = True
    for finding in findings():
        click.echo(f"{finding.verdict.value:<6} {finding.sentence}")
        is_well = is_well and finding.verdict is not Verdict.WRONG
    sys.exit(0 if is_well else 1)


def findings() -> Iterator[Finding]:
    """Every check in turn; what depends on something wrong is left out."""
    try:
        settings = environment.read()
    except WaywardenError as error:
        yield wrong(str(error))
        return
    yield from about_settings(settings)
    yield from about_keys(settings)
    yield from about_map(settings)
    yield from about_assets()
    try:
        setup.set_up()
    except WaywardenError as error:
        yield wrong(str(error))
        return
    yield from about_database(settings)
    if not migrations.waiting():
        yield from about_operators(settings)
        yield from about_sites(settings)
    yield from about_mail(settings)


def about_settings(settings: Environment) -> Iterator[Finding]:
    """Whether the address and the debug switch fit each other."""
    site = urlsplit(settings.base_url)
    is_local = site.hostname in _LOCAL or (site.hostname or "").endswith(".localhost")
    yield fine(f"The site is {settings.base_url}, and keeps its data in {settings.home}.")
    if settings.debug and not is_local:
        yield wrong("WAYWARDEN_DEBUG is on: visitors would see the insides. Turn it off.")
    if site.scheme != "https" and not is_local:
        yield note("The site is not served by https; WAYWARDEN_BASE_URL should begin with it.")


def about_keys(settings: Environment) -> Iterator[Finding]:
    """Whether the keys are there, can be used and are nobody else's to read."""
    try:
        filled = keys.with_keys(settings)
        keys.check(filled)
    except WaywardenError as error:
        yield wrong(str(error))
        return
    for name in ("secret-key", "field-keys"):
        path = settings.home / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield wrong(f"Others can read {path}; run chmod 600 on it.")
    count = len(filled.field_keys)
    yield fine(f"The secret key and {count} field key{'s' if count > 1 else ''} can be used.")


def about_map(settings: Environment) -> Iterator[Finding]:
    """Whether a base map and a gazetteer are there."""
    maps = sorted(path.name for path in settings.map_dir.glob("*.pmtiles"))
    if not maps:
        yield wrong(f"There is no base map (*.pmtiles) in {settings.map_dir}.")
        return
    yield fine(f"The base map is {', '.join(maps)}.")
    if not (settings.map_dir / "gazetteer.json").exists():
        yield note(f"There is no gazetteer.json in {settings.map_dir}: streets are not found.")


def about_assets() -> Iterator[Finding]:
    """Whether scripts and styles were built."""
    if BUILT.is_dir() and any(BUILT.glob("*.js")):
        yield fine("Scripts and styles are built.")
    else:
        yield wrong("Scripts and styles are not built; run `make setup` in the source folder.")


def about_database(_settings: Environment) -> Iterator[Finding]:
    """Which server it is, and whether its tables are those of this version."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
        )
        number, version = cursor.fetchone()
        cursor.execute("SELECT current_setting('server_encoding'), current_setting('fsync')")
        encoding, fsync = cursor.fetchone()
    if number < _OLDEST:
        yield wrong(f"The database is PostgreSQL {version}; 15 or later is needed.")
    elif encoding != "UTF8":
        yield wrong(f"The database is encoded in {encoding}; UTF8 is needed.")
    else:
        yield fine(f"The database answers: PostgreSQL {version}.")
    if fsync != "on":
        yield wrong("The database runs with fsync off: a power cut would destroy it.")
    waiting = migrations.waiting()
    if waiting:
        yield wrong(f"{len(waiting)} migrations wait; run `waywarden migrate`.")
    else:
        yield fine("The database is up to date.")


def about_operators(_settings: Environment) -> Iterator[Finding]:
    """Whether there is somebody who may do everything."""
    from waywarden.users.models import User

    if User.objects.filter(is_superuser=True, is_active=True).exists():
        yield fine("There is somebody to operate it.")
    else:
        yield note("Nobody can sign in to /admin/ yet; run `waywarden manage createsuperuser`.")


def about_sites(_settings: Environment) -> Iterator[Finding]:
    """Whether every cobrand has its folder, and the bodies that it names."""
    from waywarden.bodies.queries import body_ids_of
    from waywarden.kernel.cobrand import registry

    sites = registry.all()
    if not sites:
        yield wrong("There is no cobrand; copy a folder of src/waywarden/cobrands.")
        return
    for site in sites:
        if not site.folder.is_dir():
            yield wrong(f"The folder of the cobrand {site.name} is missing.")
        unknown = [slug for slug in site.bodies if not body_ids_of({slug})]
        if unknown:
            yield note(f"The cobrand {site.name} names bodies that are not: {', '.join(unknown)}.")
    names = ", ".join(site.name for site in sites)
    yield fine(f"Sites: {names}. The default is {registry.default.name}.")


def about_mail(settings: Environment) -> Iterator[Finding]:
    """Whether the mail server takes a connection (and our password)."""
    from django.core.mail import get_connection

    server = mail.server_of(settings.mail_url)
    if server is None:
        yield note("Mail does not leave by SMTP; that it arrives cannot be tried from here.")
        return
    where = f"{server[0]}, port {server[1]}"
    connection = get_connection()
    try:
        connection.open()
        connection.close()
    except OSError as error:  # smtplib's own errors are OSErrors too
        yield wrong(f"The mail server {where} cannot be used: {_reason(error)}")
    else:
        yield fine(f"The mail server answers: {where}.")


def _reason(error: OSError) -> str:
    return f"{error.strerror or type(error).__name__}."
