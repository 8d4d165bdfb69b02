"""``birdwire consents``: the ledger of who agreed to texts and who refused them, for whoever asks for proof."""

import csv
import sys
from contextlib import nullcontext
from pathlib import Path

import click

from gateway.cli_base import Desk, at_desk, configured
from gateway.config import Config
from gateway.domain.types import Channel
from gateway.service import phones
from store import addresses
from store import consents as ledger

_PAGE = 1000
_COLUMNS = ("at", "address", "action", "how", "words")


@click.group()
def consents() -> None:
    """Who agreed to texts and mails, and who refused them: when, how, in which words."""


@consents.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--phone", help="Only of this phone number.")
@click.option("--email", help="Only of this mail address.")
@configured
def export(config: Config, file: Path, phone: str | None, email: str | None) -> None:
    """Write the ledger to FILE as CSV, oldest first; - is the screen. Moments are in UTC."""
    if phone is not None and email is not None:
        raise click.UsageError("give --phone or --email, not both")
    address = _address(phone, email, config.sms.default_region)

    async def write(desk: Desk) -> int:
        count = after = 0
        to_screen = str(file) == "-"
        with nullcontext(sys.stdout) if to_screen else file.open("w", encoding="utf-8", newline="") as out:
            table = csv.writer(out)
            table.writerow(_COLUMNS)
            async with desk.store.reading() as reading:
                while page := await ledger.page(reading, after=after, most=_PAGE, address=address):
                    table.writerows((row.at.isoformat(), row.address, row.action, row.how, row.words) for row in page)
                    count, after = count + len(page), page[-1].id
        return count

    count = at_desk(config, write)
    if str(file) != "-":
        click.echo(f"{count} entries written to {file}.")


def _address(phone: str | None, email: str | None, region: str) -> str | None:
    if email is not None:
        return addresses.folded(Channel.EMAIL, email)
    if phone is None:
        return None
    return phones.e164(phone, region) or phone.strip()
