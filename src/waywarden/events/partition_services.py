"""The tables of events to come, a month each, made before they are needed."""

from datetime import date, timedelta

from django.db import connection, transaction

from waywarden.kernel import clock

#: Months that are there before they begin.
AHEAD = 3


def make_months(*, ahead: int = AHEAD) -> int:
    """Makes the tables of this month and of those to come; how many were new.

    An event of a month without a table stands in the catch-all until its table is made. Gives up
    after some seconds when others read for long: the next night tries again.
    """
    made, month = 0, clock.now().date().replace(day=1)
    for _month in range(ahead + 1):
        made += _make(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return made


def _make(month: date) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        cursor.execute("SELECT events_make_month(%s)", [month])
        return bool(cursor.fetchone()[0])
