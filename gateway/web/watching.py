"""Pages to look at while they change: the delivery of a post, for its author; and a wall of a tag, for a projector."""

import hashlib
from collections.abc import Iterable, Sequence

from aiohttp import web

from gateway.domain.speech import spoken
from gateway.service import progress, reading
from gateway.service.progress import Progress
from gateway.service.reading import PostPage, PostView
from gateway.web import addresses
from gateway.web.desk import Desk, tag_of
from gateway.web.limits import address_of
from gateway.web.live import Event, Live, Look
from gateway.web.visitors import VISIT, member

_ON_THE_WALL = 12
"""Posts that a wall shows at once."""


class Watching:
    """The routes of live pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._live = Live(desk.store, desk.now)

    def add_to(self, app: web.Application) -> None:
        """Add the routes; streams end when the application shuts down."""
        get = app.router.add_get
        get(f"/@{addresses.NAME}/{addresses.POST}/delivery", self.delivery)
        get(f"/@{addresses.NAME}/{addresses.POST}/delivery/events", self.delivery_events, allow_head=False)
        get(f"/wall/{addresses.TAG}", self.wall)
        get(f"/wall/{addresses.TAG}/events", self.wall_events, allow_head=False)
        app.on_shutdown.append(self._close)

    async def delivery(self, request: web.Request) -> web.Response:
        """What became of the member's post."""
        me, post_id = member(request), int(request.match_info["post"])
        found = await self._progress(me.id, post_id)
        async with self._desk.store.reading() as read:
            page = await reading.post_page(read, post_id, reader=me.id)
        post = page.post if isinstance(page, PostPage) else None
        table = self._desk.look.part(request, "progress.html", progress=found)
        return self._desk.look.page(
            request, "delivery.html", progress=found, table=table, post=post, last=_digest(table), post_id=post_id
        )

    async def delivery_events(self, request: web.Request) -> web.StreamResponse:
        """The same, as it changes."""
        me, post_id = member(request), int(request.match_info["post"])
        await self._progress(me.id, post_id)

        async def look(last: str) -> Sequence[Event]:
            table = self._desk.look.part(request, "progress.html", progress=await self._progress(me.id, post_id))
            now = _digest(table)
            return () if now == last else [Event(now, table)]

        return await self._stream(request, f"delivery/{post_id}/{spoken().code}", look, for_members=True)

    async def wall(self, request: web.Request) -> web.Response:
        """The newest posts with a tag, in big type, and how to take part."""
        tag = tag_of(request)
        async with self._desk.store.reading() as read:
            page = await reading.tag_timeline(read, tag)
        shown = page.posts[:_ON_THE_WALL]
        last = _written(post.id for post in shown)
        return self._desk.look.page(request, "wall.html", tag=tag, posts=shown, last=last, most=_ON_THE_WALL)

    async def wall_events(self, request: web.Request) -> web.StreamResponse:
        """New posts with the tag, the oldest first, and which ones do not stand any more."""
        tag = tag_of(request)

        async def look(last: str) -> Sequence[Event]:
            async with self._desk.store.reading() as read:
                page = await reading.tag_timeline(read, tag)
            return self._changes(request, _read(last), page.posts[:_ON_THE_WALL])

        for_members = self._desk.site.private
        return await self._stream(request, f"wall/{tag}/{spoken().code}", look, for_members=for_members)

    def _changes(self, request: web.Request, had: Sequence[int], posts: Sequence[PostView]) -> list[Event]:
        """What a wall that had these posts is told, so that it has the newest ones. Each event's id is what the wall
        has then: so it can be told later, too, what went meanwhile."""
        stand = [post.id for post in posts]
        full_from = stand[-1] if len(stand) == _ON_THE_WALL else 0
        gone = [each for each in had if each not in stand and each > full_from]  # older ones only made room
        has = [each for each in had if each not in gone]
        events = []
        if gone:
            events.append(Event(_written(has), f'<i data-gone="{" ".join(map(str, gone))}"></i>'))
        oldest = min(had, default=0)  # ids are given out in order, and posts committed in any
        for post in reversed([each for each in posts if each.id > oldest and each.id not in had]):
            has = [post.id, *has][:_ON_THE_WALL]
            events.append(Event(_written(has), self._desk.look.part(request, "wall_post.html", post=post)))
        return events

    async def _progress(self, author_id: int, post_id: int) -> Progress:
        async with self._desk.store.reading() as read:
            found = await progress.of_post(read, author_id, post_id)
        if found is None:
            raise web.HTTPNotFound
        return found

    async def _stream(self, request: web.Request, name: str, look: Look, *, for_members: bool) -> web.StreamResponse:
        return await self._live.stream(
            request,
            name,
            look,
            last=request.query.get("last", ""),
            address=address_of(request, self._desk.proxies),
            session_id=request[VISIT].session_id if for_members else None,
        )

    async def _close(self, _app: web.Application) -> None:
        await self._live.close()


def _written(ids: Iterable[int]) -> str:
    """The posts of a wall, as an event is called."""
    return ",".join(map(str, ids)) or "0"


def _read(last: str) -> list[int]:
    """The same again; what else a browser says is nothing."""
    found = [addresses.before(each) for each in last.split(",")[:_ON_THE_WALL]]
    return [each for each in found if each]


def _digest(table: str) -> str:
    return hashlib.sha256(table.encode()).hexdigest()[:16]
