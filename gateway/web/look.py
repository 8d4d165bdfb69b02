"""How pages come to be: templates, the few functions they may call, and the files beside them.

All of a request is in the language of the page that answers it: what handlers say, and what templates do.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gateway.domain import reason
from gateway.domain.command_help import form
from gateway.domain.speech import ENGLISH, Language, Speaking, mark, say, spoken
from gateway.domain.types import Source
from gateway.service.numbers import dialled
from gateway.service.site import Site
from gateway.web import figures
from gateway.web.languages import best
from gateway.web.packing import takes_gzip
from gateway.web.visitors import A_MAC, BROWSERS, FIELD, SAFE, VISIT, Visitors, is_nobodys, visitor
from outbound.linking import linked
from store.accounts import AccountRow

HUES = 8
"""How many colours the stylesheet has for people's initials."""

_STATIC = {
    "birdwire.css": "text/css",
    "bird.svg": "image/svg+xml",
    "bird.png": "image/png",
    "birdwire.js": "text/javascript",
    "again.js": "text/javascript",
}
_SOURCES = {
    Source.SMS: mark("by text"),
    Source.EMAIL: mark("by mail"),
    Source.WEB: mark("on the web"),
    Source.API: mark("by an app"),
    Source.SCHEDULE: mark("as planned"),
    Source.CLI: mark("by the house"),
}
_NEWS = ("posted", "done", "new")
_SECRET = ("/admin", "/settings", "/messages", "/invites")
_FOR_A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _File:
    """``packed`` is the same packed (gzip), for browsers that take it. Pages are not packed: they hold secrets beside
    words from outside, which the length of what is packed would tell (BREACH)."""

    body: bytes
    packed: bytes
    media_type: str
    version: str


class Look:
    """Renders this site's pages and serves the files they refer to, under addresses that change with their content."""

    def __init__(self, site: Site, visitors: Visitors, now: Callable[[], datetime]) -> None:
        self._now = now
        self._visitors = visitors
        self._languages = site.languages
        self._zone = ZoneInfo(site.time_zone)
        self._files = {name: _read(name, media_type) for name, media_type in _STATIC.items()}
        self._templates = Environment(
            loader=PackageLoader("gateway.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._templates.globals.update(
            gettext=lambda words: spoken().gettext(words),
            ngettext=lambda one, many, count: spoken().ngettext(one, many, count),
        )
        self._templates.globals.update(
            site=site,
            languages=self._by_name,
            own_name=figures.own_name,
            static=lambda name: f"/static/{name}?v={self._files[name].version}",
            linked=lambda text: Markup(linked(text, site.public_url)),  # noqa: S704  # linked() escapes every word
            hue=lambda name: zlib.crc32(name.encode()) % HUES,
            clock=lambda moment: f"{moment.astimezone(self._zone):%H:%M}",
            dialled=dialled,
            cause=reason.said,
            source=lambda source: say(_SOURCES[source]) if source in _SOURCES else "",
            number=figures.number,
            money=figures.money,
            form=form,
            device=_device,
            one_line=lambda text: " ".join(text.split()),
        )

    @property
    def language_codes(self) -> frozenset[str]:
        """The languages there are."""
        return frozenset(self._languages.by_code)

    def _by_name(self) -> list[str]:
        """The codes of the languages, English first and the others by their own names."""
        return sorted(self._languages.by_code, key=lambda code: (code != ENGLISH.code, figures.own_name(code)))

    def speaking(self, request: web.Request) -> Speaking:
        """A block in which the language is that of whoever looks."""
        return Speaking(self._language_of(request, visitor(request)))

    def speak(self) -> Middleware:
        """A middleware, inside of the one that knows who is looking: handlers speak the language of the page."""

        @web.middleware
        async def spoke(request: web.Request, handler: Handler) -> web.StreamResponse:
            if is_nobodys(request):
                return await handler(request)
            with self.speaking(request):
                return await handler(request)

        return spoke

    def part(self, request: web.Request, template: str, **values: Any) -> Markup:
        """A part of a page by itself, as it is put into one that stands already."""
        return Markup(self._rendered(request, template, visitor(request), values)[0])  # noqa: S704  # rendered with escapes

    def page(self, request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page of HTML, for whoever looks: in their language, with what they may do, their forms vouched for."""
        gone = values.pop("gone", False)
        me = None if gone else visitor(request)
        if me or gone or _knows_visitors(request, status):
            values["visit"] = request[VISIT].session_id if me else ""
        text, language = self._rendered(request, template, me, values)
        headers: dict[str, str] = {
            hdrs.CACHE_CONTROL: _kept(request.path, me),
            hdrs.VARY: "Cookie, Accept-Language",
            hdrs.CONTENT_LANGUAGE: language.code,
        }
        if status >= 400:  # where HTTP's errors begin
            headers["X-Robots-Tag"] = "noindex"
        return web.Response(text=text, status=status, content_type="text/html", headers=headers)

    def message(
        self, request: web.Request, title: str, *lines: str, status: int = 200, button: str = "", home: bool = True
    ) -> web.Response:
        """A page that only says something, and asks for one click if there is a ``button``."""
        return self.page(request, "message.html", status=status, title=title, lines=lines, button=button, home=home)

    def file(self, reader: AccountRow, accepted: str, template: str, **values: Any) -> str:
        """A page that is kept and read without the site, in the language that its reader chose or that is accepted."""
        language, zone = best(self._languages, reader.language, accepted), self._zone_of(reader)
        with Speaking(language):
            return self._templates.get_template(template).render(
                lang=language.code, at=lambda moment: figures.at(moment, zone), **values
            )

    def _rendered(
        self, request: web.Request, template: str, me: AccountRow | None, values: dict[str, Any]
    ) -> tuple[str, Language]:
        language, zone = self._language_of(request, me), self._zone_of(me)
        with Speaking(language):
            text = self._templates.get_template(template).render(
                me=me,
                page_path=request.path,
                here=_without_news(request),
                ago=lambda moment: figures.ago(moment, self._now(), zone),
                at=lambda moment: figures.at(moment, zone),
                csrf=lambda: self._field(request),
                lang=language.code,
                **values,
            )
        return text, language

    def _language_of(self, request: web.Request, me: AccountRow | None) -> Language:
        return best(self._languages, me.language if me else None, request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))

    def _zone_of(self, me: AccountRow | None) -> ZoneInfo:
        """The clocks of whoever looks, if they have chosen any; else the site's."""
        return ZoneInfo(me.time_zone) if me and me.time_zone else self._zone

    def _field(self, request: web.Request) -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, self._visitors.form_word(request))

    async def static(self, request: web.Request) -> web.Response:
        """One of the files beside the templates."""
        file = self._files.get(request.match_info["file"])
        if file is None:
            raise web.HTTPNotFound
        headers = {hdrs.CACHE_CONTROL: _FOR_A_YEAR, hdrs.ETAG: f'"{file.version}"', hdrs.VARY: hdrs.ACCEPT_ENCODING}
        body = file.body
        if takes_gzip(request):
            body = file.packed
            headers |= {hdrs.CONTENT_ENCODING: "gzip", hdrs.ETAG: f'"{file.version}-gzip"'}
        charset = None if file.media_type == "image/png" else "utf-8"
        return web.Response(body=body, content_type=file.media_type, charset=charset, headers=headers)


def _knows_visitors(request: web.Request, status: int) -> bool:
    """Whether a page that was made for nobody says that nobody is logged in. Where we are at fault, or whoever looks is
    not asked for, it does not; nor where a form comes back: who has sent it finds their words again on the way back."""
    return status < 500 and request.method in SAFE and not is_nobodys(request)


def _without_news(request: web.Request) -> str:
    """The address of a page, to come back to it, without what only says what was just done."""
    return str(request.rel_url.without_query_params(*_NEWS)) if request.query_string else request.path_qs


def _kept(path: str, me: AccountRow | None) -> str:
    """How a page may be kept: one with secrets or letters nowhere, not even for the way back of whoever sits down at
    the same machine next."""
    if me is None:
        return "no-cache"
    return "private, no-store" if path.startswith(_SECRET) else "private, no-cache"


def _device(kept: str) -> str:
    """What ``gateway.web.visitors.device`` made of a browser."""
    browser, _, system = kept.partition(" on ")
    if browser not in BROWSERS.values():
        browser = say("A browser")
    if system == A_MAC:
        system = say("a Mac")
    return say("{browser} on {system}", browser=browser, system=system) if system else browser


def _read(name: str, media_type: str) -> _File:
    body = files("gateway.web").joinpath("static", name).read_bytes()
    return _File(body, gzip.compress(body, mtime=0), media_type, hashlib.sha256(body).hexdigest()[:12])
