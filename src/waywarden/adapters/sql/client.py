"""Speaking to a problem database: its tables as they are, in short transactions.

Errors: TryLater (nothing was done), Refused, Misconfigured, Unknown (the commit got lost).
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import exc

from waywarden.adapters.contract import noted
from waywarden.adapters.sql import errors
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured, Refused, TryLater, Unknown

PAGE = 2000
"""Rows of one question; a span is asked for page after page, so that nothing stays open."""
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXTRAS = {"psycopg": "postgresql", "pymysql": "mariadb"}
Row = Mapping[str, Any]


class NoTable(Misconfigured):
    """The database has no such table."""


class Moment(sa.TypeDecorator[datetime]):
    """MariaDB's TIMESTAMP: a moment, which it shows in the zone of the session (here UTC)."""

    impl = sa.DateTime
    cache_ok = True
    timezone = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value is not None else None

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None


class Database:
    """A database at an address. Threads may share it; it connects when it is first asked.

    Its own programs write times without a zone in `zone`; so must be what it stamps for us.
    """

    def __init__(
        self, address: str, *, password: str, seconds: float, at_once: int, zone: str = "UTC"
    ) -> None:
        url = sa.make_url(address)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        self._url = _of_a_file(url.set(password=password) if password else url)
        self._seconds, self._at_once, self._zone = seconds, at_once, zone
        self._lock = threading.Lock()
        self._engine: sa.Engine | None = None
        self._tables: dict[str, sa.Table] = {}

    @property
    def engine(self) -> sa.Engine:
        """Made when it is first needed. Raises Misconfigured when its driver is missing."""
        with self._lock:
            if self._engine is None:
                self._engine = self._made()
            return self._engine

    def close(self) -> None:
        """Closes every connection that is kept."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()

    def table(self, name: str, columns: Sequence[str] = ()) -> sa.Table:
        """A table as the database has it. Raises Misconfigured when a column is missing."""
        found = self._tables.get(name)
        if found is None:
            schema, _, bare = name.rpartition(".")
            try:
                with self._connected() as connection, errors.reading():
                    found = sa.Table(
                        bare,
                        sa.MetaData(),
                        schema=schema or None,
                        autoload_with=connection,
                        resolve_fks=False,  # nobody asks for the tables that it points to
                    )
            except exc.NoSuchTableError as error:
                raise NoTable(f"The database has no table {name}.") from error
            for each in found.c:
                if self._has_session_zones() and isinstance(each.type, sa.TIMESTAMP):
                    each.type = Moment()
            self._tables[name] = found
        for column in columns:
            if column and column not in found.c:
                have = ", ".join(found.c.keys())
                message = f"The table {name} has no column {column!r}; it has {have}."
                raise Misconfigured(message)
        return found

    def tables(self) -> list[str]:
        """The names of its tables and views, in the schema where it looks first."""
        with self._connected() as connection, errors.reading():
            inspector = sa.inspect(connection)
            return sorted({*inspector.get_table_names(), *inspector.get_view_names()})

    def attempt(self, statement: sa.Executable) -> None:
        """Does something, and takes it back."""
        with self._connected() as connection, errors.writing():
            connection.execute(statement)
            connection.rollback()

    def all(self, statement: sa.Executable) -> list[Row]:
        """Every row of a question."""
        with self._connected() as connection, errors.reading():
            return [dict(row._mapping) for row in connection.execute(statement)]

    def pages(
        self, statement: sa.Select[Any], *, by: Mapping[str, sa.Column[Any]]
    ) -> Iterator[Row]:
        """Every row, page after page in the order of two columns (time, id), by their index.

        `by` is what the rows call them → the columns.
        """
        (first_name, first), (second_name, second) = by.items()
        page = statement.order_by(first, second).limit(PAGE)
        last: tuple[Any, Any] | None = None
        while True:
            asked = page
            if last is not None:
                after = sa.or_(first > last[0], second > last[1])
                asked = page.where(first >= last[0], after)
            rows = self.all(asked)
            yield from rows
            if len(rows) < PAGE:
                return
            last = (rows[-1][first_name], rows[-1][second_name])

    def write(self, work: Callable[[sa.Connection], str]) -> str:
        """Does `work` in one transaction; gives what it gives."""
        with self._connected() as connection, self._stamping(connection):
            transaction = connection.get_transaction() or connection.begin()
            try:
                with errors.writing():
                    answer = work(connection)
            except BaseException:
                _give_up(transaction)
                raise
            try:
                transaction.commit()
            except exc.IntegrityError as error:
                told = Refused(f"The database refused it ({errors.named(error)}).")
                raise noted(told, errors.words_of(error)) from error
            except exc.SQLAlchemyError as error:
                raise Unknown("The database did not confirm that it was stored.") from error
        return answer

    def run(self, statements: Sequence[str]) -> None:
        """Runs statements of the database's own, all in one transaction where it can."""
        with self._connected() as connection, errors.writing(), connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)

    def _has_session_zones(self) -> bool:
        """Whether it is MariaDB, where moments are shown, and time is stamped, by the session."""
        return self.engine.dialect.name in ("mysql", "mariadb")

    @contextmanager
    def _stamping(self, connection: sa.Connection) -> Iterator[None]:
        """In MariaDB the zone is the session's. What is new is stamped now, so the offset of now
        does; it may not know zones by their names."""
        if not self._has_session_zones():
            yield
            return
        offset = f"{clock.now().astimezone(ZoneInfo(self._zone)):%z}"
        with errors.writing():
            connection.exec_driver_sql(f"SET time_zone = '{offset[:3]}:{offset[3:5]}'")
        try:
            yield
        finally:
            try:
                connection.exec_driver_sql("SET time_zone = '+00:00'")
            except exc.SQLAlchemyError:
                connection.invalidate()

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        try:
            connection = self.engine.connect()
        except exc.SQLAlchemyError as error:
            told = TryLater(f"The database was not reached ({errors.named(error)}).")
            raise noted(told, errors.words_of_connecting(error)) from error
        try:
            yield connection
        finally:
            connection.close()

    def _made(self) -> sa.Engine:
        try:
            return sa.create_engine(
                self._url,
                pool_pre_ping=True,
                pool_recycle=300,
                pool_size=self._at_once,
                max_overflow=0,
                pool_timeout=self._seconds,
                connect_args=self._arguments(),
                hide_parameters=True,
            )
        except ModuleNotFoundError as error:
            extra = _EXTRAS.get(error.name or "", "")
            hint = f": pip install 'waywarden[{extra}]'" if extra else ""
            raise Misconfigured(f"The library {error.name} is missing{hint}.") from error
        except exc.NoSuchModuleError as error:
            raise Misconfigured("No library is known for this kind of database.") from error

    def _arguments(self) -> dict[str, Any]:
        whole = max(int(self._seconds), 1)
        kind = self._url.get_backend_name()
        if kind == "sqlite":
            return {"timeout": self._seconds, "check_same_thread": False}
        if kind == "postgresql":
            milliseconds = int(self._seconds * 1000)
            options = f"-c statement_timeout={milliseconds} -c timezone={self._zone}"
            return {
                "connect_timeout": whole,
                "options": options,
                # A server that is gone without a word is noticed too.
                "tcp_user_timeout": milliseconds,
                "keepalives_idle": whole,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            }
        if kind in ("mysql", "mariadb"):
            return {
                "connect_timeout": whole,
                "read_timeout": whole,
                "write_timeout": whole,
                "charset": "utf8mb4",
                "init_command": "SET time_zone = '+00:00'",
            }
        return {}


def _of_a_file(url: sa.URL) -> sa.URL:
    """SQLite would make an empty database of a path that is wrong; this one must be there."""
    path = url.database or ""
    if url.get_backend_name() != "sqlite" or not path or path.startswith((":", "file:")):
        return url
    query = {**url.query, "mode": "rw", "uri": "true"}
    return url.set(database=f"file:{quote(path)}", query=query)


def _give_up(transaction: sa.RootTransaction) -> None:
    try:
        transaction.rollback()
    except exc.SQLAlchemyError:
        return  # the connection is gone, and what it had begun with it
