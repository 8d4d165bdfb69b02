"""All rows of a database: out in pages, as one moment has them, and into an empty database of either kind.

What is copied is what the database has, not what this program would make: the tables that ``store.schema`` declares, as
far as they are there, with the columns that they have. So a copy made before an upgrade is whole, too. Rows travel as
the database keeps them (moments as microseconds), and what is made from rows (the index over words) is made again. The
ids that were given last travel along: one that stood in an address is never given to something else.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, FromClause, Select, bindparam, column, func, inspect, select, table, text, tuple_
from sqlalchemy.types import TypeEngine

from store.schema import metadata
from store.unit import Reading, Unit

PAGE_BYTES = 2_000_000
"""About as much is held of a table at a time, give or take a few rows."""

_FIRST_PAGE, _LARGEST_PAGE = 50, 2_000
_GIVEN_SQLITE = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
_SEQUENCE = text("SELECT pg_get_serial_sequence(:table, 'id')")
_FORGET_GIVEN_SQLITE = text("DELETE FROM sqlite_sequence WHERE name = :table")
_SET_GIVEN_SQLITE = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)")
_SET_GIVEN = text("SELECT setval(CAST(:sequence AS regclass), :last)")

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as a database has it: its columns with their types, and which of them are its key. ``counts``: its ids
    are given by the database."""

    name: str
    columns: tuple[str, ...]
    types: tuple[TypeEngine[Any], ...]
    key: tuple[str, ...]
    counts: bool

    def kind_of(self, name: str) -> type[str | int | bool]:
        """Of which kind the values of a column are."""
        kind: type[str | int | bool] = self.types[self.columns.index(name)].python_type
        return kind


async def shapes(reading: Reading) -> list[Shape]:
    """The tables that there are, each behind those that it refers to."""
    return await reading.directly(_shapes)


def _shapes(connection: Connection) -> list[Shape]:
    declared = {each.name: each for each in metadata.sorted_tables}
    found = inspect(connection)
    columns = {name: all_of_it for (_, name), all_of_it in found.get_multi_columns(filter_names=list(declared)).items()}
    keys = {name: key for (_, name), key in found.get_multi_pk_constraint(filter_names=list(declared)).items()}
    return [
        Shape(
            str(name),
            tuple(str(each["name"]) for each in columns[name]),
            tuple(each["type"] for each in columns[name]),
            tuple(map(str, keys[name]["constrained_columns"])),
            of_ours.autoincrement_column is not None,
        )
        for name, of_ours in declared.items()
        if name in columns
    ]


async def count(reading: Reading, shape: Shape) -> int:
    """How many rows a table has."""
    number: int = (await reading.execute(select(func.count()).select_from(_table(shape)))).scalar_one()
    return number


async def pages(reading: Reading, shape: Shape) -> AsyncIterator[Sequence[Row]]:
    """A table's rows by its key, a page at a time, so many as take about PAGE_BYTES."""
    source = _table(shape)
    key = [source.c[each] for each in shape.key]
    places = [shape.columns.index(each) for each in shape.key]
    first = select(*source.c).order_by(*key).limit(bindparam("most"))
    after = tuple_(*(bindparam(f"after_{each.name}", type_=each.type) for each in key))
    rest = first.where(tuple_(*key) > after)
    most, last = _FIRST_PAGE, dict[str, Any]()
    while True:
        rows: list[Row] = [tuple(row) for row in await reading.execute(rest if last else first, {"most": most, **last})]
        if rows:
            yield rows
        if len(rows) < most:
            return
        last = {f"after_{name}": rows[-1][place] for name, place in zip(shape.key, places, strict=True)}
        size = sum(len(value) for row in rows for value in row if isinstance(value, str)) / len(rows)
        most = max(1, min(2 * most, int(PAGE_BYTES / (size + 100)), _LARGEST_PAGE))


async def last_given(reading: Reading, shape: Shape) -> int | None:
    """The last id that the database gave in this table; None where it gave none, or does not remember."""
    if not shape.counts:
        return None
    if reading.dialect == "sqlite":
        kept: int | None = (await reading.execute(_GIVEN_SQLITE, {"table": shape.name})).scalar_one_or_none()
        return kept
    sequence = (await reading.execute(_SEQUENCE, {"table": shape.name})).scalar_one()
    if sequence is None:
        return None
    found: Select[*tuple[Any, ...]] = select(column("last_value"), column("is_called")).select_from(text(sequence))
    last, called = (await reading.execute(found)).one()
    return int(last) if called else None


async def put(unit: Unit, shape: Shape, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Add rows, whose values are in the order of ``columns``."""
    known = dict(zip(shape.columns, shape.types, strict=True))
    target = table(shape.name, *(column(each, known[each]) for each in columns))
    await unit.execute(target.insert(), [dict(zip(columns, row, strict=True)) for row in rows])


async def give_after(unit: Unit, shape: Shape, last: int | None) -> None:
    """The next id that the database gives in this table is above ``last``, and above all that are there."""
    if not shape.counts:
        return
    highest = (await unit.execute(select(func.max(_table(shape).c.id)))).scalar_one()
    last = max((each for each in (last, highest) if each is not None), default=None)
    if last is None or last < 1:
        return
    if unit.dialect == "sqlite":
        if metadata.tables[shape.name].dialect_options["sqlite"]["autoincrement"]:
            await unit.execute(_FORGET_GIVEN_SQLITE, {"table": shape.name})
            await unit.execute(_SET_GIVEN_SQLITE, {"table": shape.name, "last": last})
        return
    sequence = (await unit.execute(_SEQUENCE, {"table": shape.name})).scalar_one()
    if sequence is not None:
        await unit.execute(_SET_GIVEN, {"sequence": sequence, "last": last})


def _table(shape: Shape) -> FromClause:
    return table(shape.name, *map(column, shape.columns, shape.types))
