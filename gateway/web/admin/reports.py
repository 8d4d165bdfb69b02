"""Reports: what people told those who look after the site about others."""

from aiohttp import web

from gateway.service import auditing, operating
from gateway.web import addresses as paths
from gateway.web.admin.door import Door, done
from gateway.web.desk import Desk, given
from store import reports
from store.accounts import AccountRow
from store.timelines import NEWEST

PAGE = 30
"""Reports on a page."""

_PATH = "/admin/reports"


class ReportsRoom:
    """The routes below ``/admin/reports``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, door: Door) -> None:
        """Add the routes."""
        door.get(_PATH, self.show)
        door.get(f"{_PATH}/all", self.show_all)
        door.post(f"{_PATH}/close", self.close)
        door.post(f"{_PATH}/open", self.reopen)

    async def show(self, request: web.Request, _me: AccountRow) -> web.Response:
        """What waits, the oldest first."""
        after = paths.before(request.query.get("after")) or 0
        async with self._desk.store.reading() as reading:
            found = await reports.open_after(reading, after, most=PAGE + 1)
        more = f"{_PATH}?after={found[PAGE - 1].id}" if len(found) > PAGE else ""
        return self._page(request, found, more, every=False)

    async def show_all(self, request: web.Request, _me: AccountRow) -> web.Response:
        """Open and closed, the newest first."""
        before = paths.before(request.query.get("before")) or NEWEST
        async with self._desk.store.reading() as reading:
            found = await reports.newest_before(reading, before, most=PAGE + 1)
        more = f"{_PATH}/all?before={found[PAGE - 1].id}" if len(found) > PAGE else ""
        return self._page(request, found, more, every=True)

    async def close(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """It was looked at; who reported it is told."""
        which = await _which(request)
        async with self._desk.store.unit() as unit:
            await operating.close_report(unit, auditing.on_the_site(me), which, now=self._desk.now())
        return done(_PATH, "closed")

    async def reopen(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """It was closed too early."""
        which = await _which(request)
        async with self._desk.store.unit() as unit:
            await operating.reopen_report(unit, auditing.on_the_site(me), which, now=self._desk.now())
        return done(_PATH, "opened")

    def _page(self, request: web.Request, found: list[reports.ReportRow], more: str, *, every: bool) -> web.Response:
        said = request.query.get("done", "")
        return self._desk.look.page(
            request, "admin/reports.html", reports=found[:PAGE], more=more, every=every, said=said
        )


async def _which(request: web.Request) -> int:
    (typed,) = await given(request, "which")
    which = paths.before(typed)
    if which is None:
        raise web.HTTPBadRequest
    return which
