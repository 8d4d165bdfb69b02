"""Whom everybody new follows from the start, as the operator has chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, and_, bindparam, delete, exists, literal, or_, select
from sqlalchemy.dialects.postgresql import insert

from store.schema import Instant, accounts, blocks, default_follows, follows
from store.sql import insert_new
from store.timelines import Statement
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class DefaultFollow:
    """Somebody whom everybody new follows; ``texts`` and ``mail`` as in ``follows``."""

    account_id: int
    name: str
    texts: bool
    mail: bool | None
    created_at: datetime


_insert = insert(default_follows)
_PUT = _insert.on_conflict_do_update(
    index_elements=["account_id"], set_={"texts": _insert.excluded.texts, "mail": _insert.excluded.mail}
)
_REMOVE = delete(default_follows).where(default_follows.c.account_id == bindparam("account"))
_ALL: Statement = (
    select(
        default_follows.c.account_id,
        accounts.c.name,
        default_follows.c.texts,
        default_follows.c.mail,
        default_follows.c.created_at,
    )
    .join(accounts, accounts.c.id == default_follows.c.account_id)
    .where(accounts.c.name.is_not(None))
    .order_by(accounts.c.name)
)
_new = bindparam("new", type_=BigInteger)
_BLOCKED = exists().where(
    or_(
        and_(blocks.c.account_id == _new, blocks.c.other_id == default_follows.c.account_id),
        and_(blocks.c.account_id == default_follows.c.account_id, blocks.c.other_id == _new),
    )
)
_APPLY = insert_new(follows).from_select(
    ["followee_id", "follower_id", "state", "texts", "mail", "created_at"],
    select(
        default_follows.c.account_id,
        _new,
        literal("accepted"),
        default_follows.c.texts,
        default_follows.c.mail,
        bindparam("now", type_=Instant()),
    )
    .join(accounts, accounts.c.id == default_follows.c.account_id)
    .where(accounts.c.name.is_not(None), default_follows.c.account_id != _new, ~_BLOCKED),
)


async def put(unit: Unit, account_id: int, *, texts: bool, mail: bool | None, now: datetime) -> None:
    """From now on everybody new follows this account, or its posts reach them in another way than was said before."""
    values = {"account_id": account_id, "texts": texts, "mail": mail, "created_at": now}
    await unit.execute(_PUT, values)


async def remove(unit: Unit, account_id: int) -> bool:
    """Nobody new follows it by itself any more; False when that was so."""
    return (await unit.execute(_REMOVE, {"account": account_id})).rowcount == 1


async def everyone(reading: Reading) -> Sequence[DefaultFollow]:
    """Whom everybody new follows, by name."""
    return [DefaultFollow(*row) for row in await reading.execute(_ALL)]


async def apply(unit: Unit, account_id: int, *, now: datetime) -> int:
    """Let a new account follow all of them at once, protected or not; how many. What it follows already stays as it
    is, and nobody follows across a block."""
    return (await unit.execute(_APPLY, {"new": account_id, "now": now})).rowcount
