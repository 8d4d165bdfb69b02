"""A member's own pages, and what they do there: home, mentions, writing, answering, passing on, marking, taking back.

Every form works without a script, and leads back to where it stood. What is refused comes back with the words that
were typed and what is wrong with them.
"""

from dataclasses import dataclass, replace
from typing import Any, assert_never

from aiohttp import web
from aiohttp.web_request import FileField

from gateway.domain import sms_text, text
from gateway.domain.types import MAX_LENGTH, Source
from gateway.service import acting, posting, reading
from gateway.service.acting import NotThere
from gateway.service.posting import Duplicate, Nothing, Published, TooLong, TooMany
from gateway.service.reading import PostPage
from gateway.web import addresses, shown
from gateway.web.desk import Desk, given
from gateway.web.limits import TooOften
from gateway.web.visitors import member, way_back
from store import people
from store.accounts import AccountRow


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the composer: the words, what they answer, and what was wrong with them (``problem`` in a word,
    ``over`` characters too many)."""

    text: str = ""
    reply_to: int = 0
    problem: str = ""
    over: int = 0
    limit: int = 0

    @property
    def length(self) -> int:
        """Characters, as they are counted."""
        return text.length(text.normalise(self.text))


class Living:
    """The routes of members."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        get, post = app.router.add_get, app.router.add_post
        get("/home", self.home)
        get("/mentions", self.mentions)
        post("/posts", self.write)
        for act in (self.favourite, self.unfavourite, self.repost, self.delete):
            post(f"/posts/{addresses.POST}/{act.__name__}", act)

    async def home(self, request: web.Request) -> web.Response:
        """What the member reads, below the composer."""
        return await self._home(request, Draft(request.query.get("text", "")[: 4 * MAX_LENGTH]))

    async def mentions(self, request: web.Request) -> web.Response:
        """The posts that name the member."""
        me = member(request)
        async with self._desk.store.reading() as read:
            page = await reading.mentions(read, me.id, before=shown.before(request))
            marks = await reading.marks(read, me.id, page.posts)
        return self._desk.look.page(request, "mentions.html", page=page, marks=marks)

    async def write(self, request: web.Request) -> web.StreamResponse:
        """Post, or answer a post; or, by another button, make the words plain and look at them again."""
        me = member(request)
        words, reply_to, act = await given(request, "text", "reply_to", "act")
        draft = Draft(words.replace("\r\n", "\n"), addresses.before(reply_to) or 0)
        if any(isinstance(each, FileField) and each.filename for each in (await request.post()).values()):
            return await self._again(request, replace(draft, problem="picture"))
        if act == "plain":
            return await self._again(request, replace(draft, text=sms_text.without_pictures(draft.text)), status=200)
        if act == "count":
            return await self._again(request, draft, status=200)
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
                raise web.HTTPSeeOther(f"/@{me.name}/{post_ids[0]}?new" if draft.reply_to else "/home?posted")
            case TooLong(over):
                return await self._again(request, replace(draft, problem="long", over=over))
            case Duplicate():
                return await self._again(request, replace(draft, problem="same"))
            case Nothing():
                return await self._again(request, replace(draft, problem="nothing"))
            case TooMany(limit):
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
            raise TooOften
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
        me = member(request)
        async with self._desk.store.reading() as read:
            page = await reading.home_timeline(read, me.id, before=shown.before(request))
            marks = await reading.marks(read, me.id, page.posts)
            asking = await people.count_requests(read, me.id) if me.protected else 0
        return self._desk.look.page(
            request,
            "home.html",
            status=status,
            page=page,
            marks=marks,
            asking=asking,
            draft=draft,
            posted="posted" in request.query,
            **self.counted(draft, me.name or ""),
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
                        **self.counted(draft, me.name or ""),
                    )
        return await self._home(request, draft, status)

    def blank(self, me: AccountRow | None) -> dict[str, Any]:
        """An empty composer, for whoever may write."""
        return {} if me is None else {"draft": Draft(), **self.counted(Draft(), me.name or "")}

    def counted(self, draft: Draft, name: str) -> dict[str, Any]:
        """What a draft costs by text, as followers get it, and whether plain letters would make it cheaper."""
        as_sent = sms_text.compose(f"{name}: {text.normalise(draft.text)}")
        plainer = sms_text.segments(f"{name}: {sms_text.without_pictures(text.normalise(draft.text))}")
        return {"segments": as_sent.segments, "plain_saves": as_sent.segments - plainer, "longest": MAX_LENGTH}

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
