"""People: the directory, the search, who follows whom, what a member does about somebody, requests, and direct
messages.
"""

import re
from dataclasses import replace
from typing import Any, assert_never

from aiohttp import web

from gateway.domain.types import NAME_PATTERN, PostKind
from gateway.service import following, meeting, reading, reporting
from gateway.service.following import Asked, Oneself, TooMany, YouBlock
from gateway.service.meeting import Done, Nobody, NoPhone, NotAllowed, ReportedOften, ReportTooLong
from gateway.service.posting import Duplicate, Nothing, Published, TooLong
from gateway.service.posting import TooMany as TooManyMessages
from gateway.service.reading import Missing, Profile
from gateway.web import addresses, shown
from gateway.web.composing import BLANK, Draft, counted, drafted
from gateway.web.desk import Desk, asked, given
from gateway.web.limits import SEARCHES, come_again
from gateway.web.ranking import Place, Ranking
from gateway.web.visitors import member, way_back
from store import accounts, people
from store.people import Listed
from store.timelines import NEWEST
from store.unit import Reading

PAGE = 50
"""People on a page."""

_LETTERS = 100
"""Direct messages on a page."""

_NAME = re.compile(NAME_PATTERN)


class People:
    """The routes about people."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ranking = Ranking()

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        get, post = app.router.add_get, app.router.add_post
        get("/directory", self.directory)
        get("/search", self.search)
        get(f"/@{addresses.NAME}/{{end:followers|following}}", self.end)
        post(f"/@{addresses.NAME}/{{act:{'|'.join(sorted(meeting.ACTS))}}}", self.act)
        get(f"/@{addresses.NAME}/report", self.ask_report)
        post(f"/@{addresses.NAME}/report", self.report)
        get("/requests", self.requests)
        post("/requests", self.answer_request)
        get("/messages", self.messages)
        post("/messages", self.write_to_whom)
        get(f"/messages/{addresses.NAME}", self.letters)
        post(f"/messages/{addresses.NAME}", self.write)

    async def directory(self, request: web.Request) -> web.Response:
        """Everybody who is not protected, by followers, by name, or the newest first."""
        order, me = request.query.get("by", "followers"), shown.reader(request) or 0
        after = request.query.get("after", "")
        async with self._desk.store.reading() as read:
            found, more = await self._stretch(read, me, order, after)
        values: dict[str, Any] = {"people": found, "order": order, "more": more, "behind": bool(after)}
        return self._desk.look.page(request, "directory.html", **values)

    async def _stretch(self, read: Reading, me: int, order: str, after: str) -> tuple[list[Listed], str]:
        """A page of the directory behind a place in its order, and the place behind it: the last one's name, id, or
        ``FOLLOWERS-ID``; empty at the end. A place that is none is the beginning."""
        match order:
            case "followers":
                found, place = await self._ranking.page(read, me, behind=_place(after), most=PAGE)
                return found, "" if place is None else f"{place.followers}-{place.account_id}"
            case "newest":
                before = addresses.before(after)
                found = await people.newest(read, me, before=NEWEST if before is None else before, most=PAGE + 1)
            case "name":
                name = after if _NAME.fullmatch(after) else ""
                found = await people.by_name(read, me, after=name, most=PAGE + 1)
            case _:
                raise web.HTTPNotFound
        shown_last = found[PAGE - 1] if len(found) > PAGE else None
        end = "" if shown_last is None else str(shown_last.id) if order == "newest" else shown_last.name
        return found[:PAGE], end

    async def search(self, request: web.Request) -> web.Response:
        """Posts with all of some words, and people called so."""
        words = " ".join(asked(request, "q", addresses.LONGEST_SEARCH).split())
        me, before = shown.reader(request), shown.before(request)
        values: dict[str, Any] = {"words": words, "people": [], "page": reading.Page((), None)}
        if words:
            await self._desk.limit(SEARCHES, request)
            async with self._desk.store.reading() as read:
                values["page"] = await reading.search(read, words, reader=me, before=before)
                if before == NEWEST:
                    name = words.lower().removeprefix("@")
                    values["people"] = await people.named_like(read, me or 0, name, most=10)
                values |= await shown.marks(read, request, values["page"].posts)
        return self._desk.look.page(request, "search.html", **values)

    async def end(self, request: web.Request) -> web.Response:
        """Who follows somebody, or whom they follow."""
        name, end = request.match_info["name"].lower(), request.match_info["end"]
        after = addresses.before(request.query.get("after")) or 0
        me = shown.reader(request)
        async with self._desk.store.reading() as read:
            found = await reading.profile(read, name, reader=me)
            if not isinstance(found, Profile):
                raise web.HTTPNotFound
            listed = people.followers if end == "followers" else people.following
            rows = await listed(read, me or 0, found.id, after=after, most=PAGE + 1)
        more = rows[PAGE - 1].id if len(rows) > PAGE else None
        values: dict[str, Any] = {"profile": found, "end": end, "people": rows[:PAGE], "more": more}
        return self._desk.look.page(request, "people.html", **values)

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Follow, leave, mute, block and so on."""
        me, name, what = member(request), request.match_info["name"].lower(), request.match_info["act"]
        (back,) = await given(request, "next")
        async with self._desk.store.unit() as unit:
            result = await meeting.act(unit, self._desk.site, me, name, what, now=self._desk.now())
        match result:
            case Done():
                raise web.HTTPSeeOther(way_back(back, f"/@{name}"))
            case Asked():
                raise web.HTTPSeeOther(f"/@{name}")
            case Nobody():
                raise web.HTTPNotFound
            case Oneself():
                problem, limit = "oneself", 0
            case YouBlock():
                problem, limit = "blocked", 0
            case NoPhone():
                problem, limit = "phone", 0
            case TooMany(limit):
                problem = "many"
            case _:
                assert_never(result)
        return self._desk.look.page(request, "refused.html", status=422, problem=problem, name=name, limit=limit)

    async def ask_report(self, request: web.Request) -> web.Response:
        """The form for telling the operator about somebody."""
        named = addresses.before(request.query.get("post"))
        return await self._report(request, request.match_info["name"].lower(), named)

    async def report(self, request: web.Request) -> web.StreamResponse:
        """Tell the operator about somebody."""
        me, name = member(request), request.match_info["name"].lower()
        words, post = await given(request, "words", "post")
        named = addresses.before(post)
        async with self._desk.store.unit() as unit:
            result = await meeting.report(unit, self._desk.site, me, name, words, post_id=named, now=self._desk.now())
        match result:
            case Done():
                return self._desk.look.page(request, "report.html", name=name, post=None, problem="done")
            case ReportTooLong(over):
                return await self._report(request, name, named, words=words, problem="long", over=over, status=422)
            case Nobody():
                raise web.HTTPNotFound
            case ReportedOften(again_at):
                come_again(request, again_at, self._desk.now())
                return await self._report(request, name, named, words=words, problem="many", status=429)
            case _:
                assert_never(result)

    async def _report(
        self,
        request: web.Request,
        name: str,
        named: int | None,
        *,
        words: str = "",
        problem: str = "",
        over: int = 0,
        status: int = 200,
    ) -> web.Response:
        me = member(request)
        async with self._desk.store.reading() as read:
            other = await accounts.by_name(read, name)
            if other is None or other.id == me.id:
                raise web.HTTPNotFound
            meant = await reporting.post_meant(read, me.id, other.id, named=named)
            post = (await reading.posts(read, [meant]))[0] if meant and meant == named else None
        values = {"name": name, "post": post, "words": words, "problem": problem, "over": over}
        values["longest"] = meeting.LONGEST_REPORT
        return self._desk.look.page(request, "report.html", status=status, **values)

    async def requests(self, request: web.Request) -> web.Response:
        """Who asks to follow."""
        me, after = member(request), addresses.before(request.query.get("after")) or 0
        async with self._desk.store.reading() as read:
            rows = await people.requests(read, me.id, after=after, most=PAGE + 1)
        more = rows[PAGE - 1].id if len(rows) > PAGE else None
        return self._desk.look.page(request, "requests.html", people=rows[:PAGE], more=more)

    async def answer_request(self, request: web.Request) -> web.StreamResponse:
        """Let somebody follow, or not; or let all in who ask."""
        me, desk = member(request), self._desk
        name, answer = await given(request, "name", "answer")
        async with desk.store.unit() as unit:
            if answer == "all":
                await following.accept_all(unit, desk.site, me, now=desk.now())
            else:
                await meeting.answer_request(unit, desk.site, me, name, grant=answer == "accept", now=desk.now())
        raise web.HTTPSeeOther("/requests")

    async def messages(self, request: web.Request) -> web.Response:
        """With whom the member exchanged direct messages."""
        me = member(request)
        async with self._desk.store.reading() as read:
            rows = await people.conversations(read, me.id, before=shown.before(request), most=PAGE + 1)
        older = rows[PAGE - 1].post_id if len(rows) > PAGE else None
        return self._desk.look.page(
            request, "messages.html", conversations=rows[:PAGE], older=older, name="", problem=""
        )

    async def write_to_whom(self, request: web.Request) -> web.StreamResponse:
        """To whom the member wants to write: from there they go on."""
        me = member(request)
        (typed,) = await given(request, "name")
        name = typed.strip().removeprefix("@").lower()
        async with self._desk.store.reading() as read:
            other = await meeting.reachable(read, me, name)
            rows = [] if other else await people.conversations(read, me.id, before=NEWEST, most=PAGE)
        if other is not None:
            raise web.HTTPSeeOther(f"/messages/{other.name}")
        values = {"conversations": rows, "older": None, "name": typed, "problem": "nobody"}
        return self._desk.look.page(request, "messages.html", status=422, **values)

    async def letters(self, request: web.Request) -> web.Response:
        """The direct messages between the member and somebody."""
        return await self._letters(request)

    async def write(self, request: web.Request) -> web.StreamResponse:
        """Write to somebody in private."""
        me, name = member(request), request.match_info["name"].lower()
        draft = await drafted(request, public=False)
        if draft.again:
            return await self._letters(request, draft, status=422 if draft.problem else 200)
        async with self._desk.store.unit() as unit:
            outcome = await meeting.write_to(unit, self._desk.site, me, name, draft.text, now=self._desk.now())
        match outcome:
            case Published():
                raise web.HTTPSeeOther(f"/messages/{name}")
            case Nobody():
                raise web.HTTPNotFound
            case NotAllowed():
                draft = replace(draft, problem="closed")
            case TooLong(over):
                draft = replace(draft, problem="long", over=over)
            case Duplicate():
                draft = replace(draft, problem="same")
            case Nothing():
                draft = replace(draft, problem="nothing")
            case TooManyMessages(limit, again_at):
                come_again(request, again_at, self._desk.now())
                return await self._letters(request, replace(draft, problem="many", limit=limit), status=429)
            case _:
                assert_never(outcome)
        return await self._letters(request, draft, status=422)

    async def _letters(self, request: web.Request, draft: Draft = BLANK, *, status: int = 200) -> web.Response:
        me, name = member(request), request.match_info["name"].lower()
        before = shown.before(request)
        async with self._desk.store.reading() as read:
            found = await reading.profile(read, name, reader=me.id)
            other = await meeting.reachable(read, me, name)
            if other is None or isinstance(found, Missing):
                raise web.HTTPNotFound
            rows = await people.letters(read, me.id, other.id, before=before, most=_LETTERS + 1)
            between = await people.between(read, me.id, other.id)
        values = {
            "name": name,
            "letters": rows[:_LETTERS][::-1],
            "older": rows[_LETTERS - 1].id if len(rows) > _LETTERS else None,
            "may_write": between.followed and not between.blocks,
            "draft": draft,
            **counted(self._desk.site, draft, me, PostKind.DIRECT),
        }
        return self._desk.look.page(request, "letters.html", status=status, **values)


def _place(typed: str) -> Place | None:
    followers, _, last = typed.partition("-")
    count, account_id = addresses.before(followers), addresses.before(last)
    return None if count is None or account_id is None else Place(count, account_id)
