"""The audit log, a page at a time."""

from aiohttp import web

from gateway.web import addresses as paths
from gateway.web.admin.door import Door
from gateway.web.desk import Desk
from store import accounts, audit
from store.accounts import AccountRow
from store.timelines import NEWEST

PAGE = 100
"""Entries on a page."""


class LogRoom:
    """``/admin/audit``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, door: Door) -> None:
        """Add the route."""
        door.get("/admin/audit", self.show)

    async def show(self, request: web.Request, _me: AccountRow) -> web.Response:
        """What was done, the newest first; about one member alone if one is named."""
        before = paths.before(request.query.get("before")) or NEWEST
        about = paths.before(request.query.get("about"))
        async with self._desk.store.reading() as reading:
            found = await audit.newest(reading, before=before, most=PAGE + 1, about=about)
            account = None if about is None else await accounts.by_id(reading, about)
        only = "" if about is None else f"about={about}&"
        more = f"/admin/audit?{only}before={found[PAGE - 1].id}" if len(found) > PAGE else ""
        return self._desk.look.page(request, "admin/audit.html", entries=found[:PAGE], more=more, account=account)
