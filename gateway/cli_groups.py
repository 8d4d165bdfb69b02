"""``birdwire group``: the groups that people can join."""

import re

import click
import msgspec

from gateway.cli_base import (
    Desk,
    Refused,
    as_json,
    at_desk,
    configured,
    now,
    operator,
    print_done,
    print_json,
    print_table,
)
from gateway.config import Config
from gateway.domain.types import NAME_PATTERN
from gateway.service import auditing
from gateway.service.auditing import Act
from store import groups
from store.groups import GroupRow


@click.group()
def group() -> None:
    """See the groups; add one."""


@group.command(name="list")
@configured
@as_json
def list_(config: Config, as_json: bool) -> None:
    """List the groups and how many are in each."""

    async def look(desk: Desk) -> list[GroupRow]:
        async with desk.store.reading() as reading:
            return await groups.everyone(reading)

    rows = at_desk(config, look)
    if as_json:
        print_json([msgspec.to_builtins(row) for row in rows])
        return
    print_table(("group", "members", "since"), [(row.name, row.members, row.created_at) for row in rows])


@group.command()
@click.argument("name")
@configured
@as_json
def add(config: Config, as_json: bool, name: str) -> None:
    """Add a group that people can then join."""
    name = name.removeprefix("!").lower()
    if not re.fullmatch(NAME_PATTERN, name):
        raise Refused("a group's name has 1 to 15 letters, digits or _")

    async def found(desk: Desk) -> bool:
        async with desk.store.unit() as unit:
            if not await groups.add(unit, name, founder_id=None, now=now()):
                return False
            await auditing.note(unit, operator(), Act.GROUP_ADD, f"!{name}", now=now())
            return True

    if not at_desk(config, found):
        raise Refused(f"there is a group {name} already")
    print_done(f"!{name} can be joined now", as_json=as_json, name=name)
