"""What a database says of a failure, told as ours: by who must act, and in words that are safe.

A database's words may repeat what a reporter wrote, so callers are told the error's name only; its
operator reads, in a note, those words that hold nothing but names of tables, columns and users.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from waywarden.adapters.contract import noted
from waywarden.kernel.errors import BadReply, Misconfigured, Refused, TryLater, WaywardenError
from waywarden.kernel.text import one_line, shorten

_UNSTORABLE = {"DataError 1366", "OperationalError 1366", "UntranslatableCharacter"}
_NO_RIGHTS = {1044, 1045, 1142, 1143, 1227, 1370, 1419}
"""MariaDB: this user may not do it."""
_NO_DEFAULT = 1364
"""MariaDB: a column that the file does not name has no default."""
_NO_VALUES = _NO_RIGHTS | {
    1048,
    1049,
    1054,
    1146,
    1205,
    1213,
    1265,
    1290,
    1364,
    1406,
    1451,
    1452,
    4025,
}
"""MariaDB: errors whose words name tables and columns, and repeat no value."""
_NO_VALUES_EITHER = ("08", "23", "25", "28", "3D", "40", "42", "53", "55", "57")
"""PostgreSQL: the same, by the beginnings of their codes."""
_TOO_LONG = "22001"
_DUPLICATE = re.compile(r"Duplicate entry '.*' (for key .*)", re.DOTALL)


class Unstorable(Refused):
    """The database's charset does not have a character of the text; nothing was stored."""


def named(error: exc.SQLAlchemyError) -> str:
    """The error by its name and number."""
    cause = getattr(error, "orig", None) or error
    number = _number_of(cause)
    return type(cause).__name__ + (f" {number}" if number is not None else "")


def words_of(error: exc.SQLAlchemyError) -> str:
    """What the database says, "" where that may repeat a value."""
    cause = getattr(error, "orig", None) or error
    library, number = type(cause).__module__.partition(".")[0], _number_of(cause)
    if library == "sqlite3":
        said = str(cause)
    elif library == "psycopg":
        said = _said_by_postgresql(cause)
    elif library == "pymysql":
        said = str(cause.args[-1]) if number in _NO_VALUES else _without_entry(cause)
    else:
        said = ""
    return shorten(one_line(said), 300)


def _said_by_postgresql(cause: BaseException) -> str:
    code = getattr(cause, "sqlstate", None) or ""
    is_safe = code.startswith(_NO_VALUES_EITHER) or code == _TOO_LONG
    return str(cause.diag.message_primary or "") if is_safe else ""  # type: ignore[attr-defined] # psycopg's


def _without_entry(cause: BaseException) -> str:
    found = _DUPLICATE.search(str(cause.args[-1]) if cause.args else "")
    return f"Duplicate entry {found[1]}" if found else ""


def words_of_connecting(error: exc.SQLAlchemyError) -> str:
    """What is said when nobody is reached: nothing of a report's was on its way yet."""
    cause = getattr(error, "orig", None) or error
    text = str(cause.args[-1]) if cause.args else str(cause)
    return shorten(one_line(text), 300)


def _number_of(cause: BaseException) -> int | None:
    return next((one for one in cause.args if isinstance(one, int)), None)


@contextmanager
def reading() -> Iterator[None]:
    """A question's errors as ours."""
    try:
        yield
    except exc.NoSuchTableError:
        raise
    except exc.ProgrammingError as error:
        told = Misconfigured(f"The database does not take the question ({named(error)}).")
        raise noted(told, words_of(error)) from error
    except exc.DBAPIError as error:
        raise _read_as_told(error) from error
    except (ValueError, exc.SQLAlchemyError) as error:
        raise BadReply("The database's rows cannot be read.") from error


def _read_as_told(error: exc.DBAPIError) -> WaywardenError:
    words = words_of(error)
    if _number_of(error.orig or error) in _NO_RIGHTS:
        return noted(Misconfigured("The database does not allow the question."), words)
    return noted(TryLater(f"The database did not answer ({named(error)})."), words)


@contextmanager
def writing() -> Iterator[None]:
    """The errors of a change as ours: before the commit nothing is stored, whatever goes wrong."""
    try:
        yield
    except exc.DBAPIError as error:
        raise noted(_written_as_told(error), words_of(error)) from error
    except exc.SQLAlchemyError as error:
        raise Misconfigured(f"It does not fit the database ({named(error)}).") from error


def _written_as_told(error: exc.DBAPIError) -> WaywardenError:
    name = named(error)
    if name in _UNSTORABLE:
        return Unstorable()
    for_operator = _NO_RIGHTS | {_NO_DEFAULT}
    if _number_of(error.orig or error) in for_operator or isinstance(error, exc.ProgrammingError):
        return Misconfigured(f"The database does not take it ({name}).")
    if isinstance(error, exc.IntegrityError | exc.DataError):
        return Refused(f"The database refused it ({name}).")
    return TryLater(f"The database could not store it ({name}).")
