"""Deliveries seen from above: queueing notices, dropping what must not go out, and what the operator asks about."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import Insert

from gateway.domain.delivery import State
from gateway.domain.reason import SUMMED_UP, USED_UP, kind_of
from gateway.domain.types import Channel, Lane, NoticeKind
from store.addresses import AddressRow, Way
from store.routes import MAIL_ROUTE, way_out
from store.schema import Instant, accounts, deliveries, delivery_counts, notices, posts, routes
from store.sql import given, rows
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery as it stands, with the name of its recipient (empty on a notice to an unknown address)."""

    id: int
    post_id: int | None
    account_id: int | None
    channel: str
    route: int
    lane: int
    state: str
    attempt: int
    due_at: datetime
    queued_at: datetime
    settled_at: datetime | None
    remote_id: str | None
    reason: str
    recipient: str | None
    via: str | None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """What a notice is about: its columns are told at ``store.schema.notices``."""

    kind: NoticeKind
    answers: bool
    caused_by_id: int | None


@dataclass(frozen=True, slots=True)
class Depth:
    """How many deliveries of a channel are in a state, and since when the oldest is due (queued ones) or queued."""

    channel: str
    state: str
    count: int
    oldest: datetime


LOOKED_AT_ONCE, PRUNED_AT_ONCE = 5_000, 500
"""Rows that one step of pruning looks at, and takes out, at the most."""

_NOW = bindparam("now", type_=Instant())
_QUEUED: ColumnElement[str] = literal_column("'queued'")
_DEAD: ColumnElement[str] = literal_column("'dead'")
_GATHERED: ColumnElement[str] = literal_column("'gathered'")
_BUNDLED: ColumnElement[str] = literal_column("'bundled'")
_WHY: ColumnElement[str] = bindparam("why")
_DROPPED = {"state": _DEAD, "reason": _WHY, "settled_at": _NOW}

_ADD_NOTICE = insert(notices).returning(notices.c.id)
_new = given("new", text=notices.c.text.type)
_ADD_NOTICES = (
    insert(notices)
    .from_select(
        ["text", "caused_by_id", "kind"],
        select(
            _new.c.text,
            bindparam("cause", type_=notices.c.caused_by_id.type),
            bindparam("of_kind", type_=notices.c.kind.type),
        ).order_by(_new.c.n),
    )
    .returning(notices.c.id, notices.c.text)
)
_ADD_DELIVERY = insert(deliveries)
_DROP_FOR_ACCOUNT = tuple(
    update(deliveries)
    .where(
        deliveries.c.account_id == bindparam("of_account"),
        deliveries.c.state == state,
        deliveries.c.channel == bindparam("on_channel"),
    )
    .values(_DROPPED)
    for state in (_QUEUED, _GATHERED)
)
"""One statement for each state, each along an index of its own; so it is between two people."""
_ANSWERS = select(notices.c.id).where(notices.c.id == deliveries.c.notice_id, notices.c.answers).exists()
_DROP_BUT_ANSWERS = _DROP_FOR_ACCOUNT[0].where(~_ANSWERS)
_DROP_FOR_ADDRESS = (
    update(deliveries)
    .where(
        deliveries.c.state == _QUEUED,
        deliveries.c.address_id == bindparam("of_address"),
        deliveries.c.route.in_(select(routes.c.id).where(routes.c.channel == bindparam("on_channel"))),
        deliveries.c.lane == literal_column(str(int(Lane.ANSWER))),
    )
    .values(_DROPPED)
)
_IN_USE = select(accounts.c.phone_id, accounts.c.mail_id).where(accounts.c.id == bindparam("account_id"))
_DROP_POST = (
    update(deliveries)
    .where(deliveries.c.post_id == bindparam("of_post"), deliveries.c.state.in_([_QUEUED, _GATHERED]))
    .values(_DROPPED)
)
_DROP_BETWEEN = tuple(
    update(deliveries)
    .where(
        deliveries.c.account_id == bindparam("of_account"),
        deliveries.c.state == state,
        deliveries.c.post_id.in_(select(posts.c.id).where(posts.c.author_id == bindparam("of_author"))),
    )
    .values(_DROPPED)
    for state in (_QUEUED, _GATHERED)
)
_DROP_CAUSED = (
    update(deliveries)
    .where(
        deliveries.c.account_id == bindparam("of_account"),
        deliveries.c.state == _QUEUED,
        exists().where(notices.c.id == deliveries.c.notice_id, notices.c.caused_by_id == bindparam("by_account")),
    )
    .values(_DROPPED)
)
_ROW = (
    deliveries.c.id,
    deliveries.c.post_id,
    deliveries.c.account_id,
    deliveries.c.channel,
    deliveries.c.route,
    deliveries.c.lane,
    deliveries.c.state,
    deliveries.c.attempt,
    deliveries.c.due_at,
    deliveries.c.queued_at,
    deliveries.c.settled_at,
    deliveries.c.remote_id,
    deliveries.c.reason,
    accounts.c.name,
    deliveries.c.via,
)
_WITH_NAMES = deliveries.join(accounts, accounts.c.id == deliveries.c.account_id, isouter=True)
_BY_ID = select(*_ROW).select_from(_WITH_NAMES).where(deliveries.c.id == bindparam("delivery_id"))
_NOTICE_OF = (
    select(notices.c.kind, notices.c.answers, notices.c.caused_by_id)
    .join(deliveries, deliveries.c.notice_id == notices.c.id)
    .where(deliveries.c.id == bindparam("delivery_id"))
)
_LIST = (
    select(*_ROW)
    .select_from(_WITH_NAMES)
    .where(deliveries.c.state.in_(bindparam("states", expanding=True)))
    .order_by(deliveries.c.id.desc())
    .limit(bindparam("most"))
)
_BELIEVABLE = bindparam("believable", type_=Instant())
_FROM_THE_FUTURE = (
    select(deliveries.c.id)
    .where(
        deliveries.c.state == _QUEUED,
        deliveries.c.route.in_(select(routes.c.id)),
        deliveries.c.lane.in_([literal_column(str(int(lane))) for lane in Lane]),
        deliveries.c.due_at > _NOW,
        deliveries.c.queued_at > _BELIEVABLE,
    )
    .limit(bindparam("most"))
)
_BRING_BACK = (
    update(deliveries)
    .where(deliveries.c.id.in_(_FROM_THE_FUTURE.scalar_subquery()), deliveries.c.state == _QUEUED)
    .values(queued_at=_NOW, due_at=_NOW)
)
_LEASED_IN_THE_FUTURE = (
    update(deliveries)
    .where(
        or_(deliveries.c.state == literal_column("'claimed'"), deliveries.c.state == literal_column("'unsure'")),
        deliveries.c.lease_until > _NOW,
        deliveries.c.queued_at > _BELIEVABLE,
    )
    .values(queued_at=_NOW, lease_until=bindparam("until", type_=Instant()))
)


def _depth(state: str, oldest: ColumnElement[datetime]) -> Select[str, int, int, datetime]:
    """Counts over the partial index of that state alone, so that it stays cheap however long the queue is; by route, as
    the index of those that wait has them: a million are counted in a tenth of a second, and none is put by."""
    return (
        select(literal_column(f"'{state}'"), deliveries.c.route, func.count(), func.min(oldest))
        .where(deliveries.c.state == literal_column(f"'{state}'"))
        .group_by(deliveries.c.route)
    )


_DEPTHS = (
    _depth(State.QUEUED, deliveries.c.due_at),
    _depth(State.CLAIMED, deliveries.c.queued_at),
    _depth(State.UNSURE, deliveries.c.queued_at),
    _depth(State.DEAD, deliveries.c.queued_at),
    _depth(State.GATHERED, deliveries.c.queued_at),
)
_digest = deliveries.alias("digest")
_STATE_OF_DIGEST = func.coalesce(_digest.c.state, literal_column("'sent'"))
"""What became of a post that a digest brings is what became of the digest; those whose rows are gone went out."""

_OF_POST = union_all(
    select(deliveries.c.channel, deliveries.c.state, func.count())
    .where(deliveries.c.post_id == bindparam("of_post"), deliveries.c.state != _BUNDLED)
    .group_by(deliveries.c.channel, deliveries.c.state),
    select(deliveries.c.channel, _STATE_OF_DIGEST, func.count())
    .select_from(deliveries.outerjoin(_digest, _digest.c.id == deliveries.c.digest_id))
    .where(deliveries.c.post_id == bindparam("of_post"), deliveries.c.state == _BUNDLED)
    .group_by(deliveries.c.channel, _STATE_OF_DIGEST),
    select(delivery_counts.c.channel, delivery_counts.c.state, delivery_counts.c.number).where(
        delivery_counts.c.post_id == bindparam("of_post")
    ),
)
_ROUTE_OF_ACCOUNT = (
    select(accounts.c.sms_route).where(accounts.c.id == deliveries.c.account_id).correlate(deliveries).scalar_subquery()
)
_STILL_OURS = case(
    (deliveries.c.route.in_(select(routes.c.id).where(routes.c.active)), deliveries.c.route),
    else_=func.coalesce(way_out(_ROUTE_OF_ACCOUNT), deliveries.c.route),
)
_RETRY = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)), deliveries.c.state == _DEAD)
    .values(
        state=_QUEUED,
        route=_STILL_OURS,
        due_at=_NOW,
        queued_at=case((_ANSWERS, deliveries.c.queued_at), else_=_NOW),
        excused=deliveries.c.attempt,  # it has all its tries, and none has the number of one before
        refused_by=None,
        reason="",
    )
    .returning(deliveries.c.id)
)
_DROP = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)), deliveries.c.state == _QUEUED)
    .values(_DROPPED)
    .returning(deliveries.c.id)
)
_DEAD_IDS = (
    select(deliveries.c.id)
    .where(deliveries.c.state == _DEAD, deliveries.c.reason.not_in([SUMMED_UP, USED_UP]))
    .order_by(deliveries.c.settled_at)
    .limit(bindparam("most"))
)
_window = (
    select(deliveries.c.id)
    .where(deliveries.c.id > bindparam("after"))
    .order_by(deliveries.c.id)
    .limit(bindparam("look"))
    .subquery()
)
_WINDOW = select(func.max(_window.c.id), func.count()).select_from(_window)
_OLD = (
    select(deliveries.c.id)
    .where(
        deliveries.c.id > bindparam("after"),
        deliveries.c.id <= bindparam("last"),
        deliveries.c.settled_at < bindparam("before", type_=Instant()),
        deliveries.c.state.in_([State.SENT, State.DELIVERED, State.DEAD, State.BUNDLED]),
    )
    .order_by(deliveries.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_PRUNE = (
    delete(deliveries)
    .where(deliveries.c.id.in_(_OLD.scalar_subquery()))
    .returning(
        deliveries.c.id,
        deliveries.c.notice_id,
        deliveries.c.post_id,
        deliveries.c.channel,
        deliveries.c.state,
        deliveries.c.reason,
        deliveries.c.segments,
        deliveries.c.digest_id,
    )
)
_STATES = select(deliveries.c.id, deliveries.c.state).where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
_count = Insert(delivery_counts)
_COUNT = _count.on_conflict_do_update(
    index_elements=list(delivery_counts.primary_key),
    set_={
        "number": delivery_counts.c.number + _count.excluded.number,
        "segments": delivery_counts.c.segments + _count.excluded.segments,
    },
)
_PRUNE_NOTICES = delete(notices).where(notices.c.id.in_(bindparam("ids", expanding=True)))


async def add_notice(
    unit: Unit,
    *,
    address_id: int,
    account_id: int | None,
    channel: Channel,
    route: int,
    text: str,
    now: datetime,
    subject: str = "",
    in_reply_to: str = "",
    answers: bool = False,
    lane: Lane = Lane.ANSWER,
    caused_by: int | None = None,
    kind: NoticeKind = NoticeKind.NOTICE,
) -> int:
    """Queue words of our own for one phone or mailbox; returns the notice's id. Rings the bell."""
    values = {"text": text, "subject": subject, "in_reply_to": in_reply_to, "answers": answers}
    added = await unit.execute(_ADD_NOTICE, {**values, "caused_by_id": caused_by, "kind": kind})
    notice_id: int = added.scalar_one()
    await unit.execute(
        _ADD_DELIVERY,
        {
            "notice_id": notice_id,
            "account_id": account_id,
            "address_id": address_id,
            "channel": channel,
            "route": route,
            "lane": lane,
            "state": State.QUEUED,
            "due_at": now,
            "queued_at": now,
        },
    )
    unit.ring()
    return notice_id


async def add_notices(
    unit: Unit,
    told: Sequence[tuple[Way, str]],
    *,
    lane: Lane,
    now: datetime,
    caused_by: int | None = None,
    kind: NoticeKind = NoticeKind.NOTICE,
) -> None:
    """Queue words of our own for many people at once. Rings the bell."""
    if not told:
        return
    notice_ids: dict[str, list[int]] = {}
    values = {"new": rows([words] for _, words in told), "cause": caused_by, "of_kind": kind}
    added = await unit.execute(_ADD_NOTICES, values)
    for notice_id, words in added:
        notice_ids.setdefault(words, []).append(notice_id)
    await unit.execute(
        _ADD_DELIVERY,
        [
            {
                "notice_id": notice_ids[words].pop(),
                "account_id": way.account_id,
                "address_id": way.address_id,
                "channel": way.channel,
                "route": way.route,
                "lane": lane,
                "state": State.QUEUED,
                "due_at": now,
                "queued_at": now,
            }
            for way, words in told
        ],
    )
    unit.ring()


async def notice_of(reading: Reading, delivery_id: int) -> NoticeRow | None:
    """The notice that a delivery brought; None if it brought none, or is no longer kept."""
    row = (await reading.execute(_NOTICE_OF, {"delivery_id": delivery_id})).one_or_none()
    return None if row is None else NoticeRow(NoticeKind(row.kind), row.answers, row.caused_by_id)


async def drop_for_account(unit: Unit, account_id: int, channel: Channel, reason: str, *, now: datetime) -> int:
    """Drop everything queued for the account on a channel; returns how many."""
    values = {"of_account": account_id, "on_channel": channel, "why": reason, "now": now}
    statements = _DROP_FOR_ACCOUNT if channel is Channel.EMAIL else _DROP_FOR_ACCOUNT[:1]
    return sum([(await unit.execute(each, values)).rowcount for each in statements])


async def drop_texts_but_answers(unit: Unit, account_id: int, reason: str, *, now: datetime) -> int:
    """Drop the texts that are queued for the account, but for answers to what it has just asked; returns how many."""
    values = {"of_account": account_id, "on_channel": Channel.SMS, "why": reason, "now": now}
    return (await unit.execute(_DROP_BUT_ANSWERS, values)).rowcount


async def drop_for_address(unit: Unit, address: AddressRow, reason: str, *, now: datetime) -> int:
    """Drop what is queued for a phone or mailbox that its account has just stopped using: its notices, whichever of
    our numbers they wait for, and what the account would get there, unless it has another one in use."""
    values = {"of_address": address.id, "on_channel": address.channel, "why": reason, "now": now}
    dropped = (await unit.execute(_DROP_FOR_ADDRESS, values)).rowcount
    if address.account_id is not None:
        phone_id, mail_id = (await unit.execute(_IN_USE, {"account_id": address.account_id})).one()
        channel = Channel(address.channel)
        if (phone_id if channel is Channel.SMS else mail_id) is None:
            dropped += await drop_for_account(unit, address.account_id, channel, reason, now=now)
    return dropped


async def drop_post(unit: Unit, post_id: int, reason: str, *, now: datetime) -> int:
    """Drop what is still queued of a post; returns how many."""
    return (await unit.execute(_DROP_POST, {"of_post": post_id, "why": reason, "now": now})).rowcount


async def drop_between(unit: Unit, account_id: int, author_id: int, reason: str, *, now: datetime) -> int:
    """Drop what is queued for the account of the author's; returns how many."""
    values = {"of_account": account_id, "of_author": author_id, "why": reason, "now": now}
    return sum([(await unit.execute(each, values)).rowcount for each in _DROP_BETWEEN])


async def drop_caused(unit: Unit, account_id: int, by_account: int, reason: str, *, now: datetime) -> int:
    """Drop words of ours that are queued for the account and were somebody else's doing; returns how many."""
    values = {"of_account": account_id, "by_account": by_account, "why": reason, "now": now}
    return (await unit.execute(_DROP_CAUSED, values)).rowcount


async def by_id(reading: Reading, delivery_id: int) -> DeliveryRow | None:
    """One delivery."""
    row = (await reading.execute(_BY_ID, {"delivery_id": delivery_id})).one_or_none()
    return None if row is None else DeliveryRow(*tuple(row))


async def in_states(reading: Reading, states: Sequence[State], *, most: int) -> list[DeliveryRow]:
    """The newest deliveries in any of these states."""
    found = await reading.execute(_LIST, {"states": [str(state) for state in states], "most": most})
    return [DeliveryRow(*tuple(row)) for row in found]


async def depths(reading: Reading) -> list[Depth]:
    """How many deliveries each channel has in each state that is not the good end."""
    found: dict[tuple[str, str], list[tuple[int, datetime]]] = {}
    for statement in _DEPTHS:
        for state, route, count, oldest in await reading.execute(statement):
            channel = Channel.EMAIL if route == MAIL_ROUTE else Channel.SMS
            found.setdefault((channel, state), []).append((count, oldest))
    return [
        Depth(channel, state, sum(count for count, _ in routes_), min(oldest for _, oldest in routes_))
        for (channel, state), routes_ in found.items()
    ]


async def counts_of_post(reading: Reading, post_id: int) -> dict[tuple[str, str], int]:
    """How many of a post's deliveries are in each (channel, state), with those whose rows are no longer kept. What a
    digest brings is in the state of the digest."""
    counts: Counter[tuple[str, str]] = Counter()
    for channel, state, count in await reading.execute(_OF_POST, {"of_post": post_id}):
        counts[channel, state] += count
    return dict(counts)


async def dead(reading: Reading, *, most: int) -> list[int]:
    """The ids of deliveries that were given up, longest ago first, but for those in whose place something else came."""
    return list((await reading.execute(_DEAD_IDS, {"most": most})).scalars())


async def retry(unit: Unit, ids: Sequence[int], *, now: datetime) -> list[int]:
    """Queue given-up deliveries again, as if they were new, by a number of ours where theirs is no longer one; returns
    the ids that were. An answer keeps its time: it may go to a phone that has opted out only if it came after that."""
    unit.ring()
    return list((await unit.execute(_RETRY, {"ids": list(ids), "now": now})).scalars())


async def drop(unit: Unit, ids: Sequence[int], reason: str, *, now: datetime) -> list[int]:
    """Give up queued deliveries; returns the ids that were."""
    return list((await unit.execute(_DROP, {"ids": list(ids), "why": reason, "now": now})).scalars())


async def bring_back(unit: Unit, *, believable: datetime, until: datetime, now: datetime, most: int = 1_000) -> int:
    """What was queued later than is ``believable`` was queued by a clock that was ahead: now it is as if it were
    queued now; what waits is due, leases end at ``until``. How many, of those that wait at most ``most``."""
    moments = {"believable": believable, "now": now}
    leased = (await unit.execute(_LEASED_IN_THE_FUTURE, {**moments, "until": until})).rowcount
    return leased + (await unit.execute(_BRING_BACK, {**moments, "most": most})).rowcount


async def prune(
    unit: Unit, *, before: datetime, after: int, look: int = LOOKED_AT_ONCE, most: int = PRUNED_AT_ONCE
) -> tuple[int, int]:
    """Take out deliveries that were settled before then, among the next few with an id above ``after``: a post's are
    counted first, and notices go along. Returns how many went, and the id after which to go on: 0 when the end was
    reached."""
    last, looked_at = (await unit.execute(_WINDOW, {"after": after, "look": look})).one()
    if last is None:
        return 0, 0
    values = {"before": before, "after": after, "last": last, "most": most}
    gone = (await unit.execute(_PRUNE, values)).all()
    told = [row.notice_id for row in gone if row.notice_id is not None]
    if told:
        await unit.execute(_PRUNE_NOTICES, {"ids": told})
    became = {row.id: row.state for row in gone}
    digest_ids = {row.digest_id for row in gone if row.state == State.BUNDLED} - became.keys()
    if digest_ids:
        became |= dict((await unit.execute(_STATES, {"ids": list(digest_ids)})).tuples())
    alike: dict[tuple[int, str, str, str], list[int]] = {}
    for row in gone:
        if row.post_id is not None:
            state = became.get(row.digest_id or 0, State.SENT) if row.state == State.BUNDLED else row.state
            ended = row.post_id, row.channel, state, kind_of(row.reason)
            alike.setdefault(ended, []).append(row.segments)
    if alike:
        # In one order everywhere: two daemons that count the same posts then wait for each other, and neither for ever.
        await unit.execute(
            _COUNT,
            [
                {
                    "post_id": post_id,
                    "channel": channel,
                    "state": state,
                    "reason": reason,
                    "number": len(segments),
                    "segments": sum(segments),
                }
                for (post_id, channel, state, reason), segments in sorted(alike.items())
            ],
        )
    if len(gone) == most:
        return most, max(row.id for row in gone)
    return len(gone), last if looked_at == look else 0
