"""What people do together: polls, groups, and the words and tags that one listens for."""

from dataclasses import replace
from typing import Any, assert_never

from aiohttp import web

from gateway.domain.folding import one_word
from gateway.domain.types import Source
from gateway.service import acting, listening, polling, posting, reading
from gateway.service.listening import Listens, NoSuchGroup, TooMany
from gateway.service.polling import Closed, NoSuchOption, Voted
from gateway.service.posting import Duplicate, Nothing, Published, TooLong
from gateway.service.posting import TooMany as TooManyPosts
from gateway.web import addresses, shown
from gateway.web.composing import BLANK, Draft, counted, drafted
from gateway.web.desk import Desk, given
from gateway.web.limits import come_again
from gateway.web.visitors import member, visitor, way_back
from store import groups, listeners, polls
from store.accounts import AccountRow

_GROUP = r"{group:[A-Za-z0-9_]{1,15}}"
_MOST_OPTIONS = 6


class Together:
    """The routes of polls, groups and tracks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        get, post = app.router.add_get, app.router.add_post
        get("/polls", self.polls)
        get("/polls/new", self.new_poll)
        post("/polls/new", self.ask)
        post(f"/posts/{addresses.POST}/vote", self.vote)
        post(f"/posts/{addresses.POST}/close", self.close)
        get("/groups", self.groups)
        post("/groups", self.found)
        get(f"/groups/{_GROUP}", self.group)
        post(f"/groups/{_GROUP}", self.write)
        post(f"/groups/{_GROUP}/join", self.join)
        post(f"/groups/{_GROUP}/leave", self.leave)
        get("/tracks", self.tracks)
        post("/tracks", self.track)
        post("/tracks/end", self.untrack)

    # ---- polls

    async def polls(self, request: web.Request) -> web.Response:
        """What was asked, the newest first; each is voted in on its own page."""
        async with self._desk.store.reading() as read:
            page = await reading.polls_timeline(read, reader=shown.reader(request), before=shown.before(request))
            marks = await shown.marks(read, request, page.posts)
        return self._desk.look.page(request, "polls.html", page=page, **marks)

    async def new_poll(self, request: web.Request) -> web.Response:
        """The form for a poll."""
        member(request)
        return self._poll(request, "", [])

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Post a poll."""
        me = member(request)
        question, *options = await given(request, "question", *(f"option{n}" for n in range(1, _MOST_OPTIONS + 1)))
        chosen = [" ".join(each.split()) for each in options if each.strip()]
        if not question.strip() or len(chosen) < 2:  # a choice needs two
            return self._poll(request, question, options, problem="few")
        if len({each.casefold() for each in chosen}) < len(chosen):
            return self._poll(request, question, options, problem="alike")
        desk = self._desk
        async with desk.store.unit() as unit:
            outcome = await polling.ask(
                unit, desk.site, me.id, " ".join(question.split()), chosen, source=Source.WEB, now=desk.now()
            )
        match outcome:
            case Published(post_ids):
                raise web.HTTPSeeOther(f"/@{me.name}/{post_ids[0]}")
            case polling.TooLong(over) | TooLong(over):
                return self._poll(request, question, options, problem="long", over=over)
            case Duplicate():
                return self._poll(request, question, options, problem="same")
            case Nothing():
                return self._poll(request, question, options, problem="few")
            case TooManyPosts(limit, again_at):
                come_again(request, again_at, desk.now())
                return self._poll(request, question, options, problem="many", limit=limit, status=429)
            case _:
                assert_never(outcome)

    async def vote(self, request: web.Request) -> web.StreamResponse:
        """Choose in a poll that the member may see."""
        me, post_id = member(request), int(request.match_info["post"])
        number, back = await given(request, "option", "next")
        async with self._desk.store.unit() as unit:
            seen = await acting.subject(unit, me.id, post_id)
            poll = None if seen is None else await polls.of_post(unit, seen.id)
            if poll is None or not (number.isascii() and number.isdigit() and len(number) <= 2):
                raise web.HTTPNotFound
            outcome = await polling.vote(unit, poll, me.id, int(number), now=self._desk.now())
        match outcome:
            case Voted() | Closed():
                raise web.HTTPSeeOther(way_back(back))
            case NoSuchOption():
                raise web.HTTPNotFound
            case _:
                assert_never(outcome)

    async def close(self, request: web.Request) -> web.StreamResponse:
        """End the member's own poll now."""
        me, post_id = member(request), int(request.match_info["post"])
        (back,) = await given(request, "next")
        async with self._desk.store.unit() as unit:
            poll = await polls.of_post(unit, post_id)
            if poll is None or poll.author_id != me.id:
                raise web.HTTPNotFound
            if poll.closes_at > self._desk.now():
                await polling.close(unit, poll, now=self._desk.now())
        raise web.HTTPSeeOther(way_back(back))

    # ---- groups

    async def groups(self, request: web.Request) -> web.Response:
        """Every group, and which ones the member belongs to."""
        return await self._groups(request)

    async def found(self, request: web.Request) -> web.StreamResponse:
        """Join a group by its name, or found it."""
        (typed,) = await given(request, "name")
        name = typed.strip().removeprefix("!").lower()
        if not (name.isascii() and name.replace("_", "").isalnum() and len(name) <= 15):
            member(request)
            return await self._groups(request, problem="name", name=typed, status=422)
        return await self._join(request, name)

    async def group(self, request: web.Request) -> web.Response:
        """What was written to a group."""
        return await self._group(request)

    async def write(self, request: web.Request) -> web.StreamResponse:
        """Post to a group that the member belongs to."""
        me, group = member(request), request.match_info["group"].lower()
        draft, desk = await drafted(request), self._desk
        if draft.again:
            return await self._group(request, draft, status=422 if draft.problem else 200)
        async with desk.store.unit() as unit:
            if not await listeners.listens(unit, f"!{group}", me.id):
                raise web.HTTPNotFound
            outcome = await posting.publish(
                unit, desk.site, me.id, draft.text, source=Source.WEB, now=desk.now(), group=group
            )
        match outcome:
            case Published():
                raise web.HTTPSeeOther(f"/groups/{group}")
            case TooLong(over):
                draft = replace(draft, problem="long", over=over)
            case Duplicate():
                draft = replace(draft, problem="same")
            case Nothing():
                draft = replace(draft, problem="nothing")
            case TooManyPosts(limit, again_at):
                come_again(request, again_at, desk.now())
                return await self._group(request, replace(draft, problem="many", limit=limit), status=429)
            case _:
                assert_never(outcome)
        return await self._group(request, draft, status=422)

    async def join(self, request: web.Request) -> web.StreamResponse:
        """Belong to a group."""
        return await self._join(request, request.match_info["group"].lower())

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """Belong to it no longer."""
        me, group = member(request), request.match_info["group"].lower()
        async with self._desk.store.unit() as unit:
            await listening.end(unit, me.id, f"!{group}")
        raise web.HTTPSeeOther("/groups")

    async def _join(self, request: web.Request, group: str) -> web.StreamResponse:
        me = member(request)
        async with self._desk.store.unit() as unit:
            outcome = await listening.join_group(
                unit, self._desk.site, me, group, texts=False, mail=True, now=self._desk.now()
            )
        match outcome:
            case Listens():
                raise web.HTTPSeeOther(f"/groups/{group}")
            case TooMany():
                return await self._groups(request, problem="many", name=group, status=422)
            case NoSuchGroup():
                return await self._groups(request, problem="none", name=group, status=422)
            case _:
                assert_never(outcome)

    # ---- words and tags

    async def tracks(self, request: web.Request) -> web.Response:
        """What the member listens for."""
        return await self._tracks(request, member(request))

    async def track(self, request: web.Request) -> web.StreamResponse:
        """Listen for one more word or tag; it comes by mail, and by text if it was asked for by text."""
        me = member(request)
        typed, back = await given(request, "word", "next")
        typed = typed.strip()
        word = one_word(typed.removeprefix("#"))
        if not word:
            return await self._tracks(request, me, problem="word", word=typed, status=422)
        key = f"#{typed.removeprefix('#').casefold()}" if typed.startswith("#") else word
        async with self._desk.store.unit() as unit:
            outcome = await listening.listen(
                unit, self._desk.site, me, key, texts=False, mail=True, now=self._desk.now()
            )
        if isinstance(outcome, TooMany):
            return await self._tracks(request, me, problem="many", word=typed, status=422)
        raise web.HTTPSeeOther(way_back(back, "/tracks"))

    async def untrack(self, request: web.Request) -> web.StreamResponse:
        """Listen for a word or tag no longer."""
        me = member(request)
        key, back = await given(request, "key", "next")
        async with self._desk.store.unit() as unit:
            if not key.startswith("!"):
                await listening.end(unit, me.id, key)
        raise web.HTTPSeeOther(way_back(back, "/tracks"))

    # ---- pages

    def _poll(
        self,
        request: web.Request,
        question: str,
        options: list[str],
        *,
        problem: str = "",
        over: int = 0,
        limit: int = 0,
        status: int = 0,
    ) -> web.Response:
        padded = [*options, *[""] * (_MOST_OPTIONS - len(options))]
        values: dict[str, Any] = {"question": question, "options": padded, "problem": problem, "over": over}
        values |= {"limit": limit, "hours": self._desk.site.limits.poll_hours}
        return self._desk.look.page(request, "poll.html", status=status or (422 if problem else 200), **values)

    async def _groups(
        self, request: web.Request, *, problem: str = "", name: str = "", status: int = 200
    ) -> web.Response:
        me = visitor(request)
        async with self._desk.store.reading() as read:
            rows = await groups.everyone(read)
            mine = (await listening.tracked(read, me.id)).groups if me else ()
        values: dict[str, Any] = {"groups": rows, "mine": mine, "problem": problem, "name": name}
        values["may_found"] = self._desk.site.new_groups
        return self._desk.look.page(request, "groups.html", status=status, **values)

    async def _group(self, request: web.Request, draft: Draft = BLANK, *, status: int = 200) -> web.Response:
        me, group = visitor(request), request.match_info["group"].lower()
        before = shown.before(request)
        async with self._desk.store.reading() as read:
            if not await groups.there_is(read, group):
                raise web.HTTPNotFound
            page = await reading.group_timeline(read, group, reader=shown.reader(request), before=before)
            values: dict[str, Any] = {
                "group": group,
                "page": page,
                "members": await listeners.count(read, f"!{group}"),
                "belongs": me is not None and await listeners.listens(read, f"!{group}", me.id),
                "draft": draft,
            }
            if me is not None:
                values |= counted(self._desk.site, draft, me)
            values |= await shown.marks(read, request, page.posts)
        return self._desk.look.page(request, "group.html", status=status, **values)

    async def _tracks(
        self, request: web.Request, me: AccountRow, *, problem: str = "", word: str = "", status: int = 200
    ) -> web.Response:
        async with self._desk.store.reading() as read:
            tracked = await listening.tracked(read, me.id)
        limit = self._desk.site.limits.tracks
        values: dict[str, Any] = {"tags": tracked.tags, "words": tracked.words, "problem": problem, "limit": limit}
        values["word"] = word
        return self._desk.look.page(request, "tracks.html", status=status, **values)
