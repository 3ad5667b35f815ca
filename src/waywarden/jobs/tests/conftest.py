"""An empty queue: its tables are no models of Django's, so no test empties them by itself."""

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def empty_queue(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
