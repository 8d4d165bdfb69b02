"""``birdwire cost`` adds up what went out."""

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner

from gateway.cli import main
from store import routes, usage, version
from store.unit import Store

CONFIG = """
[store]
url = "sqlite:///{file}"
[sms]
default_region = "US"
[[sms.senders]]
number = "+15550009999"
price_per_segment = 0.0079
"""


async def _fill(file: Path) -> None:
    store = Store(f"sqlite:///{file}")
    await version.upgrade(store)
    async with store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1].id
        for day, country, segments in (
            ("2026-10-31", "US", [1]),
            ("2026-11-01", "US", [1, 2]),
            ("2026-11-30", "DE", [1]),
            ("2026-11-30", "DE", [1]),
            ("2026-12-01", "US", [5]),
        ):
            await usage.bill(unit, {(day, route, country): segments})
    await store.close()


def _run(tmp_path: Path, *words: str) -> tuple[int, str]:
    config = tmp_path / "config.toml"
    if not config.exists():
        config.write_text(CONFIG.format(file=tmp_path / "b.db"))
        asyncio.run(_fill(tmp_path / "b.db"))
    result = CliRunner().invoke(main, ["cost", "-c", str(config), *words])
    return result.exit_code, result.output


def test_a_month_is_added_up_by_day_number_and_country(tmp_path: Path) -> None:
    code, output = _run(tmp_path, "--month", "2026-11", "--json")
    assert code == 0
    found = json.loads(output)
    assert (found["month"], found["segments"]) == ("2026-11", 5)
    assert [(e["day"], e["sender"], e["country"], e["texts"], e["segments"], e["cost"]) for e in found["lines"]] == [
        ("2026-11-01", "+15550009999", "US", 2, 3, 0.0237),
        ("2026-11-30", "+15550009999", "DE", 2, 2, 0.0158),
    ]
    assert found["cost"] == 0.0395


def test_the_table_ends_with_the_sum(tmp_path: Path) -> None:
    code, output = _run(tmp_path, "--month", "2026-11")
    assert code == 0
    assert output.splitlines()[-1] == "5 segments, 0.04 in all"


def test_a_month_without_texts_and_one_that_is_none(tmp_path: Path) -> None:
    assert _run(tmp_path, "--month", "2025-01") == (0, "No texts went out in that month.\n")
    assert _run(tmp_path, "--month", "2026-13")[0] == 2
