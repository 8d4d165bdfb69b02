"""``birdwire audit``: what those who look after the site did, for whoever asks."""

import csv
import sys
from contextlib import nullcontext
from pathlib import Path

import click

from gateway.cli_base import Desk, at_desk, configured
from gateway.config import Config
from store import audit as log

_PAGE = 1000
_COLUMNS = ("at", "door", "who", "act", "about", "words")


@click.group()
def audit() -> None:
    """What those who look after the site did there and on the command line: who, when, about whom."""


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@configured
def export(config: Config, file: Path) -> None:
    """Write the audit log to FILE as CSV, oldest first; - is the screen. Moments are in UTC."""

    async def write(desk: Desk) -> int:
        count = after = 0
        to_screen = str(file) == "-"
        with nullcontext(sys.stdout) if to_screen else file.open("w", encoding="utf-8", newline="") as out:
            table = csv.writer(out)
            table.writerow(_COLUMNS)
            async with desk.store.reading() as reading:
                while page := await log.page(reading, after=after, most=_PAGE):
                    table.writerows((r.at.isoformat(), r.door, r.who, r.act, r.about, r.words) for r in page)
                    count, after = count + len(page), page[-1].id
        return count

    count = at_desk(config, write)
    if str(file) != "-":
        click.echo(f"{count} entries written to {file}.")
