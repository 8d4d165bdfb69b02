"""Members: found by name, phone or mail address; one of them, and what is done about them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar, assert_never

from aiohttp import web

from gateway.domain.masking import masked
from gateway.service import auditing, governing, visiting
from gateway.service.auditing import Actor
from gateway.service.governing import Already, Done, LastAdmin, Nobody, NotStopped, NotTheName, Yourself
from gateway.service.numbers import dialled
from gateway.web import addresses as paths
from gateway.web.admin.door import NUMBER, Door, done, number
from gateway.web.desk import Desk, asked, given
from store import accounts, addresses, audit, invites, members
from store.accounts import AccountRow
from store.timelines import NEWEST
from store.unit import Reading, Unit

More = ParamSpec("More")
Outcome = TypeVar("Outcome")

PAGE = 50
"""Members on a page."""

_ACTS_SHOWN = 10
_MEMBER = f"{{member:{NUMBER}}}"


@dataclass(frozen=True, slots=True)
class Held:
    """A phone or mailbox of a member's as it is shown: masked, unless it was asked for."""

    id: int
    channel: str
    shown: str
    proven: bool
    in_use: bool
    opted_out_at: datetime | None
    dead_at: datetime | None
    reason: str


class MembersRoom:
    """The routes below ``/admin/members``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, door: Door) -> None:
        """Add the routes."""
        door.get("/admin/members", self.search)
        one = f"/admin/members/{_MEMBER}"
        door.get(one, self.show)
        door.post(f"{one}/suspend", self.suspend)
        door.post(f"{one}/restore", self.restore)
        door.post(f"{one}/admin", self.appoint)
        door.post(f"{one}/log-out", self.log_out)
        door.post(f"{one}/addresses", self.see_addresses)
        door.post(f"{one}/resume", self.resume)
        door.get(f"{one}/delete", self.ask_delete)
        door.post(f"{one}/delete", self.delete)

    async def search(self, request: web.Request, _me: AccountRow) -> web.Response:
        """Everybody, the newest first, or those who are looked for."""
        typed = " ".join(asked(request, "q").split())
        which = request.query.get("which", "all")
        if which not in members.WHICH:
            raise web.HTTPNotFound
        before = paths.before(request.query.get("before")) or NEWEST
        name, address = typed.lower().removeprefix("@"), _in_an_address(typed)
        async with self._desk.store.reading() as reading:
            found = await members.listed(reading, which, name=name, address=address, before=before, most=PAGE + 1)
        more = found[PAGE - 1].id if len(found) > PAGE else None
        said = request.query.get("done", "")
        return self._desk.look.page(
            request, "admin/members.html", members=found[:PAGE], more=more, words=typed, which=which, said=said
        )

    async def show(self, request: web.Request, me: AccountRow) -> web.Response:
        """One member."""
        return await self._page(request, me, said=request.query.get("done", ""))

    async def suspend(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Keep a member from taking part."""
        (why,) = await given(request, "why")
        outcome = await self._govern(request, me, governing.suspend, why=why, now=self._desk.now())
        match outcome:
            case Done() | Already():
                return done(_path(request), "suspended")
            case Yourself():
                return await self._page(request, me, problem="yourself", place="suspend", why=why)
            case Nobody():
                raise web.HTTPNotFound
            case _:
                assert_never(outcome)

    async def restore(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Let a member take part again."""
        _there_is(await self._govern(request, me, governing.restore, now=self._desk.now()))
        return done(_path(request), "restored")

    async def appoint(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Let a member look after the site, or not any more."""
        (admin,) = await given(request, "admin")
        if admin not in {"yes", "no"}:
            raise web.HTTPBadRequest
        outcome = await self._govern(request, me, governing.set_admin, admin == "yes", now=self._desk.now())
        match outcome:
            case Done() | Already():
                if admin == "no" and _member(request) == me.id:
                    raise web.HTTPSeeOther("/home")
                return done(_path(request), "admin" if admin == "yes" else "noadmin")
            case LastAdmin():
                return await self._page(request, me, problem="last", place="admin")
            case Nobody():
                raise web.HTTPNotFound
            case _:
                assert_never(outcome)

    async def log_out(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Log a member out everywhere."""
        _there_is(await self._govern(request, me, governing.log_out, now=self._desk.now()))
        return done(_path(request), "out")

    async def see_addresses(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """See a member's phone numbers and mail addresses whole, for a while."""
        _there_is(await self._govern(request, me, governing.see_addresses, now=self._desk.now()))
        raise web.HTTPSeeOther(_path(request))

    async def resume(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Write again to what was stopped because it could not be reached."""
        (which,) = await given(request, "which")
        address_id = paths.before(which)
        if address_id is None:
            raise web.HTTPBadRequest
        outcome = await self._govern(
            request, me, governing.resume, address_id, site=self._desk.site, now=self._desk.now()
        )
        match outcome:
            case Done():
                return done(_path(request), "resumed")
            case NotStopped():
                return await self._page(request, me, problem="notstopped", place="addresses")
            case Nobody():
                raise web.HTTPNotFound
            case _:
                assert_never(outcome)

    async def ask_delete(self, request: web.Request, _me: AccountRow) -> web.Response:
        """Ask before a member is deleted."""
        return await self._ask_delete(request)

    async def delete(self, request: web.Request, me: AccountRow) -> web.StreamResponse:
        """Delete a member, by whoever types what they are called."""
        (typed,) = await given(request, "name")
        outcome = await self._govern(request, me, governing.delete, typed, now=self._desk.now())
        match outcome:
            case Done():
                return done("/admin/members", "deleted")
            case NotTheName():
                return await self._ask_delete(request, problem="name")
            case Yourself():
                return await self._ask_delete(request, problem="yourself")
            case Nobody():
                raise web.HTTPNotFound
            case _:
                assert_never(outcome)

    async def _govern(
        self,
        request: web.Request,
        me: AccountRow,
        act: Callable[Concatenate[Unit, Actor, int, More], Awaitable[Outcome]],
        *more: More.args,
        **named: More.kwargs,
    ) -> Outcome:
        """Do something about the member whose page it is; what became of it."""
        async with self._desk.store.unit() as unit:
            return await act(unit, auditing.on_the_site(me), _member(request), *more, **named)

    async def _ask_delete(self, request: web.Request, *, problem: str = "") -> web.Response:
        async with self._desk.store.reading() as reading:
            account = await _there(reading, _member(request))
        return self._desk.look.page(
            request,
            "admin/delete.html",
            status=422 if problem else 200,
            account=account,
            called=auditing.called(account),
            problem=problem,
        )

    async def _page(
        self, request: web.Request, me: AccountRow, *, problem: str = "", place: str = "", said: str = "", why: str = ""
    ) -> web.Response:
        desk, now = self._desk, self._desk.now()
        async with desk.store.reading() as reading:
            account = await _there(reading, _member(request))
            seen = await auditing.has_open(reading, me, account.id, now=now)
            values: dict[str, Any] = {
                "account": account,
                "called": auditing.called(account),
                "counts": await accounts.counts(reading, account.id),
                "held": _shown(await addresses.of_account(reading, account.id), account, whole=seen),
                "whole": seen,
                "sessions": await visiting.of(reading, account.id, now=now),
                "came_by": await invites.came_by(reading, account.id),
                "entries": await audit.newest(reading, before=NEWEST, most=_ACTS_SHOWN, about=account.id),
            }
        status = 422 if problem else 200
        return desk.look.page(
            request, "admin/member.html", status=status, problem=problem, place=place, said=said, why=why, **values
        )


def _in_an_address(typed: str) -> str:
    """What somebody types as it may stand in an address: of a phone number the digits, however it is written."""
    if any(letter.isdecimal() for letter in typed) and not any(letter.isalpha() or letter in "@_" for letter in typed):
        return "".join(letter for letter in typed if letter.isdecimal()).lstrip("0") or typed
    return typed.lower()


async def _there(reading: Reading, account_id: int) -> AccountRow:
    account = await accounts.by_id(reading, account_id)
    if account is None or account.deleted_at is not None:
        raise web.HTTPNotFound
    return account


def _shown(held: Sequence[addresses.AddressRow], account: AccountRow, *, whole: bool) -> list[Held]:
    return [
        Held(
            each.id,
            each.channel,
            dialled(each.address) if whole else masked(each.address),
            each.proven_at is not None,
            each.id in (account.phone_id, account.mail_id),
            each.opted_out_at,
            each.dead_at,
            each.dead_reason if whole else "",
        )
        for each in held
    ]


def _there_is(outcome: object) -> None:
    """Raises HTTPNotFound where there is no such member; else it is as it should be."""
    if isinstance(outcome, Nobody):
        raise web.HTTPNotFound


def _member(request: web.Request) -> int:
    return number(request, "member")


def _path(request: web.Request) -> str:
    return f"/admin/members/{_member(request)}"
