"""What every wire out must be able to do: one method. A new provider is one new file that has it."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.delivery import Deferred, Found, Outcome
from gateway.domain.late import Gone, Told
from gateway.domain.types import Outgoing


class Transport(Protocol):
    """Sends one delivery and says what happened; a peer's refusal or silence is a value, never an exception."""

    async def send(self, delivery: Outgoing) -> Outcome: ...


class CanLookUp(Protocol):
    """A transport whose peer can be asked whether it has a delivery whose sending ended without an answer."""

    async def look_up(self, delivery: Outgoing) -> Sequence[Found] | Deferred:
        """The peer's messages that may be this delivery; ``Deferred`` when it could not be asked."""
        ...


class CanTell(Protocol):
    """A transport whose peer can be asked later what became of a message that it took. ``source`` is what receipts
    call the peer."""

    source: str

    async def tell(self, remote_id: str) -> Told | Gone | Deferred:
        """What the peer says of it; ``Deferred`` when it could not be asked."""
        ...
