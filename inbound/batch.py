"""Several arrivals, one commit: whoever comes while a commit waits for the disk shares the next one.

An arrival waits until its own transaction is committed, never longer than two commits. When a transaction fails, each
of its arrivals is tried again alone, so that one which cannot be handled fails nobody else's; but not when the database
is away: then all of them fail at once, and their senders come again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from store.trouble import is_away
from store.unit import Store, Unit

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 250
"""Arrivals in one transaction at the most."""

MOST_WAITING = 10_000
"""Arrivals that may wait for their transaction; they are in memory."""


class Closed(RuntimeError):
    """The daemon is leaving and takes nothing more; the other side will come again."""


class Full(RuntimeError):
    """So much waits already that this one would wait for too long; the other side will come again."""


class Batcher(Generic[Item, Result]):
    """Hands items to ``handle``, as many at once as wait. :meth:`run` must be running for :meth:`submit` to return."""

    def __init__(
        self,
        store: Store,
        handle: Callable[[Unit, Sequence[Item]], Awaitable[Sequence[Result]]],
        on_commit: Callable[[int], None] = lambda _: None,
    ) -> None:
        """``handle`` returns a result for each item; ``on_commit`` hears how many items shared each commit."""
        self._store = store
        self._handle = handle
        self._on_commit = on_commit
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    async def submit(self, item: Item) -> Result:
        """Returns what ``handle`` returned once that is committed. Raises what they raised, Closed or Full."""
        if self._closed:
            raise Closed
        if len(self._waiting) >= MOST_WAITING:
            raise Full
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._arrived.set()
        self._idle.clear()
        return await future

    async def run(self) -> None:
        """Handle what comes until cancelled."""
        while True:
            await self._arrived.wait()
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if not self._waiting:
                self._arrived.clear()
            await self._handle_together(batch)
            if not self._waiting:
                self._idle.set()

    async def close(self) -> None:
        """Take nothing more and return when all that was taken is settled. ``run`` may be cancelled then."""
        self._closed = True
        await self._idle.wait()

    async def _handle_together(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            async with self._store.unit() as unit:
                results = await self._handle(unit, [item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not is_away(error):
                for each in batch:
                    await self._handle_together([each])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        self._on_commit(len(batch))
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
