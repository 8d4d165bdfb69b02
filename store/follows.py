"""Who follows whom: edges, requests, and the pages of followers and followings.

``accepted`` and ``requested`` are the two states of an edge; no row is the third.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from store.accounts import Person
from store.schema import accounts, follows
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class FollowRow:
    """One edge; its columns are told at ``store.schema.follows``."""

    followee_id: int
    follower_id: int
    state: str
    texts: bool
    mail: bool | None
    created_at: datetime


_THIS = and_(follows.c.followee_id == bindparam("followee"), follows.c.follower_id == bindparam("follower"))
_EDGE = select(follows).where(_THIS)
_insert = insert(follows)
_PUT = _insert.on_conflict_do_update(
    index_elements=["followee_id", "follower_id"],
    set_={"state": _insert.excluded.state, "texts": _insert.excluded.texts, "mail": _insert.excluded.mail},
)
_ADD_MISSING = insert(follows).on_conflict_do_nothing(index_elements=["followee_id", "follower_id"])
_REMOVE = delete(follows).where(_THIS)
_REMOVE_ALL = delete(follows).where(
    or_(follows.c.followee_id == bindparam("account"), follows.c.follower_id == bindparam("account"))
)
_ACCEPT = update(follows).where(_THIS, follows.c.state == "requested").values(state="accepted")
_ACCEPT_ALL = (
    update(follows)
    .where(follows.c.followee_id == bindparam("followee"), follows.c.state == "requested")
    .values(state="accepted")
    .returning(follows.c.follower_id)
)
_DENY = delete(follows).where(_THIS, follows.c.state == "requested")
_DENY_ALL = delete(follows).where(follows.c.followee_id == bindparam("followee"), follows.c.state == "requested")
_SET_TEXTS = update(follows).where(_THIS).values(texts=bindparam("new_texts"))
_SET_MAIL = update(follows).where(_THIS).values(mail=bindparam("new_mail"))
_MADE_SINCE = select(func.count()).where(
    follows.c.follower_id == bindparam("follower"), follows.c.created_at >= bindparam("since")
)
_BY_MAIL = (
    select(func.count())
    .select_from(follows.join(accounts, accounts.c.id == follows.c.followee_id))
    .where(
        follows.c.follower_id == bindparam("follower"),
        follows.c.state == "accepted",
        func.coalesce(follows.c.mail, true()),
        accounts.c.suspended_at.is_(None),
    )
)
_mine = follows.alias("mine")
_DROP_KNOWN = delete(follows).where(
    follows.c.follower_id == bindparam("from_id"),
    or_(
        follows.c.followee_id == bindparam("to_id"),
        exists().where(_mine.c.follower_id == bindparam("to_id"), _mine.c.followee_id == follows.c.followee_id),
    ),
)
_MOVE = update(follows).where(follows.c.follower_id == bindparam("from_id")).values(follower_id=bindparam("to_id"))


def _people(of: Any, other: Any, state: str) -> Any:
    """People at the other end of an account's edges, by id from the one after ``after``."""
    return (
        select(accounts.c.id, func.coalesce(accounts.c.name, ""))
        .join(follows, other == accounts.c.id)
        .where(of == bindparam("account"), follows.c.state == state, other > bindparam("after"))
        .order_by(other)
        .limit(bindparam("most"))
    )


_FOLLOWERS = _people(follows.c.followee_id, follows.c.follower_id, "accepted")
_NAMED_FOLLOWERS = _FOLLOWERS.where(accounts.c.name.is_not(None))
_FOLLOWING = _people(follows.c.follower_id, follows.c.followee_id, "accepted")
_REQUESTS = _people(follows.c.followee_id, follows.c.follower_id, "requested")
_ALL = (
    select(follows)
    .where(
        or_(
            follows.c.followee_id > bindparam("followee"),
            and_(follows.c.followee_id == bindparam("followee"), follows.c.follower_id > bindparam("follower")),
        )
    )
    .order_by(follows.c.followee_id, follows.c.follower_id)
    .limit(bindparam("most"))
)


async def edge(reading: Reading, followee_id: int, follower_id: int) -> FollowRow | None:
    """The edge between the two, whatever its state."""
    row = (await reading.execute(_EDGE, _pair(followee_id, follower_id))).one_or_none()
    return None if row is None else FollowRow(**row._mapping)


async def put(
    unit: Unit,
    followee_id: int,
    follower_id: int,
    *,
    state: str,
    now: datetime,
    texts: bool = False,
    mail: bool | None = None,
) -> None:
    """Make the edge, or change it where it stands (its age stays)."""
    await unit.execute(_PUT, _values(FollowRow(followee_id, follower_id, state, texts, mail, now)))


async def add_missing(unit: Unit, edges: Sequence[FollowRow]) -> None:
    """Add the edges that are not there yet and leave the others as they are: an import, a page at a time."""
    if edges:
        await unit.execute(_ADD_MISSING, [_values(edge) for edge in edges])


async def remove(unit: Unit, followee_id: int, follower_id: int) -> bool:
    """End the following, or withdraw the request; False if there was none."""
    return (await unit.execute(_REMOVE, _pair(followee_id, follower_id))).rowcount == 1


async def remove_all(unit: Unit, account_id: int) -> None:
    """End every following to and from the account."""
    await unit.execute(_REMOVE_ALL, {"account": account_id})


async def accept(unit: Unit, followee_id: int, follower_id: int) -> bool:
    """Grant one request; False if there was none."""
    return (await unit.execute(_ACCEPT, _pair(followee_id, follower_id))).rowcount == 1


async def accept_all(unit: Unit, followee_id: int) -> list[int]:
    """Grant every request; whose they were."""
    return list((await unit.execute(_ACCEPT_ALL, {"followee": followee_id})).scalars())


async def deny(unit: Unit, followee_id: int, follower_id: int) -> bool:
    """Refuse one request; False if there was none."""
    return (await unit.execute(_DENY, _pair(followee_id, follower_id))).rowcount == 1


async def deny_all(unit: Unit, followee_id: int) -> int:
    """Refuse every request; how many there were."""
    return (await unit.execute(_DENY_ALL, {"followee": followee_id})).rowcount


async def set_texts(unit: Unit, followee_id: int, follower_id: int, texts: bool) -> bool:
    """Whether this person's posts come by SMS; False if they are not followed."""
    values = {**_pair(followee_id, follower_id), "new_texts": texts}
    return (await unit.execute(_SET_TEXTS, values)).rowcount == 1


async def set_mail(unit: Unit, followee_id: int, follower_id: int, mail: bool | None) -> bool:
    """Whether this person's posts come by mail (None: as the account says); False if they are not followed."""
    values = {**_pair(followee_id, follower_id), "new_mail": mail}
    return (await unit.execute(_SET_MAIL, values)).rowcount == 1


async def made_since(reading: Reading, follower_id: int, since: datetime) -> int:
    """How many of the account's followings and requests are younger than this."""
    count: int = (await reading.execute(_MADE_SINCE, {"follower": follower_id, "since": since})).scalar_one()
    return count


async def count_by_mail(reading: Reading, follower_id: int) -> int:
    """How many people's posts come by mail to who follows them, where the account's own switch is on."""
    count: int = (await reading.execute(_BY_MAIL, {"follower": follower_id})).scalar_one()
    return count


async def move(unit: Unit, from_id: int, to_id: int) -> None:
    """Give one account's followings to another, which keeps its own where both follow the same person."""
    await unit.execute(_DROP_KNOWN, {"from_id": from_id, "to_id": to_id})
    await unit.execute(_MOVE, {"from_id": from_id, "to_id": to_id})


async def followers(reading: Reading, account_id: int, *, after: int = 0, most: int = 100) -> list[Person]:
    """Who follows the account, by id from the one after ``after``."""
    return await _list(reading, _FOLLOWERS, account_id, after, most)


async def named_followers(reading: Reading, account_id: int, *, after: int = 0, most: int = 100) -> list[Person]:
    """Those of them that have a name."""
    return await _list(reading, _NAMED_FOLLOWERS, account_id, after, most)


async def following(reading: Reading, account_id: int, *, after: int = 0, most: int = 100) -> list[Person]:
    """Whom the account follows, by id from the one after ``after``."""
    return await _list(reading, _FOLLOWING, account_id, after, most)


async def requests(reading: Reading, account_id: int, *, after: int = 0, most: int = 100) -> list[Person]:
    """Who asked to follow the account and has no answer, by id from the one after ``after``."""
    return await _list(reading, _REQUESTS, account_id, after, most)


async def page(reading: Reading, *, followee: int = 0, follower: int = 0, most: int = 1000) -> list[FollowRow]:
    """Every edge of the instance, by followee and follower, from the one after these two: an export."""
    values = {**_pair(followee, follower), "most": most}
    return [FollowRow(**row._mapping) for row in await reading.execute(_ALL, values)]


async def _list(reading: Reading, statement: Any, account_id: int, after: int, most: int) -> list[Person]:
    values = {"account": account_id, "after": after, "most": most}
    return [Person(id_, name) for id_, name in await reading.execute(statement, values)]


def _pair(followee_id: int, follower_id: int) -> dict[str, Any]:
    return {"followee": followee_id, "follower": follower_id}


def _values(edge: FollowRow) -> dict[str, Any]:
    return {
        "followee_id": edge.followee_id,
        "follower_id": edge.follower_id,
        "state": edge.state,
        "texts": edge.texts,
        "mail": edge.mail,
        "created_at": edge.created_at,
    }
