"""All who carry texts for us, as one transport: each text goes to whoever carries for the number that it comes from."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.domain.delivery import Deferred, Found, Outcome
from gateway.domain.types import Outgoing
from outbound.transport import CanLookUp, Transport


class Carrier(Transport, CanLookUp, Protocol):
    """One who carries texts."""

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Carriers:
    """``send`` and ``look_up`` by the text's sender; ``close`` at the end."""

    def __init__(self, by_sender: Mapping[str, Carrier]) -> None:
        self._by_sender = by_sender
        self._all = list({id(each): each for each in by_sender.values()}.values())

    async def send(self, delivery: Outgoing) -> Outcome:
        """Let the sender's carrier send it."""
        return await self._by_sender[delivery.sender].send(delivery)

    async def look_up(self, delivery: Outgoing) -> Sequence[Found] | Deferred:
        """Ask the sender's carrier about it, or the only one when the number is no longer ours."""
        carrier = self._by_sender.get(delivery.sender, self._all[0] if len(self._all) == 1 else None)
        if carrier is None:
            return Deferred(f"{delivery.sender} is no longer one of our numbers, so nobody can be asked")
        return await carrier.look_up(delivery)

    async def close(self) -> None:
        """Close all of them."""
        for carrier in self._all:
            await carrier.close()
