"""The one question each phone or mailbox was last asked: post this after all? repeat this code to go on?"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from store.schema import offers
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One row of ``offers``; its columns are told there."""

    address_id: int
    kind: str
    words: str
    code_hash: str
    tries: int
    expires_at: datetime


_insert = insert(offers)
_ASK = _insert.on_conflict_do_update(
    index_elements=["address_id"],
    set_={name: _insert.excluded[name] for name in ("kind", "words", "code_hash", "tries", "expires_at")},
)
_OPEN = select(offers).where(offers.c.address_id == bindparam("address_id"), offers.c.expires_at > bindparam("now"))
_CLOSE = delete(offers).where(offers.c.address_id == bindparam("which"))
_COUNT_TRY = update(offers).where(offers.c.address_id == bindparam("which")).values(tries=offers.c.tries + 1)
_PRUNE = delete(offers).where(offers.c.expires_at <= bindparam("now"))


async def ask(unit: Unit, address_id: int, kind: str, words: str, *, expires_at: datetime, code_hash: str = "") -> None:
    """Ask this address a question; whatever it was asked before is forgotten."""
    await unit.execute(
        _ASK,
        {
            "address_id": address_id,
            "kind": kind,
            "words": words,
            "code_hash": code_hash,
            "tries": 0,
            "expires_at": expires_at,
        },
    )


async def pending(reading: Reading, address_id: int, *, now: datetime) -> OfferRow | None:
    """What the address was asked and may still answer."""
    row = (await reading.execute(_OPEN, {"address_id": address_id, "now": now})).one_or_none()
    return None if row is None else OfferRow(**row._mapping)


async def close(unit: Unit, address_id: int) -> None:
    """The question is answered or void."""
    await unit.execute(_CLOSE, {"which": address_id})


async def count_try(unit: Unit, address_id: int) -> None:
    """A wrong code was given."""
    await unit.execute(_COUNT_TRY, {"which": address_id})


async def prune(unit: Unit, *, now: datetime) -> int:
    """Forget the questions whose time is over; how many they were."""
    return (await unit.execute(_PRUNE, {"now": now})).rowcount
