"""A member's invitations, where members make them."""

import secrets
from typing import assert_never
from urllib.parse import quote

from aiohttp import web

from gateway.domain.invite import CODES
from gateway.service import inviting
from gateway.service.inviting import Invitation, InvitedTooMany, NotForMembers
from gateway.web import addresses
from gateway.web.desk import Desk, asked, given
from gateway.web.visitors import member
from store import invites
from store.accounts import AccountRow
from store.timelines import NEWEST

PAGE = 100
"""Invitations that are shown."""


class Inviting:
    """The routes below ``/invites``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        get, post = app.router.add_get, app.router.add_post
        get("/invites", self.show)
        post("/invites", self.make)
        post("/invites/revoke", self.revoke)

    async def show(self, request: web.Request) -> web.Response:
        """What the member has made. The code of a new one stands in the address, and is shown to who made it."""
        return await self._page(request, self._inviter(request), code=asked(request, "code"))

    async def make(self, request: web.Request) -> web.StreamResponse:
        """Make an invitation for one person."""
        me = self._inviter(request)
        (note,) = await given(request, "note")
        desk = self._desk
        if len(note) > inviting.LONGEST_NOTE:
            return await self._page(request, me, note=note, problem="note")
        async with desk.store.unit() as unit:
            number = secrets.randbelow(CODES)
            outcome = await inviting.offer(unit, desk.site, me, note=note, number=number, now=desk.now())
        match outcome:
            case Invitation(_, code):
                raise web.HTTPSeeOther(f"/invites?code={quote(code)}")
            case InvitedTooMany(limit):
                return await self._page(request, me, note=note, problem="many", limit=limit)
            case NotForMembers():
                raise web.HTTPNotFound
            case _:
                assert_never(outcome)

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        """Take one of their own back."""
        me = self._inviter(request)
        (which,) = await given(request, "which")
        async with self._desk.store.unit() as unit:
            await inviting.take_back(unit, me, addresses.before(which) or 0, now=self._desk.now())
        raise web.HTTPSeeOther("/invites")

    def _inviter(self, request: web.Request) -> AccountRow:
        me = member(request)
        if not inviting.may_invite(self._desk.site, me):
            raise web.HTTPNotFound
        return me

    async def _page(
        self, request: web.Request, me: AccountRow, *, code: str = "", note: str = "", problem: str = "", limit: int = 0
    ) -> web.Response:
        desk, now = self._desk, self._desk.now()
        async with desk.store.reading() as reading:
            found = await invites.newest(reading, before=NEWEST, most=PAGE, made_by=me.id)
            made = await inviting.shown(reading, desk.site, code) if code else None
        own = made is not None and made.made_by == me.id and made.is_open(now)
        return desk.look.page(
            request,
            "invites.html",
            status=422 if problem else 200,
            invites=found,
            code=code if own else "",
            link=inviting.link(desk.site, code) if own else "",
            note=note,
            problem=problem,
            limit=limit,
            now=now,
        )
