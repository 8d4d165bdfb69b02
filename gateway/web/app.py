"""The site's one application, and how it listens."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from gateway.service.drawing import six_digits
from gateway.service.receipts import Record
from gateway.service.site import Site
from gateway.web import strict
from gateway.web.admin.door import keep_others_out
from gateway.web.admin.rooms import Admin
from gateway.web.desk import Desk
from gateway.web.entrance import Entrance
from gateway.web.export import Exports
from gateway.web.feeds import Feeds
from gateway.web.hooks import KannelHooks, TwilioHooks
from gateway.web.inviting import Inviting
from gateway.web.lists import Lists
from gateway.web.living import Living
from gateway.web.look import Look
from gateway.web.pages import Pages
from gateway.web.people import People
from gateway.web.problems import add_headers, show_problems
from gateway.web.settings import Settings
from gateway.web.together import Together
from gateway.web.unsubscribing import Unsubscribing
from gateway.web.visitors import Visitors
from gateway.web.watching import Watching
from inbound.message import TakesMessages
from inbound.sms_kannel import Door as KannelDoor
from inbound.sms_twilio import Door
from store.unit import Store

LARGEST_BODY = 64 * 1024
"""Bytes of a request's body: ten times the longest text with all its escapes."""


@dataclass(frozen=True)
class WebSettings:
    """``[web]``: where the site and the webhooks listen. A proxy with TLS stands before it; ``trusted_proxies`` are the
    addresses from which it is believed who the visitor is (``X-Forwarded-For``); ``hub`` is the WebSub hub that is told
    of public posts. ``hsts``: how long browsers that came by https come no other way; 0 is that they are not told."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8140
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    hub: str = ""
    hsts: timedelta = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class WebDeps:
    """What the web needs from the roof. Without ``twilio`` and ``kannel`` there are no webhooks, without ``pages``
    nothing else."""

    store: Store
    site: Site
    intake: TakesMessages
    record: Record
    now: Callable[[], datetime]
    twilio: Door | None = None
    kannel: KannelDoor | None = None
    pages: bool = True
    new_code: Callable[[], str] = six_digits
    proxies: frozenset[str] = frozenset()
    hub: str = ""
    hsts: timedelta = timedelta(0)


def build_app(deps: WebDeps) -> web.Application:
    """The application with all its routes; nothing listens yet."""
    strictly = strict.rule(deps.site.public_url, deps.hsts)
    visitors = Visitors(deps.store, deps.site, deps.now)
    look = Look(deps.site, visitors, deps.now)
    desk = Desk(deps.store, deps.site, look, visitors, deps.now, deps.new_code, deps.proxies)
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[
            visitors.hand_out(),
            show_problems(look),
            visitors.recognise(),
            desk.keep_pace(),
            keep_others_out(),
            look.speak(),
        ],
    )
    app.on_response_prepare.append(add_headers(strictly))
    if deps.twilio:
        TwilioHooks(deps.twilio, deps.intake, deps.record, deps.now).add_to(app)
    if deps.kannel:
        KannelHooks(deps.kannel, deps.intake, deps.record, deps.now).add_to(app)
    if deps.pages:
        Feeds(deps.store, deps.site, deps.hub, desk.limit, strictly).add_to(app)
        Unsubscribing(deps.store, deps.site, look, deps.now).add_to(app)
        Entrance(desk).add_to(app)
        Watching(desk).add_to(app)
        Together(desk).add_to(app)
        Lists(desk).add_to(app)
        Settings(desk).add_to(app)
        Inviting(desk).add_to(app)
        Admin(desk).add_to(app)
        Exports(desk).add_to(app)
        People(desk).add_to(app)
        living = Living(desk)
        living.add_to(app)
        Pages(desk, living).add_to(app)
    return app


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, *, grace: float = 10.0
) -> AsyncIterator[tuple[str, int]]:
    """Serve ``app`` while the block runs; yields the host and port that it got (``port`` 0 picks one).

    Leaving stops accepting, gives requests that are being answered ``grace`` seconds, and closes. There is no
    access log: secret feed addresses would be in it. Nor are bodies unpacked: nobody who posts here packs them, but
    somebody might send a few bytes that unpack to gigabytes. Raises OSError when the address can't be had.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=grace, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        address = runner.addresses[0]
        yield address[0], address[1]
    finally:
        await runner.cleanup()
