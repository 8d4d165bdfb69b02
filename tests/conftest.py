"""What every test may ask for: a migrated store on both databases, each test with a database of its own."""

import asyncio
import gc
import shutil
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import uvloop
from hypothesis import HealthCheck, settings

from gateway.service.site import Site
from store.unit import Store
from store.version import upgrade
from tests.databases import Databases, Server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="the long form of the suites that have one")


def pytest_configure(config: pytest.Config) -> None:
    """A property is tried on the same examples each time, so that a run that passed passes again wherever it is made;
    the long form tries many others, new ones each time. How long an example takes, or is made, says something of the
    machine."""
    slow = [HealthCheck.too_slow]
    settings.register_profile(
        "same", derandomize=True, database=None, deadline=None, print_blob=True, suppress_health_check=slow
    )
    settings.register_profile("new", settings.get_profile("same"), derandomize=False, max_examples=3000)
    settings.load_profile("new" if config.getoption("--soak") else "same")


_LONG = tuple(
    str(Path(__file__).parent / each)
    for each in ("daemons", "faults", "browser", "fuzz", "test_crash.py", "test_day.py", "web/test_html.py")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first: where several processes share the files, none is busy alone at the end."""
    items.sort(key=lambda item: not str(item.path).startswith(_LONG))


class _Loop(uvloop.Loop):
    """The loop that the daemon runs on. It tells of what is still open when it closes, but only then: whatever it tells
    first and may not close, because a warning is an error here, it would wait for without end."""

    def close(self) -> None:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            super().close()
        assert not told, "; ".join(str(each.message) for each in told)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": _Loop}


@pytest.fixture(scope="module", autouse=True)
def _the_collector_passes_over_the_past() -> None:
    """aiohttp keeps the sites of a thousand earlier tests in a cache of its own. A collector that walks through all of
    them holds up the servers of the test that runs for seconds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """The socket folder of a real PostgreSQL, started for this test run and stopped after it."""
    server = Server()
    yield server.host
    server.stop()


async def _migrate(url: str) -> None:
    store = Store(url)
    try:
        await upgrade(store)
    finally:
        await store.close()


@pytest.fixture(scope="session")
def databases(postgres_folder: Path) -> Databases:
    """Those of PostgreSQL."""
    ours = Databases(postgres_folder)
    asyncio.run(ours.begin(_migrate))
    return ours


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The url of a migrated, empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        file = tmp_path / "birdwire.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    databases: Databases = request.getfixturevalue("databases")
    name = asyncio.run(databases.migrated())
    yield databases.url(name)
    databases.take_back(name)


@pytest.fixture(params=["to_sqlite", "to_postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The url of a database with nothing in it, not even a schema, once on SQLite and once on PostgreSQL."""
    if request.param == "to_sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    databases: Databases = request.getfixturevalue("databases")
    name = asyncio.run(databases.empty())
    yield databases.url(name)
    asyncio.run(databases.drop(name))


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An open store on each of the two databases."""
    opened = Store(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def site() -> Site:
    """A community that exists in tests only."""
    return Site(
        name="Testville",
        public_url="https://birds.example",
        mail_domain="birds.example",
        key=b"k" * 32,
        contact="ops@birds.example",
        number="+15550009999",
    )
