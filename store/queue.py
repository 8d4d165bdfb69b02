"""The queue's three steps: claim what is due, see what each delivery needs, settle what became of it.

A claim takes slots in the order of lanes and due times, and gives each slot to the recipient's oldest open delivery:
a person's posts arrive in the order they were written, whichever lane their authors' popularity put them in. While
one delivery to a recipient is in flight, the next one waits; so do posts behind one of unknown outcome, until that is
known. A settle is fenced by attempt and state.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SmallInteger,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from gateway.domain.carriage import Carriage
from gateway.domain.types import Channel, Lane
from store import threads
from store.schema import (
    Instant,
    accounts,
    addresses,
    blocks,
    deliveries,
    follows,
    listeners,
    mutes,
    notices,
    posts,
    receipts,
    to_micros,
)
from store.sql import given, rows, storable
from store.unit import Reading, Unit


class Settled(NamedTuple):
    """What a delivery becomes: one of the states, with what goes with it.

    ``due_at`` for ``queued``, ``look_up_at`` for ``unsure`` and for texts that were ``sent``; ``reason`` is never empty
    but for ``sent``; ``segments`` of what the provider is known to have taken; ``sent_to_id`` is the phone or mailbox
    that it went to, or may have gone to; ``excused`` that the attempt does not count."""

    id: int
    attempt: int
    state: str
    now: datetime
    due_at: datetime
    look_up_at: datetime | None = None
    remote_id: str | None = None
    reason: str = ""
    segments: int = 0
    sent_to_id: int | None = None
    excused: bool = False


_NOW = bindparam("now", type_=Instant())
_QUEUED: ColumnElement[str] = literal_column("'queued'")
_CLAIMED: ColumnElement[str] = literal_column("'claimed'")
_UNSURE: ColumnElement[str] = literal_column("'unsure'")

_NOTHING: ColumnElement[int] = literal_column("0")
"""Added to a column it hides that column's index from the planners. A recipient has few open deliveries, the route has
the whole queue; both planners would otherwise walk the queue once for every slot."""

_older = deliveries.alias("older")
_open = deliveries.alias("open")
_busy = exists().where(
    _open.c.account_id == deliveries.c.account_id,
    or_(_open.c.state == _QUEUED, _open.c.state == _CLAIMED, _open.c.state == _UNSURE),
    _open.c.route + _NOTHING == bindparam("on_route"),
    case(
        (_open.c.state == _CLAIMED, literal_column("TRUE")),
        (_open.c.state == _UNSURE, _open.c.lane.between(bindparam("first_lane"), bindparam("last_lane"))),
        else_=literal_column("FALSE"),
    ),
)
"""The recipient has one in flight on this route, or posts of unknown outcome. Said so that both planners look among
what is open for the recipient, never among all that is in flight, once for every slot."""

_slot = (
    select(deliveries.c.id, deliveries.c.account_id)
    .where(
        deliveries.c.route == bindparam("on_route"),
        deliveries.c.lane == bindparam("on_lane"),
        deliveries.c.state == _QUEUED,
        deliveries.c.due_at <= _NOW,
        ~_busy,
    )
    .order_by(deliveries.c.due_at, deliveries.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("slot")
    .prefix_with("MATERIALIZED", dialect="postgresql")
    .prefix_with("MATERIALIZED", dialect="sqlite")
)
_oldest_of_recipient = (
    select(_older.c.id)
    .where(
        _older.c.account_id == _slot.c.account_id,
        _older.c.state == _QUEUED,
        _older.c.route + _NOTHING == bindparam("on_route"),
        (_older.c.lane + _NOTHING).between(bindparam("first_lane"), bindparam("last_lane")),
        _older.c.due_at <= _NOW,
    )
    .order_by(func.coalesce(_older.c.post_id, 0), _older.c.id)
    .limit(1)
    .scalar_subquery()
)
_chosen = select(func.coalesce(_oldest_of_recipient, _slot.c.id))
_CLAIM = (
    update(deliveries)
    .where(deliveries.c.id.in_(_chosen), deliveries.c.state == _QUEUED)
    .values(
        state=_CLAIMED,
        attempt=deliveries.c.attempt + 1,
        lease_until=bindparam("until", type_=Instant()),
        segments=literal_column("0"),
        sent_to_id=None,
    )
    .returning(deliveries.c.id)
)

_FIRST_DUE = select(
    *(
        select(deliveries.c.due_at)
        .where(
            deliveries.c.route == bindparam("on_route"),
            deliveries.c.lane == literal_column(str(int(lane))),
            deliveries.c.state == _QUEUED,
        )
        .order_by(deliveries.c.due_at)
        .limit(1)
        .scalar_subquery()
        .label(lane.name.lower())
        for lane in Lane
    )
)
"""When the first delivery of each lane is due: one look at the index for each, where a claim in vain costs ten."""

_author = accounts.alias("author")
_recipient = accounts.alias("recipient")
_original = posts.alias("original")
_original_author = accounts.alias("original_author")
_address_of_account = case((deliveries.c.channel == Channel.SMS, _recipient.c.phone_id), else_=_recipient.c.mail_id)
_blocked_by_author = blocks.alias("blocked_by_author")
_blocked_by_recipient = blocks.alias("blocked_by_recipient")
_muted_by_recipient = mutes.alias("muted_by_recipient")


def _between(pairs: Any, one: Any, other: Any) -> ColumnElement[bool]:
    """SQL: this row of blocks or mutes says what ``one`` does not want to see of ``other``."""
    return and_(pairs.c.account_id == one, pairs.c.other_id == other)


def _where_any(third: Any, pairs: Any, one: Any, other: Any) -> ColumnElement[bool]:
    """SQL: the same is said anywhere. It is looked for where there is a ``third`` alone, in place of a join for all."""
    return case((third.is_not(None), exists().where(_between(pairs, one, other))), else_=literal_column("FALSE"))


_RECIPIENT: ColumnElement[int | None] = deliveries.c.account_id
_REPOSTED, _REPOSTED_FROM = posts.c.repost_of_id, _original.c.author_id
_CAUSE = notices.c.caused_by_id


_DELIVERIES = given("ids", id=BigInteger)
_DETAILS = (
    select(
        deliveries.c.id,
        deliveries.c.attempt,
        deliveries.c.channel,
        deliveries.c.route,
        deliveries.c.lane,
        deliveries.c.queued_at,
        deliveries.c.account_id,
        notices.c.text,
        notices.c.subject,
        notices.c.in_reply_to,
        notices.c.answers,
        notices.c.kind,
        or_(_recipient.c.suspended_at.is_not(None), _recipient.c.deleted_at.is_not(None)),
        _recipient.c.language,
        _recipient.c.texts_on,
        _recipient.c.email_mode,
        _recipient.c.sleeps_at,
        _recipient.c.wakes_at,
        follows.c.state,
        follows.c.texts,
        follows.c.mail,
        deliveries.c.via,
        listeners.c.texts,
        listeners.c.mail,
        or_(
            _muted_by_recipient.c.account_id.is_not(None),
            _where_any(_REPOSTED, mutes, _RECIPIENT, _REPOSTED_FROM),
            _where_any(_CAUSE, mutes, _RECIPIENT, _CAUSE),
        ),
        or_(
            _blocked_by_author.c.account_id.is_not(None),
            _blocked_by_recipient.c.account_id.is_not(None),
            _where_any(_REPOSTED, blocks, _RECIPIENT, _REPOSTED_FROM),
            _where_any(_REPOSTED, blocks, _REPOSTED_FROM, _RECIPIENT),
            _where_any(_CAUSE, blocks, _RECIPIENT, _CAUSE),
            _where_any(_CAUSE, blocks, _CAUSE, _RECIPIENT),
        ),
        addresses.c.id,
        addresses.c.address,
        addresses.c.opted_out_at,
        addresses.c.dead_at.is_not(None),
        deliveries.c.excused,
        _recipient.c.reply_version,
        deliveries.c.post_id,
    )
    .select_from(
        _DELIVERIES.join(deliveries, deliveries.c.id == _DELIVERIES.c.id)
        .join(notices, notices.c.id == deliveries.c.notice_id, isouter=True)
        .join(posts, posts.c.id == deliveries.c.post_id, isouter=True)
        .join(_original, _original.c.id == posts.c.repost_of_id, isouter=True)
        .join(_recipient, _recipient.c.id == deliveries.c.account_id, isouter=True)
        .join(
            follows,
            and_(
                follows.c.followee_id == posts.c.author_id,
                follows.c.follower_id == deliveries.c.account_id,
            ),
            isouter=True,
        )
        .join(
            listeners,
            and_(listeners.c.key == deliveries.c.via, listeners.c.account_id == deliveries.c.account_id),
            isouter=True,
        )
        .join(
            addresses,
            addresses.c.id == func.coalesce(deliveries.c.sent_to_id, deliveries.c.address_id, _address_of_account),
            isouter=True,
        )
        .join(
            _blocked_by_author,
            _between(_blocked_by_author, posts.c.author_id, deliveries.c.account_id),
            isouter=True,
        )
        .join(
            _blocked_by_recipient,
            _between(_blocked_by_recipient, deliveries.c.account_id, posts.c.author_id),
            isouter=True,
        )
        .join(
            _muted_by_recipient,
            _between(_muted_by_recipient, deliveries.c.account_id, posts.c.author_id),
            isouter=True,
        )
    )
    .order_by(deliveries.c.lane, deliveries.c.id)
)
"""What differs from delivery to delivery, in the order of Carriage, and the id of the post."""

_POSTS = given("ids", id=BigInteger)
_CONTENTS = select(
    posts.c.id,
    posts.c.kind,
    posts.c.text,
    _original.c.text,
    posts.c.conversation_id,
    posts.c.reply_to_id,
    posts.c.author_id,
    _author.c.name,
    _original_author.c.name,
    or_(posts.c.deleted_at.is_not(None), _original.c.deleted_at.is_not(None)),
    or_(_author.c.suspended_at.is_not(None), _author.c.deleted_at.is_not(None)),
    _author.c.protected,
    _original_author.c.protected,
).select_from(
    _POSTS.join(posts, posts.c.id == _POSTS.c.id)
    .join(_author, _author.c.id == posts.c.author_id)
    .join(_original, _original.c.id == posts.c.repost_of_id, isouter=True)
    .join(_original_author, _original_author.c.id == _original.c.author_id, isouter=True)
)
"""What all deliveries of a post have in common, in the order of Carriage, from the post's id on."""

_SETTLED = given(
    "settled",
    id=BigInteger,
    attempt=Integer,
    state=Text,
    settled_at=BigInteger,
    due_at=BigInteger,
    look_up_at=BigInteger,
    remote_id=Text,
    reason=Text,
    segments=SmallInteger,
    sent_to_id=BigInteger,
    excused=Integer,
)
_ENDED: tuple[ColumnElement[str], ...] = tuple(literal_column(f"'{state}'") for state in ("sent", "delivered", "dead"))
"""States that no settle leaves. Naming the others would offer the planner the index of all that is open, to walk."""

_SETTLE = (
    update(deliveries)
    .where(
        deliveries.c.id == _SETTLED.c.id,
        deliveries.c.attempt == _SETTLED.c.attempt,
        deliveries.c.state.not_in(_ENDED),
    )
    .values(
        state=_SETTLED.c.state,
        due_at=_SETTLED.c.due_at,
        lease_until=_SETTLED.c.look_up_at,
        settled_at=_SETTLED.c.settled_at,
        remote_id=func.coalesce(_SETTLED.c.remote_id, deliveries.c.remote_id),
        reason=_SETTLED.c.reason,
        segments=_SETTLED.c.segments,
        sent_to_id=_SETTLED.c.sent_to_id,
        excused=deliveries.c.excused + _SETTLED.c.excused,
    )
    .returning(deliveries.c.id)
)
_DELIVERED_AMONG = select(deliveries.c.id).where(
    deliveries.c.id.in_(bindparam("ids", expanding=True)), deliveries.c.state == literal_column("'delivered'")
)
_NOTE_TAKEN = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("of_id"),
        deliveries.c.attempt == bindparam("of_attempt"),
        deliveries.c.segments == literal_column("0"),
    )
    .values(segments=bindparam("so_many"), sent_to_id=bindparam("to_address"))
)
_OWNED_BY_OTHERS = (
    select(deliveries.c.remote_id)
    .where(
        deliveries.c.remote_id.in_(bindparam("remote_ids", expanding=True)),
        deliveries.c.channel == literal_column("'sms'"),
        deliveries.c.remote_id.is_not(None),
        deliveries.c.id != bindparam("of_id"),
    )
    .union(
        select(receipts.c.remote_id).where(
            receipts.c.remote_id.in_(bindparam("remote_ids", expanding=True)),
            receipts.c.delivery_id != bindparam("of_id"),
        )
    )
)
_ANOTHER_UNDER_WAY = select(
    exists().where(
        deliveries.c.state == _CLAIMED,
        deliveries.c.address_id == bindparam("to_address"),
        deliveries.c.id != bindparam("of_id"),
    )
)
_SENT = given("sent", address_id=BigInteger, post_id=BigInteger)
_LAST_SENT = update(addresses).where(addresses.c.id == _SENT.c.address_id).values(last_post_id=_SENT.c.post_id)
_NEWER_THAN_LAST = func.coalesce(addresses.c.last_post_id, 0) < _SENT.c.post_id
_FOUND_SENT = _LAST_SENT.where(_NEWER_THAN_LAST)
_OVERDUE = (
    select(deliveries.c.id)
    .where(
        deliveries.c.state == _CLAIMED,
        deliveries.c.lease_until < _NOW,
    )
    .order_by(deliveries.c.lease_until)
    .limit(bindparam("most"))
)
_TAKE_BACK = (
    update(deliveries)
    .where(deliveries.c.id.in_(_OVERDUE.scalar_subquery()), deliveries.c.state == _CLAIMED)
    .values(
        state=case((deliveries.c.channel == literal_column("'sms'"), _UNSURE), else_=_QUEUED),
        reason="the worker that held it went away before it settled it",
    )
)
_TO_LOOK_UP = (
    select(deliveries.c.id)
    .where(
        deliveries.c.state == _UNSURE,
        deliveries.c.lease_until <= _NOW,
    )
    .order_by(deliveries.c.lease_until)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_LEASE_LOOK_UP = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)), deliveries.c.state == _UNSURE)
    .values(lease_until=bindparam("until", type_=Instant()))
)


_NO_POST = (None,) * len(_CONTENTS.selected_columns)


async def lanes_due(reading: Reading, route: int, *, now: datetime) -> list[Lane]:
    """The lanes of a route in which something is due, foremost first."""
    first_due = (await reading.execute(_FIRST_DUE, {"on_route": route})).one()
    return [lane for lane, at in zip(Lane, first_due, strict=True) if at is not None and at <= now]


async def claim(
    unit: Unit, route: int, *, most: int, until: datetime, now: datetime, ordinary: int | None = None
) -> list[int]:
    """Lease up to ``most`` due deliveries of a route until ``until``, foremost lanes first; returns their ids.
    ``ordinary``: others than answers and direct messages only until there are so many."""
    ids: list[int] = []
    for lane in await lanes_due(unit, route, now=now):
        if lane is not Lane.ANSWER and ordinary is not None:
            most = min(most, ordinary)
        if len(ids) >= most:
            break
        first, last = (lane, lane) if lane < Lane.FIRST else (Lane.FIRST, Lane.TAIL)
        claimed = await unit.execute(
            _CLAIM,
            {
                "on_route": route,
                "on_lane": lane,
                "first_lane": first,
                "last_lane": last,
                "most": most - len(ids),
                "until": until,
                "now": now,
            },
        )
        ids += claimed.scalars()
        if len(ids) >= most:
            break
    return ids


async def details(reading: Reading, ids: Sequence[int]) -> list[Carriage]:
    """What the deliveries carry and whom they go to, foremost lane first, then in the order of queueing."""
    if not ids:
        return []
    found: Sequence[Any] = (await reading.execute(_DETAILS, {"ids": rows([each] for each in ids)})).all()
    of_post: dict[int | None, Any] = {}
    if carried_posts := {each[-1] for each in found} - {None}:
        contents = await reading.execute(_CONTENTS, {"ids": rows([each] for each in carried_posts)})
        of_post = {each[0]: tuple(each) for each in contents}
    carried = [Carriage(*each[:-1], *of_post.get(each[-1], _NO_POST)) for each in found]
    await _add_threads(reading, [each for each in carried if each.reply_to_id and each.channel == Channel.EMAIL])
    return carried


async def _add_threads(reading: Reading, answers: Sequence[Carriage]) -> None:
    found = await threads.of_answers(reading, [each.id for each in answers])
    for each in answers:
        each.answered_mail, each.thread = found.get(each.id, (None, None))


_micros = lru_cache(maxsize=100)(to_micros)
"""Moments of a batch are mostly the same ones."""


async def settle(unit: Unit, settled: Iterable[Settled]) -> set[int]:
    """Write what became of deliveries; of which ones it was.

    The attempt is the fence: only a claim raises it, so whoever settles the same one knows best, even when the lease
    ended meanwhile and the delivery waits again. What a receipt has moved on stays as it is."""
    values = [
        [
            each.id,
            each.attempt,
            each.state,
            _micros(each.now),
            _micros(each.due_at),
            None if each.look_up_at is None else _micros(each.look_up_at),
            None if each.remote_id is None else storable(each.remote_id, 128),
            storable(each.reason, 500),
            each.segments,
            each.sent_to_id,
            int(each.excused),
        ]
        for each in settled
    ]
    if not values:
        return set()
    return set((await unit.execute(_SETTLE, {"settled": rows(values)})).scalars())


async def note_taken(unit: Unit, delivery_id: int, attempt: int, *, segments: int, address_id: int | None) -> bool:
    """The provider has this attempt's text, of so many segments, to that phone; False when that was known, or the
    delivery has moved on to another attempt. So whoever hears of it first enters it into the bill, and nobody else."""
    values = {"of_id": delivery_id, "of_attempt": attempt, "so_many": segments, "to_address": address_id}
    return (await unit.execute(_NOTE_TAKEN, values)).rowcount > 0


async def delivered_among(reading: Reading, ids: Sequence[int]) -> set[int]:
    """Which of these deliveries a receipt has said to be at their phone."""
    if not ids:
        return set()
    return set((await reading.execute(_DELIVERED_AMONG, {"ids": list(ids)})).scalars())


async def owned_by_others(reading: Reading, delivery_id: int, remote_ids: Sequence[str]) -> set[str]:
    """Which of these messages of the provider's are known to be other deliveries than this one."""
    values = {"of_id": delivery_id, "remote_ids": list(remote_ids)}
    found = (await reading.execute(_OWNED_BY_OTHERS, values)).scalars() if remote_ids else ()
    return {remote_id for remote_id in found if remote_id is not None}


async def another_is_under_way(reading: Reading, delivery_id: int, address_id: int) -> bool:
    """Whether some other answer to this phone is in flight, so that nobody knows yet which of the provider's messages
    it is."""
    values = {"to_address": address_id, "of_id": delivery_id}
    return (await reading.execute(_ANOTHER_UNDER_WAY, values)).scalar_one()


async def remember_last_sent(unit: Unit, sent: Iterable[tuple[int, int]]) -> None:
    """For each (address id, post id): this post has just been texted to that phone, and is what a bare answer means
    now, also where an older one was held up and came behind a newer one."""
    values = list(sent)
    if values:
        await unit.execute(_LAST_SENT, {"sent": rows(values)})


async def remember_found(unit: Unit, address_id: int, post_id: int) -> None:
    """It is only known now that this post went to that phone a while ago: a bare answer means it, unless a newer one
    came since."""
    await unit.execute(_FOUND_SENT, {"sent": rows([(address_id, post_id)])})


async def take_back(unit: Unit, now: datetime, *, most: int = 1_000) -> int:
    """End leases that are over: mail is queued again, a text is looked up before anything else. How many."""
    return (await unit.execute(_TAKE_BACK, {"now": now, "most": most})).rowcount


async def claim_look_ups(unit: Unit, *, most: int, until: datetime, now: datetime) -> list[int]:
    """Lease deliveries whose outcome is unknown and whose look-up is due, so that one daemon alone asks."""
    ids = list((await unit.execute(_TO_LOOK_UP, {"now": now, "most": most})).scalars())
    if ids:
        await unit.execute(_LEASE_LOOK_UP, {"ids": ids, "until": until})
    return ids
