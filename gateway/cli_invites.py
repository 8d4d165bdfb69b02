"""``birdwire invite``: invitations, by which people sign up where that takes one."""

import secrets
from typing import assert_never

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
from gateway.domain.invite import CODES
from gateway.service import inviting
from gateway.service.inviting import Invitation, OutOfRange
from store import invites
from store.invites import InviteRow
from store.timelines import NEWEST


@click.group()
def invite() -> None:
    """Make, list and revoke invitations, where signing up takes one (site.registration = "invite")."""


@invite.command()
@click.option("--for", "note", default="", help="For whom it is; only those who look after the site see it.")
@click.option("--uses", default=1, show_default=True, help="How many people may sign up by it.")
@click.option("--days", default=inviting.DAYS, show_default=True, help="How many days it is good for.")
@configured
@as_json
def add(config: Config, as_json: bool, note: str, uses: int, days: int) -> None:
    """Make an invitation and print its link and code, which are not shown again."""

    async def make(desk: Desk) -> dict[str, object]:
        async with desk.store.unit() as unit:
            number = secrets.randbelow(CODES)
            outcome = await inviting.make(
                unit, desk.site, operator(), note=note, uses=uses, days=days, number=number, now=now()
            )
        match outcome:
            case OutOfRange():
                raise Refused(f"--uses is from 1 to {inviting.MOST_USES}, --days from 1 to {inviting.MOST_DAYS}")
            case Invitation(invite_id, code, expires_at):
                link = inviting.link(desk.site, code)
                return {"id": invite_id, "code": code, "link": link, "uses": uses, "expires_at": expires_at}
            case _:
                assert_never(outcome)

    made = at_desk(config, make)
    if as_json:
        print_json(made)
        return
    click.echo(made["link"])
    if config.sms.senders and config.sms.provider != "none":
        click.echo(f"or by text to {config.sms.senders[0].number}: JOIN yourname {made['code']}")
    if config.site.registration != "invite":
        click.echo(f'Signing up takes no invitation here: site.registration is "{config.site.registration}".', err=True)


@invite.command(name="list")
@click.option("--all", "every", is_flag=True, help="Also those that are used up, too old or revoked.")
@click.option("--most", type=click.IntRange(1), default=100, show_default=True, help="How many, the newest first.")
@configured
@as_json
def list_(config: Config, as_json: bool, every: bool, most: int) -> None:
    """List invitations by which people may still sign up."""

    async def look(desk: Desk) -> list[InviteRow]:
        async with desk.store.reading() as reading:
            found = await invites.newest(reading, before=NEWEST, most=most)
        return [each for each in found if every or each.is_open(now())]

    rows = at_desk(config, look)
    if as_json:
        print_json([msgspec.to_builtins(row) for row in rows])
        return
    print_table(
        ("id", "by", "for", "left", "of", "made", "expires", "revoked"),
        [
            (r.id, r.maker or "(command line)", r.note, r.uses_left, r.uses, r.created_at, r.expires_at, r.revoked_at)
            for r in rows
        ],
    )


@invite.command()
@click.argument("ids", type=int, nargs=-1, required=True)
@configured
@as_json
def revoke(config: Config, as_json: bool, ids: tuple[int, ...]) -> None:
    """Let nobody sign up any more by these invitations."""

    async def end(desk: Desk) -> int:
        async with desk.store.unit() as unit:
            return sum([await inviting.revoke(unit, operator(), each, now=now()) for each in ids])

    count = at_desk(config, end)
    if not count:
        raise Refused("there are no such invitations, or they are revoked already")
    print_done(f"{count} revoked", as_json=as_json, revoked=count)
