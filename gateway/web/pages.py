"""The pages that everybody may see: the front page, people, posts, tags."""

from html import escape
from typing import Any

from aiohttp import hdrs, web

from gateway.domain.command_table import CHAPTERS
from gateway.service import polling, reading
from gateway.service.reading import Closed, Deleted, Missing, PostPage, PostView, Profile
from gateway.web import addresses, shown
from gateway.web.desk import Desk, tag_of
from gateway.web.living import Living, around
from gateway.web.visitors import visitor
from store import accounts, listeners, people
from store.timelines import NEWEST
from store.unit import Reading

LARGEST_SITEMAP = 50_000
"""Addresses that one sitemap may hold (sitemaps.org)."""

_NEWEST_POSTS = 10_000
"""Posts in it; older ones are links away from those of their authors."""

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


class Pages:
    """The page routes over one store."""

    def __init__(self, desk: Desk, living: Living) -> None:
        self._living = living
        self._store = desk.store
        self._site = desk.site
        self._look = desk.look
        self._now = desk.now

    def add_to(self, app: web.Application) -> None:
        """Add every page's route."""
        get = app.router.add_get
        get("/static/{file}", self._look.static)
        get("/robots.txt", self.robots)
        get("/help", self.help)
        get("/", self.front)
        get("/public", self.public)
        get("/new", self.fresh)
        get("/sitemap.xml", self.sitemap)
        get(f"/@{addresses.NAME}", self.person)
        get(f"/@{addresses.NAME}/{addresses.POST}", self.post)
        get(f"/posts/{addresses.POST}", self.post)
        get(f"/tags/{addresses.TAG}", self.tag)

    async def front(self, request: web.Request) -> web.Response:
        """What this is, how to join, and what everybody writes."""
        before = shown.before(request)
        async with self._store.reading() as read:
            page = await reading.public_timeline(read, reader=shown.reader(request), before=before)
            marks = await shown.marks(read, request, page.posts)
        return self._look.page(request, "front.html", page=page, first=before == NEWEST, **marks)

    async def public(self, _request: web.Request) -> web.Response:
        """What everybody writes stands on the front page; its feeds are called this."""
        raise web.HTTPMovedPermanently("/")

    async def fresh(self, request: web.Request) -> web.Response:
        """How many posts are new on the front page, for the script of one that is open."""
        async with self._store.reading() as read:
            count = await reading.newer_for_all(read, shown.after(request), reader=shown.reader(request))
        return shown.fresh(self._look, request, "/", count)

    async def person(self, request: web.Request) -> web.Response:
        """A public account and its posts; of a protected one nothing but that."""
        name = request.match_info["name"]
        if name != name.lower():
            raise web.HTTPMovedPermanently(f"/@{name.lower()}")
        answers = request.query.get("replies") != "0"
        async with self._store.reading() as read:
            found = await reading.profile(read, name, reader=shown.reader(request))
            if isinstance(found, Profile):
                page = await reading.posts_of(read, found, answers=answers, before=shown.before(request))
                more = await shown.marks(read, request, page.posts) | await _between(read, request, name)
                return self._look.page(request, "profile.html", profile=found, page=page, answers=answers, **more)
            more = await _between(read, request, name) if isinstance(found, Closed) else {}
        match found:
            case Closed():
                return self._look.page(request, "protected.html", status=404, name=found.name, **more)
            case Missing():
                raise web.HTTPNotFound

    async def post(self, request: web.Request) -> web.Response:
        """A post among its thread; any other address of it leads to the right one."""
        async with self._store.reading() as read:
            found = await reading.post_page(read, int(request.match_info["post"]), reader=shown.reader(request))
            marks, poll, cut = {}, None, None
            if isinstance(found, PostPage):
                marks = await shown.marks(read, request, found.conversation)
                poll = await self._poll(read, request, found.post)
                if (me := shown.reader(request)) is not None:
                    cut = await reading.what_was_cut(read, found.post.id, me)
        match found:
            case PostPage(post):
                if request.path != post.path:
                    raise web.HTTPMovedPermanently(post.path)
                draft = self._living.blank(visitor(request))
                return self._look.page(request, "post.html", **around(found), **marks, **draft, poll=poll, cut=cut)
            case Deleted():
                raise web.HTTPGone
            case Missing():
                raise web.HTTPNotFound

    async def _poll(self, read: Reading, request: web.Request, post: PostView) -> polling.Standing | None:
        return await polling.standing(read, post.subject_id, reader=shown.reader(request), now=self._now())

    async def tag(self, request: web.Request) -> web.Response:
        """The posts with a tag."""
        tag = tag_of(request)
        async with self._store.reading() as read:
            page = await reading.tag_timeline(read, tag, reader=shown.reader(request), before=shown.before(request))
            listens = (me := shown.reader(request)) is not None and await listeners.listens(read, f"#{tag}", me)
            marks = await shown.marks(read, request, page.posts)
        return self._look.page(
            request, "tag.html", tag=tag, path=addresses.tag_path(tag), page=page, listens=listens, **marks
        )

    async def help(self, request: web.Request) -> web.Response:
        """All that can be texted: where the answer to HELP leads."""
        return self._look.page(request, "help.html", chapters=CHAPTERS)

    async def robots(self, _request: web.Request) -> web.Response:
        """Where crawlers should not go (RFC 9309)."""
        if self._site.private:
            return web.Response(text="User-agent: *\nDisallow: /\n")
        closed = "".join(
            f"Disallow: {path}\n"
            for path in ("/feeds/", "/unsubscribe/", "/hooks/", "/search", "/settings", "/login", "/signup")
        )
        return web.Response(text=f"User-agent: *\n{closed}\nSitemap: {self._site.public_url}/sitemap.xml\n")

    async def sitemap(self, _request: web.Request) -> web.Response:
        """The front page, public people, and the newest of what they wrote (sitemaps.org)."""
        async with self._store.reading() as read:
            written = await reading.listed_posts(read, most=_NEWEST_POSTS)
            names = await reading.listed_names(read, most=LARGEST_SITEMAP - 1 - len(written))
        base = escape(self._site.public_url)
        paths = ["/", *(f"/@{name}" for name in names), *written]
        urls = "".join(f"<url><loc>{base}{path}</loc></url>\n" for path in paths)
        text = f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{_SITEMAP}">\n{urls}</urlset>\n'
        return web.Response(text=text, content_type="application/xml", headers={hdrs.CACHE_CONTROL: "max-age=3600"})


async def _between(read: Reading, request: web.Request, name: str) -> dict[str, Any]:
    """What is between the visitor and whoever bears a name, as templates want it."""
    me, other = visitor(request), await accounts.by_name(read, name)
    if me is None or other is None:
        return {}
    return {"between": await people.between(read, me.id, other.id)}
