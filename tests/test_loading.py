"""What a daemon does not use it does not hold in memory."""

import subprocess
import sys
from functools import cache

import pytest

_LOADED = """
import sys
import babel.localedata
import gateway.cli_daemon
{more}
from gateway.languages import languages
from store.unit import Store
Store({url!r})
languages("de")
print(*sys.modules)
print(*babel.localedata._cache)
"""


@cache
def loaded(url: str, more: str = "") -> tuple[set[str], set[str]]:
    """The modules of a program that has read its settings, its languages, and where its database is, as the daemon does
    before it looks at its roles, and done ``more``; and Unicode's tables by their languages."""
    program = _LOADED.format(url=url, more=more)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules, tables = done.stdout.split("\n")[:2]
    return set(modules.split()), set(tables.split())


@pytest.mark.parametrize(
    ("url", "driver"), [("sqlite:///birdwire.db", {"sqlite3"}), ("postgresql://localhost/birdwire", {"asyncpg"})]
)
def test_pages_drivers_and_tables_are_loaded_where_they_are_used(url: str, driver: set[str]) -> None:
    modules, tables = loaded(url)
    assert modules & {"gateway.web.pages", "limits", "segno", "alembic", "asyncpg", "sqlite3"} == driver
    assert tables == set()


@pytest.mark.parametrize(
    "seldom",
    [
        "alembic",
        "gateway.demo",
        "twilio",
        "dns",  # asked by mail alone
        "argon2",
        "segno",
        "store.belongings",
        "apscheduler",
        "flufl",
        "inscriptis",
        "lxml",
    ],
)
def test_a_daemon_with_pages_does_without_what_few_ask_for(seldom: str) -> None:
    modules, _ = loaded("sqlite:///birdwire.db", more="import gateway.web.app")
    assert "gateway.web.pages" in modules
    assert seldom not in modules
