"""The queue: how much waits where and for how long, what was given up, and the hand on it."""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from gateway.service import auditing, operating, overview
from gateway.service.numbers import dialled
from gateway.web import addresses as paths
from gateway.web.admin.door import Door, done
from gateway.web.admin.graph import bars
from gateway.web.desk import Desk, given
from gateway.web.visitors import way_back
from store import standing
from store.accounts import AccountRow
from store.schema import from_micros, to_micros
from store.standing import Line
from store.unit import Reading

PAGE = 50
"""Deliveries on a page."""

_PATH = "/admin/queue"
_FIRST = (datetime(1970, 1, 1, tzinfo=UTC), 0)
_LAST_MICROS = to_micros(datetime(9999, 1, 1, tzinfo=UTC))
_LAST = (from_micros(_LAST_MICROS), 10**18)


class QueueRoom:
    """The routes below ``/admin/queue``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, door: Door) -> None:
        """Add the routes."""
        door.get(_PATH, self.show)
        door.get(f"{_PATH}/{{state:waiting|going|lost}}", self.listing)
        door.post(f"{_PATH}/hold", self.hold)
        door.post(f"{_PATH}/release", self.release)
        door.post(f"{_PATH}/retry", self.retry)
        door.post(f"{_PATH}/drop", self.drop)

    async def show(self, request: web.Request, _me: AccountRow) -> web.Response:
        """How it stands."""
        desk, now = self._desk, self._desk.now()
        async with desk.store.reading() as reading:
            queue = await overview.look_at_queue(reading, now=now)
        by_age = zip(*((each.waiting.later, *each.waiting.ages) for each in queue.routes), strict=True)
        values: dict[str, Any] = {
            "queue": queue,
            "bars": bars,
            "by_route": [(dialled(each.route.sender), each.waiting.all) for each in queue.routes],
            "ages": [sum(age) for age in by_age],
            "late": {each.route.id: int(each.late(now).total_seconds()) for each in queue.routes},
            "said": request.query.get("done", ""),
        }
        return desk.look.page(request, "admin/queue.html", **values)

    async def listing(self, request: web.Request, _me: AccountRow) -> web.Response:
        """A stretch of what waits (on one route, or on all), of what is on its way, or of what was given up."""
        state = request.match_info["state"]
        route = paths.before(request.query.get("route"))
        place = _place(request.query.get("from", ""), _LAST if state == "lost" else _FIRST)
        async with self._desk.store.reading() as reading:
            routes = {each.id: each for each in await standing.all_routes(reading)}
            if route is not None and route not in routes:
                raise web.HTTPNotFound
            found = await _lines(reading, state, route, list(routes), place)
        last = found[PAGE - 1] if len(found) > PAGE else None
        only = "" if route is None else f"route={route}&"
        values: dict[str, Any] = {
            "state": state,
            "lines": found[:PAGE],
            "routes": routes,
            "route": routes.get(route) if route is not None else None,
            "more": "" if last is None else f"{_PATH}/{state}?{only}from={to_micros(last.at)}-{last.id}",
            "said": request.query.get("done", ""),
        }
        return self._desk.look.page(request, "admin/deliveries.html", **values)

    async def hold(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Let messages come in, and none go out."""
        async with self._desk.store.unit() as unit:
            await operating.hold(unit, auditing.on_the_site(me), now=self._desk.now())
        return done(_PATH, "held")

    async def release(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Let messages go out again, also from senders that are stopped."""
        async with self._desk.store.unit() as unit:
            await operating.release(unit, auditing.on_the_site(me), now=self._desk.now())
        (back,) = await given(request, "next")
        return done(way_back(back, _PATH), "released")

    async def retry(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Try again what was given up: one delivery, or the thousand that were given up longest ago."""
        which, back = await given(request, "which", "next")
        async with self._desk.store.unit() as unit:
            if which == "all":
                await operating.retry_some(unit, auditing.on_the_site(me), now=self._desk.now())
            else:
                await operating.retry(unit, auditing.on_the_site(me), _one(which), now=self._desk.now())
        return done(_without_done(way_back(back, f"{_PATH}/lost")), "retried")

    async def drop(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Never send a delivery that has not gone out yet."""
        which, back = await given(request, "which", "next")
        async with self._desk.store.unit() as unit:
            dropped = await operating.drop(unit, auditing.on_the_site(me), _one(which), now=self._desk.now())
        return done(_without_done(way_back(back, f"{_PATH}/waiting")), "dropped" if dropped else "gone")


async def _lines(
    reading: Reading, state: str, route: int | None, routes: list[int], place: tuple[datetime, int]
) -> list[Line]:
    match state:
        case "waiting":
            on = routes if route is None else [route]
            return await standing.queued_on(reading, on, after=place, most=PAGE + 1)
        case "going":
            return await standing.held(reading, after=place, most=PAGE + 1)
        case _:
            return await standing.lost(reading, before=place, most=PAGE + 1)


def _one(which: str) -> list[int]:
    one = paths.before(which)
    if one is None:
        raise web.HTTPBadRequest
    return [one]


def _place(typed: str, otherwise: tuple[datetime, int]) -> tuple[datetime, int]:
    """A place in the order of a list, as ``MICROSECONDS-ID`` in an address."""
    micros, _, last = typed.partition("-")
    at, number = paths.before(micros), paths.before(last)
    if at is None or number is None or at > _LAST_MICROS:
        return otherwise
    return from_micros(at), number


def _without_done(path: str) -> str:
    """An address of ours without what was said there before."""
    path, _, query = path.partition("?")
    kept = "&".join(each for each in query.split("&") if each and not each.startswith("done="))
    return f"{path}?{kept}" if kept else path
