"""Reads of many posts, newest first, each paged by the id it goes on before.

Every timeline is two statements: one finds the ids of a page along an index, the other loads the posts of these ids
with all that is shown of them. What may be seen is decided in the first one, so a page is full as long as there is
more. Nobody sees direct messages, deleted posts, or posts of suspended and deleted accounts in any of them.

The home timeline asks one index probe per followed account for its newest post, and then reads only the accounts
whose newest posts are newest: the page's posts are among theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    or_,
    select,
    true,
    union,
    union_all,
)

from gateway.domain.types import PostKind
from store.schema import accounts, blocks, favourites, follows, mutes, post_mentions, post_tags, posts
from store.unit import Reading

NEWEST = 2**62
"""``before`` for the first page: above every id."""


Statement = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class PageRow:
    """A place in a timeline: the post's id, the name of its author, and on a repost that of who wrote the original.
    Both may since have changed it."""

    id: int
    author: str
    original_author: str | None


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A post as it is shown. On a repost the words and the counts are the original's, and ``original_*`` name it.

    ``answered_*`` name the post it answers; None when that may not be named to everybody.
    """

    id: int
    author_id: int
    author: str
    protected: bool
    kind: str
    text: str
    full_text: str | None
    source: str
    created_at: datetime
    conversation_id: int
    answered_id: int | None
    answered_author: str | None
    original_id: int | None
    original_author: str | None
    favourites: int
    reposts: int
    answers: int


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Where a post belongs, and whether it may be shown to everybody (``listed``).

    ``closed``: its author is protected, or suspended by the operator.
    """

    id: int
    kind: str
    conversation_id: int
    deleted: bool
    closed: bool
    listed: bool


_me = bindparam("me", type_=BigInteger)
_before = bindparam("before", type_=BigInteger)
_most = bindparam("most", type_=Integer)
_p, _a = posts.alias("p"), accounts.alias("a")
_o, _oa = posts.alias("o"), accounts.alias("oa")
_reposted, _first_author = posts.alias("reposted"), accounts.alias("first_author")
_blocked, _blocking, _muted, _followed = blocks.alias(), blocks.alias(), mutes.alias(), follows.alias()


def page_row(post: Any, author: Any) -> Statement:
    """SQL: the columns of PageRow."""
    r, f = _reposted, _first_author
    original = select(f.c.name).join_from(r, f, f.c.id == r.c.author_id).where(r.c.id == post.c.repost_of_id)
    return select(post.c.id, author.c.name, original.scalar_subquery())


def _active(account: Any) -> ColumnElement[bool]:
    return and_(account.c.suspended_at.is_(None), account.c.deleted_at.is_(None), account.c.name.is_not(None))


def _listed(account: Any) -> ColumnElement[bool]:
    return and_(_active(account), account.c.protected == false())


def _stands(post: Any) -> ColumnElement[bool]:
    return and_(post.c.deleted_at.is_(None), post.c.kind != PostKind.DIRECT)


def _is_one(row: Statement) -> ColumnElement[bool]:
    """Whether there is such a row; there is one at most. As an EXISTS under an OR, PostgreSQL may answer this by
    hashing the whole table first; this it must look up."""
    return row.scalar_subquery().is_not(None)


def _original_listed(post: Any) -> ColumnElement[bool]:
    """It is no repost, or what it repeats may be shown to everybody."""
    return or_(
        post.c.repost_of_id.is_(None),
        _is_one(
            select(_o.c.id).where(_o.c.id == post.c.repost_of_id, _stands(_o), _oa.c.id == _o.c.author_id, _listed(_oa))
        ),
    )


def hidden_from(me: Any, author_id: Any, *, muted: bool = False) -> ColumnElement[bool]:
    """SQL: one of the two blocks the other; or, with ``muted``, ``me`` mutes the author."""
    b, c, m = _blocked, _blocking, _muted
    rules = [
        _is_one(select(b.c.other_id).where(b.c.account_id == me, b.c.other_id == author_id)),
        _is_one(select(c.c.other_id).where(c.c.account_id == author_id, c.c.other_id == me)),
    ]
    if muted:
        rules.append(_is_one(select(m.c.other_id).where(m.c.account_id == me, m.c.other_id == author_id)))
    return or_(*rules)


def _hidden_from_me(author_id: Any) -> ColumnElement[bool]:
    """I mute or block the author, or the author blocks me."""
    return hidden_from(_me, author_id, muted=True)


def follows_of(reader: Any, account_id: Any) -> ColumnElement[bool]:
    """SQL: the reader follows that account, which has accepted it."""
    f = _followed
    return _is_one(
        select(f.c.followee_id).where(f.c.followee_id == account_id, f.c.follower_id == reader, f.c.state == "accepted")
    )


def _i_follow(account_id: Any) -> ColumnElement[bool]:
    return follows_of(_me, account_id)


def visible_to(reader: Any, post: Any, account: Any, *, muted: bool = True) -> ColumnElement[bool]:
    """SQL: the reader may see this post of this account, and (with ``muted``) does not mute it."""
    return and_(
        _stands(post),
        _active(account),
        or_(account.c.protected == false(), account.c.id == reader, follows_of(reader, account.c.id)),
        ~hidden_from(reader, account.c.id, muted=muted),
    )


def visible_to_me(post: Any, account: Any, *, muted: bool = True) -> ColumnElement[bool]:
    """SQL: the same for the reader bound as ``me`` (0 is everybody)."""
    return visible_to(_me, post, account, muted=muted)


def visible_to_everybody(post: Any, account: Any) -> ColumnElement[bool]:
    """SQL: anybody may see this post of this account."""
    return and_(_stands(post), _listed(account))


def written_here(post: Any, account: Any) -> ColumnElement[bool]:
    """SQL: the post is not older than its author's account. What somebody brought along from elsewhere has a new id and
    an old date, and is no news to anybody."""
    here: ColumnElement[bool] = post.c.created_at >= account.c.created_at
    return here


# ---- for everybody

_PUBLIC = (
    page_row(_p, _a)
    .join_from(_p, _a, _a.c.id == _p.c.author_id)
    .where(_p.c.id < _before, _stands(_p), _listed(_a), written_here(_p, _a), _original_listed(_p))
    .order_by(_p.c.id.desc())
    .limit(_most)
)


def _posts_of(*more: ColumnElement[bool]) -> Statement:
    return (
        page_row(_p, _a)
        .join_from(_p, _a, _a.c.id == _p.c.author_id)
        .where(_p.c.author_id == bindparam("author"), _p.c.id < _before, _stands(_p), *more)
        .order_by(_p.c.id.desc())
        .limit(_most)
    )


_no_answer = and_(_p.c.reply_to_id.is_(None), _p.c.at_account_id.is_(None))
_POSTS_OF = _posts_of(_original_listed(_p))
_POSTS_OF_WITHOUT_ANSWERS = _posts_of(_original_listed(_p), _no_answer)
_TAGGED = (
    page_row(_p, _a)
    .select_from(post_tags)
    .join(_p, _p.c.id == post_tags.c.post_id)
    .join(_a, _a.c.id == _p.c.author_id)
    .where(post_tags.c.tag == bindparam("tag"), post_tags.c.post_id < _before, _stands(_p), _listed(_a))
    .order_by(post_tags.c.post_id.desc())
    .limit(_most)
)
_CONVERSATION = (
    page_row(_p, _a)
    .join_from(_p, _a, _a.c.id == _p.c.author_id)
    .where(
        _p.c.conversation_id == bindparam("conversation"),
        _p.c.id > bindparam("after", type_=BigInteger),
        _stands(_p),
        _listed(_a),
    )
    .order_by(_p.c.id)
    .limit(_most)
)

# ---- for one account


def _for_me(post: Any) -> ColumnElement[bool]:
    """A post of somebody I follow, or of mine, that is meant for me: what opens with ``@name`` goes to those who follow
    both, and what is reposted must not come from behind a block, a mute or protection."""
    return and_(
        _stands(post),
        or_(
            post.c.at_account_id.is_(None),
            post.c.at_account_id == _me,
            post.c.author_id == _me,
            _i_follow(post.c.at_account_id),
        ),
        or_(
            post.c.repost_of_id.is_(None),
            _is_one(
                select(_o.c.id).where(
                    _o.c.id == post.c.repost_of_id,
                    _stands(_o),
                    _oa.c.id == _o.c.author_id,
                    _listed(_oa),
                    ~_hidden_from_me(_o.c.author_id),
                )
            ),
        ),
    )


def _home() -> Statement:
    n, q, p, h, m = (posts.alias(name) for name in "nqphm")
    followed = (
        select(follows.c.followee_id.label("author_id"))
        .join(_a, _a.c.id == follows.c.followee_id)
        .where(follows.c.follower_id == _me, follows.c.state == "accepted", _active(_a), ~_hidden_from_me(_a.c.id))
    )
    authors = union_all(followed, select(cast(_me, BigInteger))).subquery("authors")
    newest = (
        select(n.c.id)
        .where(n.c.author_id == authors.c.author_id, n.c.id < _before, _for_me(n))
        .order_by(n.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    latest = select(authors.c.author_id, newest.label("newest")).cte("latest").prefix_with("MATERIALIZED")
    top = (
        select(latest.c.author_id)
        .where(latest.c.newest.is_not(None))
        .order_by(latest.c.newest.desc())
        .limit(_most)
        .cte("top_authors")
    )
    oldest = (
        select(q.c.id)
        .where(q.c.author_id == top.c.author_id, q.c.id < _before, _for_me(q))
        .order_by(q.c.id.desc())
        .limit(1)
        .offset(_most - 1)
        .scalar_subquery()
    )
    floors = select(top.c.author_id, func.coalesce(oldest, 0).label("floor")).cte("floors")
    written = (
        select(p.c.id)
        .select_from(floors)
        .join(p, and_(p.c.author_id == floors.c.author_id, p.c.id >= floors.c.floor, p.c.id < _before))
        .where(_for_me(p))
    )
    named = (
        select(m.c.id)
        .select_from(post_mentions)
        .join(m, m.c.id == post_mentions.c.post_id)
        .join(_a, _a.c.id == m.c.author_id)
        .where(
            post_mentions.c.account_id == _me,
            post_mentions.c.post_id < _before,
            _stands(m),
            _active(_a),
            or_(_a.c.protected == false(), _i_follow(_a.c.id)),
            ~_hidden_from_me(_a.c.id),
        )
        .order_by(post_mentions.c.post_id.desc())
        .limit(_most)
        .subquery("named")
    )
    found = union(written, select(named.c.id)).subquery("found")
    return (
        page_row(h, accounts)
        .select_from(found)
        .join(h, h.c.id == found.c.id)
        .join(accounts, accounts.c.id == h.c.author_id)
        .order_by(h.c.id.desc())
        .limit(_most)
    )


_HOME = _home()
_MAY_READ = select(
    or_(
        and_(_listed(accounts), ~_hidden_from_me(accounts.c.id)),
        accounts.c.id == _me,
        and_(_active(accounts), _i_follow(accounts.c.id), ~_hidden_from_me(accounts.c.id)),
    )
).where(accounts.c.id == bindparam("author"))

# ---- what is shown of a post


def _count(statement: Statement) -> Any:
    return statement.scalar_subquery()


def _shown() -> Statement:
    p, o, r, again, answer = (posts.alias(name) for name in ("p", "o", "r", "again", "answer"))
    a, oa, ra, aa = (accounts.alias(name) for name in ("a", "oa", "ra", "aa"))
    subject = func.coalesce(p.c.repost_of_id, p.c.id)
    thread = func.coalesce(o.c.conversation_id, p.c.conversation_id)
    return (
        select(
            p.c.id,
            p.c.author_id,
            a.c.name,
            a.c.protected,
            p.c.kind,
            case((o.c.id.is_not(None), o.c.text), else_=p.c.text),
            case((o.c.id.is_not(None), o.c.full_text), else_=p.c.full_text),
            p.c.source,
            p.c.created_at,
            p.c.conversation_id,
            case((_listed(ra), r.c.id)),
            case((_listed(ra), ra.c.name)),
            o.c.id,
            oa.c.name,
            _count(select(func.count()).where(favourites.c.post_id == subject)),
            _count(select(func.count()).where(again.c.repost_of_id == subject, again.c.deleted_at.is_(None))),
            _count(
                select(func.count())
                .select_from(answer)
                .join(aa, aa.c.id == answer.c.author_id)
                .where(
                    answer.c.conversation_id == thread, answer.c.reply_to_id == subject, _stands(answer), _listed(aa)
                )
            ),
        )
        .select_from(p)
        .join(a, a.c.id == p.c.author_id)
        .outerjoin(o, o.c.id == p.c.repost_of_id)
        .outerjoin(oa, oa.c.id == o.c.author_id)
        .outerjoin(r, and_(r.c.id == p.c.reply_to_id, _stands(r)))
        .outerjoin(ra, ra.c.id == r.c.author_id)
        .where(p.c.id.in_(bindparam("ids", expanding=True)))
    )


_SHOWN = _shown()
_PLACE = (
    select(
        _p.c.id,
        _p.c.kind,
        _p.c.conversation_id,
        _p.c.deleted_at.is_not(None),
        or_(_a.c.protected == true(), _a.c.suspended_at.is_not(None)),
        and_(_listed(_a), _original_listed(_p)),
    )
    .join_from(_p, _a, _a.c.id == _p.c.author_id)
    .where(_p.c.id == bindparam("id", type_=BigInteger))
)
_NEWEST = select(func.max(posts.c.id))
_LISTED_NAMES = select(accounts.c.name).where(_listed(accounts)).order_by(accounts.c.id.desc()).limit(_most)


async def newest_id(reading: Reading) -> int:
    """The newest post's id, 0 when there is none yet."""
    return (await reading.execute(_NEWEST)).scalar_one() or 0


async def public(reading: Reading, *, before: int = NEWEST, most: int) -> list[PageRow]:
    """The posts and reposts of everybody who is not protected."""
    return await _page(reading, _PUBLIC, before=before, most=most)


async def posts_of(
    reading: Reading, author_id: int, *, answers: bool = True, before: int = NEWEST, most: int
) -> list[PageRow]:
    """One account's posts and reposts; without ``answers``, only what answers or addresses nobody.

    The caller has made sure that the account may be read.
    """
    statement = _POSTS_OF if answers else _POSTS_OF_WITHOUT_ANSWERS
    return await _page(reading, statement, author=author_id, before=before, most=most)


async def tagged(reading: Reading, tag: str, *, before: int = NEWEST, most: int) -> list[PageRow]:
    """The posts with a tag, given case-folded and without its ``#``."""
    return await _page(reading, _TAGGED, tag=tag, before=before, most=most)


async def conversation(reading: Reading, conversation_id: int, *, after: int = 0, most: int) -> list[PageRow]:
    """The posts of a thread that everybody may see, oldest first."""
    return await _page(reading, _CONVERSATION, conversation=conversation_id, after=after, most=most)


async def home(reading: Reading, account_id: int, *, before: int = NEWEST, most: int) -> list[PageRow]:
    """What an account reads: its own posts, those of the people it follows, and those that name it."""
    return await _page(reading, _HOME, me=account_id, before=before, most=most)


async def may_read(reading: Reading, account_id: int, author_id: int) -> bool:
    """Whether ``account_id`` may read ``author_id``: itself, whom it follows, and who is public;
    never across a block."""
    found = await reading.execute(_MAY_READ, {"me": account_id, "author": author_id})
    return bool(found.scalar_one_or_none())


async def listed_names(reading: Reading, *, most: int) -> list[str]:
    """The names of the accounts that are shown to everybody, the newest first."""
    return [name for name in (await reading.execute(_LISTED_NAMES, {"most": most})).scalars() if name]


async def load(reading: Reading, ids: Sequence[int]) -> list[ShownRow]:
    """The posts of a page, in the order of ``ids``. Nothing is left out here: the page was chosen before."""
    if not ids:
        return []
    rows = {row[0]: ShownRow(*row) for row in await reading.execute(_SHOWN, {"ids": list(ids)})}
    return [rows[post_id] for post_id in ids if post_id in rows]


async def place(reading: Reading, post_id: int) -> PlaceRow | None:
    """Where a post belongs; None if there never was one."""
    row = (await reading.execute(_PLACE, {"id": post_id})).one_or_none()
    return None if row is None else PlaceRow(*row)


async def _page(reading: Reading, statement: Statement, **values: Any) -> list[PageRow]:
    return [PageRow(*row) for row in await reading.execute(statement, values)]
