"""The first page: how the site stands, and how the last month went."""

from aiohttp import web

from gateway.service import overview
from gateway.web.admin.door import Door
from gateway.web.admin.graph import bars
from gateway.web.desk import Desk
from store.accounts import AccountRow


class OverviewRoom:
    """``/admin``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, door: Door) -> None:
        """Add the route."""
        door.get("/admin", self.show)

    async def show(self, request: web.Request, _me: AccountRow) -> web.Response:
        """All of it at a glance."""
        desk, now = self._desk, self._desk.now()
        async with desk.store.reading() as reading:
            found = await overview.look(reading, desk.site, now=now)
        graphs = {
            "posts": bars([(each.day.isoformat(), each.posts) for each in found.days]),
            "sent": bars([(each.day.isoformat(), each.sent) for each in found.days]),
            "lost": bars([(each.day.isoformat(), each.lost) for each in found.days]),
        }
        late = int(found.queue.late(now).total_seconds())
        return desk.look.page(request, "admin/overview.html", found=found, graphs=graphs, late=late)
