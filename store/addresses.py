"""Phones and mail addresses: whose they are, and whether they may be written to.

An address outlives its account's hold on it, so an opt-out stays with the number whoever holds it next. Which phone
and which mailbox an account uses stands on the account, and :func:`refresh` alone writes it there: the newest proven
one that is neither opted out nor dead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from gateway.domain.types import Channel
from store.routes import MAIL_ROUTE, way_out
from store.schema import Instant, accounts, addresses
from store.sql import given, rows
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One row of ``addresses``; its columns are told there."""

    id: int
    channel: str
    address: str
    account_id: int | None
    route: int | None
    proven_at: datetime | None
    opted_out_at: datetime | None
    dead_at: datetime | None
    dead_reason: str
    bounces: int
    bounced_at: datetime | None
    last_post_id: int | None
    created_at: datetime
    soft_days: int
    soft_at: datetime | None
    complained_at: datetime | None

    @property
    def owner_id(self) -> int | None:
        """Whose it is for certain: an account that only claims it does not count."""
        return None if self.proven_at is None else self.account_id


@dataclass(frozen=True, slots=True)
class Way:
    """Where words of ours to a person go: the phone in use, else the mailbox in use, and the route there."""

    account_id: int
    address_id: int
    channel: Channel
    route: int


def _set(**values: Any) -> Any:
    return update(addresses).where(addresses.c.id == bindparam("address_id")).values(**values)


_BY_ID = select(addresses).where(addresses.c.id == bindparam("id"))
_FIND = select(addresses).where(
    addresses.c.channel == bindparam("channel"), addresses.c.address == bindparam("address")
)
_OF_ACCOUNT = (
    select(addresses)
    .where(addresses.c.account_id == bindparam("account"))
    .order_by(addresses.c.proven_at.desc(), addresses.c.id.desc())
)
_ASKED = given("asked", account_id=BigInteger)
_ROUTE = case((addresses.c.channel == Channel.EMAIL, MAIL_ROUTE), else_=way_out(addresses.c.route))
_WAYS = (
    select(accounts.c.id, addresses.c.id, addresses.c.channel, _ROUTE)
    .select_from(
        _ASKED.join(accounts, accounts.c.id == _ASKED.c.account_id).join(
            addresses,
            addresses.c.id == case((accounts.c.sms_route.is_not(None), accounts.c.phone_id), else_=accounts.c.mail_id),
        )
    )
    .order_by(_ASKED.c.n)
)
_ADD = insert(addresses).on_conflict_do_nothing(index_elements=["channel", "address"])
_SET_ROUTE = _set(route=bindparam("new_route"))
_ATTACH = _set(account_id=bindparam("new_account"), proven_at=bindparam("new_proven_at"))
_DETACH = _set(account_id=None, proven_at=None)
_DETACH_ALL = (
    update(addresses).where(addresses.c.account_id == bindparam("account")).values(account_id=None, proven_at=None)
)
_MOVE = (
    update(addresses).where(addresses.c.account_id == bindparam("account")).values(account_id=bindparam("new_account"))
)
_OPT_OUT = _set(opted_out_at=bindparam("now"))
_ALIVE = {"dead_at": None, "dead_reason": "", "bounces": 0, "soft_days": 0, "complained_at": None}
_OPT_IN = _set(opted_out_at=None, **_ALIVE)
_REVIVE = _set(**_ALIVE)
_MARK_DEAD = _set(dead_at=bindparam("now"), dead_reason=bindparam("reason"))
_COMPLAINED = _set(dead_at=bindparam("now"), dead_reason=bindparam("reason"), complained_at=bindparam("now"))
_ARRIVED = _set(bounces=0, soft_days=0)
_BOUNCE = _set(
    bounces=case((addresses.c.bounced_at >= bindparam("since", type_=Instant()), addresses.c.bounces + 1), else_=1),
    bounced_at=bindparam("now"),
).returning(addresses.c.bounces)
_another_day = or_(addresses.c.soft_at.is_(None), addresses.c.soft_at <= bindparam("a_day_ago", type_=Instant()))
_SOFT = _set(
    soft_days=case(
        (addresses.c.soft_days == 0, 1),
        (addresses.c.soft_at < bindparam("since", type_=Instant()), 1),
        (_another_day, addresses.c.soft_days + 1),
        else_=addresses.c.soft_days,
    ),
    soft_at=case(
        (or_(addresses.c.soft_days == 0, _another_day), bindparam("now", type_=Instant())), else_=addresses.c.soft_at
    ),
).returning(addresses.c.soft_days)
_STOPPED = (
    select(addresses)
    .where(
        addresses.c.dead_at.is_not(None),
        addresses.c.account_id.is_not(None),
        addresses.c.id > bindparam("after"),
    )
    .order_by(addresses.c.id)
    .limit(bindparam("most"))
)


def _in_use(channel: str, column: Any) -> Any:
    return (
        select(column)
        .where(
            addresses.c.account_id == accounts.c.id,
            addresses.c.channel == channel,
            addresses.c.proven_at.is_not(None),
            addresses.c.opted_out_at.is_(None),
            addresses.c.dead_at.is_(None),
        )
        .order_by(addresses.c.proven_at.desc(), addresses.c.id.desc())
        .limit(1)
        .correlate(accounts)
        .scalar_subquery()
    )


_LOCK = select(accounts.c.id).where(accounts.c.id == bindparam("account")).with_for_update(key_share=True)
"""In a statement of its own: the one after it sees what whoever held the row has committed."""

_REFRESH = (
    update(accounts)
    .where(accounts.c.id == bindparam("account"))
    .values(
        phone_id=_in_use("sms", addresses.c.id),
        mail_id=_in_use("email", addresses.c.id),
        sms_route=case((accounts.c.texts_on, _in_use("sms", way_out(addresses.c.route))), else_=None),
    )
)


def folded(channel: str, address: str) -> str:
    """An address as addresses are kept and compared: mail in lower case."""
    return address.lower() if channel == "email" else address


async def by_id(reading: Reading, address_id: int) -> AddressRow | None:
    """The address with this id."""
    row = (await reading.execute(_BY_ID, {"id": address_id})).one_or_none()
    return None if row is None else AddressRow(**row._mapping)


async def find(reading: Reading, channel: str, address: str) -> AddressRow | None:
    """An E.164 phone or a mail address (which is compared in lower case); None if we never heard of it."""
    values = {"channel": channel, "address": folded(channel, address)}
    row = (await reading.execute(_FIND, values)).one_or_none()
    return None if row is None else AddressRow(**row._mapping)


async def find_or_add(unit: Unit, channel: str, address: str, *, now: datetime, route: int | None = None) -> AddressRow:
    """The row of a phone or mail address, made now if it was unknown.

    ``route`` is our number that the phone just texted to: its thread stays there from now on.
    """
    found = await find(unit, channel, address)
    if found is None:
        await unit.execute(
            _ADD,
            {"channel": channel, "address": folded(channel, address), "route": route, "created_at": now},
        )
    elif route is not None and found.route != route:
        await unit.execute(_SET_ROUTE, {"address_id": found.id, "new_route": route})
        if found.account_id is not None:
            await refresh(unit, found.account_id)
    else:
        return found
    made = await find(unit, channel, address)
    assert made is not None
    return made


async def of_account(reading: Reading, account_id: int) -> list[AddressRow]:
    """An account's phones and mail addresses, the one proven last first."""
    return [AddressRow(**row._mapping) for row in await reading.execute(_OF_ACCOUNT, {"account": account_id})]


async def ways(reading: Reading, account_ids: Sequence[int]) -> list[Way]:
    """The ways to these people, in their order; none to those who have neither phone nor mailbox."""
    found = await reading.execute(_WAYS, {"asked": rows([each] for each in account_ids)})
    return [
        Way(account_id, address_id, Channel(channel), route)
        for account_id, address_id, channel, route in found
        if route is not None
    ]


async def attach(unit: Unit, address_id: int, account_id: int, *, proven_at: datetime | None) -> None:
    """Give the address to the account, taking it from whoever held it. ``proven_at`` None: claimed, not proven."""
    before = await by_id(unit, address_id)
    assert before is not None, address_id
    values = {"address_id": address_id, "new_account": account_id, "new_proven_at": proven_at}
    await unit.execute(_ATTACH, values)
    if before.account_id is not None and before.account_id != account_id:
        await refresh(unit, before.account_id)
    await refresh(unit, account_id)


async def detach(unit: Unit, address_id: int) -> None:
    """Take the address from its account; what it opted out of stays."""
    before = await by_id(unit, address_id)
    await unit.execute(_DETACH, {"address_id": address_id})
    if before is not None and before.account_id is not None:
        await refresh(unit, before.account_id)


async def detach_all(unit: Unit, account_id: int) -> None:
    """Take every address from the account."""
    await unit.execute(_DETACH_ALL, {"account": account_id})
    await refresh(unit, account_id)


async def move_all(unit: Unit, from_account: int, to_account: int) -> None:
    """Give every address of one account to another."""
    await unit.execute(_MOVE, {"account": from_account, "new_account": to_account})
    await refresh(unit, from_account)
    await refresh(unit, to_account)


async def opt_out(unit: Unit, address_id: int, *, now: datetime) -> None:
    """Nothing may be sent to this address from now on."""
    await _change(unit, _OPT_OUT, {"address_id": address_id, "now": now})


async def opt_in(unit: Unit, address_id: int) -> None:
    """It may be written to again: it said so itself, so it is not dead either."""
    await _change(unit, _OPT_IN, {"address_id": address_id})


async def revive(unit: Unit, address_id: int) -> None:
    """It wrote to us, so it is not dead; what it opted out of stays."""
    await _change(unit, _REVIVE, {"address_id": address_id})


async def mark_dead(unit: Unit, address_id: int, reason: str, *, now: datetime) -> None:
    """Whoever runs it says that it does not exist, or has refused for so long that it is used no more."""
    await _change(unit, _MARK_DEAD, {"address_id": address_id, "now": now, "reason": reason})


async def mark_complained(unit: Unit, address_id: int, reason: str, *, now: datetime) -> None:
    """The owner of a mailbox has reported our mail as spam: it is used no more, until they say so."""
    await _change(unit, _COMPLAINED, {"address_id": address_id, "now": now, "reason": reason})


async def mark_arrived(unit: Unit, address_id: int) -> None:
    """A mail is known to have arrived: what came back before counts no more."""
    await unit.execute(_ARRIVED, {"address_id": address_id})


async def count_bounce(unit: Unit, address_id: int, *, since: datetime, now: datetime) -> int:
    """One more hard bounce; how many there were without a pause. The count begins anew when the last one was before
    ``since``: that a relay took a mail in between says nothing about the mailbox."""
    values = {"address_id": address_id, "since": since, "now": now}
    count: int = (await unit.execute(_BOUNCE, values)).scalar_one()
    return count


async def count_soft_bounce(unit: Unit, address_id: int, *, since: datetime, now: datetime) -> int:
    """A mail came back for what may pass; on how many days that has happened, each at least a day after the one before
    and none before ``since``."""
    values = {"address_id": address_id, "since": since, "a_day_ago": now - timedelta(days=1), "now": now}
    days: int = (await unit.execute(_SOFT, values)).scalar_one()
    return days


async def stopped(reading: Reading, *, after: int = 0, most: int = 1_000) -> list[AddressRow]:
    """People's phones and mailboxes that are no longer used, by id from the one after ``after``."""
    return [AddressRow(**row._mapping) for row in await reading.execute(_STOPPED, {"after": after, "most": most})]


async def refresh(unit: Unit, account_id: int) -> None:
    """Write on the account which phone and mailbox it uses now, and the route of the phone (none while texts are
    off). A phone that never texted us, or a number that is no longer ours, goes out on the first sender number."""
    await unit.execute(_LOCK, {"account": account_id})
    await unit.execute(_REFRESH, {"account": account_id})


async def _change(unit: Unit, statement: Any, values: dict[str, Any]) -> None:
    await unit.execute(statement, values)
    changed = await by_id(unit, values["address_id"])
    if changed is not None and changed.account_id is not None:
        await refresh(unit, changed.account_id)
