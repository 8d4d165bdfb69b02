"""Codes that prove something when they are repeated. Only their hash is here, and each serves once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from store.schema import proofs
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One row of ``proofs``; its columns are told there."""

    id: int
    account_id: int
    purpose: str
    words: str
    code_hash: str
    tries: int
    expires_at: datetime


_ADD = insert(proofs)
_OPEN = select(proofs).where(
    proofs.c.code_hash == bindparam("code_hash"),
    proofs.c.purpose == bindparam("purpose"),
    proofs.c.expires_at > bindparam("now"),
)
_WAITING = select(proofs).where(
    proofs.c.account_id == bindparam("account"),
    proofs.c.purpose == bindparam("purpose"),
    proofs.c.expires_at > bindparam("now"),
)
_COUNT_TRY = update(proofs).where(proofs.c.id == bindparam("which")).values(tries=proofs.c.tries + 1)
_USE = delete(proofs).where(proofs.c.id == bindparam("which"))
_FORGET = delete(proofs).where(proofs.c.account_id == bindparam("account"), proofs.c.purpose == bindparam("why"))
_FORGET_ALL = delete(proofs).where(proofs.c.account_id == bindparam("account"))
_PRUNE = delete(proofs).where(proofs.c.expires_at <= bindparam("now"))


async def add(
    unit: Unit, account_id: int, purpose: str, *, code_hash: str, expires_at: datetime, words: str = ""
) -> None:
    """Wait for this code; an earlier one of the account for the same purpose is void."""
    await unit.execute(_FORGET, {"account": account_id, "why": purpose})
    await unit.execute(
        _ADD,
        {
            "account_id": account_id,
            "purpose": purpose,
            "words": words,
            "code_hash": code_hash,
            "expires_at": expires_at,
        },
    )


async def find(reading: Reading, purpose: str, code_hash: str, *, now: datetime) -> ProofRow | None:
    """What this code proves, if it still does."""
    values = {"purpose": purpose, "code_hash": code_hash, "now": now}
    row = (await reading.execute(_OPEN, values)).first()
    return None if row is None else ProofRow(**row._mapping)


async def waiting(reading: Reading, account_id: int, purpose: str, *, now: datetime) -> ProofRow | None:
    """The code that an account is asked for, if it is."""
    values = {"account": account_id, "purpose": purpose, "now": now}
    row = (await reading.execute(_WAITING, values)).first()
    return None if row is None else ProofRow(**row._mapping)


async def count_try(unit: Unit, proof_id: int) -> None:
    """A wrong code was given."""
    await unit.execute(_COUNT_TRY, {"which": proof_id})


async def use(unit: Unit, proof_id: int) -> None:
    """The code has served."""
    await unit.execute(_USE, {"which": proof_id})


async def forget_all(unit: Unit, account_id: int) -> None:
    """Void every code of the account."""
    await unit.execute(_FORGET_ALL, {"account": account_id})


async def prune(unit: Unit, *, now: datetime) -> int:
    """Forget the codes whose time is over; how many they were."""
    return (await unit.execute(_PRUNE, {"now": now})).rowcount
