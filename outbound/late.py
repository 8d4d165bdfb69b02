"""Asks the provider about texts that it took long ago: what became of them, and what they cost.

One after the other, a few in a second, so that it is never in the way of what is to be sent; and not at all for a while
after the provider said that it would not answer now.
"""

import asyncio

import structlog

from gateway import metrics
from gateway.domain.delivery import Deferred
from gateway.service import late
from outbound.transport import CanTell
from outbound.worker import Tools

log = structlog.get_logger(__name__)

_REST = 30.0
"""Seconds without questions after one that was not answered, unless the provider named others."""


class LateLooks:
    """What one daemon asks. :meth:`step` is called once a second."""

    def __init__(self, tools: Tools, provider: CanTell) -> None:
        self._tools = tools
        self._provider = provider
        self._rest_until = 0.0

    async def step(self) -> int:
        """Ask about the next few whose time has come; how many."""
        tools, settings = self._tools, self._tools.settings
        if asyncio.get_running_loop().time() < self._rest_until:
            return 0
        async with tools.store.glancing() as reading:
            if not await late.is_due(reading, now=tools.now()):
                return 0
        async with tools.store.unit() as unit:
            due = await late.claim(unit, most=settings.looks_per_second, lease=settings.lease, now=tools.now())
        for number, text in enumerate(due, 1):
            answer = await self._provider.tell(text.remote_id)
            async with tools.store.unit(durable=False) as unit:
                price = await late.settle(
                    unit,
                    tools.site,
                    self._provider.source,
                    text,
                    answer,
                    rules=settings.retry_rules(self._provider.source),
                    now=tools.now(),
                )
                unit.ring()
            if price is not None:
                metrics.text_cost(price.currency, price.micros)
            if isinstance(answer, Deferred):
                log.warning("cannot ask about texts", reason=answer.reason)
                self._rest_until = asyncio.get_running_loop().time() + (answer.retry_after or _REST)
                return number
        return len(due)
