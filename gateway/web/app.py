"""The site's one application."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

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
    feeds = Feeds(deps.store, deps.site, deps.hub, desk.limit, strictly)
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[
            feeds.at_once(),
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
        feeds.add_to(app)
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
