"""The few words of SQL that SQLAlchemy says per dialect though both databases understand the same ones."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert


def insert_new(table: Table[Any]) -> Insert:
    """An INSERT that passes over rows a unique constraint forbids: INSERT … ON CONFLICT DO NOTHING.

    PostgreSQL's construct compiles to the same words on SQLite, whose grammar took the clause from there.
    """
    return Insert(table).on_conflict_do_nothing()


def storable(text: str, most: int | None = None) -> str:
    """Text from elsewhere as both databases take it: no NUL, no half of a surrogate pair, ``most`` at most."""
    return text.replace("\x00", "").encode(errors="replace").decode()[:most]
