"""A member's settings: each section a form of its own, so that what is wrong with one spoils no other."""

import asyncio
import secrets
from dataclasses import replace
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from aiohttp import web

from gateway.domain.types import Channel, EmailMode, Overflow
from gateway.service import choosing, joining, mail_addresses, passwords, visiting
from gateway.service.choosing import BioTooLong, LastWayIn, LinkSent, NotAMailbox, Unknown
from gateway.service.drawing import four_digits
from gateway.service.joining import HeldBy, NameTaken, NotAName
from gateway.service.proving import Asked, NotAPhone, NoTexts, OptedOut, TooManyCodes, YoursAlready
from gateway.web.codes_to_scan import in_page
from gateway.web.desk import Desk, given
from gateway.web.limits import LOGINS, codes, evenly
from gateway.web.visitors import VISIT, member
from store import accounts, relations
from store.accounts import AccountRow

_SECRET_LINK = r"{secret:[A-Za-z0-9_-]{10,100}}"  # noqa: S105  # a route
_HOURS = ("", *map(str, range(24)))
_ZONES = tuple(
    sorted(each for each in available_timezones() if "/" in each and not each.startswith(("Etc/", "posix/")))
)


_KEPT_AWAY = 100
"""People whom the member mutes or blocks that are shown."""


class Settings:
    """The routes below ``/settings``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hashing = asyncio.Semaphore(1)

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        get, post = app.router.add_get, app.router.add_post
        get("/settings", self.show)
        post("/settings/profile", self.profile)
        post("/settings/name", self.rename)
        post("/settings/addresses", evenly(self.add_address))
        post("/settings/addresses/remove", self.remove_address)
        post("/settings/addresses/use", self.use_address)
        post("/settings/addresses/pause", self.pause)
        post("/settings/claim", self.claim)
        get(f"/settings/mailbox/{_SECRET_LINK}", self.ask_mailbox)
        post(f"/settings/mailbox/{_SECRET_LINK}", self.take_mailbox)
        post("/settings/channels", self.channels)
        post("/settings/quiet", self.quiet)
        post("/settings/renew", self.renew)
        post("/settings/guard", self.guard)
        post("/settings/pin", self.pin)
        post("/settings/password", self.password)
        post("/settings/sessions", self.end_session)
        get("/settings/delete", self.ask_delete)
        post("/settings/delete", self.delete)

    async def show(self, request: web.Request) -> web.Response:
        """All of them."""
        return await self._page(request, done=request.query.get("done", ""))

    async def profile(self, request: web.Request) -> web.StreamResponse:
        """What the member says of themselves, protection, language, time zone, and posts that are too long."""
        me = member(request)
        bio, protected, language, zone, overflow = await given(
            request, "bio", "protected", "language", "time_zone", "overflow"
        )
        if language and language not in self._desk.look.language_codes:
            return await self._page(request, problem="unknown", place="profile")
        async with self._desk.store.unit() as unit:
            outcome = await choosing.set_profile(
                unit,
                self._desk.site,
                me,
                bio=bio,
                language=language,
                time_zone=zone,
                overflow=overflow,
                now=self._desk.now(),
            )
            if outcome is None:
                await choosing.set_protected(unit, self._desk.site, me, bool(protected), now=self._desk.now())
        match outcome:
            case BioTooLong(over):
                chosen = replace(
                    me,
                    protected=bool(protected),
                    language=language or None,
                    time_zone=zone or None,
                    overflow=overflow or None,
                )
                return await self._page(request, problem="bio", place="profile", over=over, bio=bio, account=chosen)
            case Unknown():
                return await self._page(request, problem="unknown", place="profile")
            case None:
                return _done("profile")

    async def rename(self, request: web.Request) -> web.StreamResponse:
        """Be called otherwise."""
        me = member(request)
        (name,) = await given(request, "name")
        async with self._desk.store.unit() as unit:
            outcome = await choosing.rename(unit, me, name)
        match outcome:
            case NameTaken():
                return await self._page(request, problem="taken", place="name", name=name)
            case NotAName():
                return await self._page(request, problem="name", place="name", name=name)
            case None:
                return _done("name")

    async def add_address(self, request: web.Request) -> web.StreamResponse:
        """Begin to add a phone or mailbox."""
        me = member(request)
        (typed,) = await given(request, "address")
        await self._desk.limit(codes(self._desk.site.limits), request)
        async with self._desk.store.unit() as unit:
            outcome = await choosing.add(
                unit,
                self._desk.site,
                me,
                typed,
                now=self._desk.now(),
                new_code=self._desk.new_code,
                secret=secrets.token_urlsafe(24),
            )
        match outcome:
            case Asked() | LinkSent() | HeldBy() | OptedOut():  # whose it is, and what they want, is not told
                return _done("mailed" if "@" in typed else "texted")
            case NotAPhone() | NotAMailbox():
                problem = "address"
            case YoursAlready():
                problem = "yours"
            case TooManyCodes():
                problem = "many"
            case NoTexts():
                problem = "notexts"
        return await self._page(request, problem=problem, place="addresses", address=typed)

    async def remove_address(self, request: web.Request) -> web.StreamResponse:
        """Have a phone or mailbox no longer; without ``sure`` it is asked first."""
        me = member(request)
        number, sure = await given(request, "which", "sure")
        which = _number(number)
        if not sure:
            async with self._desk.store.reading() as reading:
                found = await choosing.to_remove(reading, me, which)
            if isinstance(found, LastWayIn):
                return await self._page(request, problem="last", place="addresses")
            if found is None:
                raise web.HTTPNotFound
            return self._desk.look.page(request, "take_off.html", address=found)
        async with self._desk.store.unit() as unit:
            outcome = await choosing.remove(unit, me, which, now=self._desk.now())
        if isinstance(outcome, LastWayIn):
            return await self._page(request, problem="last", place="addresses")
        return _done("removed")

    async def use_address(self, request: web.Request) -> web.StreamResponse:
        """Use another one of several phones or mailboxes."""
        me = member(request)
        which = _number(*await given(request, "which"))
        async with self._desk.store.unit() as unit:
            done = await choosing.use(unit, me, which, now=self._desk.now())
        return _done("used") if done else await self._page(request, problem="unusable", place="addresses")

    async def pause(self, request: web.Request) -> web.StreamResponse:
        """No posts to the phone or mailbox in use for a while, or again."""
        me = member(request)
        channel, act = await given(request, "channel", "act")
        if channel not in set(Channel) or act not in {"pause", "go-on"}:
            raise web.HTTPBadRequest
        async with self._desk.store.unit() as unit:
            if act == "pause":
                await choosing.pause(unit, me, Channel(channel), now=self._desk.now())
                return _done(f"{channel}-paused")
            mode = await choosing.go_on(unit, self._desk.site, me, Channel(channel), now=self._desk.now())
        return _done("sms-on" if mode is None else f"email-{mode}")

    async def claim(self, request: web.Request) -> web.StreamResponse:
        """Show a code that joins the phone which texts it."""
        me = member(request)
        await self._desk.limit(codes(self._desk.site.limits), request)
        async with self._desk.store.unit() as unit:
            code = await joining.new_claim_code(
                unit, self._desk.site, me.id, now=self._desk.now(), new_code=four_digits
            )
        picture = in_page(self._desk.site.number, f"CLAIM {code}") if self._desk.site.number else ""
        return await self._page(request, status=200, place="addresses", claim=code, claim_picture=picture)

    async def ask_mailbox(self, request: web.Request) -> web.StreamResponse:
        """Ask before the link is used up; say at once if it is no good any more."""
        me, secret = member(request), request.match_info["secret"]
        async with self._desk.store.reading() as reading:
            mailbox = await choosing.mailbox_behind(reading, self._desk.site, me, secret, now=self._desk.now())
        if mailbox is None:
            return await self._page(request, problem="link", place="addresses", status=410)
        return self._desk.look.page(request, "mailbox.html", mailbox=mailbox)

    async def take_mailbox(self, request: web.Request) -> web.StreamResponse:
        """The mailbox is the member's."""
        me = member(request)
        async with self._desk.store.unit() as unit:
            outcome = await choosing.take_mailbox(
                unit, self._desk.site, me, request.match_info["secret"], now=self._desk.now()
            )
        match outcome:
            case None:
                return await self._page(request, problem="link", place="addresses", status=410)
            case HeldBy():
                return await self._page(request, problem="held", place="addresses")
            case _:
                return _done("mailbox")

    async def channels(self, request: web.Request) -> web.StreamResponse:
        """Whether texts come, and when mail does."""
        me = member(request)
        texts, mail, hour = await given(request, "texts", "mail", "hour")
        if mail not in set(EmailMode) or hour not in _HOURS:
            return await self._page(request, problem="unknown", place="channels")
        async with self._desk.store.unit() as unit:
            await choosing.set_channels(
                unit,
                self._desk.site,
                me,
                texts=bool(texts),
                mail=EmailMode(mail),
                hour=int(hour) if hour else None,
                now=self._desk.now(),
            )
        return _done("channels")

    async def quiet(self, request: web.Request) -> web.StreamResponse:
        """When no texts come."""
        me = member(request)
        start, until = await given(request, "start", "until")
        try:
            begins, ends = _clock(start), _clock(until)
        except ValueError:
            return await self._page(request, problem="hours", place="quiet", quiet=(start, until))
        if (begins or ends) and (begins is None or ends is None or begins == ends):
            return await self._page(request, problem="pair", place="quiet", quiet=(start, until))
        async with self._desk.store.unit() as unit:
            await choosing.set_quiet(unit, self._desk.site, me, begins, ends, now=self._desk.now())
        return _done("quiet")

    async def renew(self, request: web.Request) -> web.StreamResponse:
        """Make a secret address anew; the old one is void."""
        me = member(request)
        (which,) = await given(request, "which")
        async with self._desk.store.unit() as unit:
            match which:
                case "posting":
                    await mail_addresses.renew_posting_address(unit, me.id)
                case "replies":
                    await mail_addresses.renew_reply_addresses(unit, me.id)
                case "feed":
                    await accounts.renew_feed(unit, me.id)
                case _:
                    raise web.HTTPBadRequest
        return _done(which)

    async def guard(self, request: web.Request) -> web.StreamResponse:
        """Whether the secret addresses take mail from the member's own mailboxes alone."""
        me = member(request)
        (checks,) = await given(request, "checks")
        async with self._desk.store.unit() as unit:
            await mail_addresses.check_sender(unit, me.id, bool(checks))
        return _done("guard")

    async def pin(self, request: web.Request) -> web.StreamResponse:
        """Set or end the PIN."""
        me = member(request)
        (pin,) = await given(request, "pin")
        async with self._desk.store.unit() as unit:
            good = await choosing.set_pin(unit, self._desk.site, me, pin.strip())
        if not good:
            return await self._page(request, problem="pin", place="pin")
        return _done("pin" if pin.strip() else "nopin")

    async def password(self, request: web.Request) -> web.StreamResponse:
        """Set, change or end the password. Who has one shows it first. Other browsers are logged out."""
        me = member(request)
        now_it_is, new, act = await given(request, "current", "new", "act")
        await self._desk.limits.hit(LOGINS, "password", str(me.id))
        async with self._hashing:
            if me.password_hash and not await asyncio.to_thread(passwords.is_right, me.password_hash, now_it_is):
                return await self._page(request, problem="current", place="password")
            if act == "end":
                kept = ""
            elif not passwords.SHORTEST <= len(new) <= passwords.LONGEST:
                return await self._page(request, problem="short", place="password")
            else:
                kept = await asyncio.to_thread(passwords.hashed, new)
        async with self._desk.store.unit() as unit:
            if not kept and not await choosing.held(unit, me):
                return await self._page(request, problem="last", place="password")
            await accounts.set_password(unit, me.id, kept)
            await visiting.end_all(unit, me.id, but=request[VISIT].session_id)
        return _done("password" if kept else "nopassword")

    async def end_session(self, request: web.Request) -> web.StreamResponse:
        """Log another browser out, or all others."""
        me = member(request)
        (which,) = await given(request, "which")
        async with self._desk.store.unit() as unit:
            if which == "others":
                await visiting.end_all(unit, me.id, but=request[VISIT].session_id)
            elif which.isascii() and which.isdigit() and len(which) <= 18:
                await visiting.end(unit, me.id, int(which))
        return _done("sessions")

    async def ask_delete(self, request: web.Request) -> web.Response:
        """Ask before everything is deleted."""
        member(request)
        return self._desk.look.page(request, "delete_account.html", problem="")

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete the account: whoever types its name means it."""
        me = member(request)
        (name,) = await given(request, "name")
        if name.strip().removeprefix("@").lower() != me.name:
            return self._desk.look.page(request, "delete_account.html", status=422, problem="name")
        async with self._desk.store.unit() as unit:
            await joining.delete_account(unit, me.id, now=self._desk.now())
        return self._desk.look.page(request, "deleted.html", gone=True)

    async def _page(
        self, request: web.Request, *, problem: str = "", place: str = "", status: int = 0, **typed: Any
    ) -> web.Response:
        desk, me = self._desk, member(request)
        async with desk.store.reading() as reading:
            fresh = await accounts.by_id(reading, me.id) or me
            held = await choosing.held(reading, me)
            sessions = await visiting.of(reading, me.id, now=desk.now())
            kept_away = await relations.kept_away(reading, me.id, most=_KEPT_AWAY)
            zone = await choosing.zone(reading, desk.site, fresh)
        values = {
            "account": fresh,
            "held": held,
            "sessions": sessions,
            "kept_away": kept_away,
            "this_session": request[VISIT].session_id,
            "own_zone": str(zone),
            "secrets": choosing.secrets_of(desk.site, fresh),
            "zones": _ZONES,
            "overflows": list(Overflow),
            "quiet": _quiet(fresh),
            "longest_bio": choosing.LONGEST_BIO,
            "shortest_password": passwords.SHORTEST,
            "problem": problem,
            "place": place,
            "done": "",
            "over": 0,
            "claim": "",
            "claim_picture": "",
            "address": "",
            "name": fresh.name or "",
            "bio": fresh.bio,
        }
        return desk.look.page(request, "settings.html", status=status or (422 if problem else 200), **(values | typed))


def _quiet(account: AccountRow) -> tuple[str, str]:
    start, _, until = (account.quiet_hours or "").partition("-")
    return start, until


def _number(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 18):
        raise web.HTTPBadRequest
    return int(typed)


def _done(what: str) -> web.Response:
    return web.Response(status=303, headers={"Location": f"/settings?done={what}"})


def _clock(typed: str) -> time | None:
    """``22:00`` as a time of day, None for nothing. Raises ValueError for anything else."""
    return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None) if typed else None
