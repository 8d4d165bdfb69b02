"""What pages with posts ask of a request: who reads them, from where on, and what the reader did to what is shown."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from gateway.service import reading
from gateway.service.reading import PostView
from gateway.web import addresses
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


async def marks(read: Reading, request: web.Request, posts: Sequence[PostView]) -> dict[str, Any]:
    """What the reader did to these posts, as templates want it; nothing for those who are not logged in."""
    me = reader(request)
    return {} if me is None else {"marks": await reading.marks(read, me, posts)}
