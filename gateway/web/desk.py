"""What every page has at hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from limits import RateLimitItem

from gateway.service.drawing import six_digits
from gateway.service.site import Site
from gateway.web.limits import ACTS, FORMS, Limits, address_of
from gateway.web.look import Look
from gateway.web.visitors import Visitors, is_form, visitor
from store.sql import storable
from store.unit import Store

_LONGEST_TAG = 140


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, the site, how pages look, who visits, what is tried too often, the clock and the dice."""

    store: Store
    site: Site
    look: Look
    visitors: Visitors
    now: Callable[[], datetime]
    new_code: Callable[[], str] = six_digits
    proxies: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)

    def keep_pace(self) -> Middleware:
        """A middleware, inside of the one that knows who is looking: people send only so many forms a minute."""

        @web.middleware
        async def kept_pace(request: web.Request, handler: Handler) -> web.StreamResponse:
            if is_form(request):
                await self.limit(FORMS, request)
                if (me := visitor(request)) is not None:
                    await self.limits.hit(ACTS, "acts", str(me.id))
            return await handler(request)

        return kept_pace

    async def limit(self, limit: RateLimitItem, request: web.Request, *more: str) -> None:
        """Count what this request tries; raises TooOften."""
        await self.limits.hit(limit, address_of(request, self.proxies), *more)


async def given(request: web.Request, *names: str) -> list[str]:
    """The fields of a form by their names, as databases take them; what is missing, or is a file, is empty."""
    form = await request.post()
    values = (form.get(name, "") for name in names)
    return [storable(value) if isinstance(value, str) else "" for value in values]


def asked(request: web.Request, name: str, most: int = 254) -> str:
    """What stands under a name in the query of an address, as databases take it; empty when nothing does."""
    return storable(request.query.get(name, ""), most)


def tag_of(request: web.Request) -> str:
    """The tag in the path, folded, as databases take it. Raises HTTPNotFound when nothing of it is left."""
    tag = storable(request.match_info["tag"].casefold(), _LONGEST_TAG)
    if not tag:
        raise web.HTTPNotFound
    return tag
