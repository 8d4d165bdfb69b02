"""Serves the feeds: everybody's, an account's, a tag's, and by secret address what one account may read.

Readers ask every few minutes and mostly nothing is new. So the answer last given at an address is kept, its bytes and
their digest, the ETag, taken before compression. It is given again as it is while nothing at all has been committed
since (``store.unit.Store.mark``). Else the outline of the feed is asked for (one indexed query), and only when that is
another one are the posts loaded and the bytes made anew.
"""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import quote, urlencode
from weakref import WeakValueDictionary

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from limits import RateLimitItem

from gateway.domain.speech import say
from gateway.domain.text import tags
from gateway.service import reading
from gateway.service.reading import Missing, Outline, PostView
from gateway.service.site import Site
from gateway.web import addresses
from gateway.web.desk import asked, tag_of
from gateway.web.limits import SEARCHES
from gateway.web.packing import takes_gzip
from gateway.web.ready import Ready
from outbound.feed import Feed, Format, Item, render
from outbound.linking import linked
from store.unit import Reading, Store

MEMORY = 8 * 1024 * 1024
"""Bytes of feeds that are kept, the least recently asked for going first; one weighs some 20 kB."""

_FORMAT = r"{format:rss|atom|json}"
_READ = {hdrs.METH_GET, hdrs.METH_HEAD}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a feed holds, what it is called, the path of the page it belongs to, its own path without the ending and its
    query, and whether posts of several people are in it, or it is for the owner of a secret address only."""

    outline: Outline
    title: str
    description: str
    page: str
    path: str
    mixed: bool = False
    secret: bool = False
    query: str = ""


Find = Callable[[web.Request, Reading], Awaitable[Shown | Missing]]
Limit = Callable[[RateLimitItem, web.Request], Awaitable[None]]


@dataclass(slots=True)
class _Kept:
    """A feed as it was last given, which is how it is as long as the store's mark is ``mark``."""

    outline: Outline
    etag: str
    modified: datetime | None
    plain: Ready
    packed: Ready
    unchanged: Ready
    mark: Hashable = None

    @property
    def weight(self) -> int:
        """Bytes of memory, roughly; those of the outline are guessed."""
        return self.plain.weight + self.packed.weight + self.unchanged.weight + 4096


class Feeds:
    """The feed routes over one store."""

    def __init__(self, store: Store, site: Site, hub: str = "", limit: Limit | None = None, strictly: str = "") -> None:
        """``hub`` is the WebSub hub that is told of public posts; empty for none. ``limit`` counts what asks much of
        the database, and raises where it is too often. ``strictly`` is the rule of ``gateway.web.strict``."""
        self._strictly = strictly
        self._limit = limit
        self._hub = hub
        self._store = store
        self._site = site
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._weight = 0
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Who asks for the same feed at once waits for one look at the database."""

    def add_to(self, app: web.Application) -> None:
        """Add every feed's route; on a private site only the secret ones."""
        if not self._site.private:
            self._add(app, f"/public.{_FORMAT}", self._public)
            self._add(app, f"/@{addresses.NAME}.{_FORMAT}", self._author)
            self._add(app, f"/tags/{addresses.TAG}.{_FORMAT}", self._tag)
            self._add(app, f"/search.{_FORMAT}", self._search)
        self._add(app, f"/feeds/{{token}}/home.{_FORMAT}", self._home)
        self._add(app, f"/feeds/{{token}}/@{addresses.NAME}.{_FORMAT}", self._author_for_one)

    def at_once(self) -> Middleware:
        """A middleware, outside of all others: a feed that is kept is the same for whoever asks, so nobody needs to be
        recognised, nor anything that goes wrong be told, before it is given."""

        @web.middleware
        async def given(request: web.Request, handler: Handler) -> web.StreamResponse:
            kept = self._still(request.raw_path)
            return await handler(request) if kept is None or request.method not in _READ else _answer(request, kept)

        return given

    def _add(self, app: web.Application, path: str, find: Find) -> None:
        async def serve(request: web.Request) -> web.StreamResponse:
            async with self._turns.setdefault(request.raw_path, asyncio.Lock()):
                kept = self._still(request.raw_path) or await self._look(request, find)
            return _answer(request, kept)

        app.router.add_get(path, serve)

    def _still(self, path: str) -> _Kept | None:
        """What is kept for this path, if it is still so."""
        kept = self._kept.get(path)
        return kept if kept is not None and kept.mark == self._store.mark() else None

    async def _public(self, _request: web.Request, read: Reading) -> Shown:
        """Everybody's posts."""
        words = say("What is written on {site}", site=self._site.name)
        return Shown(await reading.public_outline(read), self._site.name, words, "/", "/public", mixed=True)

    async def _author(self, request: web.Request, read: Reading) -> Shown | Missing:
        """One public account's posts; with ``?replies=0`` without those that answer somebody."""
        name = request.match_info["name"].lower()
        outline = await reading.author_outline(read, name, answers=request.query.get("replies") != "0")
        return outline if isinstance(outline, Missing) else self._of(outline, name, "")

    async def _tag(self, request: web.Request, read: Reading) -> Shown:
        """The posts with a tag."""
        tag = tag_of(request)
        path = addresses.tag_path(tag)
        outline = await reading.tag_outline(read, tag)
        words = say("Posts tagged {tag}", tag=f"#{tag}")
        return Shown(outline, self._titled(f"#{tag}"), words, path, path, mixed=True)

    async def _search(self, request: web.Request, read: Reading) -> Shown | Missing:
        """The posts with all of some words."""
        words = " ".join(asked(request, "q", addresses.LONGEST_SEARCH).split())
        if not words:
            return Missing()
        if self._limit is not None:
            await self._limit(SEARCHES, request)
        query = urlencode({"q": words}, quote_via=quote)
        outline = await reading.search_outline(read, words)
        about = say("Posts with: {words}", words=words)
        return Shown(outline, self._titled(words), about, f"/search?{query}", "/search", mixed=True, query=query)

    async def _home(self, request: web.Request, read: Reading) -> Shown | Missing:
        """What the owner of a secret address reads."""
        token = request.match_info["token"]
        owner = await reading.feed_owner(read, self._site, token)
        if owner is None:
            return Missing()
        outline = await reading.home_outline(read, owner.id)
        with self._site.languages.speaking(owner.language):
            title = say("@{name}'s home on {site}", name=owner.name, site=self._site.name)
            words = say("Posts of the people you follow, and those that name you")
        return Shown(outline, title, words, "/", f"/feeds/{token}/home", mixed=True, secret=True)

    async def _author_for_one(self, request: web.Request, read: Reading) -> Shown | Missing:
        """One account's posts for the owner of a secret address, who may be one of its chosen followers."""
        name, token = request.match_info["name"].lower(), request.match_info["token"]
        owner = await reading.feed_owner(read, self._site, token)
        if owner is None:
            return Missing()
        answers = request.query.get("replies") != "0"
        outline = await reading.author_outline(read, name, reader=owner.id, answers=answers)
        if isinstance(outline, Missing):
            return outline
        with self._site.languages.speaking(owner.language):
            return self._of(outline, name, f"/feeds/{token}", secret=True)

    def _of(self, outline: Outline, name: str, under: str, *, secret: bool = False) -> Shown:
        words = say("Posts of {name}", name=f"@{name}")
        return Shown(outline, self._titled(f"@{name}"), words, f"/@{name}", f"{under}/@{name}", secret=secret)

    def _titled(self, what: str) -> str:
        return say("{what} on {site}", what=what, site=self._site.name)

    async def _look(self, request: web.Request, find: Find) -> _Kept:
        """The feed as the database has it now, kept under the address that it names as its own. Raises HTTPNotFound."""
        mark = self._store.mark()
        kind = Format(request.match_info["format"])
        choices = "&".join(f"{choice}=0" for choice in ("replies", "titles") if request.query.get(choice) == "0")
        async with self._store.reading() as read:
            with self._site.languages.speaking(None):  # the feed is the same for all who read it
                shown = await find(request, read)
            if isinstance(shown, Missing):
                raise web.HTTPNotFound
            query = "&".join(part for part in (shown.query, choices) if part)
            own_path = f"{shown.path}.{kind}{'?' if query else ''}{query}"
            kept = self._kept.get(own_path)
            if kept is None or kept.outline != shown.outline:
                posts = await reading.posts(read, [row.id for row in shown.outline.rows])
                self_url = self._site.public_url + own_path
                feed = self._feed(shown, self_url, posts, titles=request.query.get("titles") != "0")
                kept = _written(shown, feed, kind, self._strictly)
                self._keep(own_path, kept)
        kept.mark = mark
        self._kept.move_to_end(own_path)
        return kept

    def _keep(self, own_path: str, kept: _Kept) -> None:
        before = self._kept.pop(own_path, None)
        self._weight += kept.weight - (before.weight if before else 0)
        self._kept[own_path] = kept
        while self._weight > MEMORY and len(self._kept) > 1:
            self._weight -= self._kept.popitem(last=False)[1].weight

    def _feed(self, shown: Shown, self_url: str, posts: tuple[PostView, ...], *, titles: bool) -> Feed:
        base = self._site.public_url
        items = tuple(
            Item(
                id=f"{base}/posts/{post.id}",
                url=base + post.path,
                title=title_of(post, mixed=shown.mixed) if titles else "",
                html=self._html(post),
                author=post.author,
                author_url=f"{base}/@{post.author}",
                published=post.created_at,
                tags=tuple(tags(post.whole)),
            )
            for post in posts
        )
        hub = "" if shown.secret or shown.query else self._hub
        return Feed(shown.title, shown.description, base + shown.page, self_url, items, hub)

    def _html(self, post: PostView) -> str:
        base = self._site.public_url
        if post.repost_of is None:
            return linked(post.whole, base)
        original = f'<a href="{base}{post.repost_of.path}">RT</a> {linked("@" + post.repost_of.author, base)}'
        return f"{original}: {linked(post.whole, base)}"


def title_of(post: PostView, *, mixed: bool) -> str:
    """The post's words on one line, as a title; with its author's name where several people's posts stand together."""
    words = " ".join(post.short.split())
    if post.repost_of:
        words = f"RT @{post.repost_of.author}: {words}"
    return f"{post.author}: {words}" if mixed else words


def _written(shown: Shown, feed: Feed, kind: Format, strictly: str) -> _Kept:
    plain = render(feed, kind)
    modified = feed.updated if feed.items else None
    etag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
    headers: dict[str, str] = {
        hdrs.ETAG: etag,
        hdrs.CACHE_CONTROL: f"{'private' if shown.secret else 'public'}, max-age=60",
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
    }
    if modified:
        headers[hdrs.LAST_MODIFIED] = format_datetime(modified, usegmt=True)
    if feed.hub:
        headers[hdrs.LINK] = f'<{feed.hub}>; rel="hub", <{feed.self_url}>; rel="self"'
    if shown.secret:
        headers["X-Robots-Tag"] = "noindex"
        headers["Referrer-Policy"] = "no-referrer"
    typed = headers | {hdrs.CONTENT_TYPE: f"{kind.media_type}; charset=utf-8"}
    return _Kept(
        shown.outline,
        etag,
        modified,
        plain=Ready(HTTPStatus.OK, typed, plain, strictly=strictly),
        packed=Ready(
            HTTPStatus.OK,
            typed | {hdrs.CONTENT_ENCODING: "gzip"},
            gzip.compress(plain, 6, mtime=0),
            strictly=strictly,
        ),
        unchanged=Ready(HTTPStatus.NOT_MODIFIED, headers, strictly=strictly),
    )


def _answer(request: web.Request, kept: _Kept) -> web.StreamResponse:
    if _has_it(request, kept):
        return kept.unchanged.to(request)
    return (kept.packed if takes_gzip(request) else kept.plain).to(request)


def _has_it(request: web.Request, kept: _Kept) -> bool:
    """Whether the reader has these bytes already. An ETag decides alone where there is one (RFC 9110 13.2.2)."""
    given = request.headers.get(hdrs.IF_NONE_MATCH)
    if given is not None:
        return given == kept.etag or any(f'"{tag.value}"' in (kept.etag, '"*"') for tag in request.if_none_match or ())
    since = request.if_modified_since
    return kept.modified is not None and since is not None and kept.modified - since < timedelta(seconds=1)
