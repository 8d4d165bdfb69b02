"""What the database raises, whether waiting helps, and how to say it in words that quote nobody.

Two kinds: the database is **away** (gone, full, locked for too long, not letting us in), so a later try may succeed
without anybody changing the program; or it answered, and what was asked of it was wrong, which is a bug.
"""

import sys

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

_AWAY_SQLITE = frozenset({5, 6, 7, 8, 9, 10, 13, 14, 15})
"""SQLite's primary result codes (sqlite.org/rescode.html): BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL,
CANTOPEN, PROTOCOL."""

_AWAY_POSTGRESQL = ("08", "25006", "25P03", "28", "3D", "40", "53", "55P03", "57", "58")
"""How SQLSTATEs begin (PostgreSQL, appendix A): connection, read-only standby, idle for too long, login, no such
database, deadlock, out of resources, lock timeout, operator's intervention, system error."""

_QUOTES_NOBODY = ("42",)
"""SQLSTATEs of words about tables, columns and rights; those of class 22 quote what was to be written."""


def trouble() -> tuple[type[Exception], ...]:
    """For ``except``: all that connecting and running a statement raise, of both kinds."""
    return (DBAPIError, NoConnectionFree, OSError, *_of("asyncpg", "PostgresError", "InterfaceError"))


def is_away(error: BaseException) -> bool:
    """Whether a later try may succeed by itself. False for a bug, and for what is no trouble of the database's."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        return _is_away(error.orig)
    return isinstance(error, NoConnectionFree | OSError) or _is_away(error)


def reason(error: BaseException) -> str:
    """The database's own words in one line, without statements and parameters. Where they might quote what people
    wrote, only the error's name."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    lines = str(cause).strip().splitlines()
    if not lines or not (
        is_away(error) or isinstance(cause, _of("sqlite3", "Error")) or _state(cause).startswith(_QUOTES_NOBODY)
    ):
        return " ".join(filter(None, (type(cause).__name__, _state(cause))))
    return lines[0]


def _is_away(error: BaseException | None) -> bool:
    if isinstance(error, _of("sqlite3", "Error")):
        code = getattr(error, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _AWAY_SQLITE
    if error is None:
        return False
    state = _state(error)
    if state:
        return state.startswith(_AWAY_POSTGRESQL)
    return isinstance(error, _of("asyncpg", "InterfaceError")) and not isinstance(error, ValueError)


def _of(name: str, *names: str) -> tuple[type[Exception], ...]:
    """Errors of a driver that is loaded when a database is opened (``store.engine``): nobody raises them before."""
    driver = sys.modules.get(name)
    return tuple(getattr(driver, each) for each in names) if driver is not None else ()


def _state(error: BaseException) -> str:
    return getattr(error, "sqlstate", None) or ""
