"""A town of people with phones, on both databases."""

import pytest

from gateway.service.site import Site
from store import routes
from store.unit import Store
from tests.service.conversing import OTHER_NUMBER, OURS, Town
from tests.service.post_office import PostOffice


@pytest.fixture
async def town(store: Store, site: Site) -> Town:
    async with store.unit() as unit:
        await routes.ensure(unit, [OTHER_NUMBER, OURS])
    return Town(store, site)


@pytest.fixture
async def office(town: Town) -> PostOffice:
    opened = PostOffice(town)
    await opened.open()
    return opened
