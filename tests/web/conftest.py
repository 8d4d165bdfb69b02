"""A village to look at, and browsers to look at it with."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from gateway.service.site import Site
from store import routes
from store.unit import Store
from tests.web.admins import an_admin
from tests.web.browsing import Browser, visited
from tests.web.village import Village, open_site


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer waits only so that a clock does not tell; tests/web/test_safety.py asks for that."""
    monkeypatch.setattr("gateway.web.limits.AS_LONG", 0.0)


@pytest.fixture
def village(store: Store) -> Village:
    """Nobody lives here yet."""
    return Village(store)


@pytest.fixture
async def browser(village: Village, site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser on the village's site."""
    async with open_site(village.store, site) as session:
        yield session


@pytest.fixture
async def site_open(village: Village, site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    async with village.store.unit() as unit:
        await routes.ensure(unit, [site.number])
    async with visited(village.store, site) as session:
        yield session


@pytest.fixture
def someone(site_open: aiohttp.ClientSession) -> Browser:
    """Somebody who has just come by."""
    return Browser(site_open)


@pytest.fixture
async def ada(village: Village, someone: Browser) -> Browser:
    """Ada, who looks after the site, logged in."""
    return await an_admin(village, someone)
