"""Digests: who gets them and when the next one is due, what waits for it, and what each one brings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)

from gateway.domain.types import Channel, EmailMode, Lane, NoticeKind
from store.routes import MAIL_ROUTE
from store.schema import Instant, accounts, addresses, deliveries, notices, to_micros
from store.sql import given, rows, storable
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody with a mode of mail, and what tells when a digest of theirs is due. ``hour`` is None for the site's;
    ``digest_at`` is when the next one is, or when is looked once more for what came late; ``phone`` is the number of
    the phone in use; ``gone`` when the account is deleted; ``before`` the mode that there was until mail was turned
    off."""

    id: int
    mode: EmailMode
    hour: int | None
    digest_at: datetime | None
    time_zone: str | None
    phone: str | None
    gone: bool
    before: EmailMode | None = None


_NOW = bindparam("now", type_=Instant())
_QUEUED: ColumnElement[str] = literal_column("'queued'")
_GATHERED: ColumnElement[str] = literal_column("'gathered'")
_BUNDLED: ColumnElement[str] = literal_column("'bundled'")
_DEAD: ColumnElement[str] = literal_column("'dead'")

_ANY_DUE = select(accounts.c.id).where(accounts.c.digest_at <= _NOW).limit(1)
_SUBSCRIBER = select(
    accounts.c.id,
    accounts.c.email_mode,
    accounts.c.digest_hour,
    accounts.c.digest_at,
    accounts.c.time_zone,
    addresses.c.address,
    accounts.c.deleted_at.is_not(None),
    accounts.c.email_before,
).join(addresses, addresses.c.id == accounts.c.phone_id, isouter=True)
_BY_ID = _SUBSCRIBER.where(accounts.c.id == bindparam("account"))
_LOCKED = _BY_ID.with_for_update(of=accounts)  # waits for whoever makes their digest
_DUE = (
    _SUBSCRIBER.where(accounts.c.digest_at <= _NOW)
    .order_by(accounts.c.digest_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=accounts)
)
_SET_MODE = (
    update(accounts)
    .where(accounts.c.id == bindparam("account"))
    .values(
        email_mode=bindparam("new_mode"),
        digest_hour=bindparam("new_hour"),
        digest_at=bindparam("new_digest_at"),
        email_before=bindparam("new_before"),
    )
)
_moved = given("moved", id=BigInteger, digest_at=BigInteger)
_MOVE = update(accounts).where(accounts.c.id == _moved.c.id).values(digest_at=_moved.c.digest_at)
_BRING_BACK = (
    update(accounts).where(accounts.c.digest_at > bindparam("believable", type_=Instant())).values(digest_at=_NOW)
)

_asked = given("asked", id=BigInteger)
_ANY_OF_THEIRS = (
    select(deliveries.c.id)
    .where(deliveries.c.account_id == _asked.c.id, deliveries.c.state == _GATHERED)
    .limit(1)
    .scalar_subquery()
)
_WHOSE_WAITS = select(_asked.c.id).where(_ANY_OF_THEIRS.is_not(None))
"""Asked so, and below for each person by itself, a planner looks along the index for each. Of one question for all it
may think that reading what waits for everybody is less work."""
_new = given("new", text=Text, kind=notices.c.kind.type)
_ADD_NOTICES = (
    insert(notices)
    .from_select(["text", "kind"], select(_new.c.text, _new.c.kind).order_by(_new.c.n))
    .returning(notices.c.id)
)
_made = given("made", notice_id=BigInteger, account_id=BigInteger)
_ADD_DELIVERIES = (
    insert(deliveries)
    .from_select(
        ["notice_id", "account_id", "channel", "route", "lane", "state", "due_at", "queued_at"],
        select(
            _made.c.notice_id,
            _made.c.account_id,
            literal_column(f"'{Channel.EMAIL}'"),
            literal_column(str(MAIL_ROUTE)),
            literal_column(str(int(Lane.TAIL))),
            _QUEUED,
            _NOW,
            _NOW,
        ).order_by(_made.c.n),
    )
    .returning(deliveries.c.id, deliveries.c.account_id)
)
_BUNDLE = (
    update(deliveries)
    .where(deliveries.c.account_id == bindparam("of_account"), deliveries.c.state == _GATHERED)
    .values(state=_BUNDLED, digest_id=bindparam("by_digest"), settled_at=_NOW)
)
_DROP = (
    update(deliveries)
    .where(deliveries.c.account_id.in_(bindparam("account_ids", expanding=True)), deliveries.c.state == _GATHERED)
    .values(state=_DEAD, reason=bindparam("why"), settled_at=_NOW)
)

_OF_DIGEST = (deliveries.c.digest_id == bindparam("digest"), deliveries.c.state == _BUNDLED)
_BROUGHT = (
    select(deliveries.c.id)
    .where(*_OF_DIGEST, deliveries.c.id < bindparam("below"))
    .order_by(deliveries.c.id.desc())
    .limit(bindparam("most"))
)
_ABOVE_ALL = 2**63 - 1
_HOW_MANY = select(func.count()).select_from(deliveries).where(*_OF_DIGEST)
_left_out = given("left_out", id=BigInteger, reason=Text)
_LEAVE_OUT = (
    update(deliveries)
    .where(deliveries.c.id == _left_out.c.id, deliveries.c.state == _BUNDLED)
    .values(state=_DEAD, reason=_left_out.c.reason)
)
_brings = deliveries.alias("brings")
_UNMAKE = (
    delete(deliveries)
    .where(
        deliveries.c.id.in_(bindparam("digest_ids", expanding=True)),
        deliveries.c.state.in_([_QUEUED, _DEAD]),
        ~exists().where(_brings.c.digest_id == deliveries.c.id, _brings.c.state == _BUNDLED),
    )
    .returning(deliveries.c.notice_id)
)
_FORGET_NOTICES = delete(notices).where(notices.c.id.in_(bindparam("notice_ids", expanding=True)))


async def any_due(reading: Reading, *, now: datetime) -> bool:
    """Whether anybody's digest is due: a look that holds up nobody."""
    return (await reading.execute(_ANY_DUE, {"now": now})).first() is not None


async def due(unit: Unit, *, most: int, now: datetime) -> list[Subscriber]:
    """People whose digest is due, the longest first; on PostgreSQL locked, so that daemons share the work."""
    return [_subscriber(row) for row in await unit.execute(_DUE, {"most": most, "now": now})]


async def by_id(reading: Reading, account_id: int) -> Subscriber:
    """This person."""
    return _subscriber((await reading.execute(_BY_ID, {"account": account_id})).one())


async def lock(unit: Unit, account_id: int) -> Subscriber:
    """This person, of whom nobody else makes a digest before the unit ends."""
    return _subscriber((await unit.execute(_LOCKED, {"account": account_id})).one())


async def set_mode(
    unit: Unit,
    account_id: int,
    mode: EmailMode,
    *,
    hour: int | None,
    digest_at: datetime | None,
    before: EmailMode | None = None,
) -> None:
    """How mail comes from now on, and when the next digest is due; :func:`bundle` or :func:`drop` must follow where
    the mode is another one than before. ``before``: what is to be remembered while mail is off."""
    values = {"account": account_id, "new_mode": mode, "new_hour": hour, "new_digest_at": digest_at}
    await unit.execute(_SET_MODE, values | {"new_before": before})


async def move(unit: Unit, moments: Mapping[int, datetime | None]) -> None:
    """When the next digest of each of these accounts is due; None for never."""
    values = [[account_id, None if at is None else to_micros(at)] for account_id, at in sorted(moments.items())]
    if values:
        await unit.execute(_MOVE, {"moved": rows(values)})


async def bring_back(unit: Unit, *, believable: datetime, now: datetime) -> int:
    """Digests that are due later than is ``believable`` were put there by a clock that was ahead: now they are due at
    once. How many."""
    return (await unit.execute(_BRING_BACK, {"believable": believable, "now": now})).rowcount


async def bundle(unit: Unit, account_ids: Iterable[int], *, words: str, now: datetime) -> list[int]:
    """For each of these people for whom anything waits, queue a digest that brings all of it, behind everything else
    that goes out by mail; the deliveries that are made. ``words`` are for a daemon of an earlier release, which knows
    nothing of digests, should it send one. Rings the bell."""
    asked = rows([each] for each in sorted(account_ids))
    whose = sorted((await unit.execute(_WHOSE_WAITS, {"asked": asked})).scalars())
    if not whose:
        return []
    added = await unit.execute(_ADD_NOTICES, {"new": rows([words, NoticeKind.DIGEST] for _ in whose)})
    made = rows(zip(sorted(added.scalars()), whose, strict=True))
    queued = (await unit.execute(_ADD_DELIVERIES, {"made": made, "now": now})).all()
    await unit.execute(_BUNDLE, [{"by_digest": each, "of_account": account, "now": now} for each, account in queued])
    unit.ring()
    return [each for each, _ in queued]


async def drop(unit: Unit, account_ids: Sequence[int], reason: str, *, now: datetime) -> int:
    """Give up what waits for these people's digests; how many posts that were."""
    if not account_ids:
        return 0
    return (await unit.execute(_DROP, {"account_ids": list(account_ids), "why": reason, "now": now})).rowcount


async def brought(reading: Reading, digest_id: int, *, most: int, below: int = _ABOVE_ALL) -> list[int]:
    """The deliveries that a digest brings, the newest ``below`` an id first and at most so many."""
    values = {"digest": digest_id, "most": most, "below": below}
    return list((await reading.execute(_BROUGHT, values)).scalars())


async def how_many(reading: Reading, digest_id: int) -> int:
    """How many deliveries a digest brings."""
    number: int = (await reading.execute(_HOW_MANY, {"digest": digest_id})).scalar_one()
    return number


async def leave_out(unit: Unit, left_out: Sequence[tuple[int, str]]) -> None:
    """These deliveries, each with the reason, were not in their digest after all."""
    if left_out:
        values = [[delivery_id, storable(reason, 500)] for delivery_id, reason in left_out]
        await unit.execute(_LEAVE_OUT, {"left_out": rows(values)})


async def unmake(unit: Unit, digest_ids: Sequence[int]) -> None:
    """Take out those of these digests that bring nothing any more and are not in a worker's hands."""
    if digest_ids:
        taken_out = list((await unit.execute(_UNMAKE, {"digest_ids": list(digest_ids)})).scalars())
        if taken_out:
            await unit.execute(_FORGET_NOTICES, {"notice_ids": taken_out})


def _subscriber(
    row: tuple[int, str, int | None, datetime | None, str | None, str | None, bool, str | None],
) -> Subscriber:
    account_id, mode, hour, digest_at, time_zone, phone, gone, before = row
    was = None if before is None else EmailMode(before)
    return Subscriber(account_id, EmailMode(mode), hour, digest_at, time_zone, phone, gone, was)
