"""How people come: invitations, the mail domains of the community, and whom everybody new follows."""

import secrets
from typing import Any, assert_never
from urllib.parse import quote

from aiohttp import web

from gateway.domain.invite import CODES
from gateway.service import assigning, auditing, inviting
from gateway.service.inviting import Invitation, OutOfRange
from gateway.web import addresses as paths
from gateway.web.admin.door import Door, done
from gateway.web.desk import Desk, asked, given
from store import accounts, default_follows, invites
from store.accounts import AccountRow
from store.timelines import NEWEST

PAGE = 50
"""Invitations on a page."""

_PATH = "/admin/joining"


class JoiningRoom:
    """The routes below ``/admin/joining``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, door: Door) -> None:
        """Add the routes."""
        door.get(_PATH, self.show)
        door.post(f"{_PATH}/invite", self.invite)
        door.post(f"{_PATH}/revoke", self.revoke)
        door.post(f"{_PATH}/follow", self.follow)
        door.post(f"{_PATH}/unfollow", self.unfollow)

    async def show(self, request: web.Request, me: AccountRow) -> web.Response:
        """All of it. The code of an invitation that was just made stands in the address and is shown to who made it."""
        return await self._page(request, me, said=request.query.get("done", ""), code=asked(request, "code"))

    async def invite(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Make an invitation."""
        note, uses, days = await given(request, "note", "uses", "days")
        typed = {"note": note, "uses": uses, "days": days}
        if len(note) > inviting.LONGEST_NOTE:
            return await self._page(request, me, problem="note", place="invite", **typed)
        desk = self._desk
        async with desk.store.unit() as unit:
            outcome = await inviting.make(
                unit,
                desk.site,
                auditing.on_the_site(me),
                note=note,
                uses=_whole(uses),
                days=_whole(days),
                number=secrets.randbelow(CODES),
                now=desk.now(),
            )
        match outcome:
            case Invitation(_, code):
                raise web.HTTPSeeOther(f"{_PATH}?code={quote(code)}")
            case OutOfRange():
                return await self._page(request, me, problem="range", place="invite", **typed)
            case _:
                assert_never(outcome)

    async def revoke(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Let nobody sign up any more by an invitation."""
        (which,) = await given(request, "which")
        async with self._desk.store.unit() as unit:
            await inviting.revoke(unit, auditing.on_the_site(me), _whole(which), now=self._desk.now())
        return done(_PATH, "revoked")

    async def follow(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Let everybody new follow a member."""
        name, texts = await given(request, "name", "texts")
        async with self._desk.store.unit() as unit:
            account = await accounts.by_name(unit, name.strip().removeprefix("@"))
            if account is not None:
                await assigning.add(
                    unit, auditing.on_the_site(me), account, texts=bool(texts), mail=None, now=self._desk.now()
                )
        if account is None:
            return await self._page(request, me, problem="nobody", place="follow", name=name)
        return done(_PATH, "followed")

    async def unfollow(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Let nobody new follow a member by itself any more."""
        (which,) = await given(request, "which")
        async with self._desk.store.unit() as unit:
            account = await accounts.by_id(unit, _whole(which))
            if account is not None:
                await assigning.remove(unit, auditing.on_the_site(me), account, now=self._desk.now())
        return done(_PATH, "unfollowed")

    async def _page(
        self,
        request: web.Request,
        me: AccountRow,
        *,
        problem: str = "",
        place: str = "",
        said: str = "",
        code: str = "",
        **typed: str,
    ) -> web.Response:
        desk, now = self._desk, self._desk.now()
        before = paths.before(request.query.get("before")) or NEWEST
        async with desk.store.reading() as reading:
            found = await invites.newest(reading, before=before, most=PAGE + 1)
            made = await inviting.shown(reading, desk.site, code) if code else None
            defaults = await default_follows.everyone(reading)
        own = made is not None and made.made_by == me.id and made.is_open(now)
        values: dict[str, Any] = {
            "invites": found[:PAGE],
            "more": found[PAGE - 1].id if len(found) > PAGE else None,
            "defaults": defaults,
            "code": code if own else "",
            "link": inviting.link(desk.site, code) if own else "",
            "now": now,
            "note": "",
            "uses": "1",
            "days": str(inviting.DAYS),
            "name": "",
        }
        status = 422 if problem else 200
        return desk.look.page(
            request, "admin/joining.html", status=status, problem=problem, place=place, said=said, **(values | typed)
        )


def _whole(typed: str) -> int:
    """A whole number as somebody typed it; 0 for what is none."""
    return paths.before(typed.strip()) or 0
