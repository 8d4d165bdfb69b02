"""``birdwire export`` and ``birdwire import``: everything of one person to a file, and into an instance."""

from pathlib import Path

import click

from gateway.cli_base import Desk, at_desk, configured, counting, new_file, now, person
from gateway.config import Config
from gateway.service import belongings
from gateway.web.export import write
from gateway.web.look import Look
from gateway.web.visitors import Visitors


@click.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@configured
def export(config: Config, name: str, file: Path, force: bool) -> None:
    """Write everything of NAME to FILE, a zip: pages to read (index.html) and JSON for programs.

    It is the file that NAME gets in the settings of the site, and that birdwire import reads.
    """

    async def take(desk: Desk) -> None:
        look = Look(desk.site, Visitors(desk.store, desk.site, now), now)
        async with desk.store.snapshot() as snapshot:
            account = await person(snapshot, name)
            total = await belongings.size(snapshot, account)
            with new_file(file, force=force) as out, counting(total, "writing") as told:
                await write(out, snapshot, look, desk.site, account, now=now(), told=told)

    at_desk(config, take)
    click.echo(f"{file}: {file.stat().st_size:,} bytes")
