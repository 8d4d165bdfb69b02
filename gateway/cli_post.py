"""``birdwire post`` and ``birdwire schedule``: words in somebody's name, now, later, or again and again."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

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
)
from gateway.config import Config
from gateway.domain.types import Source
from gateway.service import auditing, posting, scheduling
from gateway.service.auditing import Act
from gateway.settings import parse_duration
from store import accounts, schedules
from store.accounts import AccountRow
from store.unit import Unit

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Posted:
    """The new posts (several where the text was split) and their pages."""

    ids: tuple[int, ...]
    urls: list[str]


@dataclass(frozen=True, slots=True)
class Later:
    """The schedule's number, and when it goes out first, on the clocks of its author."""

    id: int
    next_at: datetime


@click.command()
@click.argument("name")
@click.argument("text")
@click.option("--at", "when", help='Once: "2026-12-01 08:00", "08:00" (the next one), or "+2h".')
@click.option("--every", "cron", help='Again and again: five fields of cron, e.g. "0 8 * * mon-fri", or @daily.')
@configured
@as_json
def post(config: Config, as_json: bool, name: str, text: str, when: str | None, cron: str | None) -> None:
    """Post TEXT in the name of NAME. Times are those of their time zone."""
    if when is not None and cron is not None:
        raise click.UsageError("--at and --every exclude each other")
    if when is not None:
        parse_when(when, ZoneInfo("UTC"), now())

    async def write(desk: Desk) -> Posted | Later:
        async with desk.store.unit() as unit:
            author = await person(unit, name)
            if author.suspended_at is not None:
                raise Refused(f"{name} is suspended")
            if when is None and cron is None:
                posted = await _publish(unit, desk, author, text)
                await _note(unit, author, " ".join(map(str, posted.ids)))
                return posted
            later = await _schedule(unit, desk, author, text, when, cron)
            await _note(unit, author, f"schedule {later.id}")
            return later

    answer = at_desk(config, write)
    if as_json:
        print_json(answer)
        return
    match answer:
        case Posted(_, urls):
            click.echo("\n".join(urls))
        case Later(number, next_at):
            click.echo(f"Scheduled as {number}, goes out at {next_at:%Y-%m-%d %H:%M %Z}.")
        case _:
            assert_never(answer)


async def _note(unit: Unit, author: AccountRow, what: str) -> None:
    await auditing.note(unit, operator(), Act.MEMBER_POST, author, words=what, now=now())


async def _publish(unit: Unit, desk: Desk, author: AccountRow, text: str) -> Posted:
    outcome = await posting.publish(unit, desk.site, author.id, text, source=Source.CLI, now=now())
    match outcome:
        case posting.Published(ids):
            return Posted(ids, [f"{desk.site.public_url}/@{author.name}/{post_id}" for post_id in ids])
        case posting.TooLong(over):
            raise Refused(f"it is {over} characters too long")
        case posting.Duplicate(post_id):
            raise Refused(f"the same words were posted less than a minute ago, as {post_id}")
        case posting.Nothing():
            raise Refused("there are no words in it")
        case posting.TooMany(limit):
            raise Refused(f"{author.name} has posted {limit} times within an hour: limits.posts_per_hour")
        case _:
            assert_never(outcome)


async def _schedule(unit: Unit, desk: Desk, author: AccountRow, text: str, when: str | None, cron: str | None) -> Later:
    zone = author.time_zone or desk.site.time_zone
    if not text.strip():
        raise Refused("there are no words in it")
    if cron is not None:
        outcome = await scheduling.every(unit, author.id, text, cron, zone, now=now())
    else:
        moment = parse_when(when or "", ZoneInfo(zone), now())
        outcome = await scheduling.at(unit, author.id, text, moment, now=now())
    match outcome:
        case scheduling.Scheduled(schedule_id, next_at):
            return Later(schedule_id, next_at.astimezone(ZoneInfo(zone)))
        case scheduling.NotSchedulable(why):
            raise Refused(why)
        case _:
            assert_never(outcome)


def parse_when(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """``+2h``, ``08:00`` (the next one), or a date and time (ISO 8601, ``zone`` where it names none), aware in UTC.

    Raises click.BadParameter.
    """
    try:
        if text.startswith("+"):
            return now + parse_duration(text[1:])
        if re.fullmatch(r"\d{1,2}:\d\d", text):
            hour, minute = map(int, text.split(":"))
            here = now.astimezone(zone)
            today = datetime.combine(here.date(), time(hour, minute), zone)
            return (today if today > here else today + timedelta(days=1)).astimezone(UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f'{text} is no time: "2026-12-01 08:00", "08:00" or "+2h"', param_hint="--at"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


@click.group()
def schedule() -> None:
    """See and drop posts that will go out by themselves."""


@schedule.command(name="list")
@configured
@as_json
def list_(config: Config, as_json: bool) -> None:
    """List what will go out, the next one first."""

    async def look(desk: Desk) -> list[schedules.ScheduleRow]:
        async with desk.store.reading() as reading:
            return await schedules.all_of_them(reading)

    rows = at_desk(config, look)
    if as_json:
        print_json(rows)
        return
    print_table(
        ("id", "name", "next", "cron", "text"),
        [(row.id, row.name, row.next_at, row.cron, row.text[:_SHOWN]) for row in rows],
    )


@schedule.command()
@click.argument("number", type=int)
@configured
@as_json
def drop(config: Config, as_json: bool, number: int) -> None:
    """Let the scheduled post NUMBER not go out any more."""

    async def end(desk: Desk) -> None:
        async with desk.store.unit() as unit:
            whose = [row.account_id for row in await schedules.all_of_them(unit) if row.id == number]
            if not whose:
                raise Refused(f"there is no scheduled post {number}")
            await schedules.remove(unit, number)
            about = await accounts.by_id(unit, whose[0])
            await auditing.note(unit, operator(), Act.SCHEDULE_DROP, about, words=f"schedule {number}", now=now())

    at_desk(config, end)
    print_done(f"Scheduled post {number} is dropped.", as_json=as_json, id=number)
