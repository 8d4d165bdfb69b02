"""What a member sees that not everybody does: timelines with the protected people they follow, without those they
block or mute; and what they did to the posts of a page. Paged as in ``store.timelines``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, literal_column, or_, select

from store.schema import accounts, favourites, polls, post_mentions, post_tags, posts
from store.timelines import NEWEST, PageRow, Statement, page_row, visible_to_me, written_here
from store.unit import Reading


@dataclass(frozen=True, slots=True)
class Marks:
    """What a member did to some posts, by the id of the post that was marked: favourites, and reposts of theirs."""

    favourites: frozenset[int]
    reposts: frozenset[int]


_me = bindparam("me", type_=BigInteger)
_before = bindparam("before", type_=BigInteger)
_most = bindparam("most", type_=BigInteger)
_p, _a = posts.alias("p"), accounts.alias("a")
_o, _oa = posts.alias("o"), accounts.alias("oa")
_original_visible = or_(
    _p.c.repost_of_id.is_(None),
    select(_o.c.id)
    .where(_o.c.id == _p.c.repost_of_id, _oa.c.id == _o.c.author_id, visible_to_me(_o, _oa))
    .scalar_subquery()
    .is_not(None),
)


def _newest(source: Any, post_id: Any, *rules: ColumnElement[bool]) -> Statement:
    return (
        page_row(_p, _a)
        .select_from(source)
        .join(_a, _a.c.id == _p.c.author_id)
        .where(post_id < _before, visible_to_me(_p, _a), *rules)
        .order_by(post_id.desc())
        .limit(_most)
    )


_PUBLIC = _newest(_p, _p.c.id, written_here(_p, _a), _original_visible, _a.c.protected.is_(False))
_TAGGED = _newest(
    post_tags.join(_p, _p.c.id == post_tags.c.post_id), post_tags.c.post_id, post_tags.c.tag == bindparam("tag")
)
_GROUPED = _newest(_p, _p.c.id, _p.c.group_name == bindparam("group_name"))
_POLLED = _newest(polls.join(_p, _p.c.id == polls.c.post_id + literal_column("0")), polls.c.post_id)  # as store.polls
_MENTIONS = _newest(
    post_mentions.join(_p, _p.c.id == post_mentions.c.post_id),
    post_mentions.c.post_id,
    post_mentions.c.account_id == _me,
)
_CONVERSATION = (
    page_row(_p, _a)
    .join_from(_p, _a, _a.c.id == _p.c.author_id)
    .where(_p.c.conversation_id == bindparam("conversation"), visible_to_me(_p, _a))
    .order_by(_p.c.id)
    .limit(_most)
)
_SEES = (
    select(_p.c.id)
    .join_from(_p, _a, _a.c.id == _p.c.author_id)
    .where(_p.c.id == bindparam("id", type_=BigInteger), visible_to_me(_p, _a, muted=False), _original_visible)
)
_FAVOURITES = select(favourites.c.post_id).where(
    favourites.c.account_id == _me, favourites.c.post_id.in_(bindparam("ids", expanding=True))
)
_REPOSTS = select(posts.c.repost_of_id).where(
    and_(
        posts.c.author_id == _me,
        posts.c.repost_of_id.in_(bindparam("ids", expanding=True)),
        posts.c.repost_of_id.is_not(None),
        posts.c.deleted_at.is_(None),
    )
)


async def public(reading: Reading, me: int, *, before: int = NEWEST, most: int) -> list[PageRow]:
    """What everybody writes who is not protected, but for those whom the member blocks or mutes or is blocked by."""
    return await _page(reading, _PUBLIC, me=me, before=before, most=most)


async def tagged(reading: Reading, me: int, tag: str, *, before: int = NEWEST, most: int) -> list[PageRow]:
    """The posts with a tag, case-folded and without its ``#``, that the member may see."""
    return await _page(reading, _TAGGED, me=me, tag=tag, before=before, most=most)


async def grouped(reading: Reading, me: int, group: str, *, before: int = NEWEST, most: int) -> list[PageRow]:
    """What was written to a group and the member may see (0: everybody)."""
    return await _page(reading, _GROUPED, me=me, group_name=group, before=before, most=most)


async def polled(reading: Reading, me: int, *, before: int = NEWEST, most: int) -> list[PageRow]:
    """The posts that are polls and the member may see (0: everybody)."""
    return await _page(reading, _POLLED, me=me, before=before, most=most)


async def mentions(reading: Reading, me: int, *, before: int = NEWEST, most: int) -> list[PageRow]:
    """The posts that name the member."""
    return await _page(reading, _MENTIONS, me=me, before=before, most=most)


async def conversation(reading: Reading, me: int, conversation_id: int, *, most: int) -> list[PageRow]:
    """The posts of a thread that the member may see, oldest first."""
    return await _page(reading, _CONVERSATION, me=me, conversation=conversation_id, most=most)


async def sees(reading: Reading, me: int, post_id: int) -> bool:
    """Whether the member may see this post: no direct message is one. Who mutes its author does."""
    return (await reading.execute(_SEES, {"me": me, "id": post_id})).first() is not None


async def marks(reading: Reading, me: int, ids: Sequence[int]) -> Marks:
    """Which of these posts the member made a favourite, and which they passed on."""
    if not ids:
        return Marks(frozenset(), frozenset())
    values = {"me": me, "ids": list(ids)}
    favourite = frozenset((await reading.execute(_FAVOURITES, values)).scalars())
    passed_on = frozenset(each for each in (await reading.execute(_REPOSTS, values)).scalars() if each is not None)
    return Marks(favourite, passed_on)


async def _page(reading: Reading, statement: Statement, **values: Any) -> list[PageRow]:
    return [PageRow(*row) for row in await reading.execute(statement, values)]
