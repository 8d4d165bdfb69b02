"""A SQLite file that a daemon has open is opened, and left again, by other programs: commands, backups."""

import asyncio
import sys
from pathlib import Path

from sqlalchemy import text

from store import facts
from store.unit import Store
from store.version import upgrade

LOOK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM facts").fetchone()[0])
connection.close()
"""


async def facts_seen_by_another_program(file: Path) -> int:
    """It opens the file, looks, and leaves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOOK, str(file), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return int(out)


async def test_a_program_that_leaves_the_database_takes_nothing_of_ours_with_it(tmp_path: Path) -> None:
    file = tmp_path / "birdwire.db"
    store = Store(f"sqlite:///{file}")
    await upgrade(store)
    for number in range(1, 4):
        for reading in (store.reading(), store.glancing()):  # each opens a connection of its own
            async with reading as look:
                await look.execute(text("SELECT 1 FROM facts"))
        async with store.unit(durable=number != 2) as unit:
            await facts.add(unit, str(number), "")
        assert await facts_seen_by_another_program(file) == number
    await store.close()
    assert await facts_seen_by_another_program(file) == 3
