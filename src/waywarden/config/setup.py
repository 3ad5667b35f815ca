"""Making Django ready for a command: the database is up and reachable, the rooms are loaded."""

import os

from waywarden.config import database, environment
from waywarden.kernel.errors import Misconfigured

_PATIENCE = 5
"""Seconds."""
SETTINGS_MODULE = "waywarden.config.settings"


def set_up(*, connect: bool = True) -> None:
    """Loads Django; with `connect`, starts the embedded database and tries the connection.

    Raises Misconfigured when a setting is wrong or the database cannot be reached.
    """
    settings = environment.read()
    if connect:
        database.ensure(settings)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)
    import django

    django.setup()
    if connect:
        check_connection()


def check_connection() -> None:
    """Raises Misconfigured, with the server's own words, when the database does not answer.

    A connection of its own: the pool would try again for ten seconds and keep the reason.
    """
    import psycopg
    from django.db import connection

    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "pool"):
        parameters.pop(name, None)
    try:
        psycopg.connect(**parameters, connect_timeout=_PATIENCE).close()
    except psycopg.OperationalError as error:
        words = " ".join(str(error).split())
        message = f"The database cannot be reached. It says: {words}"
        raise Misconfigured(message) from error
