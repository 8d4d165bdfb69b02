"""Polls, votes, and who is still to be told a result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from store.hearing import may_hear
from store.schema import deliveries, poll_votes, polls, posts
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class PollRow:
    """One poll and who asked it; its other columns are told at ``store.schema.polls``."""

    post_id: int
    author_id: int
    question: str
    options: tuple[str, ...]
    closes_at: datetime
    told: int | None


_COLUMNS = select(
    polls.c.post_id, posts.c.author_id, polls.c.question, polls.c.options, polls.c.closes_at, polls.c.told
)
_ROW = _COLUMNS.select_from(polls.join(posts, posts.c.id == polls.c.post_id))
_ROW_BY_POLL = _COLUMNS.select_from(polls.join(posts, posts.c.id == polls.c.post_id + literal_column("0")))
"""The same, from each poll to its post and never the other way. Where all polls are gone through, SQLite, which knows
not how few they are, would read every post there is; added to a column, nothing hides its index."""
_STANDS = posts.c.deleted_at.is_(None)
_ADD = insert(polls)
_OF_POST = _ROW.where(polls.c.post_id == bindparam("of_post"), _STANDS)
_IN_HAND = ("claimed", "unsure", "sent", "delivered")
_carrier = posts.alias("carrier")
_CAME: ColumnElement[datetime] = (
    select(func.max(deliveries.c.queued_at))
    .join(_carrier, _carrier.c.id == deliveries.c.post_id)
    .where(
        or_(_carrier.c.id == polls.c.post_id, _carrier.c.repost_of_id == polls.c.post_id),
        deliveries.c.post_id.is_not(None),
        deliveries.c.account_id == bindparam("account"),
        deliveries.c.state.in_(_IN_HAND),
    )
    .correlate(polls)
    .scalar_subquery()
)
"""When a poll came to the account, by itself or passed on by somebody."""
_MET = case((posts.c.author_id == bindparam("account"), posts.c.created_at), else_=_CAME)
_LAST_RECEIVED = {
    dialect: row.where(_STANDS, _MET.is_not(None)).order_by(_MET.desc(), polls.c.post_id.desc()).limit(1)
    for dialect, row in (("sqlite", _ROW_BY_POLL), ("postgresql", _ROW))
}
_LAST_OPEN_OF = (
    _ROW.where(_STANDS, posts.c.author_id == bindparam("account"), polls.c.closes_at > bindparam("now"))
    .order_by(polls.c.post_id.desc())
    .limit(1)
)
_IS_DUE = (_STANDS, polls.c.told.is_not(None), polls.c.closes_at <= bindparam("now"))
_ANY_DUE = select(polls.c.post_id).join(posts, posts.c.id == polls.c.post_id).where(*_IS_DUE).limit(1)
_DUE = _ROW.where(*_IS_DUE).order_by(polls.c.closes_at).limit(1).with_for_update(skip_locked=True, of=polls)
_CLOSE = update(polls).where(polls.c.post_id == bindparam("of_post")).values(closes_at=bindparam("now"), told=-1)
_SET_TOLD = update(polls).where(polls.c.post_id == bindparam("of_post")).values(told=bindparam("up_to"))
_vote = upsert(poll_votes)
_VOTE = _vote.on_conflict_do_update(index_elements=["post_id", "account_id"], set_={"option": _vote.excluded.option})
_COUNTS = (
    select(poll_votes.c.option, func.count())
    .where(poll_votes.c.post_id == bindparam("of_post"))
    .group_by(poll_votes.c.option)
)
_CHOICE = select(poll_votes.c.option).where(
    poll_votes.c.post_id == bindparam("of_post"), poll_votes.c.account_id == bindparam("account")
)
_voter: ColumnElement[int] = poll_votes.c.account_id
_VOTERS = (
    select(_voter, may_hear(_voter, posts.c.author_id))
    .join(posts, posts.c.id == poll_votes.c.post_id)
    .where(poll_votes.c.post_id == bindparam("of_post"), _voter > bindparam("after"))
    .order_by(_voter)
    .limit(bindparam("most"))
)
_REMOVE_VOTES = delete(poll_votes).where(poll_votes.c.account_id == bindparam("account"))


async def add(unit: Unit, post_id: int, question: str, options: Sequence[str], *, closes_at: datetime) -> None:
    """The post asks this."""
    values = {"post_id": post_id, "question": question, "options": "\n".join(options), "closes_at": closes_at}
    await unit.execute(_ADD, values)


async def of_post(reading: Reading, post_id: int) -> PollRow | None:
    """What the post asks, unless it is deleted."""
    return await _one(reading, _OF_POST, of_post=post_id)


async def last_received(reading: Reading, account_id: int) -> PollRow | None:
    """The poll that came last to the account, be it as a repost, or that it asked itself."""
    return await _one(reading, _LAST_RECEIVED[reading.dialect], account=account_id)


async def last_open_of(reading: Reading, account_id: int, *, now: datetime) -> PollRow | None:
    """The newest poll of the account's own that is still open."""
    return await _one(reading, _LAST_OPEN_OF, account=account_id, now=now)


async def any_closing(reading: Reading, *, now: datetime) -> bool:
    """Whether there is any poll for :func:`closing`: a look that holds up nobody."""
    return (await reading.execute(_ANY_DUE, {"now": now})).first() is not None


async def closing(unit: Unit, *, now: datetime) -> PollRow | None:
    """The poll that is closed the longest of those whose voters are still to be told; on PostgreSQL locked."""
    return await _one(unit, _DUE, now=now)


async def close(unit: Unit, post_id: int, *, now: datetime) -> None:
    """No more votes. Its author knows."""
    await unit.execute(_CLOSE, {"of_post": post_id, "now": now})


async def set_told(unit: Unit, post_id: int, up_to: int | None) -> None:
    """Its voters are told up to this account id; None: all of them."""
    await unit.execute(_SET_TOLD, {"of_post": post_id, "up_to": up_to})


async def vote(unit: Unit, post_id: int, account_id: int, option: int) -> None:
    """One vote each: a later one takes the place of an earlier one."""
    await unit.execute(_VOTE, {"post_id": post_id, "account_id": account_id, "option": option})


async def counts(reading: Reading, post_id: int) -> dict[int, int]:
    """How many chose each option that anybody chose."""
    found = await reading.execute(_COUNTS, {"of_post": post_id})
    return {int(option): int(count) for option, count in found}


async def choice(reading: Reading, post_id: int, account_id: int) -> int:
    """The number of the option that the account chose, 0 for none."""
    values = {"of_post": post_id, "account": account_id}
    return (await reading.execute(_CHOICE, values)).scalar_one_or_none() or 0


async def voters(reading: Reading, post_id: int, *, after: int, most: int) -> list[tuple[int, bool]]:
    """Who voted, by account id from the one after ``after``, and whether they may hear the author now: whoever may not
    get a post of the author's does not get its result either."""
    values = {"of_post": post_id, "after": after, "most": most}
    return [(account_id, bool(may)) for account_id, may in await reading.execute(_VOTERS, values)]


async def remove_votes(unit: Unit, account_id: int) -> None:
    """Take back every vote of the account."""
    await unit.execute(_REMOVE_VOTES, {"account": account_id})


async def _one(reading: Reading, statement: Any, **values: Any) -> PollRow | None:
    row = (await reading.execute(statement, values)).one_or_none()
    if row is None:
        return None
    post_id, author_id, question, options, closes_at, told = row
    return PollRow(post_id, author_id, question, tuple(options.split("\n")), closes_at, told)
