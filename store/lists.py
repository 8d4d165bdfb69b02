"""Lists of people that somebody reads apart from their home; nobody else knows of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, delete, func, insert, select

from store.schema import accounts, list_members, lists, posts
from store.sql import insert_new
from store.timelines import PageRow, Statement, page_row, visible_to_me
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list of somebody's: its number, its title, and how many people are on it."""

    id: int
    title: str
    members: int


_me = bindparam("me", type_=BigInteger)
_which = bindparam("which", type_=BigInteger)
_ADD = insert(lists).returning(lists.c.id)
_members: Any = select(func.count()).where(list_members.c.list_id == lists.c.id).correlate(lists).scalar_subquery()
_OF_ACCOUNT = select(lists.c.id, lists.c.title, _members).where(lists.c.account_id == _me).order_by(lists.c.title)
_ONE = select(lists.c.id, lists.c.title, _members).where(lists.c.account_id == _me, lists.c.id == _which)
_DROP_MEMBERS = delete(list_members).where(
    list_members.c.list_id.in_(select(lists.c.id).where(lists.c.account_id == _me, lists.c.id == _which))
)
_DROP = delete(lists).where(lists.c.account_id == _me, lists.c.id == _which)
_DROP_ALL = (
    delete(list_members).where(list_members.c.list_id.in_(select(lists.c.id).where(lists.c.account_id == _me))),
    delete(lists).where(lists.c.account_id == _me),
    delete(list_members).where(list_members.c.account_id == _me),
)
_PUT = insert_new(list_members)
_TAKE_OFF = delete(list_members).where(
    list_members.c.list_id == _which, list_members.c.account_id == bindparam("other")
)
_NAMES = (
    select(func.coalesce(accounts.c.name, ""))
    .join(list_members, list_members.c.account_id == accounts.c.id)
    .where(list_members.c.list_id == _which, accounts.c.name.is_not(None))
    .order_by(accounts.c.name)
)
_p, _a = posts.alias("p"), accounts.alias("a")
_TIMELINE: Statement = (
    page_row(_p, _a)
    .select_from(list_members.join(_p, _p.c.author_id == list_members.c.account_id).join(_a, _a.c.id == _p.c.author_id))
    .where(
        list_members.c.list_id == _which,
        _p.c.id < bindparam("before", type_=BigInteger),
        _p.c.repost_of_id.is_(None),
        visible_to_me(_p, _a),
    )
    .order_by(_p.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)


async def add(unit: Unit, me: int, title: str, *, now: datetime) -> int:
    """A new list's number."""
    values = {"account_id": me, "title": title, "created_at": now}
    new_id: int = (await unit.execute(_ADD, values)).scalar_one()
    return new_id


async def of_account(reading: Reading, me: int) -> Sequence[ListRow]:
    """An account's lists, by title."""
    return [ListRow(*row) for row in await reading.execute(_OF_ACCOUNT, {"me": me})]


async def one(reading: Reading, me: int, list_id: int) -> ListRow | None:
    """One of the account's lists; None when it is none of theirs."""
    row = (await reading.execute(_ONE, {"me": me, "which": list_id})).first()
    return None if row is None else ListRow(*row)


async def drop(unit: Unit, me: int, list_id: int) -> None:
    """Drop one's own list."""
    await unit.execute(_DROP_MEMBERS, {"me": me, "which": list_id})
    await unit.execute(_DROP, {"me": me, "which": list_id})


async def remove_all(unit: Unit, account_id: int) -> None:
    """Drop every list of the account's, and take it off those of others."""
    for statement in _DROP_ALL:
        await unit.execute(statement, {"me": account_id})


async def put(unit: Unit, list_id: int, account_id: int) -> None:
    """Put somebody on a list; twice is once."""
    await unit.execute(_PUT, {"list_id": list_id, "account_id": account_id})


async def take_off(unit: Unit, list_id: int, account_id: int) -> None:
    """Take somebody off a list."""
    await unit.execute(_TAKE_OFF, {"which": list_id, "other": account_id})


async def names(reading: Reading, list_id: int) -> Sequence[str]:
    """Who is on a list, by name."""
    return [name for name in (await reading.execute(_NAMES, {"which": list_id})).scalars() if name]


async def timeline(reading: Reading, me: int, list_id: int, *, before: int, most: int) -> list[PageRow]:
    """What the people on a list write, as far as ``me`` may see it."""
    values = {"me": me, "which": list_id, "before": before, "most": most}
    return [PageRow(*row) for row in await reading.execute(_TIMELINE, values)]
