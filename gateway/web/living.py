"""A member's own pages, and what they do there: home, mentions, writing, answering, passing on, marking, taking back.

Every form works without a script, and leads back to where it stood. What is refused comes back with the words that
were typed and what is wrong with them.
"""

from dataclasses import replace
from typing import Any, assert_never

from aiohttp import web

from gateway.domain.types import MAX_LENGTH, Source
from gateway.service import acting, posting, reading
from gateway.service.acting import NotThere
from gateway.service.posting import Duplicate, Nothing, Published, TooLong, TooMany
from gateway.service.reading import PostPage
from gateway.web import addresses, shown
from gateway.web.composing import BLANK, Draft, counted, drafted
from gateway.web.desk import Desk, given
from gateway.web.limits import TooOften, come_again, seconds_until
from gateway.web.visitors import member, way_back
from store import people
from store.accounts import AccountRow
from store.timelines import NEWEST


class Living:
    """The routes of members."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        get, post = app.router.add_get, app.router.add_post
        get("/home", self.home)
        get("/home/new", self.fresh)
        get("/mentions", self.mentions)
        post("/posts", self.write)
        for act in (self.favourite, self.unfavourite, self.repost, self.delete):
            post(f"/posts/{addresses.POST}/{act.__name__}", act)

    async def home(self, request: web.Request) -> web.Response:
        """What the member reads, below the composer."""
        return await self._home(request, Draft(request.query.get("text", "")[: 4 * MAX_LENGTH]))

    async def fresh(self, request: web.Request) -> web.Response:
        """How many posts are new at home, for the script of a page that is open; nothing when there are none."""
        me, count = shown.reader(request), 0
        if me is not None:
            async with self._desk.store.reading() as read:
                count = await reading.newer_at_home(read, me, shown.after(request))
        return shown.fresh(self._desk.look, request, "/home", count)

    async def mentions(self, request: web.Request) -> web.Response:
        """The posts that name the member."""
        me = member(request)
        async with self._desk.store.reading() as read:
            page = await reading.mentions(read, me.id, before=shown.before(request))
            marks = await reading.marks(read, me.id, page.posts)
        return self._desk.look.page(request, "mentions.html", page=page, marks=marks)

    async def write(self, request: web.Request) -> web.StreamResponse:
        """Post, or answer a post; or, by another button, look at the words again."""
        me, draft = member(request), await drafted(request)
        if draft.again:
            return await self._again(request, draft, status=422 if draft.problem else 200)
        desk, now = self._desk, self._desk.now()
        async with desk.store.unit() as unit:
            if draft.reply_to:
                outcome = await acting.answer(
                    unit, desk.site, me.id, draft.reply_to, draft.text, source=Source.WEB, now=now
                )
            else:
                outcome = await posting.publish(unit, desk.site, me.id, draft.text, source=Source.WEB, now=now)
        match outcome:
            case Published(post_ids):
                new = post_ids[0]
                raise web.HTTPSeeOther(f"/@{me.name}/{new}?new" if draft.reply_to else f"/home?posted={new}")
            case TooLong(over):
                return await self._again(request, replace(draft, problem="long", over=over))
            case Duplicate():
                return await self._again(request, replace(draft, problem="same"))
            case Nothing():
                return await self._again(request, replace(draft, problem="nothing"))
            case TooMany(limit, again_at):
                come_again(request, again_at, now)
                return await self._again(request, replace(draft, problem="many", limit=limit), status=429)
            case NotThere():
                return await self._again(request, replace(draft, reply_to=0, problem="gone"))
            case _:
                assert_never(outcome)

    async def favourite(self, request: web.Request) -> web.StreamResponse:
        """Mark a post."""
        me, post_id = member(request), _post_id(request)
        async with self._desk.store.unit() as unit:
            done = await acting.favourite(unit, me.id, post_id, now=self._desk.now())
        return await self._back(request, done=done)

    async def unfavourite(self, request: web.Request) -> web.StreamResponse:
        """Take a mark away."""
        me, post_id = member(request), _post_id(request)
        async with self._desk.store.unit() as unit:
            await acting.unfavourite(unit, me.id, post_id)
        return await self._back(request, done=True)

    async def repost(self, request: web.Request) -> web.StreamResponse:
        """Pass a post on."""
        me, post_id = member(request), _post_id(request)
        async with self._desk.store.unit() as unit:
            outcome = await acting.repost(
                unit, self._desk.site, me.id, post_id, source=Source.WEB, now=self._desk.now()
            )
        if isinstance(outcome, TooMany):
            raise TooOften(seconds_until(outcome.again_at, self._desk.now()))
        return await self._back(request, done=isinstance(outcome, Published | Duplicate))

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Take one's own words back; without ``sure`` it is asked first."""
        me, post_id = member(request), _post_id(request)
        sure, back = await given(request, "sure", "next")
        if not sure:
            async with self._desk.store.reading() as read:
                found = await reading.post_page(read, post_id, reader=me.id)
            if not isinstance(found, PostPage) or found.post.author != me.name:
                raise web.HTTPNotFound
            return self._desk.look.page(request, "delete_post.html", post=found.post, back=way_back(back))
        async with self._desk.store.unit() as unit:
            done = await acting.take_back(unit, me.id, post_id, now=self._desk.now())
        if not done:
            raise web.HTTPNotFound
        gone = f"/@{me.name}/{post_id}"
        raise web.HTTPSeeOther("/home" if way_back(back).startswith(gone) else way_back(back))

    async def _home(self, request: web.Request, draft: Draft, status: int = 200) -> web.Response:
        me, before = member(request), shown.before(request)
        async with self._desk.store.reading() as read:
            page = await reading.home_timeline(read, me.id, before=before)
            marks = await reading.marks(read, me.id, page.posts)
            asking = await people.count_requests(read, me.id) if me.protected else 0
        return self._desk.look.page(
            request,
            "home.html",
            status=status,
            page=page,
            first=before == NEWEST,
            marks=marks,
            asking=asking,
            draft=draft,
            posted=addresses.before(request.query.get("posted")),
            **counted(self._desk.site, draft, me),
        )

    async def _again(self, request: web.Request, draft: Draft, status: int = 422) -> web.Response:
        """The page that the words came from, with the words still in the composer."""
        me = member(request)
        if draft.reply_to:
            async with self._desk.store.reading() as read:
                found = await reading.post_page(read, draft.reply_to, reader=me.id)
                if isinstance(found, PostPage):
                    marks = await reading.marks(read, me.id, found.conversation)
                    return self._desk.look.page(
                        request,
                        "post.html",
                        status=status,
                        marks=marks,
                        draft=draft,
                        poll=None,
                        cut=None,
                        **around(found),
                        **counted(self._desk.site, draft, me),
                    )
        return await self._home(request, draft, status)

    def blank(self, me: AccountRow | None) -> dict[str, Any]:
        """An empty composer, for whoever may write."""
        return {} if me is None else {"draft": BLANK, **counted(self._desk.site, BLANK, me)}

    async def _back(self, request: web.Request, *, done: bool) -> web.StreamResponse:
        if not done:
            raise web.HTTPNotFound
        (back,) = await given(request, "next")
        raise web.HTTPSeeOther(way_back(back))


def around(found: PostPage) -> dict[str, Any]:
    """A post's page as its template wants it: the post, and what came before and after it."""
    post_id = found.post.id
    return {
        "post": found.post,
        "before": [other for other in found.conversation if other.id < post_id],
        "after": [other for other in found.conversation if other.id > post_id],
    }


def _post_id(request: web.Request) -> int:
    return int(request.match_info["post"])
