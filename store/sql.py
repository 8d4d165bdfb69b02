"""The few words of SQL that SQLAlchemy says per dialect though both databases understand the same ones."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Subquery,
    Table,
    bindparam,
    cast,
    column,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


def insert_new(table: Table[Any]) -> Insert:
    """An INSERT that passes over rows a unique constraint forbids: INSERT … ON CONFLICT DO NOTHING.

    PostgreSQL's construct compiles to the same words on SQLite, whose grammar took the clause from there.
    """
    return Insert(table).on_conflict_do_nothing()


class _Elements(FunctionElement[Any]):
    """The elements of a JSON array, a row each, in a column called ``value``."""

    inherit_cache = True


@compiles(_Elements, "sqlite")
def _elements_sqlite(element: _Elements, compiler: SQLCompiler, **words: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **words)})"


@compiles(_Elements, "postgresql")
def _elements_postgresql(element: _Elements, compiler: SQLCompiler, **words: Any) -> str:
    return f"jsonb_array_elements(CAST({compiler.process(element.clauses, **words)} AS jsonb))"


def given(name: str, **columns: type[TypeEngine[Any]] | TypeEngine[Any]) -> Subquery:
    """Any number of rows that a statement is handed as its one parameter ``name``, made by :func:`rows`.

    One statement for a hundred arrivals costs little more than one for a single arrival, and its words are always the
    same. The first column, ``n``, is the row's place, counted from 0. JSON carries whole numbers, words and None.
    """
    elements = _Elements(bindparam(name)).table_valued(column("value"), name=f"{name}_json")
    value = elements.c.value

    def place(at: int, kind: Any) -> ColumnElement[Any]:
        read: ColumnElement[Any] = value.op("->>")(literal_column(str(at)))
        return cast(read, kind) if issubclass(kind if isinstance(kind, type) else type(kind), Integer) else read

    return select(
        place(0, BigInteger).label("n"),
        *(place(at, kind).label(each) for at, (each, kind) in enumerate(columns.items(), 1)),
    ).subquery(name)


def rows(values: Iterable[Sequence[Any]]) -> str:
    """The parameter for :func:`given`: each row's values in the order of its columns."""
    return msgspec.json.encode([(n, *row) for n, row in enumerate(values)]).decode()


class _NextId(FunctionElement[int]):
    type = BigInteger()
    inherit_cache = True


@compiles(_NextId, "sqlite")
def _next_id_sqlite(element: _NextId, compiler: SQLCompiler, **words: Any) -> str:
    table, n = (compiler.process(each, **words) for each in element.clauses)
    return f"coalesce((SELECT seq FROM sqlite_sequence WHERE name = {table}), 0) + 1 + {n}"  # noqa: S608  # our own words


@compiles(_NextId, "postgresql")
def _next_id_postgresql(element: _NextId, compiler: SQLCompiler, **words: Any) -> str:
    table, _ = (compiler.process(each, **words) for each in element.clauses)
    return f"nextval(pg_get_serial_sequence({table}, 'id'))"


def next_id(table: Table[Any], n: ColumnElement[int]) -> ColumnElement[int]:
    """The id that the row in place ``n`` of those that are being added to the table will have, for a row that holds
    its own id in a second column. On SQLite the table must be one with AUTOINCREMENT."""
    return _NextId(literal_column(f"'{table.name}'"), n)


def storable(text: str, most: int | None = None) -> str:
    """Text from elsewhere as both databases take it: no NUL, no half of a surrogate pair, ``most`` at most."""
    if not text.isascii() or "\x00" in text:
        text = text.replace("\x00", "").encode(errors="replace").decode()
    return text[:most]
