"""Which migrations the database has not seen, and applying them."""

from waywarden.config import setup


def waiting() -> list[str]:
    """Migrations of this version that wait, as `app.name`, in order. Django is set up."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def migrate_if_needed() -> int:
    """Brings the database up to this version; how many migrations were applied.

    Starts the embedded database and loads Django. One process migrates at a time.
    """
    setup.set_up()
    if not waiting():
        return 0
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        # A lock of the server's: a second process that starts waits here, then finds nothing.
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            count = len(waiting())
            if count:
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    return count


_LOCK = 0x77617977
"""Any number of ours: "wayw"."""
