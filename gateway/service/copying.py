"""A copy of everything as one file, and everything out of such a file: a zip of JSON lines, the same for each database.

    birdwire.json         {"format": "birdwire backup", "version": 1, "schema": "0015", "made_at": …, "tables": […]}
    tables/NAME.jsonl     a row a line: an array of its values, in the order of the columns that birdwire.json names
    end.json              {"rows": {NAME: how many}}: what has no end is not whole

``tables`` names each table with its ``columns`` and the id that was given ``last`` in it (null where none was). Moments
are microseconds since 1970 in UTC. What is read is held to that form, as anybody may have had it in their hands.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal, TypeVar

import msgspec

from store import copies, version
from store.copies import Row, Shape
from store.unit import Reading, Unit

LONGEST_LINE = 64 * 2**20
"""Bytes of one row: many times what any part of this program writes into one."""

_HEAD, _END = "birdwire.json", "end.json"
_LARGEST_HEAD = 2**20
_COMPRESSION = 3
_BATCH_BYTES = copies.PAGE_BYTES
_BATCH = 1_000

_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
"""What ``zipfile`` raises for a file that is cut off, damaged, encrypted or packed in a way that it does not know."""

Told = Callable[[int], None]
"""Called with how many rows more are done."""


class NotACopy(ValueError):
    """The file is no copy, or is broken; its words say where. Whatever was read of it is to be undone."""


@dataclass(frozen=True, slots=True)
class NotEmpty:
    """There is something in the database already: ``table`` has rows."""

    table: str


@dataclass(frozen=True, slots=True)
class TooNew:
    """A later release of this program made the copy."""

    schema: str


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """The database, though empty, was made for another release than the copy, and there is no way back."""

    schema: str


@dataclass(frozen=True, slots=True)
class Restored:
    """It is all there: ``rows``, as made at ``made_at`` on version ``schema``."""

    rows: int
    made_at: datetime
    schema: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    columns: tuple[str, ...]
    last: int | None


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    made_at: datetime
    tables: tuple[_Table, ...]
    format: Literal["birdwire backup"] = "birdwire backup"
    version: Literal[1] = 1


class _End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rows: dict[str, int]


_Small = TypeVar("_Small", _Head, _End)


# ---- out


async def size(reading: Reading) -> int:
    """How many rows a copy will have."""
    return sum([await copies.count(reading, shape) for shape in await copies.shapes(reading)])


async def write(snapshot: Reading, out: BinaryIO, *, now: datetime, told: Told) -> int:
    """Write all that ``snapshot`` sees to ``out``; how many rows that were."""
    schema = await version.of(snapshot)
    assert schema is not None
    shapes = await copies.shapes(snapshot)
    tables = [_Table(each.name, each.columns, await copies.last_given(snapshot, each)) for each in shapes]
    rows: dict[str, int] = {}
    line = msgspec.json.Encoder()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION) as file:
        file.writestr(_HEAD, msgspec.json.encode(_Head(schema, now, tuple(tables))))
        for shape in shapes:
            rows[shape.name] = 0
            with file.open(_entry(shape.name), "w", force_zip64=True) as entry:
                async for page in copies.pages(snapshot, shape):
                    entry.write(line.encode_lines(page))
                    rows[shape.name] += len(page)
                    told(len(page))
        file.writestr(_END, msgspec.json.encode(_End(rows)))
    return sum(rows.values())


# ---- in


class Copy:
    """A file that says that it is a copy. Raises NotACopy, here and in all that reads on."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise NotACopy("it is not a zip file, or not all of one") from error
        self._head = self._small(_HEAD, _Head)
        self._end = self._small(_END, _End)
        names = [each.name for each in self._head.tables]
        if len(set(names)) < len(names) or set(names) != self._end.rows.keys():
            raise NotACopy(f"{_HEAD} and {_END} do not name the same tables")

    @property
    def rows(self) -> int:
        """How many it should hold."""
        return sum(self._end.rows.values())

    async def restore(self, unit: Unit, *, told: Told) -> Restored | NotEmpty | TooNew | OtherVersion:
        """Put everything into the unit's database, which must be empty, and bring it to this program's version."""
        schema = self._head.schema
        if not version.knows(schema):
            return TooNew(schema)
        at = await version.of(unit)
        if at is not None:
            for shape in await copies.shapes(unit):
                if await copies.count(unit, shape):
                    return NotEmpty(shape.name)
            if at != schema:
                return OtherVersion(at)
        await version.bring(unit, schema)
        shapes = {each.name: each for each in await copies.shapes(unit)}
        by_name = {each.name: each for each in self._head.tables}
        if shapes.keys() != by_name.keys():
            raise NotACopy("its tables are not those of its version")
        for shape in shapes.values():
            await self._fill(unit, shape, by_name[shape.name], told)
        await version.bring(unit, version.head())
        return Restored(self.rows, self._head.made_at, schema)

    async def _fill(self, unit: Unit, shape: Shape, table: _Table, told: Told) -> None:
        if sorted(table.columns) != sorted(shape.columns):
            raise NotACopy(f"{shape.name} has other columns than its version")
        count = 0
        for batch in self._batches(shape, table.columns):
            await copies.put(unit, shape, table.columns, batch)
            count += len(batch)
            told(len(batch))
        if count != self._end.rows[shape.name]:
            raise NotACopy(f"{shape.name} has {count} rows and not {self._end.rows[shape.name]}")
        await copies.give_after(unit, shape, table.last)

    def _batches(self, shape: Shape, columns: Sequence[str]) -> Iterator[list[Row]]:
        decoder = msgspec.json.Decoder(list[str | int | bool | None])
        kinds = [(each, shape.kind_of(each)) for each in columns]
        batch: list[Row] = []
        held = 0
        for number, line in enumerate(self._lines(shape.name), 1):
            try:
                row = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise NotACopy(f"{shape.name}, row {number}: {error}") from error
            if len(row) != len(columns):
                raise NotACopy(f"{shape.name}, row {number}: {len(row)} values for {len(columns)} columns")
            for value, (name, kind) in zip(row, kinds, strict=True):
                if value is not None and (type(value) is not kind or (kind is int and not _fits(value))):
                    raise NotACopy(f"{shape.name}, row {number}: {name} is of another kind")
            batch.append(tuple(row))
            held += len(line)
            if len(batch) >= _BATCH or held > _BATCH_BYTES:
                yield batch
                batch, held = [], 0
        if batch:
            yield batch

    def _lines(self, table: str) -> Iterator[bytes]:
        try:
            with self._zip.open(_entry(table)) as entry:
                while line := entry.readline(LONGEST_LINE):
                    if not line.endswith(b"\n"):
                        raise NotACopy(f"{table} has a row without an end")
                    yield line
        except KeyError as error:
            raise NotACopy(f"{table} is missing") from error
        except _UNREADABLE as error:
            raise NotACopy(f"{table} cannot be read: {error}") from error

    def _small(self, name: str, kind: type[_Small]) -> _Small:
        try:
            with self._zip.open(name) as entry:
                content = entry.read(_LARGEST_HEAD)
            return msgspec.json.decode(content, type=kind)
        except KeyError as error:
            raise NotACopy(f"it is no copy of ours, or not all of one: there is no {name} in it") from error
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, *_UNREADABLE) as error:
            raise NotACopy(f"{name}: {error}") from error


def _fits(value: object) -> bool:
    return isinstance(value, int) and -(2**63) <= value < 2**63


def _entry(table: str) -> str:
    return f"tables/{table}.jsonl"
