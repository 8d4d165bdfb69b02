"""Posts, direct messages and reposts, with the tags and names in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from gateway.domain.types import PostKind, Source
from store.schema import Instant, favourites, poll_votes, polls, post_cuts, post_mentions, post_tags, posts, to_micros
from store.sql import given, insert_new, next_id, rows
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class NewPost:
    """What is written of a post, with its tags and the ids of the accounts it names; its own id comes from the
    database. ``words`` are those that it is found by, folded, a space between two."""

    author_id: int
    kind: PostKind
    text: str
    source: Source
    created_at: datetime
    full_text: str | None = None
    reply_to_id: int | None = None
    repost_of_id: int | None = None
    to_account_id: int | None = None
    at_account_id: int | None = None
    group_name: str | None = None
    words: str = ""
    tags: Sequence[str] = ()
    mentioned: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Lately:
    """How far is looked back at what an author wrote: the same words count since ``same_since``, and the ``limit`` is
    of posts of this ``kind`` since ``counted_since``, deleted ones included. A limit of none is always reached."""

    same_since: datetime
    kind: PostKind
    limit: int
    counted_since: datetime


@dataclass(frozen=True, slots=True)
class LookBack:
    """What an author wrote lately: the post with the same words that stands; and, when the limit is reached, the first
    moment of those that count towards it: it is what makes room next."""

    same_id: int | None
    full_since: datetime | None


@dataclass(frozen=True, slots=True)
class PostRow:
    """One post as it stands."""

    id: int
    author_id: int
    kind: str
    text: str
    full_text: str | None
    reply_to_id: int | None
    conversation_id: int
    repost_of_id: int | None
    to_account_id: int | None
    at_account_id: int | None
    created_at: datetime
    deleted_at: datetime | None


_ROW = (
    posts.c.id,
    posts.c.author_id,
    posts.c.kind,
    posts.c.text,
    posts.c.full_text,
    posts.c.reply_to_id,
    posts.c.conversation_id,
    posts.c.repost_of_id,
    posts.c.to_account_id,
    posts.c.at_account_id,
    posts.c.created_at,
    posts.c.deleted_at,
)

_new = given(
    "new",
    author_id=BigInteger,
    kind=Text,
    text=Text,
    full_text=Text,
    source=Text,
    reply_to_id=BigInteger,
    repost_of_id=BigInteger,
    to_account_id=BigInteger,
    at_account_id=BigInteger,
    group_name=Text,
    words=Text,
    created_at=BigInteger,
)
_numbered = select(next_id(posts, _new.c.n).label("id"), *_new.c).order_by(_new.c.n).subquery("numbered")
_NEW = [each for each in _numbered.c if each.name != "n"]
_answered = posts.alias("answered")
_thread = select(_answered.c.conversation_id).where(_answered.c.id == _numbered.c.reply_to_id).scalar_subquery()
_INSERT = (
    insert(posts)
    .from_select(
        [*(each.name for each in _NEW), "conversation_id"],
        select(*_NEW, func.coalesce(_thread, _numbered.c.id)),
    )
    .returning(posts.c.id)
)
_INSERT_TAG = insert_new(post_tags)
_INSERT_MENTION = insert_new(post_mentions)
_BY_ID = select(*_ROW).where(posts.c.id == bindparam("post_id"))
_OWN = posts.c.author_id == bindparam("author_id")
_LATEST = select(posts.c.id).where(_OWN, posts.c.deleted_at.is_(None)).order_by(posts.c.id.desc()).limit(1)
_LATEST_POST = (
    select(posts.c.id)
    .where(_OWN, posts.c.deleted_at.is_(None), posts.c.kind == PostKind.POST)
    .order_by(posts.c.id.desc())
    .limit(1)
)

_LATELY = 10


def looking_back(
    author_id: Any, to_account_id: Any, text: Any, *asked: Any
) -> tuple[ColumnElement[int | None], ColumnElement[datetime]]:
    """SQL: what :func:`look_back` finds for each row of the tables that are ``asked``, bound by :func:`how_far_back`
    and read by :func:`looked_back`."""
    lately = (
        select(posts.c.id, posts.c.to_account_id, posts.c.text, posts.c.full_text, posts.c.created_at)
        .where(posts.c.author_id == author_id, posts.c.deleted_at.is_(None))
        .order_by(posts.c.id.desc())
        .limit(_LATELY)
        .correlate(*asked)
        .subquery("lately")
    )
    same = select(func.max(lately.c.id)).where(
        lately.c.created_at >= bindparam("same_since", type_=Instant()),
        lately.c.to_account_id.is_not_distinct_from(to_account_id),
        func.coalesce(lately.c.full_text, lately.c.text) == text,
    )
    last_allowed = (
        select(posts.c.created_at)
        .where(posts.c.author_id == author_id, posts.c.kind == bindparam("kind"))
        .order_by(posts.c.id.desc())
        .limit(1)
        .offset(bindparam("before"))
    )
    return same.correlate(*asked).scalar_subquery(), last_allowed.correlate(*asked).scalar_subquery()


_said = given("said", author_id=BigInteger, to_account_id=BigInteger, text=Text)
_LOOK_BACK = (
    select(*looking_back(_said.c.author_id, _said.c.to_account_id, _said.c.text, _said))
    .select_from(_said)
    .order_by(_said.c.n)
)
_own_there = (
    select(func.coalesce(posts.c.full_text, posts.c.text).label("words"))
    .where(posts.c.conversation_id == bindparam("conversation_id"), _OWN, posts.c.deleted_at.is_(None))
    .order_by(posts.c.id.desc())
    .limit(_LATELY)
    .subquery("own_there")
)
_SAID_IN = (
    select(func.count()).select_from(_own_there).where(_own_there.c.words.in_(bindparam("spellings", expanding=True)))
)
_DROP_FAVOURITE = delete(favourites).where(
    favourites.c.account_id == bindparam("account"), favourites.c.post_id == bindparam("which")
)
_REPOST_OF = (
    select(posts.c.id).where(posts.c.repost_of_id == bindparam("post_id"), _OWN, posts.c.deleted_at.is_(None)).limit(1)
)
_REPOSTS = select(posts.c.id).where(posts.c.repost_of_id == bindparam("post_id"), posts.c.deleted_at.is_(None))
_SET_TEXT = update(posts).where(posts.c.id == bindparam("post_id")).values(text=bindparam("new_text"))
_WIPE = (
    update(posts)
    .where(posts.c.id == bindparam("post_id"), posts.c.deleted_at.is_(None))
    .values(text="", full_text=None, words="", deleted_at=bindparam("now", type_=posts.c.deleted_at.type))
)
_DROP_TAGS = delete(post_tags).where(post_tags.c.post_id == bindparam("post_id"))
_DROP_MENTIONS = delete(post_mentions).where(post_mentions.c.post_id == bindparam("post_id"))
_DROP_CUT = delete(post_cuts).where(post_cuts.c.post_id == bindparam("post_id"))
_DROP_VOTES = delete(poll_votes).where(poll_votes.c.post_id == bindparam("post_id"))
_WIPE_POLL = update(polls).where(polls.c.post_id == bindparam("of_post")).values(question="", options="", told=None)
_INSERT_FAVOURITE = insert_new(favourites)


async def add(unit: Unit, post: NewPost) -> int:
    """Write a post; returns its id."""
    return (await add_all(unit, [post]))[0]


async def add_all(unit: Unit, new: Sequence[NewPost]) -> list[int]:
    """Write posts; their ids, which grow in the order given."""
    values = rows(
        (
            post.author_id,
            post.kind,
            post.text,
            post.full_text,
            post.source,
            post.reply_to_id,
            post.repost_of_id,
            post.to_account_id,
            post.at_account_id,
            post.group_name,
            post.words,
            to_micros(post.created_at),
        )
        for post in new
    )
    ids = sorted((await unit.execute(_INSERT, {"new": values})).scalars())
    tags = [{"tag": tag, "post_id": at} for at, post in zip(ids, new, strict=True) for tag in post.tags]
    mentions = [{"account_id": who, "post_id": at} for at, post in zip(ids, new, strict=True) for who in post.mentioned]
    if tags:
        await unit.execute(_INSERT_TAG, tags)
    if mentions:
        await unit.execute(_INSERT_MENTION, mentions)
    return ids


async def set_text(unit: Unit, post_id: int, text: str) -> None:
    """Give a post that was just written its final words, which name its own page."""
    await unit.execute(_SET_TEXT, {"post_id": post_id, "new_text": text})


async def by_id(reading: Reading, post_id: int) -> PostRow | None:
    """One post, deleted or not."""
    row = (await reading.execute(_BY_ID, {"post_id": post_id})).one_or_none()
    return None if row is None else PostRow(*tuple(row))


async def latest(reading: Reading, author_id: int) -> int | None:
    """The id of the account's newest post, direct message or repost that is not deleted."""
    return (await reading.execute(_LATEST, {"author_id": author_id})).scalar_one_or_none()


async def latest_post(reading: Reading, author_id: int) -> int | None:
    """The id of the account's newest post; direct messages and reposts do not count."""
    return (await reading.execute(_LATEST_POST, {"author_id": author_id})).scalar_one_or_none()


async def look_back(reading: Reading, said: Sequence[tuple[int, int | None, str]], within: Lately) -> list[LookBack]:
    """For each (author, recipient of a direct message, whole text): the author's standing post with the same words to
    the same person, or to all; and since when the limit is reached."""
    if within.limit <= 0:
        return [looked_back(within, None, None) for _ in said]
    found = await reading.execute(_LOOK_BACK, {"said": rows(said)} | how_far_back(within))
    return [looked_back(within, same_id, last_allowed) for same_id, last_allowed in found]


def how_far_back(within: Lately) -> dict[str, Any]:
    """What :func:`looking_back` is bound to."""
    return {"same_since": within.same_since, "kind": within.kind, "before": max(within.limit, 1) - 1}


def looked_back(within: Lately, same_id: int | None, last_allowed: datetime | None) -> LookBack:
    """What :func:`looking_back` found."""
    if within.limit <= 0:
        return LookBack(None, within.counted_since)
    is_full = last_allowed is not None and last_allowed >= within.counted_since
    return LookBack(same_id, last_allowed if is_full else None)


async def said_in(reading: Reading, conversation_id: int, author_id: int, spellings: Sequence[str]) -> int:
    """How many of the author's last ten posts in that conversation, as far as they stand, are exactly one of these."""
    values = {"conversation_id": conversation_id, "author_id": author_id, "spellings": list(spellings)}
    count: int = (await reading.execute(_SAID_IN, values)).scalar_one()
    return count


async def repost_of(reading: Reading, author_id: int, post_id: int) -> int | None:
    """The id of the author's standing repost of a post."""
    return (await reading.execute(_REPOST_OF, {"author_id": author_id, "post_id": post_id})).scalar_one_or_none()


async def wipe(unit: Unit, post_id: int, now: datetime) -> list[int]:
    """Delete a post and its reposts: words and votes gone, rows kept so that their pages say so. Returns the ids.
    Only the post itself may have asked something."""
    ids = [post_id, *(await unit.execute(_REPOSTS, {"post_id": post_id})).scalars()]
    for each in ids:
        await unit.execute(_WIPE, {"post_id": each, "now": now})
        await unit.execute(_DROP_TAGS, {"post_id": each})
        await unit.execute(_DROP_MENTIONS, {"post_id": each})
        await unit.execute(_DROP_CUT, {"post_id": each})
    await unit.execute(_DROP_VOTES, {"post_id": post_id})
    await unit.execute(_WIPE_POLL, {"of_post": post_id})
    unit.ring()
    return ids


async def add_favourite(unit: Unit, account_id: int, post_id: int, now: datetime) -> bool:
    """False when the account had it among its favourites already."""
    result = await unit.execute(_INSERT_FAVOURITE, {"account_id": account_id, "post_id": post_id, "created_at": now})
    return result.rowcount > 0


async def remove_favourite(unit: Unit, account_id: int, post_id: int) -> bool:
    """False when the account did not have it among its favourites."""
    return (await unit.execute(_DROP_FAVOURITE, {"account": account_id, "which": post_id})).rowcount > 0
