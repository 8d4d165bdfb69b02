"""How pages come to be: templates, the few functions they may call, and the files beside them."""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gateway.domain.types import Source
from gateway.service.site import Site
from gateway.web.languages import Languages, Words
from gateway.web.visitors import FIELD, Visitors, visitor
from outbound.linking import linked
from store.accounts import AccountRow

HUES = 8
"""How many colours the stylesheet has for people's initials."""

_STATIC = {"birdwire.css": "text/css", "bird.svg": "image/svg+xml", "birdwire.js": "text/javascript"}
_SOURCES = {
    Source.SMS: "by text",
    Source.EMAIL: "by mail",
    Source.WEB: "on the web",
    Source.API: "by an app",
    Source.SCHEDULE: "as planned",
    Source.CLI: "by the house",
}
_FOR_A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    version: str


class Look:
    """Renders this site's pages and serves the files they refer to, under addresses that change with their content."""

    def __init__(self, site: Site, visitors: Visitors, now: Callable[[], datetime]) -> None:
        self._now = now
        self._visitors = visitors
        self._languages = Languages()
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
            site=site,
            languages=lambda: self._languages.all,
            static=lambda name: f"/static/{name}?v={self._files[name].version}",
            linked=lambda text: Markup(linked(text, site.public_url)),  # noqa: S704  # linked() escapes every word
            hue=lambda name: zlib.crc32(name.encode()) % HUES,
            ago=lambda moment: ago(moment, self._now(), self._zone),
            clock=lambda moment: f"{moment.astimezone(self._zone):%H:%M}",
            at=lambda moment: f"{moment.astimezone(self._zone):%-d %B %Y, %H:%M %Z}",
            source=lambda source: _SOURCES.get(source, ""),
            number=lambda count: f"{count:,}",
            one_line=lambda text: " ".join(text.split()),
        )

    @property
    def language_codes(self) -> frozenset[str]:
        """The languages there are."""
        return frozenset(words.code for words in self._languages.all)

    def part(self, request: web.Request, template: str, **values: Any) -> Markup:
        """A part of a page by itself, as it is put into one that stands already."""
        return Markup(self._rendered(request, template, visitor(request), values)[0])  # noqa: S704  # rendered with escapes

    def page(self, request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page of HTML, for whoever looks: in their language, with what they may do, their forms vouched for."""
        me = None if values.pop("gone", False) else visitor(request)
        text, words = self._rendered(request, template, me, values)
        headers: dict[str, str] = {
            hdrs.CACHE_CONTROL: "private, no-cache" if me else "no-cache",
            hdrs.VARY: "Cookie, Accept-Language",
            hdrs.CONTENT_LANGUAGE: words.code,
        }
        if status >= 400:  # where HTTP's errors begin
            headers["X-Robots-Tag"] = "noindex"
        return web.Response(text=text, status=status, content_type="text/html", headers=headers)

    def message(
        self, request: web.Request, title: str, *lines: str, status: int = 200, button: str = "", home: bool = True
    ) -> web.Response:
        """A page that only says something, and asks for one click if there is a ``button``."""
        return self.page(request, "message.html", status=status, title=title, lines=lines, button=button, home=home)

    def file(self, chosen: str | None, accepted: str, template: str, **values: Any) -> str:
        """A page that is kept and read without the site, in the language that somebody chose or that is accepted."""
        words = self._languages.of(chosen, accepted)
        return self._templates.get_template(template).render(
            lang=words.code, gettext=words.gettext, ngettext=words.ngettext, **values
        )

    def _rendered(
        self, request: web.Request, template: str, me: AccountRow | None, values: dict[str, Any]
    ) -> tuple[str, Words]:
        words = self._languages.of(me.language if me else None, request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        text = self._templates.get_template(template).render(
            me=me,
            page_path=request.path,
            here=request.path_qs,
            csrf=lambda: self._field(request),
            lang=words.code,
            gettext=words.gettext,
            ngettext=words.ngettext,
            **values,
        )
        return text, words

    def _field(self, request: web.Request) -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, self._visitors.form_word(request))

    async def static(self, request: web.Request) -> web.Response:
        """One of the files beside the templates."""
        file = self._files.get(request.match_info["file"])
        if file is None:
            raise web.HTTPNotFound
        headers = {hdrs.CACHE_CONTROL: _FOR_A_YEAR, hdrs.ETAG: f'"{file.version}"'}
        return web.Response(body=file.body, content_type=file.media_type, charset="utf-8", headers=headers)


def ago(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """How long since, in words up to a day; then the day itself."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min ago"
    if passed < timedelta(days=1):
        hours = passed // timedelta(hours=1)
        return f"{hours} hour{'' if hours == 1 else 's'} ago"
    day, today = moment.astimezone(zone), now.astimezone(zone)
    return f"{day:%-d %b}" if day.year == today.year else f"{day:%-d %b %Y}"


def _read(name: str, media_type: str) -> _File:
    body = files("gateway.web").joinpath("static", name).read_bytes()
    return _File(body, media_type, hashlib.sha256(body).hexdigest()[:12])
