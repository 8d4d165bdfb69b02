"""What a database that can't be reached or used raises, and how to say so in words."""

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

TROUBLE: tuple[type[Exception], ...] = (
    DBAPIError,
    NoConnectionFree,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
)
"""For ``except``: what connecting and running a statement raise when the database is away, full or locked for too
long. Another try later may succeed."""


def reason(error: BaseException) -> str:
    """The database's own words, in one line, without statements and parameters (they may hold people's words)."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__
