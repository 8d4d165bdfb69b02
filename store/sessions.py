"""Browsers that are logged in: one row each, found by the digest of the secret in their cookie."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from store.schema import accounts, sessions
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One row of ``sessions``; its columns are told there."""

    id: int
    account_id: int
    secret_hash: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


_ADD = insert(sessions)
_FIND = select(sessions).where(
    sessions.c.secret_hash == bindparam("secret_hash"), sessions.c.expires_at > bindparam("now")
)
_OF_ACCOUNT = (
    select(sessions)
    .where(sessions.c.account_id == bindparam("account"), sessions.c.expires_at > bindparam("now"))
    .order_by(sessions.c.seen_at.desc(), sessions.c.id.desc())
)
_STILL_OPEN = (
    select(sessions.c.id)
    .join(accounts, accounts.c.id == sessions.c.account_id)
    .where(
        sessions.c.id.in_(bindparam("which", expanding=True)),
        sessions.c.expires_at > bindparam("now"),
        accounts.c.deleted_at.is_(None),
        accounts.c.suspended_at.is_(None),
    )
)
_SEEN = (
    update(sessions)
    .where(sessions.c.id == bindparam("which"))
    .values(seen_at=bindparam("now"), expires_at=bindparam("until"))
)
_END = delete(sessions).where(sessions.c.id == bindparam("which"), sessions.c.account_id == bindparam("account"))
_END_OTHERS = delete(sessions).where(sessions.c.account_id == bindparam("account"), sessions.c.id != bindparam("kept"))
_PRUNE = delete(sessions).where(sessions.c.expires_at <= bindparam("now"))


async def add(
    unit: Unit, account_id: int, secret_hash: str, *, device: str, now: datetime, expires_at: datetime
) -> None:
    """A browser is logged in from now on."""
    await unit.execute(
        _ADD,
        {
            "account_id": account_id,
            "secret_hash": secret_hash,
            "device": device[:120],
            "created_at": now,
            "seen_at": now,
            "expires_at": expires_at,
        },
    )


async def find(reading: Reading, secret_hash: str, *, now: datetime) -> SessionRow | None:
    """The session of this secret, if it has not ended."""
    row = (await reading.execute(_FIND, {"secret_hash": secret_hash, "now": now})).first()
    return None if row is None else SessionRow(**row._mapping)


async def of_account(reading: Reading, account_id: int, *, now: datetime) -> Sequence[SessionRow]:
    """An account's sessions, the one used last first."""
    rows = await reading.execute(_OF_ACCOUNT, {"account": account_id, "now": now})
    return [SessionRow(**row._mapping) for row in rows]


async def still_open(reading: Reading, session_ids: Collection[int], *, now: datetime) -> frozenset[int]:
    """Which of these sessions have not ended, and are of an account that is neither closed nor suspended."""
    rows = await reading.execute(_STILL_OPEN, {"which": list(session_ids), "now": now})
    return frozenset(row.id for row in rows)


async def seen(unit: Unit, session_id: int, *, now: datetime, expires_at: datetime) -> None:
    """It was used just now, and is good for longer."""
    await unit.execute(_SEEN, {"which": session_id, "now": now, "until": expires_at})


async def end(unit: Unit, account_id: int, session_id: int) -> bool:
    """Log one browser of the account out; False when it was no session of this account."""
    return _ended(unit, (await unit.execute(_END, {"which": session_id, "account": account_id})).rowcount) > 0


async def end_all(unit: Unit, account_id: int, *, but: int = 0) -> int:
    """Log all browsers of the account out, ``but`` this one; how many they were."""
    return _ended(unit, (await unit.execute(_END_OTHERS, {"account": account_id, "kept": but})).rowcount)


async def prune(unit: Unit, *, now: datetime) -> int:
    """Forget those that have ended; how many they were."""
    return (await unit.execute(_PRUNE, {"now": now})).rowcount


def _ended(unit: Unit, number: int) -> int:
    """Ring where any ended: whoever is shown something in them may not see more of it."""
    if number:
        unit.ring()
    return number
