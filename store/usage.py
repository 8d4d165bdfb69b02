"""What was spent on texts: segments by month for whoever has a budget, and by day, number and country for the bill."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import Insert

from gateway.domain.budget import NEAR, Account, Budget, Of
from store.schema import accounts, routes, sms_costs, sms_usage
from store.sql import given, rows
from store.timelines import Statement
from store.unit import Reading, Unit

_MONTH: ColumnElement[int] = bindparam("of_month", type_=Integer)

_open = Insert(sms_usage).values(month=_MONTH, kind=Of.SITE, of_id=0)
_OPEN = _open.on_conflict_do_update(
    index_elements=list(sms_usage.primary_key), set_={"segments": sms_usage.c.segments}
).returning(sms_usage.c.segments)
_keys = given("keys", kind=Text, of_id=BigInteger)
_USED = select(sms_usage.c.kind, sms_usage.c.of_id, sms_usage.c.segments).join(
    _keys,
    (sms_usage.c.month == _MONTH) & (sms_usage.c.kind == _keys.c.kind) & (sms_usage.c.of_id == _keys.c.of_id),
)
_spent = given("spent", kind=Text, of_id=BigInteger, segments=Integer)
_book = Insert(sms_usage).from_select(
    ["month", "kind", "of_id", "segments"],
    select(_MONTH, _spent.c.kind, _spent.c.of_id, _spent.c.segments).order_by(_spent.c.n),
)
_BOOK = _book.on_conflict_do_update(
    index_elements=list(sms_usage.primary_key), set_={"segments": sms_usage.c.segments + _book.excluded.segments}
)
_BOOK_OFF = (
    update(sms_usage)
    .where(
        sms_usage.c.month == _MONTH,
        sms_usage.c.kind == _spent.c.kind,
        sms_usage.c.of_id == _spent.c.of_id,
        sms_usage.c.segments >= _spent.c.segments,
    )
    .values(segments=sms_usage.c.segments - _spent.c.segments)
)
_tell = Insert(sms_usage).from_select(
    ["month", "kind", "of_id", "told"], select(_MONTH, _keys.c.kind, _keys.c.of_id, true()).order_by(_keys.c.n)
)
_TELL = _tell.on_conflict_do_update(
    index_elements=list(sms_usage.primary_key), set_={"told": true()}, where=~sms_usage.c.told
).returning(sms_usage.c.kind, sms_usage.c.of_id)


_TOLD = select(sms_usage.c.kind, sms_usage.c.of_id).join(
    _keys,
    (sms_usage.c.month == _MONTH)
    & (sms_usage.c.kind == _keys.c.kind)
    & (sms_usage.c.of_id == _keys.c.of_id)
    & sms_usage.c.told,
)
_LAST_WORDS = "lastwords"
"""A kind beside those of ``gateway.domain.budget.Of``: not segments that a budget was charged with, but texts."""
_LAST_WORDS_SO_FAR = select(sms_usage.c.segments).where(
    sms_usage.c.month == _MONTH, sms_usage.c.kind == _LAST_WORDS, sms_usage.c.of_id == 0
)


def _share(percent: int) -> ColumnElement[bool]:
    """SQL: this row has used so much of its budget, which is set."""
    return or_(
        *(
            (sms_usage.c.kind == whose)
            & (bindparam(f"of_{whose}", type_=Integer) > 0)
            & (sms_usage.c.segments * 100 >= bindparam(f"of_{whose}", type_=Integer) * percent)
            for whose in Of
        )
    )


_WARN = (
    update(sms_usage)
    .where(sms_usage.c.month == _MONTH, ~sms_usage.c.warned, _share(NEAR))
    .values(warned=True)
    .returning(sms_usage.c.kind, sms_usage.c.of_id, sms_usage.c.segments)
)
_STANDING = (
    select(sms_usage.c.kind, func.count(), func.sum(case((_share(100), 1), else_=0)), func.max(sms_usage.c.segments))
    .where(sms_usage.c.month == _MONTH, or_(_share(NEAR), sms_usage.c.kind == Of.SITE))
    .group_by(sms_usage.c.kind)
)
_MOST_USED: Statement = (
    select(sms_usage.c.of_id, func.coalesce(accounts.c.name, ""), sms_usage.c.segments)
    .select_from(sms_usage.outerjoin(accounts, accounts.c.id == sms_usage.c.of_id))
    .where(sms_usage.c.month == _MONTH, sms_usage.c.kind == bindparam("whose"))
    .order_by(sms_usage.c.segments.desc(), sms_usage.c.of_id)
    .limit(bindparam("most"))
)
_PRUNE = delete(sms_usage).where(sms_usage.c.month < _MONTH)

_billed = given("billed", day=Text, route=Integer, country=Text, texts=Integer, segments=Integer)
_bill = Insert(sms_costs).from_select(
    ["day", "route", "country", "texts", "segments"],
    select(_billed.c.day, _billed.c.route, _billed.c.country, _billed.c.texts, _billed.c.segments).order_by(
        _billed.c.n
    ),
)
_BILL = _bill.on_conflict_do_update(
    index_elements=list(sms_costs.primary_key),
    set_={
        "texts": sms_costs.c.texts + _bill.excluded.texts,
        "segments": sms_costs.c.segments + _bill.excluded.segments,
    },
)
_BILLED = (
    select(sms_costs.c.day, routes.c.sender, sms_costs.c.country, sms_costs.c.texts, sms_costs.c.segments)
    .join(routes, routes.c.id == sms_costs.c.route)
    .where(sms_costs.c.day >= bindparam("first"), sms_costs.c.day < bindparam("end"))
    .order_by(sms_costs.c.day, routes.c.sender, sms_costs.c.country)
)


@dataclass(frozen=True, slots=True)
class Near:
    """Budgets of a kind that are used to NEAR percent or more, and those used up; the most that one has used."""

    whose: str
    near: int
    used_up: int
    most: int


@dataclass(frozen=True, slots=True)
class Spender:
    """What one budget was charged with: whose it is (0 and no name for the site), and segments."""

    account_id: int
    name: str
    segments: int


@dataclass(frozen=True, slots=True)
class Billed:
    """What one of our numbers sent to a country on a day (``2026-11-25`` in the site's time zone)."""

    day: str
    sender: str
    country: str
    texts: int
    segments: int


async def open_month(unit: Unit, month: int) -> int:
    """What the site has used of the month. On PostgreSQL nobody else opens it until this unit ends, so that no budget
    is spent twice."""
    return (await unit.execute(_OPEN, {"of_month": month})).scalar_one()


async def used(reading: Reading, month: int, keys: Iterable[Account]) -> dict[Account, int]:
    """What each of these has used of the month; nothing for those that have used nothing."""
    wanted = sorted(keys)
    if not wanted:
        return {}
    found = await reading.execute(_USED, {"of_month": month, "keys": rows(wanted)})
    return {(Of(kind), of_id): segments for kind, of_id, segments in found}


async def book(unit: Unit, month: int, segments: Mapping[Account, int]) -> None:
    """Count so many segments more for each of these."""
    if segments:
        spent = rows([kind, of_id, more] for (kind, of_id), more in sorted(segments.items()))
        await unit.execute(_BOOK, {"of_month": month, "spent": spent})


async def book_off(unit: Unit, month: int, segments: Mapping[Account, int]) -> None:
    """Count so many segments less for each of these, as far as they were counted in this month."""
    if segments:
        spent = rows([kind, of_id, less] for (kind, of_id), less in sorted(segments.items()))
        await unit.execute(_BOOK_OFF, {"of_month": month, "spent": spent})


async def newly_told(unit: Unit, month: int, keys: Iterable[Account]) -> list[Account]:
    """Those of these who have not been told this month; from now on they have."""
    wanted = sorted(keys)
    if not wanted:
        return []
    told = await unit.execute(_TELL, {"of_month": month, "keys": rows(wanted)})
    return [(Of(kind), of_id) for kind, of_id in told]


async def told(reading: Reading, month: int, keys: Iterable[Account]) -> set[Account]:
    """Those of these who have been told this month."""
    found = await reading.execute(_TOLD, {"of_month": month, "keys": rows(sorted(keys))})
    return {(Of(kind), of_id) for kind, of_id in found}


async def last_words(reading: Reading, month: int) -> int:
    """How many texts said this month that the site's budget is used up."""
    return (await reading.execute(_LAST_WORDS_SO_FAR, {"of_month": month})).scalar_one_or_none() or 0


async def add_last_words(unit: Unit, month: int, more: int) -> None:
    """Count so many more."""
    if more:
        await unit.execute(_BOOK, {"of_month": month, "spent": rows([[_LAST_WORDS, 0, more]])})


async def warn(unit: Unit, month: int, budget: Budget) -> list[tuple[Account, int]]:
    """Whose budgets have come near their end since this was asked last, by whichever daemon; what they have used."""
    found = await unit.execute(_WARN, {"of_month": month, **_limits(budget)})
    return [((Of(kind), of_id), segments) for kind, of_id, segments in found]


async def standing(reading: Reading, month: int, budget: Budget) -> list[Near]:
    """How the month's budgets stand, by kind."""
    return [Near(*row) for row in await reading.execute(_STANDING, {"of_month": month, **_limits(budget)})]


async def most_used(reading: Reading, month: int, whose: Of, *, most: int) -> list[Spender]:
    """The budgets of a kind that were charged most in a month."""
    values = {"of_month": month, "whose": whose, "most": most}
    return [Spender(*row) for row in await reading.execute(_MOST_USED, values)]


async def prune(unit: Unit, before: int) -> None:
    """Forget who used how much in the months before this one."""
    await unit.execute(_PRUNE, {"of_month": before})


async def bill(unit: Unit, sent: Mapping[tuple[str, int, str], Sequence[int]]) -> None:
    """Enter what was sent: for each (day, route, country) the segments of each text."""
    if sent:
        entries = [[*key, len(segments), sum(segments)] for key, segments in sorted(sent.items())]
        await unit.execute(_BILL, {"billed": rows(entries)})


async def billed(reading: Reading, first: str, end: str) -> list[Billed]:
    """What was sent from the day ``first`` on and before the day ``end``."""
    return [Billed(*row) for row in await reading.execute(_BILLED, {"first": first, "end": end})]


def _limits(budget: Budget) -> dict[str, Any]:
    return {f"of_{whose}": budget.of(whose) for whose in Of}
