"""Who is looking at a page, and that a form which comes back was made for them.

A browser that is logged in shows the secret of its session in a cookie. Every form carries a word that only the page
it stood on can know: a keyed digest of that secret, or, before anybody is logged in, of a secret of the browser's own
that is given out with the first form. Browsers that tell where a request comes from (Fetch Metadata, Origin) are taken
at their word as well.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from gateway.service import visiting
from gateway.service.site import Site
from gateway.service.visiting import KEPT, Visit
from store.accounts import AccountRow
from store.unit import Store

VISIT = web.RequestKey("VISIT", Visit)
"""On the request of whoever is logged in."""

FIELD = "csrf"
"""The name of the field in which a form carries its word."""

_SECRET = web.RequestKey("SECRET", str)
_NEW_SECRET = web.RequestKey("NEW_SECRET", str)
_LIVES_ON = web.RequestKey("LIVES_ON", bool)
"""On the request of whoever is here for the first time in a while: the session, and so its cookie, lives on."""

_NO_FORM = ("/hooks/", "/unsubscribe/")
"""Where machines post: they prove who they are, or (RFC 8058) need not."""

_NO_VISITOR = ("/hooks/", "/static/", "/feeds/")
"""Where it is nobody's page."""

_FEEDS = (".rss", ".atom", ".json")
"""How the paths of feeds end: what is in a public one does not depend on who asks, either."""

_NOBODYS = web.RequestKey("NOBODYS", bool)

SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
"""What only looks (RFC 9110, 9.2.1)."""

BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "SamsungBrowser": "Samsung Internet",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
"""What browsers call themselves, the telling one first, and what people call them."""

A_MAC = "a Mac"


class MembersOnly(web.HTTPForbidden):
    """This site is for those who have an account."""


class ForgedForm(web.HTTPForbidden):
    """The form is not one of ours, or is too old."""


class NoCookie(ForgedForm):
    """The browser shows no cookie of ours, so it cannot be known whether the form was made for it: it keeps none, or
    was logged out since."""


class Visitors:
    """Recognises browsers, logs them in and out, and vouches for forms."""

    def __init__(self, store: Store, site: Site, now: Callable[[], datetime]) -> None:
        self._store = store
        self._site = site
        self._now = now
        self._secure = site.public_url.startswith("https:")
        prefix = "__Host-" if self._secure else ""
        self._session_cookie = f"{prefix}birdwire"
        self._form_cookie = f"{prefix}form"

    def recognise(self) -> Middleware:
        """A middleware that finds out who is looking, and lets no forged form through."""

        private = self._site.private

        @web.middleware
        async def recognised(request: web.Request, handler: Handler) -> web.StreamResponse:
            path = request.path
            for_machines, is_feed = path.startswith(_NO_VISITOR), path.endswith(_FEEDS)
            if for_machines or is_feed:
                request[_NOBODYS] = True
            if for_machines or (is_feed and not private) or _is_mounted(request):
                return await handler(request)
            if hdrs.COOKIE in request.headers and (secret := request.cookies.get(self._session_cookie)):
                await self._find(request, secret)
            if self._site.private and VISIT not in request and not _is_open(request.path):
                raise MembersOnly
            if is_form(request):
                await self._check(request)
            return await handler(request)

        return recognised

    def hand_out(self) -> Middleware:
        """The outermost middleware of pages: gives the browser the secret that the first form on its page was made
        with, and lets the cookie of a session live as long as the session does."""

        @web.middleware
        async def handed_out(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            if response.prepared:
                return response
            if secret := request.get(_NEW_SECRET):
                self._set(response, self._form_cookie, secret, None)
            if request.get(_LIVES_ON) and self._session_cookie not in response.cookies:
                self._set(response, self._session_cookie, request[_SECRET], int(KEPT.total_seconds()))
            return response

        return handed_out

    def form_word(self, request: web.Request) -> str:
        """The word that a form on this page carries."""
        secret = self._form_secret(request)
        if not secret:
            secret = secrets.token_urlsafe(24)
            request[_NEW_SECRET] = secret
        return self._word(secret)

    async def log_in(self, request: web.Request, response: web.StreamResponse, account_id: int) -> None:
        """Open a session for this browser and hand its secret out with the response. An earlier one ends."""
        secret = secrets.token_urlsafe(32)
        async with self._store.unit() as unit:
            if before := request.get(VISIT):
                await visiting.end(unit, before.account.id, before.session_id)
            await visiting.open_session(
                unit,
                self._site,
                account_id,
                secret=secret,
                device=device(request.headers.get(hdrs.USER_AGENT, "")),
                now=self._now(),
            )
        self._set(response, self._session_cookie, secret, int(KEPT.total_seconds()))
        response.del_cookie(self._form_cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")

    async def log_out(self, request: web.Request, response: web.StreamResponse) -> None:
        """End this browser's session."""
        if visit := request.get(VISIT):
            async with self._store.unit() as unit:
                await visiting.end(unit, visit.account.id, visit.session_id)
        response.del_cookie(self._session_cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")

    async def _find(self, request: web.Request, secret: str) -> None:
        now = self._now()
        async with self._store.reading() as reading:
            visit = await visiting.recognise(reading, self._site, secret, now=now)
        if visit is None:
            return
        if visit.due:
            async with self._store.unit() as unit:
                await visiting.note(unit, visit.session_id, now=now)
            request[_LIVES_ON] = True
        request[VISIT] = visit
        request[_SECRET] = secret

    async def _check(self, request: web.Request) -> None:
        """Raises ForgedForm unless the request came from a form of ours that was made for this browser."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            raise ForgedForm
        origin = request.headers.get(hdrs.ORIGIN, "")
        if origin and origin != "null" and urlsplit(origin).netloc not in {request.host, self._own_host()}:
            raise ForgedForm
        secret = self._form_secret(request)
        if not secret:
            raise ForgedForm if self._session_cookie in request.cookies else NoCookie
        try:
            given = (await request.post()).get(FIELD, "")
        except (ValueError, LookupError, RuntimeError):  # no form after all, or in a code that there is not
            raise web.HTTPBadRequest from None
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), self._word(secret).encode()):
            raise ForgedForm

    def _own_host(self) -> str:
        return urlsplit(self._site.public_url).netloc

    def _form_secret(self, request: web.Request) -> str:
        return request.get(_SECRET) or request.get(_NEW_SECRET) or request.cookies.get(self._form_cookie, "")

    def _word(self, secret: str) -> str:
        digest = hmac.digest(self._site.key, f"form:{secret}".encode(errors="replace"), hashlib.sha256)
        return urlsafe_b64encode(digest[:18]).decode()

    def _set(self, response: web.StreamResponse, name: str, value: str, max_age: int | None) -> None:
        response.set_cookie(name, value, max_age=max_age, path="/", secure=self._secure, httponly=True, samesite="Lax")


def is_form(request: web.Request) -> bool:
    """Whether it asks this site for something to be done, and is none of a machine's calls."""
    return request.method not in SAFE and not request.path.startswith(_NO_FORM) and not _is_mounted(request)


def is_nobodys(request: web.Request) -> bool:
    """Whether what is at this address is the same whoever looks, in whichever language they read."""
    return _NOBODYS in request


def _is_mounted(request: web.Request) -> bool:
    """Whether it is for another application, which is served under a path of the site's."""
    return len(request.match_info.apps) > 1


def _is_open(path: str) -> bool:
    """What a private site shows to everybody: how to come in, and what tells of nobody."""
    return path in {"/robots.txt", "/help", "/logout", "/qr/join.svg"} or path.startswith(
        ("/login", "/signup", "/unsubscribe/")
    )


def visitor(request: web.Request) -> AccountRow | None:
    """Who is looking, if they are logged in."""
    visit = request.get(VISIT)
    return None if visit is None else visit.account


def member(request: web.Request) -> AccountRow:
    """Who is looking. Raises a redirect to the log-in page, which leads back here, when nobody is logged in."""
    account = visitor(request)
    if account is None:
        back = request.path_qs if request.method in SAFE else "/home"
        raise web.HTTPSeeOther(f"/login?next={quote(back, safe='/')}")
    return account


def administrator(request: web.Request) -> AccountRow:
    """Who is looking, if they run this instance. To everybody else there is no such page."""
    account = visitor(request)
    if account is None or not account.admin:
        raise web.HTTPNotFound
    return account


def way_back(asked: str | None, otherwise: str = "/home") -> str:
    """Where to go next: a path of this site, never an address elsewhere."""
    parts = urlsplit(asked or "")
    path = asked or ""
    own = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if own and path.isprintable() and "\\" not in path else otherwise


def device(agent: str) -> str:
    """What a browser calls itself, as people would say it: ``Firefox on Android``. It is kept so, in English."""
    systems = {
        "Android": "Android",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Windows": "Windows",
        "Mac OS": A_MAC,
        "CrOS": "ChromeOS",
        "Linux": "Linux",
    }
    browser = next((words for mark, words in BROWSERS.items() if mark in agent), "A browser")
    system = next((words for mark, words in systems.items() if mark in agent), "")
    return f"{browser} on {system}" if system else browser
