"""Events in a table for each month: what is old can be laid aside whole, and indexes stay small.

`events_make_month` makes one, out of the catch-all where some of its events stand there already.
"""

from typing import Any

from django.db import migrations

_MAKE_MONTH = """
CREATE FUNCTION events_make_month(month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    next timestamptz := (date_trunc('month', month::timestamp) + interval '1 month')
        AT TIME ZONE 'UTC';
    part text := 'events_event_' || to_char(month, '"y"YYYY"m"MM');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    LOCK TABLE events_event_rest IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE events_event INCLUDING DEFAULTS)', part);
    EXECUTE format(
        'WITH moved AS (DELETE FROM events_event_rest WHERE at >= %L AND at < %L RETURNING *)'
        ' INSERT INTO %I SELECT * FROM moved',
        first, next, part
    );
    EXECUTE format(
        'ALTER TABLE events_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        part, first, next
    );
    RETURN true;
END
$$
"""

_STEPS = (
    "ALTER TABLE events_event RENAME TO events_event_before",
    "ALTER SEQUENCE events_event_id_seq RENAME TO events_event_before_id_seq",
    "CREATE SEQUENCE events_event_id_seq AS bigint",
    "CREATE TABLE events_event (LIKE events_event_before) PARTITION BY RANGE (at)",
    "ALTER TABLE events_event ALTER id SET DEFAULT nextval('events_event_id_seq')",
    "ALTER SEQUENCE events_event_id_seq OWNED BY events_event.id",
    "CREATE TABLE events_event_rest PARTITION OF events_event DEFAULT",
    _MAKE_MONTH,
    """SELECT events_make_month(month::date) FROM generate_series(
        date_trunc('month', coalesce((SELECT min(at) FROM events_event_before), now())),
        now() + interval '3 months', interval '1 month') AS month""",
    "INSERT INTO events_event SELECT * FROM events_event_before",
    "SELECT setval('events_event_id_seq', coalesce(max(id), 0) + 1, false) FROM events_event",
)


def _by_month(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'events_event'"
            " AND indexdef LIKE '%% (at)'"
        )
        (of_times,) = cursor.fetchone()
        for step in _STEPS:
            cursor.execute(step)
        cursor.execute("DROP TABLE events_event_before")
        cursor.execute("ALTER TABLE events_event ADD PRIMARY KEY (id, at)")
        cursor.execute(f'CREATE INDEX "{of_times}" ON events_event (at)')
        cursor.execute("CREATE INDEX event_subject ON events_event (subject_kind, subject_id, id)")


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [migrations.RunPython(_by_month)]
