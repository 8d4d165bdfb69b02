"""``birdwire export`` and ``birdwire import``: everything of one person to a file, and into an instance."""

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

import click

from gateway.cli_base import (
    Desk,
    Refused,
    as_json,
    at_desk,
    configured,
    counting,
    new_file,
    now,
    operator,
    person,
    print_done,
    print_json,
)
from gateway.config import Config
from gateway.service import auditing, belongings, phones
from gateway.service.auditing import Act
from gateway.service.export_reading import NotAnExport, Parcel
from gateway.service.joining import NameTaken, NotAName
from gateway.service.moving_in import HereAlready, LeftBehind, MovedIn, move_in
from gateway.web.export import write
from gateway.web.look import Look
from gateway.web.visitors import Visitors
from store import routes

_SHOWN = 20
_WHY = {
    "stopped": "its owner wants nothing there, until they write from it",
    "held": "somebody else has it",
}
_COUNTED = {
    "reposts": "reposts of what is not here",
    "answers": "what posts answer, where that is not here",
    "favourites": "favourites of what is not here",
    "groups": "groups that are not here",
    "tracks": "tracked words that are too many or none",
    "messages": "direct messages",
    "followers": "followers, who follow anew",
    "votes": "votes",
    "schedules": "planned posts",
}


@click.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@configured
@as_json
def export(config: Config, as_json: bool, name: str, file: Path, force: bool) -> None:
    """Write everything of NAME to FILE, a zip: pages to read (index.html) and JSON for programs.

    It is the file that NAME gets in the settings of the site, and that birdwire import reads.
    """

    async def take(desk: Desk) -> None:
        look = Look(desk.site, Visitors(desk.store, desk.site, now), now)
        async with desk.store.snapshot() as snapshot:
            account = await person(snapshot, name)
            total = await belongings.size(snapshot, account)
            with new_file(file, force=force) as out, counting(total, "writing") as told:
                async with desk.store.unit() as unit:
                    await auditing.note(unit, operator(), Act.MEMBER_EXPORT, account, now=now())
                await write(out, snapshot, look, desk.site, account, now=now(), told=told)

    at_desk(config, take)
    size = file.stat().st_size
    print_done(f"{file}: {size:,} bytes", as_json=as_json, file=str(file), bytes=size)


@click.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "called", metavar="NAME", help="Call them NAME here; else as in FILE, if that is free.")
@click.option("--prove", is_flag=True, help="Their phones and mailboxes count as proven: you vouch for them.")
@configured
@as_json
def import_(config: Config, as_json: bool, file: Path, called: str | None, prove: bool) -> None:
    """Bring somebody in with FILE, an export of this instance or another one, as a new account.

    Their posts, settings, follows, mutes, blocks and favourites come along as far as others are here; nothing is
    delivered to anybody. It is all or nothing, and the same file once more adds nothing.
    """

    async def bring(desk: Desk) -> MovedIn | HereAlready:
        with file.open("rb") as opened:
            parcel = Parcel(opened)
            parcel.check()
            total = sum(parcel.about.entries.values())
            async with desk.store.unit() as unit:
                await routes.ensure(unit, config.sender_names())
                with counting(total, "moving in") as told:
                    outcome = await move_in(unit, desk.site, parcel, called=called, prove=prove, now=now(), told=told)
                match outcome:
                    case MovedIn():
                        await phones.choose_senders(unit, desk.site)
                        account, source = await person(unit, outcome.name), parcel.about.site.url
                        await auditing.note(unit, operator(), Act.MEMBER_IMPORT, account, words=source, now=now())
                        return outcome
                    case HereAlready():
                        return outcome
                    case NameTaken():
                        taken = called or parcel.about.account.name
                        raise Refused(f"the name {taken} is taken: say --as NAME")
                    case NotAName():
                        raise Refused("a name has 1 to 15 letters, digits or underscores: say --as NAME")
                    case _:
                        assert_never(outcome)

    try:
        outcome = at_desk(config, bring)
    except NotAnExport as bad:
        raise Refused(f"{file} can't be brought in, and nothing was: {bad}") from bad
    if isinstance(outcome, HereAlready):
        if as_json:
            print_json({"name": outcome.name, "again": True})
        else:
            click.echo(f"That file was brought in before: it is {outcome.name}. Nothing was added.")
        return
    if as_json:
        left = outcome.left_behind
        print_json(
            {
                "name": outcome.name,
                "again": False,
                "posts": outcome.posts,
                "unknown_people": sorted(left.people),
                "addresses_left_out": [{"address": each, "reason": why} for each, why in left.addresses],
                "left_out": dict(left.counts),
            }
        )
        return
    click.echo(f"{outcome.name} is here, with {outcome.posts:,} posts.")
    for line in _left(outcome.left_behind):
        click.echo(line)


def _left(left: LeftBehind) -> Iterator[str]:
    for address, why in left.addresses:
        yield f"Left out: {address}, {_WHY[why]}."
    if left.people:
        names = sorted(left.people)
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        yield f"Nobody here is called: {', '.join(names[:_SHOWN])}{more}."
    for kind, words in _COUNTED.items():
        if left.counts[kind]:
            yield f"Left out: {words} ({left.counts[kind]:,})."
