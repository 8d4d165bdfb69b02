"""Turns posts into deliveries, a page at a time, for as long as any post waits."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from gateway import metrics
from gateway.service import fanout
from store.trouble import is_away, trouble
from store.unit import Store

log = structlog.get_logger(__name__)

_PATIENCE = 1.0
"""Seconds between tries while the database is away."""

_TRIES = 5
"""Tries at a page that fails although the database is there; what still fails is a bug, and takes the daemon down."""


class FanOut:
    """:meth:`run` takes the next page whenever there is one; :meth:`wake` says that there may be."""

    def __init__(self, store: Store, now: Callable[[], datetime], *, poll: timedelta) -> None:
        self._store = store
        self._now = now
        self._poll = poll.total_seconds()
        self._bell = asyncio.Event()

    def wake(self) -> None:
        """A post may wait: look now."""
        self._bell.set()

    async def run(self) -> None:
        """Queue pages until cancelled. One that is cancelled or crashes half-way is done again from its cursor."""
        failed = 0
        while True:
            self._bell.clear()
            step = None
            try:
                async with self._store.glancing() as reading:
                    waits = await fanout.any_waits(reading)
                if waits:
                    async with self._store.unit(durable=False) as unit:
                        step = await fanout.step(unit, now=self._now())
            except trouble() as error:
                log.warning("cannot fan out", error=type(error).__name__)
                metrics.store_failed("fanout")
                failed = 0 if is_away(error) else failed + 1
                if failed == _TRIES:
                    raise
                await asyncio.sleep(_PATIENCE)
                continue
            failed = 0
            if step is not None:
                metrics.fanout_page(step.queued)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll):
                    await self._bell.wait()
