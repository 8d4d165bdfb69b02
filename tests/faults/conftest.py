"""The town, on a nursery that all fault tests share; and the ledgers of all tests, printed at the end."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.supervisor import Nursery, a_nursery
from tests.faults.town import Town, a_town

Founding = Callable[..., AbstractAsyncContextManager[Town]]

LEDGERS = pytest.StashKey[dict[str, dict[str, int]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEDGERS] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Each test's ledger in a line, and their sum."""
    ledgers = config.stash[LEDGERS]
    if not ledgers:
        return
    heads = list(next(iter(ledgers.values())))
    total = {head: sum(line[head] for line in ledgers.values()) for head in heads}
    wide = max(map(len, ledgers))
    terminalreporter.section("ledgers")
    terminalreporter.line(f"{'':{wide}}  {'  '.join(heads)}")
    for name, line in (*ledgers.items(), ("together", total)):
        figures = "  ".join(f"{line[head]:>{len(head)}}" for head in heads)
        terminalreporter.line(f"{name:{wide}}  {figures}")


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with a_nursery() as found:
        yield found


@pytest.fixture
def found(request: pytest.FixtureRequest, tmp_path: Path, nursery: Nursery) -> Founding:
    """Found a town on a migrated, empty database of your own: ``async with found(url) as town``."""

    @asynccontextmanager
    async def founding(store_url: str, **how: float) -> AsyncIterator[Town]:
        async with a_town(tmp_path, store_url, nursery, **how) as town:
            yield town
            if town.balance is not None:
                request.config.stash[LEDGERS][request.node.name.removeprefix("test_")] = town.line()
        assert town.daemon.statuses[-1] == 0  # it stopped cleanly in the end

    return founding


@pytest.fixture
async def town(found: Founding, store_url: str) -> AsyncIterator[Town]:
    """One on the database of ``store_url``; the daemon runs, and nobody does anything yet."""
    async with found(store_url) as town:
        yield town
