"""What each phone or mailbox goes on with when it says MORE."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from store.schema import continuations
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Continuation:
    """A list of this ``kind``, what it was asked for, and the last that was shown of it."""

    kind: str
    words: str
    after: str


_insert = insert(continuations)
_PUT = _insert.on_conflict_do_update(
    index_elements=["address_id"],
    set_={name: _insert.excluded[name] for name in ("kind", "words", "after", "expires_at")},
)
_PENDING = select(continuations.c.kind, continuations.c.words, continuations.c.after).where(
    continuations.c.address_id == bindparam("of_address"), continuations.c.expires_at > bindparam("now")
)
_END = delete(continuations).where(continuations.c.address_id == bindparam("of_address"))
_PRUNE = delete(continuations).where(continuations.c.expires_at <= bindparam("now"))


async def put(unit: Unit, address_id: int, on: Continuation, *, expires_at: datetime) -> None:
    """Go on with this; with nothing that was shown before."""
    values = {"address_id": address_id, "kind": on.kind, "words": on.words, "after": on.after, "expires_at": expires_at}
    await unit.execute(_PUT, values)


async def pending(reading: Reading, address_id: int, *, now: datetime) -> Continuation | None:
    """What the address may go on with."""
    row = (await reading.execute(_PENDING, {"of_address": address_id, "now": now})).one_or_none()
    return None if row is None else Continuation(*row)


async def end(unit: Unit, address_id: int) -> None:
    """All of it was shown."""
    await unit.execute(_END, {"of_address": address_id})


async def prune(unit: Unit, *, now: datetime) -> int:
    """Forget what nobody went on with; how much it was."""
    return (await unit.execute(_PRUNE, {"now": now})).rowcount
