"""Everything of one person, a page at a time: what an export holds. Each page goes on behind the key of the last row.

Of what others wrote (whose post was repeated, made a favourite, or voted on) there are the words only where the person
may see them now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, and_, bindparam, case, func, or_, select, union_all

from store.schema import (
    accounts,
    deliveries,
    delivery_counts,
    favourites,
    follows,
    invites,
    listeners,
    lists,
    nudges,
    poll_votes,
    polls,
    posts,
    reports,
    schedules,
    sms_usage,
)
from store.schema import blocks as block_pairs
from store.schema import mutes as mute_pairs
from store.timelines import Statement, visible_to_everybody, visible_to_me
from store.unit import Reading


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A post or repost that stands. ``answered_*``: what it answers; ``original_*``: what it repeats, ``original`` its
    words where they may be seen. ``question``, ``options``, ``closes_at`` where it is a poll."""

    id: int
    kind: str
    text: str
    full_text: str | None
    source: str
    created_at: datetime
    answered_id: int | None
    answered_author: str | None
    original_id: int | None
    original_author: str | None
    original: str | None
    group_name: str | None
    favourites: int
    reposts: int
    question: str | None
    options: str | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A direct message to or from the person; a name is None on an account that has none."""

    id: int
    author: str | None
    to: str | None
    text: str
    source: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Edge:
    """Somebody at the other end of a following; the switches are the follower's."""

    id: int
    name: str | None
    state: str
    texts: bool
    mail: bool | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody that the person mutes, blocks or nudged."""

    id: int
    name: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Listening:
    """What the person listens to, by its key."""

    key: str
    texts: bool
    mail: bool | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Marked:
    """A favourite: the post, whose it is, its words where they may be seen, and since when."""

    post_id: int
    author: str | None
    words: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Voted:
    """A vote: the poll, whose it is, what it asks where that may be seen, and the option that was chosen."""

    post_id: int
    author: str | None
    question: str | None
    options: str | None
    option: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of people."""

    id: int
    title: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that the person made."""

    id: int
    note: str
    uses: int
    uses_left: int
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A post that goes out by itself."""

    id: int
    text: str
    cron: str
    time_zone: str
    next_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What the person reported to the operator."""

    id: int
    about: str | None
    words: str
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Reached:
    """So many deliveries of a post on a channel are in a state, and took so many segments."""

    post_id: int
    channel: str
    state: str
    number: int
    segments: int


@dataclass(frozen=True, slots=True)
class Month:
    """Segments in a calendar month, as 202611, that counted towards what the person wrote (``author``) or got."""

    month: int
    kind: str
    segments: int


_me = bindparam("me", type_=BigInteger)
_after = bindparam("after", type_=BigInteger)
_most = bindparam("most", type_=Integer)
_o, _oa = posts.alias("o"), accounts.alias("oa")
_a, _named = accounts.alias("a"), accounts.alias("named")


def _name(of: Any) -> Any:
    return select(_named.c.name).where(_named.c.id == of).scalar_subquery()


def _own_posts() -> Statement:
    p, r, again = (posts.alias(name) for name in ("p", "r", "again"))
    words = case((visible_to_me(_o, _oa), func.coalesce(_o.c.full_text, _o.c.text)))
    return (
        select(
            p.c.id,
            p.c.kind,
            p.c.text,
            p.c.full_text,
            p.c.source,
            p.c.created_at,
            r.c.id,
            _name(r.c.author_id),
            _o.c.id,
            _oa.c.name,
            words,
            p.c.group_name,
            select(func.count()).where(favourites.c.post_id == p.c.id).scalar_subquery(),
            select(func.count())
            .where(again.c.repost_of_id == p.c.id, again.c.repost_of_id.is_not(None), again.c.deleted_at.is_(None))
            .scalar_subquery(),
            polls.c.question,
            polls.c.options,
            polls.c.closes_at,
        )
        .select_from(p)
        .outerjoin(r, r.c.id == p.c.reply_to_id)
        .outerjoin(_o, _o.c.id == p.c.repost_of_id)
        .outerjoin(_oa, _oa.c.id == _o.c.author_id)
        .outerjoin(polls, polls.c.post_id == p.c.id)
        .where(p.c.author_id == _me, p.c.id > _after, p.c.kind != "direct", p.c.deleted_at.is_(None))
        .order_by(p.c.id)
        .limit(_most)
    )


def _letters() -> Statement:
    def end(mine: Any) -> Statement:
        columns = (posts.c.id, posts.c.author_id, posts.c.to_account_id, posts.c.text, posts.c.source)
        found = (
            select(*columns, posts.c.created_at)
            .where(mine == _me, posts.c.id > _after, posts.c.kind == "direct", posts.c.deleted_at.is_(None))
            .order_by(posts.c.id)
            .limit(_most)
            .subquery()
        )
        return select(found)

    both = union_all(end(posts.c.author_id), end(posts.c.to_account_id)).subquery("both_ways")
    return (
        select(
            both.c.id,
            _name(both.c.author_id),
            _name(both.c.to_account_id),
            both.c.text,
            both.c.source,
            both.c.created_at,
        )
        .distinct()
        .order_by(both.c.id)
        .limit(_most)
    )


def _edges(mine: Any, other: Any) -> Statement:
    return (
        select(other, _name(other), follows.c.state, follows.c.texts, follows.c.mail, follows.c.created_at)
        .where(mine == _me, other > _after)
        .order_by(other)
        .limit(_most)
    )


def _others(pairs: Any, at: Any) -> Statement:
    return (
        select(pairs.c.other_id, _name(pairs.c.other_id), at)
        .where(pairs.c.account_id == _me, pairs.c.other_id > _after)
        .order_by(pairs.c.other_id)
        .limit(_most)
    )


_POSTS, _LETTERS = _own_posts(), _letters()
_FOLLOWING = _edges(follows.c.follower_id, follows.c.followee_id)
_FOLLOWERS = _edges(follows.c.followee_id, follows.c.follower_id)
_MUTES = _others(mute_pairs, mute_pairs.c.created_at)
_BLOCKS = _others(block_pairs, block_pairs.c.created_at)
_NUDGES = _others(nudges, nudges.c.nudged_at)
_LISTENS: Statement = (
    select(listeners.c.key, listeners.c.texts, listeners.c.mail, listeners.c.created_at)
    .where(listeners.c.account_id == _me, listeners.c.key > bindparam("after", type_=Text))
    .order_by(listeners.c.key)
    .limit(_most)
)
_FAVOURITES: Statement = (
    select(
        favourites.c.post_id,
        _a.c.name,
        case((visible_to_me(_o, _a), func.coalesce(_o.c.full_text, _o.c.text))),
        favourites.c.created_at,
    )
    .join(_o, _o.c.id == favourites.c.post_id)
    .join(_a, _a.c.id == _o.c.author_id)
    .where(favourites.c.account_id == _me, favourites.c.post_id > _after)
    .order_by(favourites.c.post_id)
    .limit(_most)
)
_seen = visible_to_me(_o, _a)
_VOTES: Statement = (
    select(
        poll_votes.c.post_id,
        _a.c.name,
        case((_seen, polls.c.question)),
        case((_seen, polls.c.options)),
        poll_votes.c.option,
    )
    .join(polls, polls.c.post_id == poll_votes.c.post_id)
    .join(_o, _o.c.id == poll_votes.c.post_id)
    .join(_a, _a.c.id == _o.c.author_id)
    .where(poll_votes.c.account_id == _me, poll_votes.c.post_id > _after)
    .order_by(poll_votes.c.post_id)
    .limit(_most)
)
_SCHEDULES: Statement = (
    select(
        schedules.c.id,
        schedules.c.text,
        schedules.c.cron,
        schedules.c.time_zone,
        schedules.c.next_at,
        schedules.c.created_at,
    )
    .where(schedules.c.account_id == _me, schedules.c.id > _after)
    .order_by(schedules.c.id)
    .limit(_most)
)
_REPORTS: Statement = (
    select(reports.c.id, _name(reports.c.account_id), reports.c.words, reports.c.reported_at)
    .where(reports.c.reporter_id == _me, reports.c.id > _after)
    .order_by(reports.c.id)
    .limit(_most)
)
_LISTS: Statement = (
    select(lists.c.id, lists.c.title, lists.c.created_at)
    .where(lists.c.account_id == _me, lists.c.id > _after)
    .order_by(lists.c.id)
    .limit(_most)
)
_INVITES: Statement = (
    select(
        invites.c.id,
        invites.c.note,
        invites.c.uses,
        invites.c.uses_left,
        invites.c.created_at,
        invites.c.expires_at,
        invites.c.revoked_at,
    )
    .where(invites.c.made_by == _me, invites.c.id > _after)
    .order_by(invites.c.id)
    .limit(_most)
)
_MONTHS: Statement = (
    select(sms_usage.c.month, sms_usage.c.kind, sms_usage.c.segments)
    .where(sms_usage.c.of_id == _me, sms_usage.c.kind.in_(["author", "recipient"]))
    .order_by(sms_usage.c.month, sms_usage.c.kind)
)
_ids = bindparam("ids", expanding=True, type_=BigInteger)
_digest = deliveries.alias("digest")
_state = func.coalesce(_digest.c.state, deliveries.c.state)
_REACHED: Any = union_all(
    select(
        deliveries.c.post_id,
        deliveries.c.channel,
        _state,
        func.count(),
        func.coalesce(func.sum(deliveries.c.segments), 0),
    )
    .outerjoin(_digest, _digest.c.id == deliveries.c.digest_id)
    .where(deliveries.c.post_id.in_(_ids), deliveries.c.post_id.is_not(None))
    .group_by(deliveries.c.post_id, deliveries.c.channel, _state),
    select(
        delivery_counts.c.post_id,
        delivery_counts.c.channel,
        delivery_counts.c.state,
        delivery_counts.c.number,
        delivery_counts.c.segments,
    ).where(delivery_counts.c.post_id.in_(_ids)),
)
_SIZE = select(
    select(func.count())
    .where(or_(posts.c.author_id == _me, and_(posts.c.to_account_id == _me, posts.c.kind == "direct")))
    .scalar_subquery(),
    select(func.count()).where(follows.c.followee_id == _me).scalar_subquery(),
    select(func.count()).where(favourites.c.account_id == _me).scalar_subquery(),
)

_STANDING: Statement = (
    select(_o.c.id, _oa.c.name)
    .join(_oa, _oa.c.id == _o.c.author_id)
    .where(_o.c.id.in_(_ids), _o.c.kind == "post", visible_to_everybody(_o, _oa))
)


async def size(reading: Reading, account_id: int) -> int:
    """About how many rows there are."""
    found = (await reading.execute(_SIZE, {"me": account_id})).one()
    return sum(found)


async def own_posts(reading: Reading, account_id: int, *, after: int, most: int) -> list[OwnPost]:
    """What the person wrote and passed on, by id; direct messages are no part of it."""
    return [OwnPost(*row) for row in await _rows(reading, _POSTS, account_id, after, most)]


async def letters(reading: Reading, account_id: int, *, after: int, most: int) -> list[Letter]:
    """Direct messages both ways, by id."""
    return [Letter(*row) for row in await _rows(reading, _LETTERS, account_id, after, most)]


async def following(reading: Reading, account_id: int, *, after: int, most: int) -> list[Edge]:
    """Whom the person follows or asked to, by account id."""
    return [Edge(*row) for row in await _rows(reading, _FOLLOWING, account_id, after, most)]


async def followers(reading: Reading, account_id: int, *, after: int, most: int) -> list[Edge]:
    """Who follows the person or asked to, by account id."""
    return [Edge(*row) for row in await _rows(reading, _FOLLOWERS, account_id, after, most)]


async def muted(reading: Reading, account_id: int, *, after: int, most: int) -> list[Other]:
    """Whom the person mutes."""
    return [Other(*row) for row in await _rows(reading, _MUTES, account_id, after, most)]


async def blocked(reading: Reading, account_id: int, *, after: int, most: int) -> list[Other]:
    """Whom the person blocks; never who blocks them."""
    return [Other(*row) for row in await _rows(reading, _BLOCKS, account_id, after, most)]


async def nudged(reading: Reading, account_id: int, *, after: int, most: int) -> list[Other]:
    """Whom the person nudged, and when last."""
    return [Other(*row) for row in await _rows(reading, _NUDGES, account_id, after, most)]


async def listening(reading: Reading, account_id: int, *, after: str, most: int) -> list[Listening]:
    """What the person listens to, by key."""
    return [Listening(*row) for row in await _rows(reading, _LISTENS, account_id, after, most)]


async def marked(reading: Reading, account_id: int, *, after: int, most: int) -> list[Marked]:
    """Favourites, by the id of the post."""
    return [Marked(*row) for row in await _rows(reading, _FAVOURITES, account_id, after, most)]


async def votes(reading: Reading, account_id: int, *, after: int, most: int) -> list[Voted]:
    """Votes, by the id of the poll."""
    return [Voted(*row) for row in await _rows(reading, _VOTES, account_id, after, most)]


async def listed(reading: Reading, account_id: int, *, after: int, most: int) -> list[Listed]:
    """Lists of people; ``store.lists`` knows who is on them."""
    return [Listed(*row) for row in await _rows(reading, _LISTS, account_id, after, most)]


async def invited(reading: Reading, account_id: int, *, after: int, most: int) -> list[Invited]:
    """Invitations, without their codes."""
    return [Invited(*row) for row in await _rows(reading, _INVITES, account_id, after, most)]


async def planned(reading: Reading, account_id: int, *, after: int, most: int) -> list[Planned]:
    """What is to go out by itself."""
    return [Planned(*row) for row in await _rows(reading, _SCHEDULES, account_id, after, most)]


async def told(reading: Reading, account_id: int, *, after: int, most: int) -> list[Told]:
    """What the person reported."""
    return [Told(*row) for row in await _rows(reading, _REPORTS, account_id, after, most)]


async def reached(reading: Reading, post_ids: Sequence[int]) -> list[Reached]:
    """What became of these posts; of those that a digest brings, what becomes of it."""
    if not post_ids:
        return []
    return [Reached(*row) for row in await reading.execute(_REACHED, {"ids": list(post_ids)})]


async def standing(reading: Reading, post_ids: Sequence[int]) -> dict[int, str]:
    """Those of these posts that everybody may see, and whose they are."""
    if not post_ids:
        return {}
    rows = await reading.execute(_STANDING, {"ids": list(post_ids)})
    return {row.id: row.name for row in rows}


async def months(reading: Reading, account_id: int) -> list[Month]:
    """The segments that counted towards the person's budgets, by month."""
    return [Month(*row) for row in await reading.execute(_MONTHS, {"me": account_id})]


async def _rows(reading: Reading, statement: Statement, me: int, after: int | str, most: int) -> list[Any]:
    return list(await reading.execute(statement, {"me": me, "after": after, "most": most}))
