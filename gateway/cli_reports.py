"""``birdwire reports``: what people reported, and closing what was looked at."""

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
from gateway.service import operating
from store.reports import ReportRow, newest, open_ones


@click.group()
def reports() -> None:
    """See what people reported about others; close what was looked at."""


@reports.command(name="list")
@click.option("--all", "every", is_flag=True, help="Closed ones too, the newest first.")
@click.option("--most", type=click.IntRange(1), default=100, show_default=True, help="How many.")
@configured
@as_json
def list_(config: Config, as_json: bool, every: bool, most: int) -> None:
    """List what is open, the oldest first."""

    async def look(desk: Desk) -> list[ReportRow]:
        async with desk.store.reading() as reading:
            return await (newest if every else open_ones)(reading, most=most)

    rows = at_desk(config, look)
    if as_json:
        print_json([msgspec.to_builtins(row) for row in rows])
        return
    print_table(
        ("id", "about", "by", "at", "post", "words", "closed"),
        [(r.id, r.about, r.reporter, r.reported_at, r.post_id, r.words, r.closed_at) for r in rows],
    )


@reports.command()
@click.argument("ids", type=int, nargs=-1, required=True)
@configured
@as_json
def close(config: Config, as_json: bool, ids: tuple[int, ...]) -> None:
    """Close reports, and tell who made them."""

    async def end(desk: Desk) -> int:
        async with desk.store.unit() as unit:
            return sum([await operating.close_report(unit, desk.site, operator(), each, now=now()) for each in ids])

    count = at_desk(config, end)
    if not count:
        raise Refused("none of these is open")
    print_done(f"{count} closed", as_json=as_json, closed=count)
