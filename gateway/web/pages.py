"""The pages that everybody may see: the front page, people, posts, tags."""

from collections.abc import Callable
from datetime import datetime
from html import escape

from aiohttp import hdrs, web

from gateway.domain.command_table import CHAPTERS
from gateway.service import reading
from gateway.service.reading import Closed, Deleted, Missing, PostPage, Profile
from gateway.service.site import Site
from gateway.web import addresses
from gateway.web.look import Look
from store.timelines import NEWEST
from store.unit import Store

LARGEST_SITEMAP = 50_000
"""Addresses that one sitemap may hold (sitemaps.org)."""

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


class Pages:
    """The page routes over one store."""

    def __init__(self, store: Store, site: Site, look: Look, now: Callable[[], datetime]) -> None:
        self._store = store
        self._site = site
        self._look = look
        self._now = now

    def add_to(self, app: web.Application) -> None:
        """Add every page's route. A private site has the same ones, and each says that it is private, but for the one
        that the answer to HELP leads to: it tells of nobody."""
        get = app.router.add_get
        get("/static/{file}", self._look.static)
        get("/robots.txt", self.robots)
        get("/help", self.help)
        if self._site.private:
            get("/{anything:.*}", self.private)
            return
        get("/", self.front)
        get("/sitemap.xml", self.sitemap)
        get(f"/@{addresses.NAME}", self.person)
        get(f"/@{addresses.NAME}/{addresses.POST}", self.post)
        get(f"/posts/{addresses.POST}", self.post)
        get(f"/tags/{addresses.TAG}", self.tag)

    async def front(self, request: web.Request) -> web.Response:
        """What this is, how to join, and what everybody writes."""
        async with self._store.reading() as read:
            before = _before(request)
            page = await reading.public_timeline(read, before=before)
        return self._look.page("front.html", page=page, first=before == NEWEST)

    async def person(self, request: web.Request) -> web.Response:
        """A public account and its posts; of a protected one nothing but that."""
        name = request.match_info["name"]
        if name != name.lower():
            raise web.HTTPMovedPermanently(f"/@{name.lower()}")
        answers = request.query.get("replies") != "0"
        async with self._store.reading() as read:
            found = await reading.profile(read, name)
            if isinstance(found, Profile):
                page = await reading.posts_of(read, found, answers=answers, before=_before(request))
                return self._look.page("profile.html", profile=found, page=page, answers=answers)
        match found:
            case Closed():
                return self._closed(found.name)
            case Missing():
                raise web.HTTPNotFound

    async def post(self, request: web.Request) -> web.Response:
        """A post among its thread; any other address of it leads to the right one."""
        async with self._store.reading() as read:
            found = await reading.post_page(read, int(request.match_info["post"]))
        match found:
            case PostPage(post, conversation):
                if request.path != post.path:
                    raise web.HTTPMovedPermanently(post.path)
                before = [other for other in conversation if other.id < post.id]
                after = [other for other in conversation if other.id > post.id]
                return self._look.page("post.html", post=post, before=before, after=after)
            case Deleted():
                raise web.HTTPGone
            case Missing():
                raise web.HTTPNotFound

    async def tag(self, request: web.Request) -> web.Response:
        """The posts with a tag."""
        tag = request.match_info["tag"].casefold()
        async with self._store.reading() as read:
            page = await reading.tag_timeline(read, tag, before=_before(request))
        return self._look.page("tag.html", tag=tag, path=addresses.tag_path(tag), page=page)

    async def help(self, _request: web.Request) -> web.Response:
        """All that can be texted: where the answer to HELP leads."""
        return self._look.page("help.html", chapters=CHAPTERS)

    async def private(self, _request: web.Request) -> web.Response:
        """All that a private site shows to everybody."""
        return self._look.message("This site is private", "It is for its members only.", status=403, home=False)

    async def robots(self, _request: web.Request) -> web.Response:
        """Where crawlers should not go (RFC 9309)."""
        if self._site.private:
            return web.Response(text="User-agent: *\nDisallow: /\n")
        closed = "".join(f"Disallow: {path}\n" for path in ("/feeds/", "/unsubscribe/", "/hooks/"))
        return web.Response(text=f"User-agent: *\n{closed}\nSitemap: {self._site.public_url}/sitemap.xml\n")

    async def sitemap(self, _request: web.Request) -> web.Response:
        """The front page and all public people (sitemaps.org); from there the newest posts are one link away."""
        async with self._store.reading() as read:
            names = await reading.listed_names(read, most=LARGEST_SITEMAP - 1)
        base = escape(self._site.public_url)
        urls = "".join(f"<url><loc>{base}/{path}</loc></url>\n" for path in ("", *(f"@{name}" for name in names)))
        text = f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{_SITEMAP}">\n{urls}</urlset>\n'
        return web.Response(text=text, content_type="application/xml", headers={hdrs.CACHE_CONTROL: "max-age=3600"})

    def _closed(self, name: str) -> web.Response:
        lines = ["Only followers whom this account has accepted see its posts."]
        if self._site.number:
            lines.append(f"To ask, text FOLLOW {name} to {self._site.number}.")
        return self._look.message(f"@{name} is protected", *lines, status=404)


def _before(request: web.Request) -> int:
    return addresses.before(request.query.get("before")) or NEWEST
