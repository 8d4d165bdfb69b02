"""People who typed a name and an address on the site and have yet to prove the address."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select, update

from store.schema import signups
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class SignupRow:
    """One row of ``signups``; its columns are told there."""

    id: int
    name: str
    channel: str
    address: str
    code_hash: str
    tries: int
    created_at: datetime
    expires_at: datetime
    invite_id: int | None = None


_ADD = insert(signups).returning(signups.c.id)
_BY_ID = select(signups).where(signups.c.id == bindparam("which"), signups.c.expires_at > bindparam("now"))
_BY_HASH = select(signups).where(signups.c.code_hash == bindparam("code_hash"), signups.c.expires_at > bindparam("now"))
_COUNT = select(func.count()).where(
    signups.c.address == bindparam("address"), signups.c.created_at > bindparam("since")
)
_COUNT_TRY = update(signups).where(signups.c.id == bindparam("which")).values(tries=signups.c.tries + 1)
_END = update(signups).where(signups.c.id == bindparam("which")).values(expires_at=bindparam("now"))
_PRUNE = delete(signups).where(signups.c.created_at <= bindparam("before"))


async def add(
    unit: Unit,
    name: str,
    channel: str,
    address: str,
    code_hash: str,
    *,
    now: datetime,
    expires_at: datetime,
    invite_id: int | None = None,
) -> int:
    """Wait for the proof; the id by which it is asked for. ``invite_id`` is the invitation that they came with."""
    values = {
        "name": name,
        "channel": channel,
        "address": address,
        "code_hash": code_hash,
        "created_at": now,
        "expires_at": expires_at,
        "invite_id": invite_id,
    }
    new_id: int = (await unit.execute(_ADD, values)).scalar_one()
    return new_id


async def by_id(reading: Reading, signup_id: int, *, now: datetime) -> SignupRow | None:
    """Who is about to sign up under this id, if it is not too late."""
    row = (await reading.execute(_BY_ID, {"which": signup_id, "now": now})).first()
    return None if row is None else SignupRow(**row._mapping)


async def by_hash(reading: Reading, code_hash: str, *, now: datetime) -> SignupRow | None:
    """Who is about to sign up with this secret, if it is not too late."""
    row = (await reading.execute(_BY_HASH, {"code_hash": code_hash, "now": now})).first()
    return None if row is None else SignupRow(**row._mapping)


async def count_since(reading: Reading, address: str, *, since: datetime) -> int:
    """How often this address was typed lately."""
    found: int = (await reading.execute(_COUNT, {"address": address, "since": since})).scalar_one()
    return found


async def count_try(unit: Unit, signup_id: int) -> None:
    """A wrong code was given."""
    await unit.execute(_COUNT_TRY, {"which": signup_id})


async def end(unit: Unit, signup_id: int, *, now: datetime) -> None:
    """It has served, or was tried too often."""
    await unit.execute(_END, {"which": signup_id, "now": now})


async def prune(unit: Unit, *, before: datetime) -> int:
    """Forget those of long ago; how many they were."""
    return (await unit.execute(_PRUNE, {"before": before})).rowcount
