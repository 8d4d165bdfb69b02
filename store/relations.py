"""Blocks hide two people from each other; mutes quiet one person for another, who never learns of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert

from store.schema import accounts, blocks, mutes
from store.unit import Reading, Unit

_KEY = ["account_id", "other_id"]
_BLOCK = insert(blocks).on_conflict_do_nothing(index_elements=_KEY)
_MUTE = insert(mutes).on_conflict_do_nothing(index_elements=_KEY)
_UNBLOCK = delete(blocks).where(blocks.c.account_id == bindparam("one"), blocks.c.other_id == bindparam("other"))
_UNMUTE = delete(mutes).where(mutes.c.account_id == bindparam("one"), mutes.c.other_id == bindparam("other"))
_MUTES = select(exists().where(mutes.c.account_id == bindparam("one"), mutes.c.other_id == bindparam("other")))
_BLOCKERS = select(blocks.c.account_id).where(
    or_(
        and_(blocks.c.account_id == bindparam("one"), blocks.c.other_id == bindparam("other")),
        and_(blocks.c.account_id == bindparam("other"), blocks.c.other_id == bindparam("one")),
    )
)
_KEPT_AWAY = (
    union_all(
        *(
            select(func.coalesce(accounts.c.name, "").label("name"), literal(blocked).label("blocked"))
            .join_from(pairs, accounts, accounts.c.id == pairs.c.other_id)
            .where(pairs.c.account_id == bindparam("account"), accounts.c.name.is_not(None))
            for pairs, blocked in ((blocks, True), (mutes, False))
        )
    )
    .order_by("name")
    .limit(bindparam("most"))
)
_REMOVE_ALL = tuple(
    delete(pairs).where(or_(pairs.c.account_id == bindparam("account"), pairs.c.other_id == bindparam("account")))
    for pairs in (blocks, mutes)
)


async def block(unit: Unit, account_id: int, other_id: int, *, now: datetime) -> None:
    """``account_id`` wants nothing more of ``other_id``; a second time changes nothing."""
    await unit.execute(_BLOCK, {"account_id": account_id, "other_id": other_id, "created_at": now})


async def unblock(unit: Unit, account_id: int, other_id: int) -> bool:
    """Lift the block; False if there was none."""
    return (await unit.execute(_UNBLOCK, _pair(account_id, other_id))).rowcount == 1


async def mute(unit: Unit, account_id: int, other_id: int, *, now: datetime) -> None:
    """``account_id`` does not want ``other_id``'s posts for now; a second time changes nothing."""
    await unit.execute(_MUTE, {"account_id": account_id, "other_id": other_id, "created_at": now})


async def unmute(unit: Unit, account_id: int, other_id: int) -> bool:
    """Lift the mute; False if there was none."""
    return (await unit.execute(_UNMUTE, _pair(account_id, other_id))).rowcount == 1


async def blockers(reading: Reading, one_id: int, other_id: int) -> set[int]:
    """Which of the two blocks the other: none, one or both of the ids."""
    return set((await reading.execute(_BLOCKERS, _pair(one_id, other_id))).scalars())


async def mutes_other(reading: Reading, account_id: int, other_id: int) -> bool:
    """Whether ``account_id`` mutes ``other_id``."""
    found: bool = (await reading.execute(_MUTES, _pair(account_id, other_id))).scalar_one()
    return found


async def kept_away(reading: Reading, account_id: int, *, most: int) -> list[tuple[str, bool]]:
    """Whom an account mutes, or (True) blocks, by name. Who is both stands there twice."""
    found = await reading.execute(_KEPT_AWAY, {"account": account_id, "most": most})
    return [(name or "", bool(blocked)) for name, blocked in found]


async def remove_all(unit: Unit, account_id: int) -> None:
    """Forget every block and mute to and from the account."""
    for statement in _REMOVE_ALL:
        await unit.execute(statement, {"account": account_id})


def _pair(one_id: int, other_id: int) -> dict[str, Any]:
    return {"one": one_id, "other": other_id}
