"""Posts, direct messages and reposts, with the tags and names in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select, update

from gateway.domain.types import PostKind, Source
from store.schema import favourites, post_mentions, post_tags, posts
from store.sql import insert_new
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class NewPost:
    """What is written of a post; ids and counts come from the database."""

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

_INSERT = insert(posts).returning(posts.c.id)
_SET_CONVERSATION = (
    update(posts).where(posts.c.id == bindparam("post_id")).values(conversation_id=bindparam("conversation"))
)
_CONVERSATION = select(posts.c.conversation_id).where(posts.c.id == bindparam("post_id"))
_INSERT_TAG = insert_new(post_tags)
_INSERT_MENTION = insert_new(post_mentions)
_BY_ID = select(*_ROW).where(posts.c.id == bindparam("post_id"))
_OWN = posts.c.author_id == bindparam("author_id")
_SINCE = posts.c.created_at >= bindparam("since")
_LATEST = select(posts.c.id).where(_OWN, posts.c.deleted_at.is_(None)).order_by(posts.c.id.desc()).limit(1)
_LATEST_POST = (
    select(posts.c.id)
    .where(_OWN, posts.c.deleted_at.is_(None), posts.c.kind == PostKind.POST)
    .order_by(posts.c.id.desc())
    .limit(1)
)
_RECENT = (
    select(posts.c.id, posts.c.kind, posts.c.text, posts.c.full_text, posts.c.to_account_id, posts.c.created_at)
    .where(_OWN, posts.c.deleted_at.is_(None))
    .order_by(posts.c.id.desc())
    .limit(bindparam("most"))
)
_COUNT_SINCE = select(func.count()).select_from(
    select(posts.c.id)
    .where(_OWN, _SINCE, posts.c.kind == bindparam("kind"))
    .order_by(posts.c.id.desc())
    .limit(bindparam("most"))
    .subquery()
)
_REPOST_OF = (
    select(posts.c.id).where(posts.c.repost_of_id == bindparam("post_id"), _OWN, posts.c.deleted_at.is_(None)).limit(1)
)
_REPOSTS = select(posts.c.id).where(posts.c.repost_of_id == bindparam("post_id"), posts.c.deleted_at.is_(None))
_SET_TEXT = update(posts).where(posts.c.id == bindparam("post_id")).values(text=bindparam("new_text"))
_WIPE = (
    update(posts)
    .where(posts.c.id == bindparam("post_id"), posts.c.deleted_at.is_(None))
    .values(text="", full_text=None, deleted_at=bindparam("now", type_=posts.c.deleted_at.type))
)
_DROP_TAGS = delete(post_tags).where(post_tags.c.post_id == bindparam("post_id"))
_DROP_MENTIONS = delete(post_mentions).where(post_mentions.c.post_id == bindparam("post_id"))
_INSERT_FAVOURITE = insert_new(favourites)


async def add(unit: Unit, post: NewPost, *, tags: Sequence[str] = (), mentioned: Sequence[int] = ()) -> int:
    """Write a post with its tags and the ids of the accounts it names; returns its id."""
    result = await unit.execute(
        _INSERT,
        {
            "author_id": post.author_id,
            "kind": post.kind,
            "text": post.text,
            "full_text": post.full_text,
            "source": post.source,
            "reply_to_id": post.reply_to_id,
            "repost_of_id": post.repost_of_id,
            "to_account_id": post.to_account_id,
            "at_account_id": post.at_account_id,
            "created_at": post.created_at,
        },
    )
    post_id: int = result.scalar_one()
    conversation = post_id
    if post.reply_to_id is not None:
        found = await unit.execute(_CONVERSATION, {"post_id": post.reply_to_id})
        conversation = found.scalar_one_or_none() or post_id
    await unit.execute(_SET_CONVERSATION, {"post_id": post_id, "conversation": conversation})
    if tags:
        await unit.execute(_INSERT_TAG, [{"tag": tag, "post_id": post_id} for tag in tags])
    if mentioned:
        await unit.execute(_INSERT_MENTION, [{"account_id": a, "post_id": post_id} for a in mentioned])
    return post_id


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


async def same_text_since(
    reading: Reading, author_id: int, text: str, since: datetime, *, to_account_id: int | None = None
) -> int | None:
    """The id of a post by this author with the same whole text, to the same person or to all, since then."""
    for row in await reading.execute(_RECENT, {"author_id": author_id, "most": 10}):
        if row.created_at < since:
            return None
        if row.to_account_id == to_account_id and (row.full_text or row.text) == text:
            return int(row.id)
    return None


async def count_since(reading: Reading, author_id: int, kind: PostKind, since: datetime, *, most: int) -> int:
    """How many of this kind the author wrote since then, deleted ones included; counts no further than ``most``."""
    values = {"author_id": author_id, "kind": kind, "since": since, "most": most}
    return (await reading.execute(_COUNT_SINCE, values)).scalar_one()


async def repost_of(reading: Reading, author_id: int, post_id: int) -> int | None:
    """The id of the author's standing repost of a post."""
    return (await reading.execute(_REPOST_OF, {"author_id": author_id, "post_id": post_id})).scalar_one_or_none()


async def wipe(unit: Unit, post_id: int, now: datetime) -> list[int]:
    """Delete a post and its reposts: words gone, rows kept so that their pages say so. Returns the wiped ids."""
    ids = [post_id, *(await unit.execute(_REPOSTS, {"post_id": post_id})).scalars()]
    for each in ids:
        await unit.execute(_WIPE, {"post_id": each, "now": now})
        await unit.execute(_DROP_TAGS, {"post_id": each})
        await unit.execute(_DROP_MENTIONS, {"post_id": each})
    return ids


async def add_favourite(unit: Unit, account_id: int, post_id: int, now: datetime) -> bool:
    """False when the account had it among its favourites already."""
    result = await unit.execute(_INSERT_FAVOURITE, {"account_id": account_id, "post_id": post_id, "created_at": now})
    return result.rowcount > 0
