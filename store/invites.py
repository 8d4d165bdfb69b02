"""Invitations to sign up: made, found by the digest of their code, used, revoked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Integer, and_, bindparam, delete, func, insert, select, update

from store.schema import Instant, accounts, invite_uses, invites
from store.timelines import Statement
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class InviteRow:
    """An invitation, and the name of who made it: empty for the command line and for who is gone."""

    id: int
    made_by: int | None
    maker: str
    note: str
    uses: int
    uses_left: int
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether anybody may still sign up by it."""
        return self.uses_left > 0 and self.revoked_at is None and self.expires_at > now


_now = bindparam("now", type_=Instant())
_open = and_(invites.c.uses_left > 0, invites.c.revoked_at.is_(None), invites.c.expires_at > _now)
_ROW: Statement = select(
    invites.c.id,
    invites.c.made_by,
    func.coalesce(accounts.c.name, ""),
    invites.c.note,
    invites.c.uses,
    invites.c.uses_left,
    invites.c.created_at,
    invites.c.expires_at,
    invites.c.revoked_at,
).select_from(invites.outerjoin(accounts, accounts.c.id == invites.c.made_by))
_ADD = insert(invites).returning(invites.c.id)
_OPEN = select(invites.c.id).where(_open).with_for_update()
_OPEN_BY_HASH = _OPEN.where(invites.c.code_hash == bindparam("code_hash"))
_OPEN_BY_ID = _OPEN.where(invites.c.id == bindparam("which"))
_BY_HASH = _ROW.where(invites.c.code_hash == bindparam("code_hash"))
_BY_ID = _ROW.where(invites.c.id == bindparam("which"))
_NEWEST = (
    _ROW.where(invites.c.id < bindparam("before", type_=BigInteger))
    .order_by(invites.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)
_NEWEST_BY = _NEWEST.where(invites.c.made_by == bindparam("maker", type_=BigInteger))
_MADE = select(func.coalesce(func.sum(invites.c.uses), 0)).where(
    invites.c.made_by == bindparam("maker"), invites.c.created_at > bindparam("since", type_=Instant())
)
_TAKE = update(invites).where(invites.c.id == bindparam("which"), _open).values(uses_left=invites.c.uses_left - 1)
_REVOKE = (
    update(invites).where(invites.c.id == bindparam("which"), invites.c.revoked_at.is_(None)).values(revoked_at=_now)
)
_NOTE_USE = insert(invite_uses)
_CAME_BY = _ROW.join(invite_uses, invite_uses.c.invite_id == invites.c.id).where(
    invite_uses.c.account_id == bindparam("account")
)
_FORGET = delete(invite_uses).where(invite_uses.c.account_id == bindparam("account"))
_FORGET_NOTES = (
    update(invites)
    .where(invites.c.made_by == bindparam("account"))
    .values(note="", revoked_at=func.coalesce(invites.c.revoked_at, _now))
)


async def add(
    unit: Unit, code_hash: str, *, made_by: int | None, note: str, uses: int, now: datetime, expires_at: datetime
) -> int:
    """A new invitation, for so many; its id."""
    values = {
        "code_hash": code_hash,
        "made_by": made_by,
        "note": note[:140],
        "uses": uses,
        "uses_left": uses,
        "created_at": now,
        "expires_at": expires_at,
    }
    new_id: int = (await unit.execute(_ADD, values)).scalar_one()
    return new_id


async def open_by_hash(unit: Unit, code_hash: str, *, now: datetime) -> int | None:
    """The id of the invitation with this code, if anybody may still sign up by it. On PostgreSQL nobody else can until
    this unit ends: the last one is not given twice."""
    found: int | None = (await unit.execute(_OPEN_BY_HASH, {"code_hash": code_hash, "now": now})).scalar_one_or_none()
    return found


async def is_open(unit: Unit, invite_id: int, *, now: datetime) -> bool:
    """Whether anybody may still sign up by it; nobody else can until this unit ends."""
    return (await unit.execute(_OPEN_BY_ID, {"which": invite_id, "now": now})).scalar_one_or_none() is not None


async def by_hash(reading: Reading, code_hash: str) -> InviteRow | None:
    """The invitation with this code, open or not."""
    row = (await reading.execute(_BY_HASH, {"code_hash": code_hash})).one_or_none()
    return None if row is None else InviteRow(*row)


async def by_id(reading: Reading, invite_id: int) -> InviteRow | None:
    """One invitation."""
    row = (await reading.execute(_BY_ID, {"which": invite_id})).one_or_none()
    return None if row is None else InviteRow(*row)


async def newest(reading: Reading, *, before: int, most: int, made_by: int | None = None) -> list[InviteRow]:
    """Invitations with an id below ``before``, the newest first; those of one maker alone if one is given."""
    values = {"before": before, "most": most, "maker": made_by}
    rows = await reading.execute(_NEWEST if made_by is None else _NEWEST_BY, values)
    return [InviteRow(*row) for row in rows]


async def made_since(reading: Reading, made_by: int, *, since: datetime) -> int:
    """How many people an account has invited since then."""
    found: int = (await reading.execute(_MADE, {"maker": made_by, "since": since})).scalar_one()
    return found


async def take(unit: Unit, invite_id: int, account_id: int, *, now: datetime) -> None:
    """This account signs up by an invitation that was found open in the same unit."""
    taken = await unit.execute(_TAKE, {"which": invite_id, "now": now})
    assert taken.rowcount == 1, invite_id
    await unit.execute(_NOTE_USE, {"invite_id": invite_id, "account_id": account_id, "used_at": now})


async def revoke(unit: Unit, invite_id: int, *, now: datetime) -> bool:
    """Nobody may sign up by it any more; False when that was so."""
    return (await unit.execute(_REVOKE, {"which": invite_id, "now": now})).rowcount == 1


async def came_by(reading: Reading, account_id: int) -> InviteRow | None:
    """The invitation by which an account came, if it did by one."""
    row = (await reading.execute(_CAME_BY, {"account": account_id})).one_or_none()
    return None if row is None else InviteRow(*row)


async def forget(unit: Unit, account_id: int, *, now: datetime) -> None:
    """The account is deleted: by whom it was invited, and whom it invited, is nobody's business any more, and what it
    made is revoked."""
    await unit.execute(_FORGET, {"account": account_id})
    await unit.execute(_FORGET_NOTES, {"account": account_id, "now": now})
