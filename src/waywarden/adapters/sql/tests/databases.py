"""A PostgreSQL database that belongs to somebody else."""

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql


@pytest.fixture
def problems_postgresql(database_server: str) -> Iterator[str]:
    """A schema of the test's own is not enough: the file names a whole database."""
    name = f"problems_{uuid4().hex}"
    with closing(psycopg.connect(database_server, autocommit=True)) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = sa.make_url(database_server).set(drivername="postgresql", database=name)
        yield url.render_as_string(hide_password=False)
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        connection.execute(drop.format(sql.Identifier(name)))
