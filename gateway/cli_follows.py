"""``birdwire follow``: who reads whom, set by the operator, one by one or from a file."""

import csv
import re
import sys
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import click

from gateway.cli_base import (
    Desk,
    Refused,
    as_json,
    at_desk,
    configured,
    now,
    operator,
    person,
    print_done,
    print_json,
    print_table,
    progress,
)
from gateway.config import Config
from gateway.service import assigning, auditing, following, refusals
from gateway.service.auditing import Act, called
from store import accounts, default_follows, follows, relations
from store.default_follows import DefaultFollow
from store.follows import FollowRow
from store.unit import Reading

_BATCH = 500
_PAGE = 1000
_SHOWN = 20
_COLUMNS = ("follower", "followee", "via")


@dataclass(frozen=True, slots=True)
class Via:
    """How somebody's posts reach a follower. ``mail`` None leaves it to what the follower's account says.

    In words: any of ``sms``, ``email``, ``auto`` (mail as the account says) and ``none``; nothing means ``auto``.
    """

    texts: bool = False
    mail: bool | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file of follows: its number in the file, and what it says."""

    number: int
    follower: str
    followee: str
    via: Via


class _Follow(click.Group):
    """``follow A B`` is short for ``follow add A B``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["add", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "FOLLOWER FOLLOWEE [--via sms,email]")
        formatter.write_usage(ctx.command_path, "import FILE.csv | export")
        formatter.write_usage(ctx.command_path, "default add NAME | remove NAME | list")


@click.group(cls=_Follow)
def follow() -> None:
    """Let one person follow another; import and export follows. It stands at once, also where they are protected."""


def parse_via(text: str) -> Via:
    """The words told at Via, with a comma or space between. Raises ValueError."""
    ways = set(text.lower().replace(",", " ").split())
    if not ways <= {"sms", "email", "auto", "none"} or len(ways & {"email", "auto", "none"}) > 1:
        raise ValueError(text)
    return Via("sms" in ways, "email" in ways if ways and "auto" not in ways else None)


def _via(_ctx: click.Context, _param: click.Parameter, value: str) -> Via:
    try:
        return parse_via(value)
    except ValueError:
        raise click.BadParameter(f"{value} is not of sms, email, auto, none") from None


@follow.command()
@click.argument("follower")
@click.argument("followee")
@click.option(
    "--via",
    callback=_via,
    default="",
    help="sms, email or sms,email; none; auto is mail as their account says.  [default: auto]",
)
@configured
@as_json
def add(config: Config, as_json: bool, follower: str, followee: str, via: Via) -> None:
    """Let FOLLOWER follow FOLLOWEE, or change how the posts reach them."""

    async def connect(desk: Desk) -> None:
        async with desk.store.unit() as unit:
            reader, author = await person(unit, follower), await person(unit, followee)
            if reader.id == author.id:
                raise Refused("nobody follows themselves")
            if await relations.blockers(unit, reader.id, author.id):
                raise Refused(f"one of {follower} and {followee} blocks the other")
            await following.connect(unit, reader.id, author.id, texts=via.texts, mail=via.mail, now=now())
            words = f"follows {called(author)}"
            await auditing.note(unit, operator(), Act.FOLLOW_ADD, reader, words=words, now=now())

    at_desk(config, connect)
    said = via_words(via.texts, via.mail)
    print_done(
        f"{follower} follows {followee}.",
        as_json=as_json,
        **dict(zip(_COLUMNS, (_name(follower), _name(followee), said), strict=True)),
    )


@follow.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@configured
@as_json
def import_(config: Config, as_json: bool, file: Path) -> None:
    """Add the follows of a CSV file with the columns follower, followee, via; those that stand stay as they are.

    The whole file is looked through first: when a line can't be followed, nothing is changed.
    """
    lines = list(_read(file))

    async def bring_in(desk: Desk) -> int:
        batches = [lines[start : start + _BATCH] for start in range(0, len(lines), _BATCH)]
        async with desk.store.reading() as reading:
            ids = await _ids(reading, lines)
        _refuse_unknown(lines, ids)
        with progress(batches, "following") as shown:
            for batch in shown:
                async with desk.store.unit() as unit:
                    edges = [_edge(line, ids) for line in batch]
                    by_account = [(each.follower_id, each.followee_id) for each in edges if each.mail is None]
                    refused = await refusals.among(unit, by_account)
                    await follows.add_missing(unit, [_unless_refused(each, refused) for each in edges])
                    await auditing.note(unit, operator(), Act.FOLLOW_IMPORT, words=f"{len(batch)}", now=now())
        return len(lines)

    count = at_desk(config, bring_in)
    print_done(f"{count} follows stand.", as_json=as_json, follows=count)


@follow.command()
@configured
@as_json
def export(config: Config, as_json: bool) -> None:
    """Print every follow as CSV, as import reads it; requests and followers without a name are left out."""

    async def read_out(desk: Desk) -> list[tuple[str, str, str]]:
        async with desk.store.reading() as reading:
            names = await _all_names(reading)
            rows: list[FollowRow] = []
            while page := await follows.page(
                reading,
                followee=rows[-1].followee_id if rows else 0,
                follower=rows[-1].follower_id if rows else 0,
                most=_PAGE,
            ):
                rows += page
        return [
            (names[row.follower_id], names[row.followee_id], via_words(row.texts, row.mail))
            for row in rows
            if row.state == "accepted" and row.follower_id in names and row.followee_id in names
        ]

    rows = at_desk(config, read_out)
    if as_json:
        print_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(rows)


@follow.group()
def default() -> None:
    """Whom everybody new follows from the start, however they sign up. They may leave later."""


@default.command(name="add")
@click.argument("name")
@click.option("--via", callback=_via, default="", help="As for follow add.  [default: auto]")
@configured
@as_json
def add_default(config: Config, as_json: bool, name: str, via: Via) -> None:
    """Let everybody new follow NAME, or change how those posts reach them; who is here already is left alone."""

    async def put(desk: Desk) -> None:
        async with desk.store.unit() as unit:
            account = await person(unit, name)
            await assigning.add(unit, operator(), account, texts=via.texts, mail=via.mail, now=now())

    at_desk(config, put)
    said = via_words(via.texts, via.mail)
    print_done(f"Everybody new follows {name}.", as_json=as_json, name=_name(name), via=said)


@default.command(name="remove")
@click.argument("name")
@configured
@as_json
def remove_default(config: Config, as_json: bool, name: str) -> None:
    """Let nobody new follow NAME by itself any more; who does already goes on."""

    async def take_out(desk: Desk) -> None:
        async with desk.store.unit() as unit:
            if not await assigning.remove(unit, operator(), await person(unit, name), now=now()):
                raise Refused(f"nobody follows {name} by itself")

    at_desk(config, take_out)
    print_done(f"Nobody new follows {name} by itself any more.", as_json=as_json, name=_name(name))


@default.command(name="list")
@configured
@as_json
def list_defaults(config: Config, as_json: bool) -> None:
    """List whom everybody new follows."""

    async def look(desk: Desk) -> list[DefaultFollow]:
        async with desk.store.reading() as reading:
            return list(await default_follows.everyone(reading))

    rows = at_desk(config, look)
    if as_json:
        print_json([{"name": row.name, "via": via_words(row.texts, row.mail)} for row in rows])
        return
    print_table(("name", "via"), [(row.name, via_words(row.texts, row.mail) or "auto") for row in rows])


def _read(file: Path) -> Iterator[Line]:
    """The lines of a CSV file, a header and blank lines left out. Refuses what is no follow, naming the line.

    Spreadsheets in countries with a comma in their numbers write semicolons between columns."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{file} is not UTF-8 text") from None
    lines = text.splitlines()
    first = re.search("[,;]", lines[0]) if lines else None  # names have neither, and ways may have a comma between them
    reader = csv.reader(lines, delimiter=first[0] if first else ",")
    for row in reader:
        cells = [cell.strip() for cell in row]
        is_header = reader.line_num == 1 and [cell.lower() for cell in cells[:2]] == list(_COLUMNS[:2])
        if is_header or not any(cells):
            continue
        try:
            follower, followee, *via = cells
            yield Line(reader.line_num, _name(follower), _name(followee), parse_via(" ".join(via)))
        except ValueError:
            raise Refused(f"{file}, line {reader.line_num}: it must be follower,followee,via") from None


def _name(typed: str) -> str:
    return typed.removeprefix("@").lower()


async def _ids(reading: Reading, lines: Sequence[Line]) -> dict[str, int]:
    wanted = sorted({name for line in lines for name in (line.follower, line.followee)})
    ids: dict[str, int] = {}
    for start in range(0, len(wanted), _BATCH):
        for account in await accounts.by_names(reading, wanted[start : start + _BATCH]):
            ids[account.name or ""] = account.id
    return ids


def _refuse_unknown(lines: Sequence[Line], ids: dict[str, int]) -> None:
    wrong = [
        f"  line {line.number}: nobody is called {name}"
        for line in lines
        for name in (line.follower, line.followee)
        if name not in ids
    ]
    wrong += [
        f"  line {line.number}: nobody follows themselves" for line in lines if line.follower == line.followee != ""
    ]
    if wrong:
        more = [f"  and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise Refused("\n".join(["nothing was changed:", *wrong[:_SHOWN], *more]))


def _edge(line: Line, ids: dict[str, int]) -> FollowRow:
    return FollowRow(ids[line.followee], ids[line.follower], "accepted", line.via.texts, line.via.mail, now())


def _unless_refused(edge: FollowRow, refused: Set[tuple[int, int]]) -> FollowRow:
    """What a follower has unsubscribed from comes back only where the file says email."""
    is_refused = edge.mail is None and (edge.follower_id, edge.followee_id) in refused
    return replace(edge, mail=False) if is_refused else edge


async def _all_names(reading: Reading) -> dict[int, str]:
    names: dict[int, str] = {}
    last = 0
    while page := await accounts.page(reading, after=last, most=_PAGE):
        names |= {account.id: account.name for account in page if account.name is not None}
        last = page[-1].id
    return names


def via_words(texts: bool, mail: bool | None) -> str:
    """The reverse of :func:`parse_via`, as short as it can be."""
    match texts, mail:
        case texts, None:
            return "sms,auto" if texts else ""
        case texts, mail:
            return ",".join(word for word, on in (("sms", texts), ("email", mail)) if on) or "none"
