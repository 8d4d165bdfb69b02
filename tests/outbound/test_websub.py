"""A hub is told once of each post that everybody may read, and again until it takes it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from gateway.service import announcing
from gateway.service.site import Site
from outbound.websub import Hub
from store.unit import Store
from tests.web.village import Village


class Listener:
    """A hub that keeps what it hears, and says what it is told to."""

    def __init__(self) -> None:
        self.status = 204
        self.heard: list[list[str]] = []

    async def take(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["hub.mode"] == "publish"
        self.heard.append([str(each) for each in form.getall("hub.url")])
        return web.Response(status=self.status)


@pytest.fixture
async def listener() -> AsyncIterator[tuple[Listener, Hub]]:
    listener = Listener()
    app = web.Application()
    app.router.add_post("/", listener.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub = Hub(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    yield listener, hub
    await hub.close()
    await runner.cleanup()


async def step(store: Store, site: Site, hub: Hub) -> bool:
    """What housekeeping does; whether there was news."""
    async with store.glancing() as reading:
        news = await announcing.news(reading, site)
    if news is not None and await hub.tell(news.feeds):
        async with store.unit(durable=False) as unit:
            await announcing.told(unit, news.up_to)
    return news is not None


async def test_a_hub_hears_of_what_everybody_may_read(store: Store, site: Site, listener: tuple[Listener, Hub]) -> None:
    village = Village(store)
    heard, hub = listener
    await village.person("alice")
    await village.person("shy", protected=True)
    await village.says("alice", "long ago")
    assert await step(store, site, hub)
    assert heard.heard == [], "what was there before the hub is old"
    assert not await step(store, site, hub)
    await village.says("alice", "soup #lunch")
    await village.says("shy", "between us #secret")
    heard.status = 503
    assert await step(store, site, hub)
    heard.status = 204
    assert await step(store, site, hub), "what the hub did not take it is told again"
    assert not await step(store, site, hub)
    assert heard.heard[0] == heard.heard[1]
    assert set(heard.heard[1]) == {
        f"https://birds.example{path}.{ending}"
        for path in ("/public", "/@alice", "/tags/lunch")
        for ending in ("rss", "atom", "json")
    }


async def test_a_hub_that_is_away_is_told_later(store: Store, site: Site) -> None:
    village = Village(store)
    hub = Hub("http://127.0.0.1:1/")
    await village.person("alice")
    await step(store, site, hub)
    await village.says("alice", "hello")
    assert await step(store, site, hub)
    assert await step(store, site, hub)
    await hub.close()
