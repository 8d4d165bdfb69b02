"""Random rows in every table, as wild as the schema lets them be, and all rows of a database to compare."""

import random
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, SmallInteger, String, Table, Text, UniqueConstraint

from store import copies
from store.schema import Instant, from_micros, metadata
from store.unit import Store

_LETTERS = "abcdefghij KLMNOP 0123456789 äöüßéñ \u4e2d\u6587 \u0627\u0644 😀🏳️‍🌈 \n\t\"'\\{}[]<>&%_:;,. \u2028\x01\x7f"
_RANGES: list[tuple[type[Any], int]] = [(SmallInteger, 15), (BigInteger, 63), (Integer, 31)]


class Filler:
    """Makes rows that satisfy every constraint of the schema."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311  # made-up rows
        self._made: dict[str, list[dict[str, Any]]] = {}

    async def fill(self, store: Store, most: int) -> None:
        """Some rows in every table, ``most`` at the most."""
        async with store.unit() as unit:
            for table in metadata.sorted_tables:
                made = self._made[table.name] = self._rows(table, most)
                await unit.execute(table.insert(), made)
            for shape in await copies.shapes(unit):
                await copies.give_after(unit, shape, None)

    def _rows(self, table: Table[Any], most: int) -> list[dict[str, Any]]:
        rows, seen = [], set()
        for _ in range(self._dice.randint(most // 2, most)):
            row = {column.name: self._value(column, len(rows)) for column in table.columns}
            if table.name == "deliveries":
                row["notice_id" if self._dice.random() < 0.8 else "post_id"] = None
                row["notice_id"] = self._dice.randint(1, 9) if row["post_id"] is None else None
            if table.name == "posts":
                row["words"] = " ".join(self._dice.choices(["lunch", "now", "mittag", "中文"], k=3))
            keys = {(key, tuple(row[name] for name in key)) for key in _unique(table)}
            if not keys & seen:
                seen |= keys
                rows.append(row)
        return rows

    def _value(self, column: Column[Any], number: int) -> Any:
        dice = self._dice
        if column.nullable and dice.random() < 0.3:
            return None
        for key in column.foreign_keys:
            return dice.choice(self._made[key.column.table.name])[key.column.name]
        if column.primary_key and column.name == "id":
            return 3 * number + dice.randint(1, 3)
        kind: Any = column.type
        if isinstance(kind, Instant):
            return self._moment()
        if isinstance(kind, Boolean):
            return dice.random() < 0.5
        for each, bits in _RANGES:
            if isinstance(kind, each):
                return dice.choice([0, 1, -1, 2**bits - 1, -(2**bits), dice.randint(-(2**bits), 2**bits - 1)])
        assert isinstance(kind, String)
        longest = kind.length or dice.choice([0, 1, 200, 20_000] if isinstance(kind, Text) else [50])
        return "".join(dice.choices(_LETTERS, k=dice.randint(0, longest)))

    def _moment(self) -> datetime:
        return from_micros(self._dice.randint(0, 4_000_000_000_000_000))


def _unique(table: Table[Any]) -> list[tuple[str, ...]]:
    keys = [tuple(column.name for column in table.primary_key)]
    keys += [
        tuple(column.name for column in each.columns)
        for each in table.constraints
        if isinstance(each, UniqueConstraint)
    ]
    return keys + [tuple(column.name for column in index.columns) for index in table.indexes if index.unique]


async def all_rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in the order of their keys as Python compares them."""
    found = {}
    async with store.snapshot() as snapshot:
        for shape in await copies.shapes(snapshot):
            rows = [row async for page in copies.pages(snapshot, shape) for row in page]
            order = sorted(range(len(shape.columns)), key=shape.columns.__getitem__)
            found[shape.name] = sorted((tuple(row[place] for place in order) for row in rows), key=repr)
    return found
