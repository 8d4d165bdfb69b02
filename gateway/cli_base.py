"""What all commands share: the configuration they run with, the database they open, and how they answer."""

import asyncio
import errno
import functools
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import IO, Any, BinaryIO, Concatenate, ParamSpec, TypeVar

import click
import msgspec

from gateway.config import BadConfig, Config, load
from gateway.service import identity
from gateway.service.auditing import Actor
from gateway.service.site import Site
from store import accounts, trouble, version
from store.accounts import AccountRow
from store.unit import Reading, Store

NEWER_DATABASE = "a later release of this program has upgraded the database: use that one"

P = ParamSpec("P")
T = TypeVar("T")


class Refused(click.ClickException):
    """The command can't be done; its message says why. Exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"birdwire: {self.message}", file=file, err=True)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command that works on the database holds: it, the configuration, and the community they make."""

    config: Config
    store: Store
    site: Site


def find_config(path: Path | None) -> Config:
    """The configuration a command runs with: of ``path``, else of BIRDWIRE_CONFIG, else of ./config.toml, else the
    defaults; the environment over all of them."""
    if path is None and (named := os.environ.get("BIRDWIRE_CONFIG")):
        path = Path(named)
    if path is None and Path("config.toml").is_file():
        path = Path("config.toml")
    try:
        return load(path, os.environ)
    except BadConfig as bad:
        raise Refused("the configuration can't be used:\n" + "\n".join(f"  {p}" for p in bad.problems)) from None


config_path = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The TOML file with the settings.  [default: $BIRDWIRE_CONFIG, else ./config.toml if it is there]",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def configured(command: Callable[Concatenate[Config, P], T]) -> Callable[..., T]:
    """Give a command ``-c`` and call it with the configuration that it names."""

    @config_path
    @functools.wraps(command)
    def run(path: Path | None, *args: P.args, **kwargs: P.kwargs) -> T:
        return command(find_config(path), *args, **kwargs)

    return run


def at_desk(config: Config, work: Callable[[Desk], Awaitable[T]]) -> T:
    """Run ``work`` on an open database that is at this program's version. Refuses in words when that can't be had."""

    async def run() -> T:
        store = Store(config.store.url)
        try:
            await _be_current(store)
            async with store.unit() as unit:
                key = await identity.key(unit, config.site.secret_key)
            return await work(Desk(config, store, config.site_for_services(key)))
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except trouble.trouble() as error:
        raise Refused(f"the database can't be used: {trouble.reason(error)}") from error


async def _be_current(store: Store) -> None:
    at = await version.current(store)
    if at == version.head():
        return
    if not store.is_sqlite:
        raise Refused(f"the database is at version {at or 'none'}, not {version.head()}: run birdwire db upgrade")
    await version.upgrade(store)


async def person(reading: Reading, name: str) -> AccountRow:
    """Who bears this name, with or without ``@``, in any case; refuses when nobody does."""
    found = await accounts.by_name(reading, name.removeprefix("@"))
    if found is None:
        raise Refused(f"nobody is called {name}")
    return found


def operator() -> Actor:
    """Who runs the command, for the audit log: what the machine calls them, and who became them to do it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"user {os.getuid()}"
    became = os.environ.get("SUDO_USER", "")
    return Actor(f"{became} as {user}" if became and became != user else user)


def now() -> datetime:
    """The moment a command is run at."""
    return datetime.now(UTC)


def print_json(value: object) -> None:
    """Print dataclasses, moments and plain values as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_done(words: str, *, as_json: bool, **facts: object) -> None:
    """Say what was done: in words, or by the facts of it as JSON."""
    if as_json:
        print_json(facts)
    else:
        click.echo(words)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their headings (if there are any) in columns as wide as they must be."""
    lines = [[_cell(value) for value in row] for row in (headings, *rows) if any(headings) or row is not headings]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def progress(items: Sequence[T], label: str) -> AbstractContextManager[Any]:
    """``items``, shown as a bar on a terminal while they are gone through."""
    if not sys.stderr.isatty():
        return nullcontext(items)
    return click.progressbar(items, label=label, file=sys.stderr)


_SLOW = 2.0
"""Seconds after which people wonder whether anything happens."""


@contextmanager
def counting(total: int, label: str, *, clock: Callable[[], float] = monotonic) -> Iterator[Callable[[int], None]]:
    """Hands out what is told how much more of ``total`` is done, and shows it as a bar on a terminal when it takes
    longer than two seconds."""
    begun, before = clock(), 0
    bar: Any = None
    with ExitStack() as shown:

        def told(more: int) -> None:
            nonlocal before, bar
            if bar is not None:
                bar.update(more)
                return
            before += more
            if sys.stderr.isatty() and clock() - begun > _SLOW:
                bar = shown.enter_context(click.progressbar(length=total, label=label, file=sys.stderr))
                bar.update(before)

        yield told


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})


@contextmanager
def new_file(file: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """``file``, to be written: its owner's alone, and there only when all of it is. Refuses to overwrite one, unless
    with ``force``, and when it can't be written."""
    if file.exists() and not force:
        raise Refused(f"{file} is there already, name a new file or say --force")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        out = open(unfinished, "x+b", opener=_private)  # noqa: SIM115  # Path.open takes no opener
    except OSError as error:
        raise Refused(f"{file} can't be written: {error.strerror}") from error
    try:
        with out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(file)
    except OSError as error:
        if error.errno not in _NO_ROOM:  # somebody else's trouble
            raise
        raise Refused(f"{file} can't be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        case list() | tuple():
            return ", ".join(_cell(item) for item in value)
        case _:
            return str(value).replace("\n", " ")
