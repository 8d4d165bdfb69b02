"""Fan-out: a post's audiences become deliveries, page by page, without a row passing through Python.

The followers come first, then the listeners of each key of the post that has any: its group, its tags, its words. One
page is one INSERT … SELECT over the rows of one audience between two cursors. What is queued already (a mention that
came first, an earlier audience, a page done twice) is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    SmallInteger,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    literal_column,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import Insert

from gateway.domain.delivery import State
from gateway.domain.quiet import HELD
from gateway.domain.types import DIGESTS, Channel, Lane
from store.hearing import ACCEPTED, nothing_between, nothing_between_on_page, shown_to, unmuted_on_page
from store.routes import MAIL_ROUTE
from store.schema import Instant, accounts, deliveries, fanouts, follows, listeners, post_tags, posts
from store.sql import given, insert_new, rows
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Fanout:
    """A post whose audiences are being queued, and how far it has come.

    ``stage`` is the audience at hand, empty for the followers. ``words`` and ``group_name`` are what later ones are
    found by; there are no words where nobody listens to anything.
    """

    post_id: int
    author_id: int
    at_account_id: int | None
    repost_of_id: int | None
    original_author_id: int | None
    deleted: bool
    cursor: int
    done: int
    stage: str = ""
    words: str = ""
    group_name: str | None = None


_NOW = bindparam("now", type_=Instant())

_OURS = fanouts.c.stage.not_like(literal_column("'*%'"))
"""The stage is one of which this release knows what it means."""

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
        fanouts.c.stage,
        case((exists().where(listeners.c.key != ""), posts.c.words), else_=""),
        posts.c.group_name,
    )
    .join(posts, posts.c.id == fanouts.c.post_id)
    .join(_original, _original.c.id == posts.c.repost_of_id, isouter=True)
    .where(_OURS)
    .order_by(fanouts.c.turn, fanouts.c.post_id)
    .limit(1)
    .with_for_update(skip_locked=True, of=fanouts)
)
_ANY = select(fanouts.c.post_id).where(_OURS).limit(1)
_new = given("new", post_id=BigInteger)
_ADD = insert_new(fanouts).from_select(["post_id", "turn"], select(_new.c.post_id, _NOW).order_by(_new.c.n))
_MOVE = (
    update(fanouts)
    .where(fanouts.c.post_id == bindparam("of_post"))
    .values(cursor=bindparam("to"), done=fanouts.c.done + bindparam("more"), turn=_NOW)
)
_GO_ON = (
    update(fanouts)
    .where(fanouts.c.post_id == bindparam("of_post"))
    .values(stage=bindparam("to_stage"), cursor=0, done=fanouts.c.done + bindparam("more"), turn=_NOW)
)
_END = delete(fanouts).where(fanouts.c.post_id == bindparam("of_post"))

_AUTHOR: ColumnElement[int] = bindparam("author_id")
_ORIGINAL_AUTHOR: ColumnElement[int] = bindparam("original_author_id")
_COLUMNS = ["post_id", "account_id", "channel", "route", "lane", "state", "due_at", "queued_at"]

_LAST_ON_PAGE = (
    select(follows.c.follower_id)
    .where(
        follows.c.followee_id == _AUTHOR,
        follows.c.follower_id > bindparam("cursor"),
        follows.c.state == ACCEPTED,
    )
    .order_by(follows.c.follower_id)
    .limit(1)
    .offset(bindparam("before_last"))
)
_ABOVE_ALL = 2**62
_KEY: ColumnElement[str] = bindparam("stage", type_=Text)
_LAST_LISTENER_ON_PAGE = (
    select(listeners.c.account_id)
    .where(listeners.c.key == _KEY, listeners.c.account_id > bindparam("cursor"))
    .order_by(listeners.c.account_id)
    .limit(1)
    .offset(bindparam("before_last"))
)
_keys = given("keys", key=Text)
_LISTENED_TO = select(_keys.c.key).where(exists().where(listeners.c.key == _keys.c.key))
_TAGS = select(post_tags.c.tag).where(post_tags.c.post_id == bindparam("of_post"))

_SMS: ColumnElement[str] = literal_column(f"'{Channel.SMS}'")
_EMAIL: ColumnElement[str] = literal_column(f"'{Channel.EMAIL}'")
_ways = union_all(select(_SMS.label("channel")), select(_EMAIL)).subquery("ways")
_ROUTE = case((_ways.c.channel == _SMS, accounts.c.sms_route), else_=literal_column(str(MAIL_ROUTE)))
_HELD = literal_column(str(HELD // timedelta(microseconds=1)), BigInteger)
_DUE = case((and_(_ways.c.channel == _SMS, accounts.c.sleeps_at <= _NOW), accounts.c.wakes_at + _HELD), else_=_NOW)
"""A text for somebody who sleeps is held until they wake, a mail is not."""
_ACTIVE = accounts.c.suspended_at.is_(None)
_WANTS_MAIL = accounts.c.email_mode != literal_column("'off'")
_WANTS_THIS_BY_MAIL = follows.c.mail.is_not(False) & _WANTS_MAIL
_WANTS_DIGESTS = accounts.c.email_mode.in_([literal_column(f"'{mode}'") for mode in DIGESTS])
_AT_ONCE: ColumnElement[str] = literal_column(f"'{State.QUEUED}'")
_GATHERED: ColumnElement[str] = literal_column(f"'{State.GATHERED}'")
_IN_ITS_TURN = case((and_(_ways.c.channel == _EMAIL, _WANTS_DIGESTS), _GATHERED), else_=_AT_ONCE)
"""What one person is meant by comes at once; what comes to many waits for the digests of those who want them."""


def _chosen(
    source: FromClause,
    account_id: ColumnElement[int],
    by_sms: ColumnElement[bool],
    by_mail: ColumnElement[bool],
    *rules: ColumnElement[bool],
    state: ColumnElement[str] = _IN_ITS_TURN,
) -> Select[Any]:
    """A delivery to every ``account_id`` of ``source`` that the rules let through, on each channel that it has and that
    the channel's own rule lets through. The outer join keeps SQLite from going over the source once for each channel.
    """
    return (
        select(
            bindparam("post_id", type_=BigInteger),
            account_id,
            _ways.c.channel,
            _ROUTE,
            bindparam("lane", type_=SmallInteger),
            state,
            _DUE,
            _NOW,
        )
        .select_from(source.outerjoin(_ways, true()))
        .where(
            *rules,
            _ACTIVE,
            case(
                (_ways.c.channel == _SMS, and_(accounts.c.sms_route.is_not(None), by_sms)),
                else_=and_(accounts.c.mail_id.is_not(None), by_mail),
            ),
        )
        .order_by(account_id)
    )


def _on_page(account_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Said of every table that has a row for each follower, so that this page's rows are read and not all there are."""
    return and_(account_id > bindparam("cursor"), account_id <= bindparam("to"))


def _follower_page(*rules: ColumnElement[bool]) -> dict[str, Insert]:
    """The statement that queues one page of followers, for each database.

    SQLite passes over what is queued already by ON CONFLICT, which costs it nothing. PostgreSQL announces every row
    first that may conflict; there it is cheaper to look before, once for the page. Where it thinks that the page is
    small it would look once for each follower instead, through all that this very statement has queued until then:
    MATERIALIZED forbids that. Nobody else queues this post meanwhile; if somebody did, the unique index would stop one
    of both, and the page would be done again.
    """
    follower: ColumnElement[int] = follows.c.follower_id
    chosen = _chosen(
        follows.join(accounts, accounts.c.id == follower),
        follower,
        follows.c.texts,
        _WANTS_THIS_BY_MAIL,
        follows.c.followee_id == _AUTHOR,
        _on_page(follower),
        follows.c.state == ACCEPTED,
        unmuted_on_page(follower, _AUTHOR, _on_page),
        *rules,
    )
    queued = (
        select(deliveries.c.account_id, deliveries.c.channel)
        .where(deliveries.c.post_id == bindparam("post_id", type_=BigInteger), _on_page(deliveries.c.account_id))
        .cte("queued")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    is_queued = exists().where(queued.c.account_id == follower, queued.c.channel == _ways.c.channel)
    return {
        "sqlite": insert_new(deliveries).from_select(_COLUMNS, chosen),
        "postgresql": Insert(deliveries).from_select(_COLUMNS, chosen.where(~is_queued, _on_page(accounts.c.id))),
    }


_also = follows.alias("also")
_seen = deliveries.alias("seen")
_TO_ALL = _follower_page()
_TO_THOSE_WHO_FOLLOW_BOTH = _follower_page(
    exists().where(
        _also.c.followee_id == bindparam("at_account_id"),
        _also.c.follower_id == follows.c.follower_id,
        _on_page(_also.c.follower_id),
        _also.c.state == ACCEPTED,
    )
)
_TO_THOSE_WHO_HAVE_IT_NOT_YET = _follower_page(
    follows.c.follower_id != _ORIGINAL_AUTHOR,
    ~exists().where(
        _seen.c.post_id == bindparam("repost_of_id"),
        _seen.c.account_id == follows.c.follower_id,
        _on_page(_seen.c.account_id),
    ),
    *nothing_between(follows.c.follower_id, _ORIGINAL_AUTHOR),
)

_text = deliveries.alias("text")
_BY_MAIL = insert_new(deliveries).from_select(
    [*_COLUMNS, "via"],
    select(
        _text.c.post_id,
        _text.c.account_id,
        _EMAIL,
        literal_column(str(MAIL_ROUTE)),
        _text.c.lane,
        case((and_(_text.c.lane >= literal_column(str(int(Lane.FIRST))), _WANTS_DIGESTS), _GATHERED), else_=_AT_ONCE),
        _NOW,
        _NOW,
        _text.c.via,
    )
    .join(accounts, accounts.c.id == _text.c.account_id)
    .where(
        _text.c.id.in_(bindparam("delivery_ids", expanding=True)),
        accounts.c.mail_id.is_not(None),
        _WANTS_MAIL,
    )
    .order_by(_text.c.id),
)

_NAMED = accounts.c.id.in_(bindparam("account_ids", expanding=True))


def _to_named(*rules: ColumnElement[bool]) -> Insert:
    """The statement that queues a post for the accounts it is given."""
    chosen = _chosen(accounts, accounts.c.id, true(), _WANTS_MAIL, _NAMED, *rules, state=_AT_ONCE)
    return insert_new(deliveries).from_select(_COLUMNS, chosen)


_TO_NAMED = _to_named()
_TO_MENTIONED = _to_named(
    accounts.c.id != _AUTHOR,
    *nothing_between(accounts.c.id, _AUTHOR),
    shown_to(accounts.c.id, _AUTHOR),
)


def _listener_page() -> Insert:
    """The statement that queues one page of those who listen to a key. A protected author is heard by followers alone,
    and what opens with ``@name`` by whoever listens: they asked for the word, not for the author."""
    listener: ColumnElement[int] = listeners.c.account_id
    chosen = _chosen(
        listeners.join(accounts, accounts.c.id == listener),
        listener,
        listeners.c.texts,
        listeners.c.mail & _WANTS_MAIL,
        listeners.c.key == _KEY,
        _on_page(listener),
        listener != _AUTHOR,
        *nothing_between_on_page(listener, _AUTHOR, _on_page),
        shown_to(listener, _AUTHOR, _on_page),
    ).add_columns(_KEY)
    return insert_new(deliveries).from_select([*_COLUMNS, "via"], chosen)


_TO_LISTENERS = _listener_page()


async def begin(unit: Unit, post_ids: Sequence[int], now: datetime) -> None:
    """Let the followers of these posts be queued, starting with this unit's commit."""
    await unit.execute(_ADD, {"new": rows((each,) for each in post_ids), "now": now})


async def queue_for(unit: Unit, post_id: int, account_ids: Sequence[int], *, lane: Lane, now: datetime) -> int:
    """Queue the post for these accounts on the channels they use; returns how many deliveries that made."""
    if not account_ids:
        return 0
    values = {"post_id": post_id, "account_ids": list(account_ids), "lane": lane, "now": now}
    return (await unit.execute(_TO_NAMED, values)).rowcount


async def queue_for_mentioned(
    unit: Unit, post_id: int, author_id: int, account_ids: Sequence[int], *, now: datetime
) -> int:
    """Queue the post for those it names: not across a block or a mute, not past the author's protection."""
    if not account_ids:
        return 0
    values = {
        "post_id": post_id,
        "author_id": author_id,
        "account_ids": list(account_ids),
        "lane": Lane.MENTION,
        "now": now,
    }
    return (await unit.execute(_TO_MENTIONED, values)).rowcount


async def by_mail_instead(unit: Unit, delivery_ids: Sequence[int], *, now: datetime) -> None:
    """Queue what these texts carry once more, by mail, for those of their recipients who have a mailbox, want mail, and
    do not have it so already. Rings the bell."""
    await unit.execute(_BY_MAIL, {"delivery_ids": list(delivery_ids), "now": now})
    unit.ring()


async def any_waits(reading: Reading) -> bool:
    """Whether the followers of any post are still being queued."""
    return (await reading.execute(_ANY)).first() is not None


async def next_in_turn(unit: Unit) -> Fanout | None:
    """The post that has waited longest for its next page; on PostgreSQL locked, so that daemons share the work."""
    row = (await unit.execute(_NEXT)).one_or_none()
    return None if row is None else Fanout(*row)


async def queue_page(unit: Unit, fanout: Fanout, *, lane: Lane, size: int, now: datetime) -> tuple[int, bool]:
    """Queue the next ``size`` of the audience at hand in ``lane`` and move the cursor; when none of it are left, go on
    to the next audience, or end the fan-out.

    Returns how many deliveries that made and whether this was the last page of all."""
    page = {"author_id": fanout.author_id, "stage": fanout.stage, "cursor": fanout.cursor, "before_last": size - 1}
    last = (await unit.execute(_LAST_LISTENER_ON_PAGE if fanout.stage else _LAST_ON_PAGE, page)).scalar_one_or_none()
    values = {
        "post_id": fanout.post_id,
        "author_id": fanout.author_id,
        "cursor": fanout.cursor,
        "to": _ABOVE_ALL if last is None else last,
        "lane": lane,
        "now": now,
    }
    if fanout.stage:
        queued = (await unit.execute(_TO_LISTENERS, values | {"stage": fanout.stage})).rowcount
    else:
        queued = await _queue_followers(unit, fanout, values)
    if last is not None:
        await unit.execute(_MOVE, {"of_post": fanout.post_id, "to": last, "more": size, "now": now})
        return queued, False
    following = await _next_stage(unit, fanout)
    if following is None:
        await end(unit, fanout.post_id)
    else:
        values = {"of_post": fanout.post_id, "to_stage": following, "more": queued, "now": now}
        await unit.execute(_GO_ON, values)
    return queued, following is None


async def _queue_followers(unit: Unit, fanout: Fanout, values: dict[str, Any]) -> int:
    if fanout.repost_of_id is not None:
        queue = _TO_THOSE_WHO_HAVE_IT_NOT_YET
        values |= {"repost_of_id": fanout.repost_of_id, "original_author_id": fanout.original_author_id}
    elif fanout.at_account_id is not None:
        queue = _TO_THOSE_WHO_FOLLOW_BOTH
        values |= {"at_account_id": fanout.at_account_id}
    else:
        queue = _TO_ALL
    return (await unit.execute(queue[unit.dialect], values)).rowcount


async def _next_stage(unit: Unit, fanout: Fanout) -> str | None:
    """The key after the one at hand that anybody listens to, of all that the post has."""
    if not fanout.words:
        return None
    tags = (await unit.execute(_TAGS, {"of_post": fanout.post_id})).scalars()
    keys = {*fanout.words.split(" "), *(f"#{tag}" for tag in tags)}
    if fanout.group_name is not None:
        keys.add(f"!{fanout.group_name}")
    left = sorted(key for key in keys if key > fanout.stage)
    return min((await unit.execute(_LISTENED_TO, {"keys": rows([key] for key in left)})).scalars(), default=None)


async def end(unit: Unit, post_id: int) -> None:
    """Queue no more followers for the post."""
    await unit.execute(_END, {"of_post": post_id})
