"""Coming in and going out: signing up, logging in by link, code or password, logging out."""

import asyncio
import re
import secrets
from typing import assert_never

from aiohttp import web

from gateway.domain import token
from gateway.domain.text import tags
from gateway.domain.token import Purpose
from gateway.domain.types import NAME_PATTERN, Channel
from gateway.service import entering, login, passwords, phones, signing_up
from gateway.service.joining import NameTaken, NotAName, NotInvited, RegistrationClosed
from gateway.service.signing_up import (
    Begun,
    Finished,
    NotAnAddress,
    NotFinished,
    NotOurDomain,
    TooLate,
    TooManyCodes,
    WrongCode,
)
from gateway.web.codes_to_scan import as_file
from gateway.web.desk import Desk, asked, given
from gateway.web.limits import LOGINS, TRIES, codes, evenly, signups
from gateway.web.visitors import visitor, way_back
from store import accounts

_LINK = r"{secret:[A-Za-z0-9_-]{10,100}}"
_NAME = re.compile(NAME_PATTERN)
_LONGEST_CODE = 40
_HASHES_AT_ONCE = 2
"""Passwords that are tried at once: each takes 19 MB."""


class Entrance:
    """The routes by which people come and go."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        get, post = app.router.add_get, app.router.add_post
        get("/login", self.ask_who)
        post("/login", evenly(self.send))
        post("/login/code", evenly(self.take_code))
        post("/login/password", self.try_password)
        get(f"/login/{_LINK}", self.confirm_link)
        post(f"/login/{_LINK}", self.take_link)
        post("/logout", self.leave)
        get("/signup", self.ask_name)
        post("/signup", evenly(self.begin))
        post("/signup/code", self.finish_by_code)
        get("/qr/{word}.svg", self.code_to_text)
        get(f"/signup/{_LINK}", self.confirm_signup)
        post(f"/signup/{_LINK}", self.finish_by_link)

    # ---- logging in

    async def ask_who(self, request: web.Request) -> web.Response:
        """The log-in page; who is logged in already goes on."""
        back = way_back(request.query.get("next"))
        if visitor(request) is not None:
            raise web.HTTPSeeOther(back)
        return self._login(request, back)

    async def send(self, request: web.Request) -> web.Response:
        """Send a link or a code; the answer is the same whoever was named. Enter in the field of a password presses
        the first button of the form, which is this one, and means the other."""
        who, password, back = await given(request, "who", "password", "next")
        if password:
            return await self.try_password(request)
        await self._desk.limit(codes(self._desk.site.limits), request)
        if not who.strip():
            return self._login(request, way_back(back), problem="nobody", status=422)
        desk, leads = self._desk, "" if way_back(back) == "/home" else way_back(back)
        async with desk.store.unit() as unit:
            await entering.ask(unit, desk.site, who, now=desk.now(), new_code=desk.new_code, back=leads)
        return self._code(request, who, way_back(back))

    async def take_code(self, request: web.Request) -> web.Response:
        """The code from the phone, typed here."""
        who, code, back = await given(request, "who", "code", "next")
        await self._limit_logins(request, who)
        async with self._desk.store.unit() as unit:
            found = await entering.take(unit, self._desk.site, who, code, now=self._desk.now())
        if isinstance(found, entering.WrongCode):
            return self._code(request, who, way_back(back), problem="wrong", status=422)
        return await self._enter(request, found.id, way_back(back))

    async def try_password(self, request: web.Request) -> web.Response:
        """Log in by password."""
        who, password, back = await given(request, "who", "password", "next")
        await self._limit_logins(request, who)
        async with self._desk.store.reading() as reading:
            meant = await entering.meant(reading, self._desk.site, who)
        account = meant[0] if meant else None
        kept = account.password_hash if account else ""
        async with self._hashing:
            right = await asyncio.to_thread(passwords.is_right, kept, password[: passwords.LONGEST])
            worn = right and passwords.is_worn(kept)
            renewed = await asyncio.to_thread(passwords.hashed, password) if worn else ""
        if account is None or not right:
            return self._login(request, way_back(back), who=who, problem="password", status=422)
        if renewed:
            async with self._desk.store.unit() as unit:
                await accounts.set_password(unit, account.id, renewed)
        return await self._enter(request, account.id, way_back(back))

    async def confirm_link(self, request: web.Request) -> web.Response:
        """Ask before the link is used up: programs that look at mail open every link."""
        async with self._desk.store.reading() as reading:
            account = await login.whose(reading, self._desk.site, request.match_info["secret"], now=self._desk.now())
        back = way_back(request.query.get("next"))
        if account is None:
            self._let_in(request, back)
            return self._login(request, back, problem="link", status=410)
        return self._desk.look.page(request, "confirm.html", name=account.name or "", joining=False, back=back)

    async def take_link(self, request: web.Request) -> web.Response:
        """Use the link up."""
        (back,) = await given(request, "next")
        async with self._desk.store.unit() as unit:
            account = await login.use(unit, self._desk.site, request.match_info["secret"], now=self._desk.now())
        if account is None:
            self._let_in(request, way_back(back))
            return self._login(request, way_back(back), problem="link", status=410)
        return await self._enter(request, account.id, way_back(back))

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """Log this browser out."""
        response = web.Response(status=303, headers={"Location": "/"})
        await self._desk.visitors.log_out(request, response)
        return response

    # ---- signing up

    async def ask_name(self, request: web.Request) -> web.Response:
        """The sign-up page, with the code of an invitation if one is in its address. Whether that is good is not said
        before the form comes back, so that nobody tries codes here."""
        if visitor(request) is not None:
            raise web.HTTPSeeOther("/home")
        return self._signup(request, invite=asked(request, "invite", _LONGEST_CODE))

    async def begin(self, request: web.Request) -> web.Response:
        """Send the proof to the address that was typed."""
        name, address, invite = await given(request, "name", "address", "invite")
        await self._desk.limit(signups(self._desk.site.limits), request)
        secret = secrets.token_urlsafe(24)
        desk = self._desk
        async with desk.store.unit() as unit:
            begun = await signing_up.begin(
                unit, desk.site, name, address, now=desk.now(), new_code=desk.new_code, secret=secret, code=invite
            )
        match begun:
            case Begun(channel, signup_id):
                return self._prove(request, signup_id, address, by_mail=channel is Channel.EMAIL)
            case NameTaken():
                problem = "taken"
            case NotAName():
                problem = "name"
            case NotAnAddress():
                problem = "address"
            case NotOurDomain():
                problem = "domain"
            case TooManyCodes():
                problem = "many"
            case NotInvited():
                problem = "invite"
            case RegistrationClosed():
                problem = "closed"
            case _:
                assert_never(begun)
        return self._signup(request, name=name, address=address, invite=invite, problem=problem, status=422)

    async def finish_by_code(self, request: web.Request) -> web.Response:
        """The code from the phone, typed here."""
        sealed, address, code = await given(request, "signup", "address", "code")
        await self._desk.limit(TRIES, request)
        desk = self._desk
        claimed = token.parse(sealed)
        if claimed is None or not token.holds(desk.site.key, Purpose.SIGNUP, claimed):
            raise web.HTTPBadRequest
        async with desk.store.unit() as unit:
            finished = await signing_up.finish_by_code(unit, desk.site, claimed.number, code, now=desk.now())
        if isinstance(finished, WrongCode):
            return self._prove(request, claimed.number, address, problem="wrong", status=422)
        return await self._finish(request, finished)

    async def confirm_signup(self, request: web.Request) -> web.Response:
        """Ask before the link is used up."""
        async with self._desk.store.reading() as reading:
            name = await signing_up.who_waits(
                reading, self._desk.site, request.match_info["secret"], now=self._desk.now()
            )
        if name is None:
            self._let_in(request, "/home")
            return self._signup(request, problem="late", status=410)
        return self._desk.look.page(request, "confirm.html", name=name, joining=True, back="")

    async def finish_by_link(self, request: web.Request) -> web.Response:
        """The link of the mail was opened, and meant."""
        desk = self._desk
        async with desk.store.unit() as unit:
            finished = await signing_up.finish_by_link(unit, desk.site, request.match_info["secret"], now=desk.now())
        return await self._finish(request, finished)

    async def _finish(self, request: web.Request, finished: Finished | NotFinished) -> web.Response:
        match finished:
            case Finished(account_id):
                return await self._enter(request, account_id, "/home")
            case NameTaken() | NotAName():
                problem = "taken"
            case NotInvited():
                problem = "served"
            case NotOurDomain():
                problem = "domain"
            case RegistrationClosed():
                problem = "closed"
            case TooLate():
                self._let_in(request, "/home")
                problem = "late"
            case _:
                assert_never(finished)
        return self._signup(request, problem=problem, status=410)

    async def code_to_text(self, request: web.Request) -> web.Response:
        """A QR code that makes a phone write a text to us: ``join``, ``follow-NAME``, or ``tag-TAG``."""
        word, _, rest = request.match_info["word"].partition("-")
        site = self._desk.site
        match word:
            case "join" if not rest:
                words = "JOIN "
            case "follow" if _NAME.fullmatch(rest):
                words = f"FOLLOW {rest}"
            case "tag" if tags(f"#{rest}") == [rest]:
                words = f"#{rest} "
            case _:
                raise web.HTTPNotFound
        if not site.number:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "max-age=86400"}
        return web.Response(body=as_file(site.number, words), content_type="image/svg+xml", headers=headers)

    # ---- what both have in common

    async def _enter(self, request: web.Request, account_id: int, back: str) -> web.Response:
        response = web.Response(status=303, headers={"Location": back})
        await self._desk.visitors.log_in(request, response, account_id)
        return response

    def _let_in(self, request: web.Request, back: str) -> None:
        """Whoever opens a link again that has let them in, goes on: they are in."""
        if visitor(request) is not None:
            raise web.HTTPSeeOther(back)

    async def _limit_logins(self, request: web.Request, who: str) -> None:
        await self._desk.limit(TRIES, request)
        await self._desk.limits.hit(LOGINS, "who", who.strip().lower()[:254])

    def _login(
        self, request: web.Request, back: str, *, who: str = "", problem: str = "", status: int = 200
    ) -> web.Response:
        return self._desk.look.page(request, "login.html", status=status, who=who, back=back, problem=problem)

    def _code(self, request: web.Request, who: str, back: str, *, problem: str = "", status: int = 200) -> web.Response:
        shown = phones.meant(who, self._desk.site.default_region)
        values = {"who": who, "shown": shown, "back": back, "problem": problem}
        return self._desk.look.page(request, "code.html", status=status, **values)

    def _prove(
        self,
        request: web.Request,
        signup: int,
        address: str,
        *,
        by_mail: bool = False,
        problem: str = "",
        status: int = 200,
    ) -> web.Response:
        """Ask for the code. The number of the sign-up is sealed: nobody tries codes on, or uses up the tries of, one
        that another browser began."""
        sealed = token.make(self._desk.site.key, Purpose.SIGNUP, signup)
        meant = address if by_mail else phones.e164(address, self._desk.site.default_region) or address
        values = {"signup": sealed, "address": meant, "by_mail": by_mail, "problem": problem}
        return self._desk.look.page(request, "proof.html", status=status, **values)

    def _signup(
        self,
        request: web.Request,
        *,
        name: str = "",
        address: str = "",
        invite: str = "",
        problem: str = "",
        status: int = 200,
    ) -> web.Response:
        values = {"name": name, "address": address, "invite": invite, "problem": problem}
        return self._desk.look.page(request, "signup.html", status=status, **values)
