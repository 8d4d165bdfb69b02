"""The page behind the link that stops mails, and the one click of mail programs (RFC 8058).

    GET  /unsubscribe/SECRET        says what it would stop, and asks: programs that scan mail open every link
    POST /unsubscribe/SECRET        stops it: the button of that page, or a mail program by itself
    GET, POST /unsubscribe/SECRET/all    the same for all mails of that account

The link is all that it takes: no login, no cookie, no redirect. What a POST has in its body is not even read, so it may
come in any form.
"""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from gateway.domain import reply_mail, unsubscribe
from gateway.domain.unsubscribe import Stop
from gateway.service import unsubscribing
from gateway.service.site import Site
from gateway.service.unsubscribing import Done
from gateway.web.look import Look
from store.unit import Store

_PATH = "/unsubscribe/{secret}"


class Unsubscribing:
    """The routes over one store. A private site has them, too: they tell of nobody but who gets the mail."""

    def __init__(self, store: Store, site: Site, look: Look, now: Callable[[], datetime]) -> None:
        self._store = store
        self._site = site
        self._look = look
        self._now = now

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get(_PATH, self.ask)
        app.router.add_post(_PATH, self.stop)
        app.router.add_get(f"{_PATH}/all", self.ask_all)
        app.router.add_post(f"{_PATH}/all", self.stop_all)

    async def ask(self, request: web.Request) -> web.Response:
        """Ask before doing."""
        stop = self._stop(request)
        async with self._store.reading() as reading:
            look = await unsubscribing.look(reading, self._site, stop)
        if look is None:
            return self._too_old(request)
        return self._page(request, f"Stop {look.what}?", button="Stop these mails", is_all=look.is_all)

    async def ask_all(self, request: web.Request) -> web.Response:
        """Ask before stopping all."""
        stop = self._stop(request)
        async with self._store.reading() as reading:
            look = await unsubscribing.look(reading, self._site, stop)
        return (
            self._too_old(request) if look is None else self._page(request, "Stop all mails?", button="Stop all mails")
        )

    async def stop(self, request: web.Request) -> web.Response:
        """Stop what the link stops."""
        async with self._store.unit() as unit:
            done = await unsubscribing.unsubscribe(unit, self._site, self._stop(request), now=self._now())
        return self._done(request, done)

    async def stop_all(self, request: web.Request) -> web.Response:
        """Stop all mails of the account."""
        async with self._store.unit() as unit:
            done = await unsubscribing.stop_all(unit, self._site, self._stop(request), now=self._now())
        return self._done(request, done)

    def _done(self, request: web.Request, done: Done | None) -> web.Response:
        if done is None:
            return self._too_old(request)
        return self._page(request, "Done", done.words, done.left, is_all=done.is_all)

    def _page(
        self, request: web.Request, title: str, *lines: str, button: str = "", is_all: bool = True
    ) -> web.Response:
        """One page of this kind, with a link that stops the rest unless ``is_all``."""
        rest = "" if is_all else f"/unsubscribe/{request.match_info['secret']}/all"
        said = [line for line in lines if line]
        return self._look.page(request, "unsubscribe.html", title=title, lines=said, button=button, rest=rest)

    def _too_old(self, request: web.Request) -> web.Response:
        return self._look.message(request, "Too old", reply_mail.link_too_old(), status=410, home=False)

    def _stop(self, request: web.Request) -> Stop:
        stop = unsubscribe.read(self._site.key, request.match_info["secret"])
        if stop is None:
            raise web.HTTPNotFound
        return stop
