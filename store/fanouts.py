"""Fan-out: a post's followers become deliveries, page by page, without a row passing through Python.

One page is one INSERT … SELECT per channel over the follow rows between two cursors. What the unique index knows
already (a mention that was queued first, a page done twice) is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import Insert

from gateway.domain.types import Channel, Lane
from store.routes import MAIL_ROUTE
from store.schema import Instant, accounts, blocks, deliveries, fanouts, follows, mutes, posts
from store.sql import insert_new
from store.unit import Unit


@dataclass(frozen=True, slots=True)
class Fanout:
    """A post whose followers are being queued, and how far it has come."""

    post_id: int
    author_id: int
    at_account_id: int | None
    repost_of_id: int | None
    original_author_id: int | None
    deleted: bool
    cursor: int
    done: int


_NOW = bindparam("now", type_=Instant())
_ACCEPTED: ColumnElement[str] = literal_column("'accepted'")

_original = posts.alias("original")
_NEXT = (
    select(
        fanouts.c.post_id,
        posts.c.author_id,
        posts.c.at_account_id,
        posts.c.repost_of_id,
        _original.c.author_id,
        posts.c.deleted_at.is_not(None),
        fanouts.c.cursor,
        fanouts.c.done,
    )
    .join(posts, posts.c.id == fanouts.c.post_id)
    .join(_original, _original.c.id == posts.c.repost_of_id, isouter=True)
    .order_by(fanouts.c.turn, fanouts.c.post_id)
    .limit(1)
    .with_for_update(skip_locked=True, of=fanouts)
)
_ADD = insert_new(fanouts)
_MOVE = (
    update(fanouts)
    .where(fanouts.c.post_id == bindparam("of_post"))
    .values(cursor=bindparam("to"), done=fanouts.c.done + bindparam("more"), turn=_NOW)
)
_END = delete(fanouts).where(fanouts.c.post_id == bindparam("of_post"))

_page = (
    select(follows.c.follower_id)
    .where(
        follows.c.followee_id == bindparam("author_id"),
        follows.c.follower_id > bindparam("cursor"),
        follows.c.state == _ACCEPTED,
    )
    .order_by(follows.c.follower_id)
    .limit(bindparam("size"))
    .subquery("page")
)
_PAGE = select(func.max(_page.c.follower_id), func.count()).select_from(_page)


def _queue(
    channel: Channel, route: ColumnElement[Any], source: Any, account_id: ColumnElement[int], *rules: Any
) -> Insert:
    """INSERT a delivery on ``channel`` for every ``account_id`` of ``source`` that the rules let through."""
    chosen = (
        select(
            bindparam("post_id"),
            account_id,
            literal_column(f"'{channel}'"),
            route,
            bindparam("lane"),
            literal_column("'queued'"),
            _NOW,
            _NOW,
        )
        .select_from(source)
        .where(*rules)
        .order_by(account_id)
    )
    columns = ["post_id", "account_id", "channel", "route", "lane", "state", "due_at", "queued_at"]
    return insert_new(deliveries).from_select(columns, chosen)


_BY_SMS = accounts.c.sms_route
_BY_MAIL: ColumnElement[int] = literal_column(str(MAIL_ROUTE))
_HAS_PHONE = accounts.c.sms_route.is_not(None)
_HAS_MAILBOX = accounts.c.mail_id.is_not(None)
_ACTIVE = accounts.c.suspended_at.is_(None)
_WANTS_MAIL = accounts.c.email_mode == literal_column("'instant'")
_WANTS_THIS_BY_MAIL = or_(
    follows.c.mail.is_(True) & (accounts.c.email_mode != literal_column("'off'")),
    follows.c.mail.is_(None) & _WANTS_MAIL,
)


def _follower_pages(*rules: Any) -> tuple[Insert, Insert]:
    """The two statements that queue one page of followers: by SMS, by mail."""
    edges = follows.join(accounts, accounts.c.id == follows.c.follower_id)
    on_page = (
        follows.c.followee_id == bindparam("author_id"),
        follows.c.follower_id > bindparam("cursor"),
        follows.c.follower_id <= bindparam("to"),
        follows.c.state == _ACCEPTED,
        _ACTIVE,
        ~exists().where(mutes.c.account_id == follows.c.follower_id, mutes.c.other_id == bindparam("author_id")),
        *rules,
    )
    follower = follows.c.follower_id
    return (
        _queue(Channel.SMS, _BY_SMS, edges, follower, *on_page, follows.c.texts, _HAS_PHONE),
        _queue(Channel.EMAIL, _BY_MAIL, edges, follower, *on_page, _WANTS_THIS_BY_MAIL, _HAS_MAILBOX),
    )


def _no_block(one: Any, other: Any) -> ColumnElement[bool]:
    return ~exists().where(blocks.c.account_id == one, blocks.c.other_id == other)


_also = follows.alias("also")
_seen = deliveries.alias("seen")
_TO_ALL = _follower_pages()
_TO_THOSE_WHO_FOLLOW_BOTH = _follower_pages(
    exists().where(
        _also.c.followee_id == bindparam("at_account_id"),
        _also.c.follower_id == follows.c.follower_id,
        _also.c.state == _ACCEPTED,
    )
)
_TO_THOSE_WHO_HAVE_IT_NOT_YET = _follower_pages(
    follows.c.follower_id != bindparam("original_author_id"),
    ~exists().where(_seen.c.post_id == bindparam("repost_of_id"), _seen.c.account_id == follows.c.follower_id),
    ~exists().where(blocks.c.account_id == follows.c.follower_id, blocks.c.other_id == bindparam("original_author_id")),
    ~exists().where(blocks.c.account_id == bindparam("original_author_id"), blocks.c.other_id == follows.c.follower_id),
    ~exists().where(mutes.c.account_id == follows.c.follower_id, mutes.c.other_id == bindparam("original_author_id")),
)

_NAMED = accounts.c.id.in_(bindparam("account_ids", expanding=True))
_TO_NAMED = (
    _queue(Channel.SMS, _BY_SMS, accounts, accounts.c.id, _NAMED, _ACTIVE, _HAS_PHONE),
    _queue(Channel.EMAIL, _BY_MAIL, accounts, accounts.c.id, _NAMED, _ACTIVE, _HAS_MAILBOX, _WANTS_MAIL),
)


_author_id: ColumnElement[int] = bindparam("author_id")
_authors = accounts.alias("author")
_MENTION_RULES = (
    _NAMED,
    _ACTIVE,
    accounts.c.id != _author_id,
    _no_block(accounts.c.id, _author_id),
    _no_block(_author_id, accounts.c.id),
    ~exists().where(mutes.c.account_id == accounts.c.id, mutes.c.other_id == _author_id),
    or_(
        ~exists().where(_authors.c.id == _author_id, _authors.c.protected),
        exists().where(
            follows.c.followee_id == _author_id,
            follows.c.follower_id == accounts.c.id,
            follows.c.state == _ACCEPTED,
        ),
    ),
)
_TO_MENTIONED = (
    _queue(Channel.SMS, _BY_SMS, accounts, accounts.c.id, *_MENTION_RULES, _HAS_PHONE),
    _queue(Channel.EMAIL, _BY_MAIL, accounts, accounts.c.id, *_MENTION_RULES, _HAS_MAILBOX, _WANTS_MAIL),
)


async def begin(unit: Unit, post_ids: Sequence[int], now: datetime) -> None:
    """Let the followers of these posts be queued, starting with this unit's commit."""
    await unit.execute(_ADD, [{"post_id": each, "cursor": 0, "done": 0, "turn": now} for each in post_ids])


async def queue_for(unit: Unit, post_id: int, account_ids: Sequence[int], *, lane: Lane, now: datetime) -> int:
    """Queue the post for these accounts on the channels they use; returns how many deliveries that made."""
    values = {"post_id": post_id, "account_ids": list(account_ids), "lane": lane, "now": now}
    queued = 0
    for statement in _TO_NAMED if account_ids else ():
        queued += (await unit.execute(statement, values)).rowcount
    return queued


async def queue_for_mentioned(
    unit: Unit, post_id: int, author_id: int, account_ids: Sequence[int], *, now: datetime
) -> int:
    """Queue the post for those it names: not across a block or a mute, not past the author's protection."""
    values = {
        "post_id": post_id,
        "author_id": author_id,
        "account_ids": list(account_ids),
        "lane": Lane.MENTION,
        "now": now,
    }
    queued = 0
    for statement in _TO_MENTIONED if account_ids else ():
        queued += (await unit.execute(statement, values)).rowcount
    return queued


async def next_in_turn(unit: Unit) -> Fanout | None:
    """The post that has waited longest for its next page; on PostgreSQL locked, so that daemons share the work."""
    row = (await unit.execute(_NEXT)).one_or_none()
    return None if row is None else Fanout(*row)


async def queue_page(unit: Unit, fanout: Fanout, *, lane: Lane, size: int, now: datetime) -> tuple[int, bool]:
    """Queue the next ``size`` followers in ``lane`` and move the cursor, or end the fan-out when none are left.

    Returns how many deliveries that made and whether this was the last page."""
    page = {"author_id": fanout.author_id, "cursor": fanout.cursor, "size": size}
    last, looked_at = (await unit.execute(_PAGE, page)).one()
    queued = 0
    if looked_at:
        values = {
            "post_id": fanout.post_id,
            "author_id": fanout.author_id,
            "cursor": fanout.cursor,
            "to": last,
            "lane": lane,
            "now": now,
        }
        if fanout.repost_of_id is not None:
            statements = _TO_THOSE_WHO_HAVE_IT_NOT_YET
            values |= {"repost_of_id": fanout.repost_of_id, "original_author_id": fanout.original_author_id}
        elif fanout.at_account_id is not None:
            statements = _TO_THOSE_WHO_FOLLOW_BOTH
            values |= {"at_account_id": fanout.at_account_id}
        else:
            statements = _TO_ALL
        for statement in statements:
            queued += (await unit.execute(statement, values)).rowcount
    ended = looked_at < size
    if ended:
        await end(unit, fanout.post_id)
    else:
        await unit.execute(_MOVE, {"of_post": fanout.post_id, "to": last, "more": looked_at, "now": now})
    return queued, ended


async def end(unit: Unit, post_id: int) -> None:
    """Queue no more followers for the post."""
    await unit.execute(_END, {"of_post": post_id})
