"""The ways out and their pace: each SMS sender number is a route, all mail is another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SmallInteger,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)

from gateway.domain.failover import FORGOTTEN_AFTER, LONG_PAUSE
from gateway.domain.pace import Standing
from gateway.domain.types import Channel
from store.schema import Instant, accounts, addresses, deliveries, routes
from store.sql import given, insert_new, rows
from store.unit import Reading, Unit

MAIL_ROUTE = 0
"""The id of the route that all mail takes."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way out. ``sender`` is the number texts come from; empty for mail."""

    id: int
    channel: Channel
    sender: str


OUR_NUMBERS = (routes.c.channel == Channel.SMS, routes.c.active)
"""SQL: the routes that are a number of ours, and still one."""

_FIRST = select(func.min(routes.c.id)).where(*OUR_NUMBERS).scalar_subquery()


def way_out(preferred: Any) -> ColumnElement[int | None]:
    """SQL: this SMS route where it is still one of ours, else the first one of ours, else NULL."""
    still_ours = select(routes.c.id).where(routes.c.id == preferred, *OUR_NUMBERS).scalar_subquery()
    return func.coalesce(still_ours, _FIRST)


_WAY_OUT = select(way_out(bindparam("preferred", type_=routes.c.id.type)))
_ALL = select(routes.c.id, routes.c.channel, routes.c.sender).order_by(routes.c.id)
_HIGHEST = select(func.coalesce(func.max(routes.c.id), 0))
_ADD = insert_new(routes)
_LOCK = select(routes.c.id).where(routes.c.id == MAIL_ROUTE).with_for_update()
_NOW = bindparam("now", type_=Instant())
_STANDING = (
    select(routes.c.tat, routes.c.paused_until, routes.c.day, routes.c.used, routes.c.minute_tat)
    .where(routes.c.id == bindparam("route"))
    .with_for_update()
)
_ADVANCE = (
    update(routes)
    .where(routes.c.id == bindparam("route"))
    .values(
        tat=bindparam("to", type_=Instant()),
        minute_tat=bindparam("minute_to", type_=Instant()),
        day=bindparam("on_day"),
        used=bindparam("now_used"),
    )
)
_PAUSE = (
    update(routes)
    .where(routes.c.id == bindparam("route"), routes.c.paused_until < bindparam("until", type_=Instant()))
    .values(paused_until=bindparam("until", type_=Instant()), failing_since=None)
)
_GOES_ON = routes.c.paused_until >= bindparam("forgotten", type_=Instant())
_FAIL = (
    update(routes)
    .where(routes.c.id == bindparam("route"), routes.c.paused_until < bindparam("until", type_=Instant()))
    .values(
        paused_until=bindparam("until", type_=Instant()),
        failing_since=case((_GOES_ON, func.coalesce(routes.c.failing_since, _NOW)), else_=_NOW),
    )
)
_SET_ACTIVE = update(routes).values(
    active=or_(routes.c.id == MAIL_ROUTE, routes.c.id.in_(bindparam("ids", expanding=True)))
)
_LAST_TEXTED = (
    select(addresses.c.route).where(addresses.c.id == accounts.c.phone_id).correlate(accounts).scalar_subquery()
)
_REROUTE_ACCOUNTS = (
    update(accounts)
    .where(
        accounts.c.phone_id.is_not(None),
        accounts.c.texts_on,
        or_(accounts.c.sms_route.is_(None), accounts.c.sms_route.not_in(bindparam("ids", expanding=True))),
    )
    .values(sms_route=way_out(_LAST_TEXTED))
)
_NO_TEXTS = update(accounts).where(accounts.c.sms_route.is_not(None)).values(sms_route=None)
_REROUTE = (
    update(deliveries)
    .where(
        deliveries.c.channel == Channel.SMS,
        deliveries.c.state == "queued",
        deliveries.c.route.not_in(bindparam("ids", expanding=True)),
    )
    .values(route=bindparam("to"))
)
_RETIRED = select(routes.c.id).where(routes.c.channel == Channel.SMS, routes.c.active.is_(False))
_LEAVE_RETIRED = (
    update(deliveries)
    .where(
        deliveries.c.state == literal_column("'queued'"),
        deliveries.c.route.in_(_RETIRED),
        _FIRST.is_not(None),
    )
    .values(route=_FIRST)
)
_FORGET = (
    update(addresses)
    .where(addresses.c.channel == Channel.SMS, addresses.c.route.not_in(bindparam("ids", expanding=True)))
    .values(route=None)
)


_WITHOUT_ONE = (
    select(addresses.c.id, addresses.c.address)
    .where(addresses.c.channel == Channel.SMS, addresses.c.route.is_(None), addresses.c.id > bindparam("after"))
    .order_by(addresses.c.id)
    .limit(bindparam("most"))
)
_GIVEN = given("given", address_id=BigInteger, route=SmallInteger)
_GIVE = update(addresses).where(addresses.c.id == _GIVEN.c.address_id).values(route=_GIVEN.c.route)
_GIVE_ACCOUNTS = (
    update(accounts)
    .where(accounts.c.phone_id == _GIVEN.c.address_id, accounts.c.texts_on)
    .values(sms_route=_GIVEN.c.route)
)


async def ensure(unit: Unit, senders: list[str]) -> list[Route]:
    """Make sure that mail and each of the sender numbers has a route; returns those in use, mail first, then the
    senders in the given order. What goes by a number that is no longer ours, or had none, goes by the first one; while
    there are none at all, nobody has texts. On PostgreSQL daemons that start together take turns."""
    await unit.execute(_ADD, {"id": MAIL_ROUTE, "channel": Channel.EMAIL, "sender": ""})
    await unit.execute(_LOCK)
    known = {row.sender: row.id for row in await unit.execute(_ALL)}
    for sender in senders:
        if sender not in known:
            highest: int = (await unit.execute(_HIGHEST)).scalar_one()
            await unit.execute(_ADD, {"id": highest + 1, "channel": Channel.SMS, "sender": sender})
            known = {row.sender: row.id for row in await unit.execute(_ALL)}
    ids = [known[sender] for sender in senders]
    await unit.execute(_SET_ACTIVE, {"ids": ids})
    if ids:
        await unit.execute(_REROUTE, {"ids": ids, "to": ids[0]})
        await unit.execute(_FORGET, {"ids": ids})
        await unit.execute(_REROUTE_ACCOUNTS, {"ids": ids})
    else:
        await unit.execute(_NO_TEXTS)
    return [Route(MAIL_ROUTE, Channel.EMAIL, ""), *(Route(known[s], Channel.SMS, s) for s in senders)]


async def leave_retired(unit: Unit) -> int:
    """Let what waits for a number that is no longer ours go by the first one that is; how many. It had been taken by
    the provider when the number went, and came back into the queue afterwards."""
    return (await unit.execute(_LEAVE_RETIRED)).rowcount


async def by_sender(reading: Reading) -> dict[str, int]:
    """The route of each of our numbers, retired ones included; that of mail is none."""
    return {row.sender: row.id for row in await reading.execute(_ALL) if row.id != MAIL_ROUTE}


async def for_phone(reading: Reading, last_texted: int | None) -> int | None:
    """The route to a phone: the number of ours that it texted last while that is ours, else the first one; None where
    there is no SMS."""
    return (await reading.execute(_WAY_OUT, {"preferred": last_texted})).scalar_one()


async def without_one(reading: Reading, *, after: int, most: int) -> list[tuple[int, str]]:
    """Phones that have no number of ours: the next ``most`` behind the id ``after``, as (id, phone)."""
    return [(row.id, row.address) for row in await reading.execute(_WITHOUT_ONE, {"after": after, "most": most})]


async def give(unit: Unit, pairs: Sequence[tuple[int, int]]) -> None:
    """Let these phones, as (id, route), be texted from these routes from now on."""
    values = {"given": rows(pairs)}
    await unit.execute(_GIVE, values)
    await unit.execute(_GIVE_ACCOUNTS, values)


async def standing(unit: Unit, route: int) -> Standing:
    """Where the route's pace stands; on PostgreSQL its row stays locked until this unit ends, so that several
    daemons take turns."""
    return Standing(*(await unit.execute(_STANDING, {"route": route})).one())


async def advance(unit: Unit, route: int, to: Standing) -> None:
    """Book what a claim used of the pace."""
    values = {"route": route, "to": to.tat, "minute_to": to.minute_tat, "on_day": to.day, "now_used": to.used}
    await unit.execute(_ADVANCE, values)


async def pause(unit: Unit, route: int, until: datetime, *, now: datetime) -> None:
    """Nobody sends on this route before ``until``; an earlier end of a longer pause is not moved. A long pause says
    that the route fails, since the first of those that followed one another; a short one that it does not."""
    if until - now < LONG_PAUSE:
        await unit.execute(_PAUSE, {"route": route, "until": until})
    else:
        values = {"route": route, "until": until, "now": now, "forgotten": now - FORGOTTEN_AFTER}
        await unit.execute(_FAIL, values)
