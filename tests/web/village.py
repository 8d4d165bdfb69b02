"""A village to look at: a store with people in it, behind a real site on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from gateway.domain.text import leading_mention, mentions, tags
from gateway.domain.types import PostKind, Source
from gateway.service.receipts import Receipt
from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from inbound.message import Accepted, Inbound
from store import accounts, follows, posts, relations
from store.posts import NewPost
from store.unit import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Village:
    """People and what they do, written straight into the store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ids: dict[str, int] = {}
        self.clock = NOW - timedelta(hours=30)

    async def person(self, name: str, *, protected: bool = False) -> int:
        async with self.store.unit() as unit:
            account_id = await accounts.create(unit, name, now=self.clock, protected=protected)
        assert account_id
        self.ids[name] = account_id
        return account_id

    async def says(self, name: str, text: str, **more: Any) -> int:
        self.clock += timedelta(minutes=7)
        named = [self.ids[other] for other in mentions(text) if other in self.ids]
        first = leading_mention(text)
        post = NewPost(
            author_id=self.ids[name],
            kind=PostKind.POST,
            text=text,
            source=Source.SMS,
            created_at=self.clock,
            at_account_id=self.ids.get(first) if first else None,
        )
        async with self.store.unit() as unit:
            return await posts.add(unit, replace(post, tags=tags(text), mentioned=named, **more))

    async def repeats(self, name: str, post_id: int) -> int:
        return await self.says(name, "", kind=PostKind.REPOST, repost_of_id=post_id)

    async def follows(self, follower: str, followee: str, *, state: str = "accepted") -> None:
        async with self.store.unit() as unit:
            await follows.put(unit, self.ids[followee], self.ids[follower], state=state, texts=False, now=self.clock)

    async def blocks(self, name: str, other: str) -> None:
        async with self.store.unit() as unit:
            await relations.block(unit, self.ids[name], self.ids[other], now=self.clock)

    async def mutes(self, name: str, other: str) -> None:
        async with self.store.unit() as unit:
            await relations.mute(unit, self.ids[name], self.ids[other], now=self.clock)

    async def posted(self, name: str) -> int:
        """How many posts somebody has."""
        async with self.store.reading() as reading:
            return (await accounts.counts(reading, self.ids[name])).posts

    async def deletes(self, post_id: int) -> None:
        async with self.store.unit() as unit:
            await posts.wipe(unit, post_id, self.clock)

    async def is_suspended(self, name: str) -> None:
        async with self.store.unit() as unit:
            await accounts.set_suspended(unit, self.ids[name], self.clock)

    async def becomes_protected(self, name: str) -> None:
        async with self.store.unit() as unit:
            await accounts.set_protected(unit, self.ids[name], True)


class Nobody:
    """An intake that nothing may come to."""

    async def take(self, message: Inbound) -> Accepted:
        raise AssertionError(message)

    async def record(self, receipt: Receipt) -> None:
        raise AssertionError(receipt)


@asynccontextmanager
async def open_site(store: Store, site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    """The site on a port of its own, and a browser for it."""
    nobody = Nobody()
    app = build_app(WebDeps(store=store, site=site, intake=nobody, record=nobody.record, now=lambda: NOW))
    async with (
        listening(app, "127.0.0.1", 0) as (host, port),
        aiohttp.ClientSession(f"http://{host}:{port}", auto_decompress=False) as session,
    ):
        yield session
