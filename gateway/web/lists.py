"""Lists: people whom somebody reads apart from their home. Nobody else knows of them."""

from aiohttp import web

from gateway.service import following, reading
from gateway.web import shown
from gateway.web.desk import Desk, given
from gateway.web.visitors import member
from store import lists
from store.lists import ListRow
from store.unit import Reading

_LIST = r"{list:[0-9]{1,18}}"
_LONGEST_TITLE = 40
_MOST, _MOST_PEOPLE = 50, 500
"""Lists of one account; people on one."""


class Lists:
    """The routes below ``/lists``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        get, post = app.router.add_get, app.router.add_post
        get("/lists", self.show_all)
        post("/lists", self.add)
        get(f"/lists/{_LIST}", self.show)
        post(f"/lists/{_LIST}/put", self.put)
        post(f"/lists/{_LIST}/take-off", self.take_off)
        post(f"/lists/{_LIST}/drop", self.drop)

    async def show_all(self, request: web.Request) -> web.Response:
        """The member's lists."""
        return await self._all(request)

    async def add(self, request: web.Request) -> web.StreamResponse:
        """Begin a list."""
        me = member(request)
        (title,) = await given(request, "title")
        title = " ".join(title.split())
        if not 1 <= len(title) <= _LONGEST_TITLE:
            return await self._all(request, problem="title", title=title)
        async with self._desk.store.unit() as unit:
            full = len(await lists.of_account(unit, me.id)) >= _MOST
            new = 0 if full else await lists.add(unit, me.id, title, now=self._desk.now())
        if full:
            return await self._all(request, problem="many", title=title)
        raise web.HTTPSeeOther(f"/lists/{new}")

    async def show(self, request: web.Request) -> web.Response:
        """What the people on one write."""
        return await self._one(request)

    async def put(self, request: web.Request) -> web.StreamResponse:
        """Put somebody on it, by name."""
        me = member(request)
        (name,) = await given(request, "name")
        name = name.strip().removeprefix("@").lower()
        async with self._desk.store.unit() as unit:
            found = await self._own(request, unit)
            other = await following.find(unit, name, asker_id=me.id) if name else None
            full = found.members >= _MOST_PEOPLE
            if other is not None and other.deleted_at is None and not full:
                await lists.put(unit, found.id, other.id)
        if other is None or other.deleted_at is not None:
            return await self._one(request, problem="nobody", name=name)
        if full:
            return await self._one(request, problem="full", name=name)
        raise web.HTTPSeeOther(f"/lists/{found.id}")

    async def take_off(self, request: web.Request) -> web.StreamResponse:
        """Take somebody off it."""
        member(request)
        (name,) = await given(request, "name")
        async with self._desk.store.unit() as unit:
            found = await self._own(request, unit)
            other = await following.find(unit, name, asker_id=None)
            if other is not None:
                await lists.take_off(unit, found.id, other.id)
        raise web.HTTPSeeOther(f"/lists/{found.id}")

    async def drop(self, request: web.Request) -> web.StreamResponse:
        """Drop a list."""
        me = member(request)
        async with self._desk.store.unit() as unit:
            found = await self._own(request, unit)
            await lists.drop(unit, me.id, found.id)
        raise web.HTTPSeeOther("/lists")

    async def _own(self, request: web.Request, read: Reading) -> ListRow:
        found = await lists.one(read, member(request).id, int(request.match_info["list"]))
        if found is None:
            raise web.HTTPNotFound
        return found

    async def _all(self, request: web.Request, *, problem: str = "", title: str = "") -> web.Response:
        me = member(request)
        async with self._desk.store.reading() as read:
            rows = await lists.of_account(read, me.id)
        values = {"lists": rows, "problem": problem, "title": title}
        return self._desk.look.page(request, "lists.html", status=422 if problem else 200, **values)

    async def _one(self, request: web.Request, *, problem: str = "", name: str = "") -> web.Response:
        me, before = member(request), shown.before(request)
        async with self._desk.store.reading() as read:
            found = await self._own(request, read)
            page = await reading.list_timeline(read, me.id, found.id, before=before)
            names = await lists.names(read, found.id)
            marks = await reading.marks(read, me.id, page.posts)
        values = {"list": found, "names": names, "page": page, "marks": marks, "problem": problem, "name": name}
        return self._desk.look.page(request, "list.html", status=422 if problem else 200, **values)
