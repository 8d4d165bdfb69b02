"""People as those see them who look after the site: searched by whatever is known of them, phones and mailboxes too."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Integer, and_, bindparam, func, or_, select, true

from store.schema import accounts, addresses
from store.timelines import Statement
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a list. ``name`` is empty for a phone that only follows."""

    id: int
    name: str
    protected: bool
    admin: bool
    created_at: datetime
    suspended_at: datetime | None


_there = accounts.c.deleted_at.is_(None)
_WHICH = {
    "all": true(),
    "named": accounts.c.name.is_not(None),
    "admins": accounts.c.admin,
    "suspended": accounts.c.suspended_at.is_not(None),
    "followers": accounts.c.name.is_(None),
}
WHICH = tuple(_WHICH)
"""What a list may be confined to: ``followers`` are those who only follow."""

_found = or_(
    accounts.c.name.like(bindparam("beginning"), escape="!"),
    accounts.c.id.in_(
        select(addresses.c.account_id).where(
            addresses.c.account_id.is_not(None), addresses.c.address.like(bindparam("anywhere"), escape="!")
        )
    ),
)


def _listing(*where: ColumnElement[bool]) -> Statement:
    return (
        select(
            accounts.c.id,
            func.coalesce(accounts.c.name, ""),
            accounts.c.protected,
            accounts.c.admin,
            accounts.c.created_at,
            accounts.c.suspended_at,
        )
        .where(and_(_there, accounts.c.id < bindparam("before", type_=BigInteger), *where))
        .order_by(accounts.c.id.desc())
        .limit(bindparam("most", type_=Integer))
    )


_LISTS = {which: _listing(clause) for which, clause in _WHICH.items()}
_SEARCHES = {which: _listing(clause, _found) for which, clause in _WHICH.items()}
_COUNT = select(func.count(accounts.c.name))
_ADMINS = (
    select(accounts.c.id)
    .where(accounts.c.admin, _there, accounts.c.suspended_at.is_(None))
    .order_by(accounts.c.id)
    .with_for_update()
)


async def listed(
    reading: Reading, which: str, *, name: str = "", address: str = "", before: int, most: int
) -> list[Member]:
    """Accounts with an id below ``before``, the newest first, confined to one of WHICH. If they are given, in lower
    case: ``name`` is how a name begins, ``address`` stands anywhere in a phone number or mail address."""
    values = {"before": before, "most": most, "beginning": f"{_plain(name)}%", "anywhere": f"%{_plain(address)}%"}
    statement = (_SEARCHES if name or address else _LISTS)[which]
    return [Member(*row) for row in await reading.execute(statement, values)]


def _plain(words: str) -> str:
    """Words as a pattern that stands for nothing but themselves."""
    return words.replace("!", "!!").replace("%", "!%").replace("_", "!_")


async def count(reading: Reading) -> int:
    """How many people have a name here."""
    return (await reading.execute(_COUNT)).scalar_one()


async def lock_admins(unit: Unit) -> list[int]:
    """Who runs the instance and can log in; on PostgreSQL nobody else asks this until the unit ends."""
    return list((await unit.execute(_ADMINS)).scalars())
