"""``birdwire db``: the database's version."""

import asyncio

import click

from gateway.cli_base import NEWER_DATABASE, Refused, as_json, configured, print_done, print_json
from gateway.config import Config
from store import trouble, version
from store.unit import Store


@click.group()
def db() -> None:
    """Bring the database to the version this program needs."""


@db.command()
@configured
@as_json
def upgrade(config: Config, as_json: bool) -> None:
    """Bring the database to the version this program needs; what is there stays."""
    before, after = _versions(config, upgrade=True)
    words = f"at {after} already" if before == after else f"from {before or 'an empty database'} to {after}"
    print_done(words, as_json=as_json, before=before, current=after)


@db.command()
@configured
@as_json
def status(config: Config, as_json: bool) -> None:
    """Say which version the database has; exit code 1 when this program needs another."""
    at, _ = _versions(config)
    if as_json:
        print_json({"current": at, "needed": version.head()})
    else:
        click.echo(f"the database is at {at or 'no version, it is empty'}; this program needs {version.head()}")
    if not version.knows(at):
        raise Refused(NEWER_DATABASE)
    if at != version.head():
        raise Refused("run birdwire db upgrade")


def _versions(config: Config, *, upgrade: bool = False) -> tuple[str | None, str | None]:
    """The database's version, and the version after upgrading it if asked to."""

    async def look() -> tuple[str | None, str | None]:
        store = Store(config.store.url, patience=None)  # a large table takes its time
        try:
            before = await version.current(store)
            if upgrade and not version.knows(before):
                raise Refused(NEWER_DATABASE)
            if upgrade:
                await version.upgrade(store)
            return before, await version.current(store)
        finally:
            await store.close()

    try:
        return asyncio.run(look())
    except trouble.trouble() as error:
        raise Refused(f"the database can't be used: {trouble.reason(error)}") from error
