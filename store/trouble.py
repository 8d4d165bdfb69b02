"""What a database that can't be reached or used raises, so that the roof can say so in words."""

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy.exc import SQLAlchemyError

TROUBLE: tuple[type[Exception], ...] = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""For ``except``: everything that connecting and running a statement can fail with through no fault of ours."""


def reason(error: BaseException) -> str:
    """The database's own words, in one line, without statements and parameters (they may hold people's words)."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__
