"""The operator's hand on the queue: while it is held, messages come in and are queued, and none goes out."""

from datetime import datetime

from store import facts
from store.unit import Reading, Unit

_FACT = "hold"


async def hold(unit: Unit, *, now: datetime) -> bool:
    """Stop every daemon's workers from claiming; False when the queue is held already."""
    if await held_since(unit):
        return False
    await facts.put(unit, _FACT, now.isoformat())
    return True


async def release(unit: Unit) -> bool:
    """Let the workers claim again, and wake them; False when the queue was not held."""
    unit.ring()
    return await facts.drop(unit, _FACT)


async def held_since(reading: Reading) -> datetime | None:
    """Since when the queue is held (aware); None when it is not."""
    value = await facts.get(reading, _FACT)
    return None if value is None else datetime.fromisoformat(value)
