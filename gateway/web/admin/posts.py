"""One post, looked at by who looks after the site, and removed."""

from typing import assert_never

from aiohttp import web

from gateway.service import auditing, reading, removing
from gateway.service.removing import NotAReason, NotThere, Removed
from gateway.web import addresses as paths
from gateway.web.admin.door import NUMBER, Door, done, number
from gateway.web.desk import Desk, given
from store.accounts import AccountRow

_POST = f"/admin/posts/{{post:{NUMBER}}}"


class PostsRoom:
    """The routes below ``/admin/posts``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, door: Door) -> None:
        """Add the routes."""
        door.get(_POST, self.show)
        door.post(f"{_POST}/remove", self.remove)

    async def show(self, request: web.Request, me: AccountRow) -> web.Response:
        """What it says, and the form that removes it. ``?report=`` is the report that led here."""
        report = paths.before(request.query.get("report"))
        return await self._page(request, me, report=str(report or ""))

    async def remove(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Remove it; its author is told why."""
        why, report = await given(request, "why", "report")
        desk = self._desk
        async with desk.store.unit() as unit:
            outcome = await removing.remove(
                unit, desk.site, auditing.on_the_site(me), number(request, "post"), why=why, now=desk.now()
            )
        match outcome:
            case Removed(author_id):
                return done("/admin/reports" if report else f"/admin/members/{author_id}", "removed")
            case NotAReason():
                return await self._page(request, me, report=report, why=why, problem="why")
            case NotThere():
                raise web.HTTPNotFound
            case _:
                assert_never(outcome)

    async def _page(
        self, request: web.Request, me: AccountRow, *, report: str, why: str = "", problem: str = ""
    ) -> web.Response:
        async with self._desk.store.reading() as read:
            found = await removing.judged(read, me.id, number(request, "post"))
            shown = () if found is None else await reading.posts(read, [found.id])
        if not shown:
            raise web.HTTPNotFound
        return self._desk.look.page(
            request,
            "admin/post.html",
            status=422 if problem else 200,
            post=shown[0],
            report=report,
            why=why,
            problem=problem,
            longest=removing.LONGEST_WHY,
        )
