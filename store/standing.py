"""The queue as those see it who look after it: how much waits on each route and for how long, and stretches of it in
order. Every statement goes along an index of open deliveries and reads a bounded part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import pairwise

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SmallInteger,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from gateway.domain.types import Lane
from store.schema import Instant, accounts, deliveries, routes, sender_alerts
from store.timelines import Statement
from store.unit import Reading

AGES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(days=1))
"""Where one age of what waits ends and the next begins."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is queued on a route: all of it, what is not due yet, how long the rest has been due (less than each of
    AGES, and longer than the last), and since when the oldest of that is due."""

    route: int
    all: int
    later: int
    ages: tuple[int, ...]
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class InHand:
    """What is on its way on a route: claimed by a worker, or with the peer and of unknown outcome."""

    route: int
    claimed: int
    unsure: int


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery in a list. ``at`` is what the list is in order of: since when it is due, until when it is leased, or
    when it was given up."""

    at: datetime
    id: int
    post_id: int | None
    account_id: int | None
    recipient: str
    channel: str
    route: int
    lane: int
    state: str
    attempt: int
    queued_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RouteSeen:
    """A route, its standing, and what is held against it."""

    id: int
    channel: str
    sender: str
    active: bool
    paused_until: datetime
    failing_since: datetime | None
    day: int
    used: int
    alert: str | None
    strikes: int | None
    stopped_at: datetime | None


_NOW = bindparam("now", type_=Instant())
_QUEUED = deliveries.c.state == literal_column("'queued'")
_DEAD = deliveries.c.state == literal_column("'dead'")
_IN_HAND = or_(deliveries.c.state == literal_column("'claimed'"), deliveries.c.state == literal_column("'unsure'"))
_MOST = bindparam("most", type_=Integer)


def _count(*where: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*where), 1), else_=0)), 0)


def _ages() -> list[ColumnElement[int]]:
    """How many are due for less than each of AGES and no less than the one before, then how many for longer."""
    edges = [_NOW, *(bindparam(f"age_{n}", type_=Instant()) for n in range(len(AGES)))]
    between = [_count(deliveries.c.due_at <= new, deliveries.c.due_at > old) for new, old in pairwise(edges)]
    return [*between, _count(deliveries.c.due_at <= edges[-1])]


_WAITING: Statement = (
    select(
        deliveries.c.route,
        func.count(),
        _count(deliveries.c.due_at > _NOW),
        *_ages(),
        func.min(deliveries.c.due_at),
    )
    .where(_QUEUED)
    .group_by(deliveries.c.route)
    .order_by(deliveries.c.route)
)
_HAND = (
    select(
        deliveries.c.route,
        _count(deliveries.c.state == literal_column("'claimed'")),
        _count(deliveries.c.state == literal_column("'unsure'")),
    )
    .where(_IN_HAND, deliveries.c.lease_until.is_not(None))
    .group_by(deliveries.c.route)
    .order_by(deliveries.c.route)
)
_GIVEN_UP = select(func.count()).where(_DEAD, deliveries.c.settled_at > bindparam("since", type_=Instant()))
_at = bindparam("at", type_=Instant())
_id = bindparam("id", type_=BigInteger)
_COLUMNS = (
    deliveries.c.id,
    deliveries.c.post_id,
    deliveries.c.account_id,
    func.coalesce(accounts.c.name, ""),
    deliveries.c.channel,
    deliveries.c.route,
    deliveries.c.lane,
    deliveries.c.state,
    deliveries.c.attempt,
    deliveries.c.queued_at,
    deliveries.c.reason,
)
_NAMED = deliveries.outerjoin(accounts, accounts.c.id == deliveries.c.account_id)


def _in_lane(lane: Lane) -> Statement:
    """What is queued on a route in one lane, behind a place in the order, the longest due first."""
    found = (
        select(deliveries.c.due_at, deliveries.c.id)
        .where(
            _QUEUED,
            deliveries.c.route == bindparam("route", type_=SmallInteger),
            deliveries.c.lane == literal_column(str(int(lane))),
            deliveries.c.due_at >= _at,
            or_(deliveries.c.due_at > _at, deliveries.c.id > _id),
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(_MOST)
        .subquery()
    )
    return select(found.c.due_at, found.c.id)


_next = union_all(*map(_in_lane, Lane)).subquery("next")
_first = select(_next.c.due_at, _next.c.id).order_by(_next.c.due_at, _next.c.id).limit(_MOST).subquery("first")
_QUEUED_ON: Statement = (
    select(_first.c.due_at, *_COLUMNS)
    .select_from(_first.join(deliveries, deliveries.c.id == _first.c.id))
    .outerjoin(accounts, accounts.c.id == deliveries.c.account_id)
    .order_by(_first.c.due_at, _first.c.id)
)
_HELD: Statement = (
    select(deliveries.c.lease_until, *_COLUMNS)
    .select_from(_NAMED)
    .where(
        _IN_HAND,
        deliveries.c.lease_until >= _at,
        or_(deliveries.c.lease_until > _at, deliveries.c.id > _id),
    )
    .order_by(deliveries.c.lease_until, deliveries.c.id)
    .limit(_MOST)
)
_LOST: Statement = (
    select(deliveries.c.settled_at, *_COLUMNS)
    .select_from(_NAMED)
    .where(
        _DEAD,
        deliveries.c.settled_at <= _at,
        or_(deliveries.c.settled_at < _at, deliveries.c.id < _id),
    )
    .order_by(deliveries.c.settled_at.desc(), deliveries.c.id.desc())
    .limit(_MOST)
)
_ROUTES: Statement = (
    select(
        routes.c.id,
        routes.c.channel,
        routes.c.sender,
        routes.c.active,
        routes.c.paused_until,
        routes.c.failing_since,
        routes.c.day,
        routes.c.used,
        sender_alerts.c.reason,
        sender_alerts.c.strikes,
        sender_alerts.c.stopped_at,
    )
    .select_from(routes.outerjoin(sender_alerts, sender_alerts.c.route == routes.c.id))
    .order_by(routes.c.id)
)


async def waiting(reading: Reading, *, now: datetime) -> list[Waiting]:
    """What is queued, by route."""
    edges = {f"age_{n}": now - age for n, age in enumerate(AGES)}
    found = []
    for route, count, later, *ages, oldest in await reading.execute(_WAITING, {"now": now, **edges}):
        found.append(Waiting(route, count, later, tuple(ages), oldest))
    return found


async def in_hand(reading: Reading) -> list[InHand]:
    """What is on its way, by route."""
    return [InHand(*row) for row in await reading.execute(_HAND)]


async def given_up(reading: Reading, *, since: datetime) -> int:
    """How many were given up since then and not taken up again."""
    return (await reading.execute(_GIVEN_UP, {"since": since})).scalar_one()


async def queued_on(reading: Reading, on: Sequence[int], *, after: tuple[datetime, int], most: int) -> list[Line]:
    """What is queued on these routes, the longest due first, behind a place (due, id) in that order."""
    at, last = after
    pages = []
    for route in on:
        rows = await reading.execute(_QUEUED_ON, {"route": route, "at": at, "id": last, "most": most})
        pages.append([Line(*row) for row in rows])
    return list(merge(*pages, key=lambda line: (line.at, line.id)))[:most]


async def held(reading: Reading, *, after: tuple[datetime, int], most: int) -> list[Line]:
    """What is claimed or of unknown outcome, whose lease ends first first, behind a place (lease, id) in that order."""
    at, last = after
    return [Line(*row) for row in await reading.execute(_HELD, {"at": at, "id": last, "most": most})]


async def lost(reading: Reading, *, before: tuple[datetime, int], most: int) -> list[Line]:
    """What was given up, the last first, behind a place (given up, id) in that order."""
    at, last = before
    return [Line(*row) for row in await reading.execute(_LOST, {"at": at, "id": last, "most": most})]


async def all_routes(reading: Reading) -> list[RouteSeen]:
    """Every way out, retired ones too."""
    return [RouteSeen(*row) for row in await reading.execute(_ROUTES)]
