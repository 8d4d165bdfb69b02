"""Our numbers and their pace; what texts cost, and the budgets."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from gateway.domain.budget import Of, month_of
from gateway.service import budgets
from gateway.web.admin.door import Door
from gateway.web.admin.graph import bars
from gateway.web.desk import Desk
from store import standing, usage
from store.accounts import AccountRow
from store.usage import Billed

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Sum:
    """What went out, and what it cost, of a day, a number or a country."""

    what: str
    texts: int
    segments: int
    money: Decimal


class MoneyRoom:
    """``/admin/senders`` and ``/admin/cost``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, door: Door) -> None:
        """Add the routes."""
        door.get("/admin/senders", self.senders)
        door.get("/admin/cost", self.cost)

    async def senders(self, request: web.Request, _me: AccountRow) -> web.Response:
        """Every way out: its pace, what it used today, and what is held against it."""
        desk, now = self._desk, self._desk.now()
        async with desk.store.reading() as reading:
            routes = await standing.all_routes(reading)
        values: dict[str, Any] = {
            "routes": routes,
            "numbers": {each.number: each for each in desk.site.numbers},
            "today": now.toordinal(),
            "now": now,
            "said": request.query.get("done", ""),
        }
        return desk.look.page(request, "admin/senders.html", **values)

    async def cost(self, request: web.Request, _me: AccountRow) -> web.Response:
        """What a month's texts cost, and how its budgets stand."""
        desk, site, now = self._desk, self._desk.site, self._desk.now()
        this_month = month_of(now, ZoneInfo(site.time_zone))
        typed = request.query.get("month", "")
        match = _MONTH.fullmatch(typed)
        if typed and match is None:
            raise web.HTTPNotFound
        month = this_month if match is None else int(match[1]) * 100 + int(match[2])
        async with desk.store.reading() as reading:
            bill = await budgets.bill_of(reading, month)
            near = await usage.standing(reading, month, site.budget) if site.budget else []
            most = {whose: await usage.most_used(reading, month, whose, most=_SHOWN) for whose in Of}
        prices = {each.number: each.price for each in site.numbers}
        by_day = _sums(bill, prices, lambda line: line.day)
        values: dict[str, Any] = {
            "month": f"{month // 100:04}-{month % 100:02}",
            "months": _months(this_month),
            "by_day": by_day,
            "by_sender": _sums(bill, prices, lambda line: line.sender),
            "by_country": _sums(bill, prices, lambda line: line.country),
            "total": _total(by_day),
            "priced": any(prices.values()),
            "graph": bars([(each.what, each.segments) for each in by_day]),
            "budget": site.budget,
            "whose": list(Of),
            "near": {each.whose: each for each in near},
            "most": most,
        }
        return desk.look.page(request, "admin/cost.html", **values)


def _sums(bill: list[Billed], prices: dict[str, Decimal], what: Callable[[Billed], str]) -> list[Sum]:
    texts: dict[str, int] = defaultdict(int)
    segments: dict[str, int] = defaultdict(int)
    money: dict[str, Decimal] = defaultdict(Decimal)
    for line in bill:
        key = what(line)
        texts[key] += line.texts
        segments[key] += line.segments
        money[key] += budgets.estimate(line, prices)
    return [Sum(key, texts[key], segments[key], money[key]) for key in sorted(texts)]


def _total(sums: list[Sum]) -> Sum:
    return Sum(
        "",
        sum(each.texts for each in sums),
        sum(each.segments for each in sums),
        sum((each.money for each in sums), Decimal(0)),
    )


def _months(this: int) -> list[str]:
    """This month and the eleven before it, as ``2026-11``."""
    found = []
    year, month = divmod(this, 100)
    for _ in range(12):
        found.append(f"{year:04}-{month:02}")
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found
