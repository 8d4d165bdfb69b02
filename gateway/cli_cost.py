"""``birdwire cost``: what texts cost in a month, by day, number and country."""

import re
from decimal import Decimal

import click
import msgspec

from gateway.cli_base import Desk, as_json, at_desk, configured, now, print_json, print_table
from gateway.config import Config
from gateway.domain.budget import month_of
from gateway.service import budgets
from gateway.service.zones import zone_of
from store.usage import Billed

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def _month(_context: click.Context, _parameter: click.Parameter, words: str | None) -> int | None:
    if words is None:
        return None
    match = _MONTH.fullmatch(words)
    if match is None:
        raise click.BadParameter("write it as YYYY-MM, for example 2026-11")
    return int(match[1]) * 100 + int(match[2])


@click.command()
@click.option("--month", callback=_month, metavar="YYYY-MM", help="Which month.  [default: this one]")
@configured
@as_json
def cost(config: Config, as_json: bool, month: int | None) -> None:
    """Say what texts cost in a month, by day, number and country. Money is segments times price_per_segment."""
    wanted = month or month_of(now(), zone_of(None, None, config.site.time_zone))

    async def look(desk: Desk) -> list[Billed]:
        async with desk.store.reading() as reading:
            return await budgets.bill_of(reading, wanted)

    prices = {each.number: Decimal(str(each.price_per_segment)) for each in config.sms.senders}
    lines = [(each, budgets.estimate(each, prices)) for each in at_desk(config, look)]
    segments, money = sum(each.segments for each, _ in lines), sum((price for _, price in lines), Decimal(0))
    if as_json:
        print_json(
            {
                "month": f"{wanted // 100:04}-{wanted % 100:02}",
                "segments": segments,
                "cost": float(money),
                "lines": [{**msgspec.to_builtins(each), "cost": float(price)} for each, price in lines],
            }
        )
        return
    if not lines:
        click.echo("No texts went out in that month.")
        return
    print_table(
        ("day", "number", "country", "texts", "segments", "cost"),
        [(e.day, e.sender, e.country, e.texts, e.segments, f"{price:.2f}") for e, price in lines],
    )
    click.echo(f"{segments} segments, {money:.2f} in all{'' if any(prices.values()) else ' (no prices are set)'}")
