"""People as they are listed and looked for: the directory, a search by name, and what is between two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, and_, bindparam, case, exists, false, func, or_, select, union_all

from store.schema import accounts, blocks, follows, mutes, posts
from store.timelines import NEWEST, Statement, hidden_from
from store.unit import Reading


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody in a list."""

    id: int
    name: str
    bio: str
    protected: bool
    followers: int


@dataclass(frozen=True, slots=True)
class Between:
    """What is between a member and another account.

    ``follows``, ``asked``   the member follows it, or has asked to; then ``texts`` come, and ``mail`` as said there
                             (None: as the account's mail goes in general).
    ``followed``             it follows the member: so the member may write to it.
    ``mutes``, ``blocks``    the member does.
    """

    follows: bool = False
    asked: bool = False
    texts: bool = False
    mail: bool | None = None
    followed: bool = False
    mutes: bool = False
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The last direct message between a member and somebody, which may be the member's own."""

    other: str
    post_id: int
    text: str
    created_at: datetime
    mine: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """One direct message."""

    id: int
    author: str
    text: str
    created_at: datetime


_me = bindparam("me", type_=BigInteger)
_most = bindparam("most", type_=Integer)
_after = bindparam("after", type_=BigInteger)
_before = bindparam("before", type_=BigInteger)
_active = and_(accounts.c.name.is_not(None), accounts.c.suspended_at.is_(None), accounts.c.deleted_at.is_(None))


def _edges(*more: Any) -> Any:
    count = select(func.count()).where(follows.c.followee_id == accounts.c.id, *more)
    return count.correlate(accounts).scalar_subquery()


# Nobody has to ask before they follow a public account. So all its edges stand, and counting them is a look at an index
# alone: with their states it would be a look at each of them, forty times as long.
_followers: Any = case((accounts.c.protected, _edges(follows.c.state == "accepted")), else_=_edges())
_COLUMNS = (accounts.c.id, accounts.c.name, accounts.c.bio, accounts.c.protected)
_blocked, _blocking = blocks.alias("blocked"), blocks.alias("blocking")
# In a form of which PostgreSQL knows that it lets nearly everybody through: else it sorts all accounts for one page.
_unhidden = and_(
    ~exists().where(_blocked.c.account_id == _me, _blocked.c.other_id == accounts.c.id),
    ~exists().where(_blocking.c.account_id == accounts.c.id, _blocking.c.other_id == _me),
)
_listed = and_(_active, accounts.c.protected == false(), _unhidden)
# Whoever is not logged in is shown nobody who is protected, be it by name or among those who follow somebody.
_shown = and_(_active, _unhidden, or_(accounts.c.protected == false(), _me > 0))


_NEWEST: Statement = (
    select(*_COLUMNS, _edges()).where(_listed, accounts.c.id < _before).order_by(accounts.c.id.desc()).limit(_most)
)
_BY_NAME: Statement = (
    select(*_COLUMNS, _edges())
    .where(_listed, accounts.c.name > bindparam("after", type_=String))
    .order_by(accounts.c.name)
    .limit(_most)
)
_COUNTED: Statement = (
    select(accounts.c.id, _edges())
    .where(_active, accounts.c.protected == false(), accounts.c.id > _after)
    .order_by(accounts.c.id)
    .limit(_most)
)
_THESE: Statement = select(*_COLUMNS).where(_listed, accounts.c.id.in_(bindparam("ids", expanding=True)))

_FOUND = (
    select(*_COLUMNS, _followers)
    .where(
        _shown,
        or_(
            accounts.c.name.like(bindparam("beginning"), escape="!"),
            and_(
                accounts.c.protected == false(),
                func.lower(accounts.c.bio).like(bindparam("anywhere"), escape="!"),
            ),
        ),
    )
    .order_by((accounts.c.name == bindparam("words")).desc(), _followers.desc(), accounts.c.name)
    .limit(_most)
)


def _at_the_other_end(of: Any, other: Any, state: str) -> Statement:
    return (
        select(*_COLUMNS, _followers)
        .select_from(follows.join(accounts, accounts.c.id == other))
        .where(
            of == bindparam("account", type_=BigInteger),
            follows.c.state == state,
            other > _after,
            _shown,
        )
        .order_by(other)
        .limit(_most)
    )


_FOLLOWERS = _at_the_other_end(follows.c.followee_id, follows.c.follower_id, "accepted")
_FOLLOWING = _at_the_other_end(follows.c.follower_id, follows.c.followee_id, "accepted")
_REQUESTS = _at_the_other_end(follows.c.followee_id, follows.c.follower_id, "requested")
_COUNT_REQUESTS = select(func.count()).where(follows.c.followee_id == _me, follows.c.state == "requested")

_other = bindparam("other", type_=BigInteger)
_BETWEEN = select(
    select(func.coalesce(func.max(follows.c.state), ""))
    .where(follows.c.followee_id == _other, follows.c.follower_id == _me)
    .scalar_subquery(),
    exists().where(follows.c.followee_id == _other, follows.c.follower_id == _me, follows.c.texts),
    select(follows.c.mail).where(follows.c.followee_id == _other, follows.c.follower_id == _me).scalar_subquery(),
    exists().where(follows.c.followee_id == _me, follows.c.follower_id == _other, follows.c.state == "accepted"),
    exists().where(mutes.c.account_id == _me, mutes.c.other_id == _other),
    exists().where(blocks.c.account_id == _me, blocks.c.other_id == _other),
)


def _directs(mine: bool) -> Statement:  # of two calls beside each other
    """The last direct message to, or from, each whom the member wrote to or heard from."""
    ends: list[Any] = [posts.c.author_id, posts.c.to_account_id]
    writer, other = ends if mine else reversed(ends)
    return (
        select(other.label("other_id"), func.max(posts.c.id).label("post_id"))
        .where(writer == _me, posts.c.kind == "direct", posts.c.deleted_at.is_(None))
        .group_by(other)
    )


_both = union_all(_directs(True), _directs(False)).subquery("both_ways")
_last = (
    select(_both.c.other_id, func.max(_both.c.post_id).label("post_id")).group_by(_both.c.other_id).subquery("last_one")
)
_CONVERSATIONS: Statement = (
    select(func.coalesce(accounts.c.name, ""), posts.c.id, posts.c.text, posts.c.created_at, posts.c.author_id == _me)
    .select_from(_last)
    .join(accounts, accounts.c.id == _last.c.other_id)
    .join(posts, posts.c.id == _last.c.post_id)
    .where(_active, ~hidden_from(_me, accounts.c.id), posts.c.id < _before)
    .order_by(posts.c.id.desc())
    .limit(_most)
)
_author = accounts.alias("author")
_LETTERS: Statement = (
    select(posts.c.id, func.coalesce(_author.c.name, ""), posts.c.text, posts.c.created_at)
    .join(_author, _author.c.id == posts.c.author_id)
    .where(
        posts.c.kind == "direct",
        posts.c.deleted_at.is_(None),
        posts.c.id < _before,
        or_(
            and_(posts.c.author_id == _me, posts.c.to_account_id == _other),
            and_(posts.c.author_id == _other, posts.c.to_account_id == _me),
        ),
    )
    .order_by(posts.c.id.desc())
    .limit(_most)
)


async def newest(reading: Reading, me: int, *, before: int = NEWEST, most: int) -> list[Listed]:
    """Public accounts that came ``before`` another, the newest first, for a member (0: for everybody)."""
    return await _people(reading, _NEWEST, me=me, before=before, most=most)


async def by_name(reading: Reading, me: int, *, after: str = "", most: int) -> list[Listed]:
    """Public accounts ``after`` a name, by name, for a member (0: for everybody)."""
    return await _people(reading, _BY_NAME, me=me, after=after, most=most)


async def counted(reading: Reading, *, after: int = 0, most: int) -> list[tuple[int, int]]:
    """Public accounts with an id above ``after``, in the order of their ids, and how many follow each: it looks at each
    of these edges."""
    found = await reading.execute(_COUNTED, {"after": after, "most": most})
    return [(account_id, followers) for account_id, followers in found]


async def these(reading: Reading, me: int, followers: Mapping[int, int]) -> list[Listed]:
    """Of these accounts, each with its followers, those that are public and that the member (0: everybody) may know
    of, in this order."""
    if not followers:
        return []
    found = {
        account_id: Listed(account_id, name, bio, protected, followers[account_id])
        for account_id, name, bio, protected in await reading.execute(_THESE, {"me": me, "ids": list(followers)})
    }
    return [found[each] for each in followers if each in found]


async def named_like(reading: Reading, me: int, words: str, *, most: int) -> list[Listed]:
    """People whose name begins with these lower-case words, or who say them of themselves; the best known first. For a
    member (0: for everybody, and then nobody who is protected)."""
    plain = words.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    values = {"words": words, "beginning": f"{plain}%", "anywhere": f"%{plain}%"}
    return await _people(reading, _FOUND, me=me, most=most, **values)


async def followers(reading: Reading, me: int, account_id: int, *, after: int = 0, most: int) -> list[Listed]:
    """Who follows an account and has a name; the longest here first. For a member (0: as above)."""
    return await _people(reading, _FOLLOWERS, me=me, account=account_id, after=after, most=most)


async def following(reading: Reading, me: int, account_id: int, *, after: int = 0, most: int) -> list[Listed]:
    """Whom an account follows; the longest here first. For a member (0: as above)."""
    return await _people(reading, _FOLLOWING, me=me, account=account_id, after=after, most=most)


async def requests(reading: Reading, me: int, *, after: int = 0, most: int) -> list[Listed]:
    """Who asks to follow the member."""
    return await _people(reading, _REQUESTS, me=me, account=me, after=after, most=most)


async def count_requests(reading: Reading, me: int) -> int:
    """How many ask to follow the member."""
    found: int = (await reading.execute(_COUNT_REQUESTS, {"me": me})).scalar_one()
    return found


async def between(reading: Reading, me: int, other: int) -> Between:
    """What is between a member and another account."""
    state, texts, mail, followed, muted, blocked = (await reading.execute(_BETWEEN, {"me": me, "other": other})).one()
    return Between(state == "accepted", state == "requested", texts, mail, followed, muted, blocked)


async def conversations(reading: Reading, me: int, *, before: int = NEWEST, most: int) -> Sequence[Conversation]:
    """With whom a member exchanged direct messages, the last one first; those whose last one is ``before`` a post."""
    values = {"me": me, "before": before, "most": most}
    return [Conversation(*row) for row in await reading.execute(_CONVERSATIONS, values)]


async def letters(reading: Reading, me: int, other: int, *, before: int, most: int) -> Sequence[Letter]:
    """The direct messages between the two, the newest first."""
    values = {"me": me, "other": other, "before": before, "most": most}
    return [Letter(*row) for row in await reading.execute(_LETTERS, values)]


async def _people(reading: Reading, statement: Statement, **values: Any) -> list[Listed]:
    return [Listed(*row) for row in await reading.execute(statement, values)]
