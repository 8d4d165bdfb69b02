"""Serves the feeds: everybody's, an account's, a tag's, and by secret address what one account may read.

Readers ask every few minutes and mostly nothing is new, so an answer starts with the outline of the feed (one indexed
query). The bytes of an outline seen lately are kept, and with them their digest: the ETag, taken before compression.
"""

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from aiohttp import hdrs, web

from gateway.domain.text import tags
from gateway.service import reading
from gateway.service.reading import Missing, Outline, PostView
from gateway.service.site import Site
from gateway.web import addresses
from outbound.feed import Feed, Format, Item, render
from outbound.linking import linked
from store.unit import Reading, Store

KEPT = 512
"""Rendered feeds that are kept, the least recently asked for going first; one weighs some 20 kB."""

_FORMAT = r"{format:rss|atom|json}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a feed is called, the path of the page it belongs to, its own path without the ending, and whether posts of
    several people are in it."""

    title: str
    description: str
    page: str
    path: str
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class _Bytes:
    plain: bytes
    packed: bytes
    etag: str
    modified: datetime


_Key = tuple[str, Outline]


class Feeds:
    """The feed routes over one store."""

    def __init__(self, store: Store, site: Site) -> None:
        self._store = store
        self._site = site
        self._kept: OrderedDict[_Key, _Bytes] = OrderedDict()

    def add_to(self, app: web.Application) -> None:
        """Add every feed's route; on a private site only the secret ones."""
        add = app.router.add_get
        if not self._site.private:
            add(f"/public.{_FORMAT}", self.public)
            add(f"/@{addresses.NAME}.{_FORMAT}", self.author)
            add(f"/tags/{addresses.TAG}.{_FORMAT}", self.tag)
        add(f"/feeds/{{token}}/home.{_FORMAT}", self.home)
        add(f"/feeds/{{token}}/@{addresses.NAME}.{_FORMAT}", self.author_for_one)

    async def public(self, request: web.Request) -> web.Response:
        """Everybody's posts."""
        shown = Shown(self._site.name, f"What is written on {self._site.name}", "/", "/public", mixed=True)
        async with self._store.reading() as read:
            return await self._answer(request, read, await reading.public_outline(read), shown)

    async def author(self, request: web.Request) -> web.Response:
        """One public account's posts; with ``?replies=0`` without those that answer somebody."""
        name = request.match_info["name"].lower()
        async with self._store.reading() as read:
            outline = await reading.author_outline(read, name, answers=request.query.get("replies") != "0")
            return await self._answer(request, read, outline, self._of(name, ""))

    async def tag(self, request: web.Request) -> web.Response:
        """The posts with a tag."""
        tag = request.match_info["tag"].casefold()
        path = addresses.tag_path(tag)
        shown = Shown(f"#{tag} on {self._site.name}", f"Posts tagged #{tag}", path, path, mixed=True)
        async with self._store.reading() as read:
            return await self._answer(request, read, await reading.tag_outline(read, tag), shown)

    async def home(self, request: web.Request) -> web.Response:
        """What the owner of a secret address reads."""
        async with self._store.reading() as read:
            owner = await reading.feed_owner(read, self._site, request.match_info["token"])
            if owner is None:
                raise web.HTTPNotFound
            title = f"@{owner.name}'s home on {self._site.name}"
            words = "Posts of the people you follow, and those that name you"
            shown = Shown(title, words, "/", f"/feeds/{request.match_info['token']}/home", mixed=True)
            outline = await reading.home_outline(read, owner.id)
            return await self._answer(request, read, outline, shown, secret=True)

    async def author_for_one(self, request: web.Request) -> web.Response:
        """One account's posts for the owner of a secret address, who may be one of its chosen followers."""
        name = request.match_info["name"].lower()
        async with self._store.reading() as read:
            owner = await reading.feed_owner(read, self._site, request.match_info["token"])
            if owner is None:
                raise web.HTTPNotFound
            answers = request.query.get("replies") != "0"
            outline = await reading.author_outline(read, name, reader=owner.id, answers=answers)
            shown = self._of(name, f"/feeds/{request.match_info['token']}")
            return await self._answer(request, read, outline, shown, secret=True)

    def _of(self, name: str, under: str) -> Shown:
        return Shown(f"@{name} on {self._site.name}", f"Posts of @{name}", f"/@{name}", f"{under}/@{name}")

    async def _answer(
        self, request: web.Request, read: Reading, outline: Outline | Missing, shown: Shown, *, secret: bool = False
    ) -> web.Response:
        if isinstance(outline, Missing):
            raise web.HTTPNotFound
        kind = Format(request.match_info["format"])
        titles = request.query.get("titles") != "0"
        choices = "&".join(f"{choice}=0" for choice in ("replies", "titles") if request.query.get(choice) == "0")
        self_url = f"{self._site.public_url}{shown.path}.{kind}{'?' if choices else ''}{choices}"
        found = await self._bytes(
            (self_url, outline),
            read,
            lambda posts: render(self._feed(shown, self_url, posts, titles=titles), kind),
        )
        headers: dict[str, str] = {
            hdrs.ETAG: f'"{found.etag}"',
            hdrs.CACHE_CONTROL: f"{'private' if secret else 'public'}, max-age=60",
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
        }
        if outline.rows:
            headers[hdrs.LAST_MODIFIED] = format_datetime(found.modified, usegmt=True)
        if secret:
            headers["X-Robots-Tag"] = "noindex"
            headers["Referrer-Policy"] = "no-referrer"
        if _has_it(request, found, dated=bool(outline.rows)):
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_TYPE] = f"{kind.media_type}; charset=utf-8"
        if takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
            return web.Response(body=found.packed, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})
        return web.Response(body=found.plain, headers=headers)

    async def _bytes(self, key: _Key, read: Reading, write: Callable[[tuple[PostView, ...]], bytes]) -> _Bytes:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        posts = await reading.posts(read, [row.id for row in key[1].rows])
        plain = write(posts)
        modified = max((post.created_at for post in posts), default=datetime.fromtimestamp(0, UTC))
        found = _Bytes(plain, gzip.compress(plain, 6, mtime=0), hashlib.sha256(plain).hexdigest()[:32], modified)
        self._kept[key] = found
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

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
        return Feed(shown.title, shown.description, base + shown.page, self_url, items)

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


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip and does not refuse it (RFC 9110 12.5.3)."""
    for choice in accepted.split(","):
        name, _, weight = choice.partition(";")
        if name.strip().lower() in ("gzip", "x-gzip"):
            return weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return False


def _has_it(request: web.Request, found: _Bytes, *, dated: bool) -> bool:
    """Whether the reader has these bytes already. An ETag decides alone where there is one (RFC 9110 13.2.2)."""
    if hdrs.IF_NONE_MATCH in request.headers:
        tags_given = request.if_none_match or ()
        return any(tag.value in (found.etag, "*") for tag in tags_given)
    since = request.if_modified_since
    return dated and since is not None and found.modified - since < timedelta(seconds=1)
