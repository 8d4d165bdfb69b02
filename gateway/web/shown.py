"""What pages with posts ask of a request: who reads them, from where on, and what the reader did to what is shown."""

from collections.abc import Sequence
from typing import Any

from aiohttp import hdrs, web

from gateway.service import reading
from gateway.service.reading import PostView
from gateway.web import addresses
from gateway.web.look import Look
from gateway.web.visitors import visitor
from store.timelines import NEWEST
from store.unit import Reading


def reader(request: web.Request) -> int | None:
    """The account of whoever looks; None for those who are not logged in."""
    me = visitor(request)
    return None if me is None else me.id


def before(request: web.Request) -> int:
    """The post before which this page of a timeline begins: the newest page without a ``?before=``."""
    return addresses.before(request.query.get("before")) or NEWEST


def after(request: web.Request) -> int:
    """The newest post that a page which is open shows; 0 when it shows none."""
    return addresses.before(request.query.get("after")) or 0


def fresh(look: Look, request: web.Request, path: str, count: int) -> web.Response:
    """So many posts are new at ``path``, as a piece of a page that is open; nothing (204) when none are."""
    if not count:
        return web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-store"})
    piece = look.part(request, "fresh.html", path=path, count=count, most=reading.PAGE)
    return web.Response(text=piece, content_type="text/html", headers={hdrs.CACHE_CONTROL: "no-store"})


async def marks(read: Reading, request: web.Request, posts: Sequence[PostView]) -> dict[str, Any]:
    """What the reader did to these posts, as templates want it; nothing for those who are not logged in."""
    me = reader(request)
    return {} if me is None else {"marks": await reading.marks(read, me, posts)}
