"""An export as it comes from outside: held to its form before anything of it is believed.

Nothing is unpacked to the disk, and no more than one file of it is held at a time. A file that is no export, or not all
of one, or one that somebody made to do harm (paths that lead elsewhere, files that unpack to gigabytes, the same key
twice, numbers that no column holds) is refused with words that say where.
"""

import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from types import GenericAlias
from typing import IO, Any, NoReturn, TypeVar, cast

import msgspec

from gateway.service import export_form as form

LARGEST_FILE = 64 * 2**20
"""Bytes of one file in it."""

LARGEST = 2 * 2**30
"""Bytes of all files in it that programs read."""

MOST_FILES = 100_000

_KINDS = "|".join(form.KINDS)
_NAME = re.compile(rf"account\.json|index\.html|(?:posts|messages)/\d{{4,6}}\.html|(?:{_KINDS})/(?:\d{{4,6}}\.json)?")
_PAGE = re.compile(rf"({_KINDS})/(\d+)\.json")
_ENCRYPTED = 0x1
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
_T = TypeVar("_T")


class NotAnExport(ValueError):
    """It cannot be read as an export; its words say why. Whatever was done with it is to be undone."""


class Parcel:
    """An export, opened; :meth:`check` comes before anything is done with it. Its pages are read anew each time that
    they are asked for. Raises NotAnExport, here and later."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise NotAnExport("it is not a zip file, or not all of one") from error
        self._entries = _checked(self._zip.infolist())
        if form.ABOUT not in self._entries:
            raise NotAnExport(f"there is no {form.ABOUT} in it")
        self.about = self._read(form.ABOUT, form.About)
        self._numbers = _numbers(self._entries)
        if not self.about.entries.keys() <= form.KINDS.keys():
            raise NotAnExport(f"{form.ABOUT} counts what no export holds")

    def pages(self, kind: str) -> Iterator[Sequence[Any]]:
        """The entries of a kind, a page at a time."""
        found = 0
        of_kind = cast("type[list[Any]]", GenericAlias(list, form.KINDS[kind]))
        for number in range(1, self._numbers.get(kind, 0) + 1):
            name = form.page_name(kind, number)
            page = self._read(name, of_kind)
            if len(page) > form.MOST:
                raise NotAnExport(f"{name}: it holds more than {form.MOST} entries")
            found += len(page)
            yield page
        if found != self.about.entries.get(kind, 0):
            raise NotAnExport(f"{form.ABOUT} counts {self.about.entries.get(kind, 0)} {kind}, there are {found}")

    def check(self) -> None:
        """Read all of it once, and see that no two posts have one id."""
        last = 0
        for kind in form.KINDS:
            for page in self.pages(kind):
                for post in page if kind == "posts" else ():
                    if post.id <= last:
                        raise NotAnExport(f"posts: {post.id} comes behind {last}")
                    last = post.id

    def _read(self, name: str, kind: type[_T]) -> _T:
        try:
            with self._zip.open(self._entries[name]) as entry:
                content = entry.read(LARGEST_FILE + 1)
        except _UNREADABLE as error:
            raise NotAnExport(f"{name} cannot be read: {error}") from error
        if len(content) > LARGEST_FILE:
            raise NotAnExport(f"{name} is too large")
        try:
            read = json.loads(
                content.decode(), object_pairs_hook=_each_once, parse_constant=_no_number, parse_float=_no_number
            )
            return msgspec.convert(read, kind)
        except RecursionError as error:
            raise NotAnExport(f"{name}: nested too deeply") from error
        except ValueError as error:  # what is no UTF-8, no JSON, or not of this form
            raise NotAnExport(f"{name}: {error}") from error


def _checked(entries: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if len(entries) > MOST_FILES:
        raise NotAnExport(f"there are more than {MOST_FILES:,} files in it")
    by_name: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename
        if not _NAME.fullmatch(name):
            raise NotAnExport(f"it holds {name[:80]!r}, which no export does")
        if name in by_name:
            raise NotAnExport(f"it holds {name} twice")
        if entry.flag_bits & _ENCRYPTED:
            raise NotAnExport(f"{name} is encrypted")
        if entry.file_size > LARGEST_FILE:
            raise NotAnExport(f"{name} is too large")
        by_name[name] = entry
    if sum(entry.file_size for name, entry in by_name.items() if name.endswith(".json")) > LARGEST:
        raise NotAnExport("it unpacks to too much")
    return by_name


def _numbers(entries: dict[str, zipfile.ZipInfo]) -> dict[str, int]:
    """How many pages each kind has; they are counted from 1."""
    found: dict[str, set[str]] = {}
    for name in entries:
        if match := _PAGE.fullmatch(name):
            found.setdefault(match[1], set()).add(name)
    for kind, names in found.items():
        if names != {form.page_name(kind, number) for number in range(1, len(names) + 1)}:
            raise NotAnExport(f"not all files of {kind} are there")
    return {kind: len(names) for kind, names in found.items()}


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("the same key twice")
    return read


def _no_number(words: str) -> NoReturn:
    raise ValueError(f"{words[:20]} is not a whole number")
