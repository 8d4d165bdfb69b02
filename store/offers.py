"""The one question each phone or mailbox was last asked: post this after all? repeat this code to go on?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from store.schema import addresses, offers
from store.unit import Reading, Unit

REMEMBERED = timedelta(days=1)
"""How long a question is kept after its time: who answers late with a code does not want it posted."""


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
    set_={name: _insert.excluded[name] for name in ("kind", "words", "tries", "expires_at")}
    | {"code_hash": case((_insert.excluded.code_hash == "", offers.c.code_hash), else_=_insert.excluded.code_hash)},
)
_OPEN = select(offers).where(offers.c.address_id == bindparam("address_id"), offers.c.expires_at > bindparam("now"))
_ASKED_CODE = (
    select(offers.c.address_id)
    .join(addresses, addresses.c.id == offers.c.address_id)
    .where(
        or_(addresses.c.account_id == bindparam("account"), addresses.c.id == bindparam("address_id")),
        offers.c.code_hash != "",
        offers.c.expires_at > bindparam("since"),
    )
    .limit(1)
)
_CLOSE = update(offers).where(offers.c.address_id == bindparam("which")).values(words="", expires_at=bindparam("now"))
_MISS = (
    update(offers)
    .where(offers.c.address_id == bindparam("which"))
    .values(tries=offers.c.tries + 1)
    .returning(offers.c.tries)
)
_PRUNE = delete(offers).where(offers.c.expires_at <= bindparam("now"))


async def ask(unit: Unit, address_id: int, kind: str, words: str, *, expires_at: datetime, code_hash: str = "") -> None:
    """Ask this address a question; whatever it was asked before is void, though not that there was a code."""
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


async def asked_code(reading: Reading, account_id: int, address_id: int, *, since: datetime) -> bool:
    """Whether this address, or one of the account's, was asked for a code whose time ended after ``since``."""
    values = {"account": account_id, "address_id": address_id, "since": since}
    return (await reading.execute(_ASKED_CODE, values)).first() is not None


async def close(unit: Unit, address_id: int, *, now: datetime) -> None:
    """The question is answered or void."""
    await unit.execute(_CLOSE, {"which": address_id, "now": now})


async def miss(unit: Unit, address_id: int) -> int:
    """A wrong code was given; how many these are now."""
    tries: int = (await unit.execute(_MISS, {"which": address_id})).scalar_one()
    return tries


async def prune(unit: Unit, *, now: datetime) -> int:
    """Forget the questions whose time is long over; how many they were."""
    return (await unit.execute(_PRUNE, {"now": now - REMEMBERED})).rowcount
