"""The door to the pages below ``/admin``: whoever does not look after the site finds nothing there, not even a hint
that there is anything."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.web.visitors import administrator
from store.accounts import AccountRow

Page = Callable[[web.Request, AccountRow], Awaitable[web.StreamResponse]]
"""A handler that is told which administrator is looking."""

NUMBER = "[0-9]{1,18}"
"""An id in a route; no longer than any database can count."""


def keep_others_out() -> Middleware:
    """A middleware, inside the one that recognises visitors, that answers 404 below ``/admin`` to everybody else:
    whatever the path and the method, known or not."""

    @web.middleware
    async def kept_out(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/admin" or request.path.startswith("/admin/"):
            administrator(request)
        return await handler(request)

    return kept_out


class Door:
    """Adds routes below ``/admin``, each of which asks once more who is looking."""

    def __init__(self, app: web.Application) -> None:
        self._router = app.router

    def get(self, path: str, page: Page) -> None:
        """A page."""
        self._router.add_get(path, _guarded(page))

    def post(self, path: str, page: Page) -> None:
        """What a form asks for."""
        self._router.add_post(path, _guarded(page))


def number(request: web.Request, name: str) -> int:
    """A number in the request's path."""
    return int(request.match_info[name])


def done(path: str, what: str) -> web.Response:
    """Go there, where it is said that ``what`` is done."""
    return web.Response(status=303, headers={"Location": f"{path}{'&' if '?' in path else '?'}done={what}"})


def _guarded(page: Page) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        return await page(request, administrator(request))

    return guarded
