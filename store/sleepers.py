"""People with quiet hours: who sleeps, who wakes, and what has waited for them meanwhile."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    update,
)

from gateway.domain.delivery import State
from gateway.domain.quiet import Window
from gateway.domain.reason import SUMMED_UP
from gateway.domain.types import Channel, Lane
from store.schema import Instant, accounts, addresses, deliveries, notices, to_micros
from store.sql import given, rows
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Sleeper:
    """Somebody with quiet hours or a window of quiet. ``phone`` is the number of the phone in use, ``phone_id`` ours
    for it, ``route`` the way there; ``gone`` when the account is deleted."""

    id: int
    quiet_hours: str | None
    time_zone: str | None
    phone_id: int | None
    route: int | None
    phone: str | None
    gone: bool


_NOW = bindparam("now", type_=Instant())
_SMS: ColumnElement[str] = literal_column(f"'{Channel.SMS}'")
_QUEUED: ColumnElement[str] = literal_column("'queued'")
_DEAD: ColumnElement[str] = literal_column("'dead'")

_ANY_DUE = select(accounts.c.id).where(accounts.c.wakes_at <= _NOW).limit(1)
_SLEEPER = (
    select(
        accounts.c.id,
        accounts.c.quiet_hours,
        accounts.c.time_zone,
        accounts.c.phone_id,
        accounts.c.sms_route,
        addresses.c.address,
        accounts.c.deleted_at.is_not(None),
    )
    .join(addresses, addresses.c.id == accounts.c.phone_id, isouter=True)
    .with_for_update(skip_locked=True, of=accounts)
)
_DUE = _SLEEPER.where(accounts.c.wakes_at <= _NOW).order_by(accounts.c.wakes_at).limit(bindparam("most"))
_BY_ID = (
    _SLEEPER.where(accounts.c.id == bindparam("account")).with_for_update(of=accounts)  # waits for whoever wakes them
)
_moved = given("moved", id=BigInteger, sleeps_at=BigInteger, wakes_at=BigInteger)
_MOVE = (
    update(accounts)
    .where(accounts.c.id == _moved.c.id)
    .values(sleeps_at=_moved.c.sleeps_at, wakes_at=_moved.c.wakes_at)
)
_SET_HOURS = update(accounts).where(accounts.c.id == bindparam("account")).values(quiet_hours=bindparam("new_hours"))

_RANK = case(
    (deliveries.c.lane <= literal_column(str(int(Lane.MENTION))), deliveries.c.lane),
    else_=literal_column(str(int(Lane.FIRST))),
)
_waiting = (
    select(
        deliveries.c.id,
        func.row_number()
        .over(
            partition_by=deliveries.c.account_id,
            order_by=[_RANK, func.coalesce(deliveries.c.post_id, literal_column(str(2**62))).desc(), deliveries.c.id],
        )
        .label("place"),
    )
    .join(notices, notices.c.id == deliveries.c.notice_id, isouter=True)
    .where(
        deliveries.c.account_id.in_(bindparam("account_ids", expanding=True)),
        deliveries.c.state == _QUEUED,
        deliveries.c.channel == _SMS,
        notices.c.answers.is_not(True),
    )
    .subquery("waiting")
)
_KEPT = _waiting.c.place <= bindparam("burst")
_RELEASE = (
    update(deliveries)
    .where(deliveries.c.id == _waiting.c.id, deliveries.c.state == _QUEUED)
    .values(
        state=case((_KEPT, _QUEUED), else_=_DEAD),
        due_at=_NOW,
        queued_at=case((_KEPT, _NOW), else_=deliveries.c.queued_at),
        settled_at=case((_KEPT, null()), else_=_NOW),
        reason=case((_KEPT, literal_column("''")), else_=literal_column(f"'{SUMMED_UP}'")),
    )
    .returning(deliveries.c.account_id, deliveries.c.state)
)


async def any_due(reading: Reading, *, now: datetime) -> bool:
    """Whether anybody's window has ended: a look that holds up nobody."""
    return (await reading.execute(_ANY_DUE, {"now": now})).first() is not None


async def due(unit: Unit, *, most: int, now: datetime) -> list[Sleeper]:
    """People whose window has ended, longest ago first; on PostgreSQL locked, so that daemons share the work."""
    return [Sleeper(*row) for row in await unit.execute(_DUE, {"most": most, "now": now})]


async def by_id(unit: Unit, account_id: int) -> Sleeper:
    """This person, whom nobody else wakes before the unit ends."""
    return Sleeper(*(await unit.execute(_BY_ID, {"account": account_id})).one())


async def move(unit: Unit, windows: Mapping[int, Window | None]) -> None:
    """The window of each of these accounts from now on; None for none. It ends their present sleep unless the new
    window holds ``now``."""
    values = [
        [account_id, None, None] if window is None else [account_id, to_micros(window.begins), to_micros(window.ends)]
        for account_id, window in sorted(windows.items())
    ]
    if values:
        await unit.execute(_MOVE, {"moved": rows(values)})


async def set_hours(unit: Unit, account_id: int, hours: str | None) -> None:
    """The daily quiet hours, as ``gateway.domain.quiet`` writes them; :func:`move` must follow."""
    await unit.execute(_SET_HOURS, {"account": account_id, "new_hours": hours})


async def release(unit: Unit, account_ids: Sequence[int], *, burst: int, now: datetime) -> Counter[int]:
    """Let go what waited for people who are awake now: for each at most ``burst`` texts, words of ours and direct
    messages before mentions before posts, the newest of each. The others are given up as summed up: how many, by
    account. What stays is as if it were queued now. Rings the bell."""
    if not account_ids:
        return Counter()
    values = {"account_ids": list(account_ids), "burst": burst, "now": now}
    released = (await unit.execute(_RELEASE, values)).all()
    if released:
        unit.ring()
    return Counter(account_id for account_id, state in released if state == State.DEAD and account_id is not None)
