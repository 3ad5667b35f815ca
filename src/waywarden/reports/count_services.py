"""Folds the rows of the counts by square, so that reading them stays quick."""

from django.db import connection, transaction

#: New rows of one turn.
MOST = 20_000
_LOCK = 0x9175  # any number that nothing else locks by

#: The new rows of a turn and the folded row of each of their keys become one row a key.
_FOLD = """
WITH fresh AS (
    DELETE FROM reports_pincount WHERE id IN (
        SELECT id FROM reports_pincount WHERE NOT is_folded ORDER BY id LIMIT %s)
    RETURNING body_id, cell, category, kind, count, lat_sum, lon_sum
), keys AS (
    SELECT DISTINCT body_id, cell, category, kind FROM fresh
), before AS (
    DELETE FROM reports_pincount c USING keys k
    WHERE c.is_folded AND c.body_id = k.body_id AND c.cell = k.cell
        AND c.category = k.category AND c.kind = k.kind
    RETURNING c.body_id, c.cell, c.category, c.kind, c.count, c.lat_sum, c.lon_sum
), folded AS (
    INSERT INTO reports_pincount
        (body_id, cell, category, kind, count, lat_sum, lon_sum, is_folded)
    SELECT body_id, cell, category, kind, sum(count), sum(lat_sum), sum(lon_sum), true
    FROM (SELECT * FROM fresh UNION ALL SELECT * FROM before) AS both_kinds
    GROUP BY body_id, cell, category, kind HAVING sum(count) <> 0
)
SELECT count(*) FROM fresh
"""


def fold_pin_counts(*, most: int = MOST) -> int:
    """Folds what was added since the last time; how many rows that were.

    Writers never wait for it. A second one at the same moment does nothing.
    """
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return total
            cursor.execute(_FOLD, [most])
            found: int = cursor.fetchone()[0]
        total += found
        if found < most:
            return total
