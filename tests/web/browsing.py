"""A browser without scripts: it keeps cookies, follows redirects, and fills in the forms that stand on its page."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urljoin

import aiohttp
from lxml import html as parser
from sqlalchemy import select

from gateway.domain.types import Channel
from gateway.service import joining
from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from store.schema import addresses, deliveries, notices
from store.unit import Store
from tests.web.village import NOW, Nobody, Village


class Browser:
    """Stands on one page: ``status``, ``path``, ``html``. ``headers`` go with every request."""

    def __init__(self, session: aiohttp.ClientSession, headers: Mapping[str, str] | None = None) -> None:
        self._session = session
        self.headers = dict(headers or {})
        self.cookies: dict[str, str] = {}
        self.status = 0
        self.path = "/"
        self.html = ""
        self.answer_headers: Mapping[str, str] = {}

    @property
    def text(self) -> str:
        """The words of the page, white space made single."""
        return " ".join(parser.fromstring(self.html).text_content().split()) if self.html.strip() else ""

    def find(self, path: str) -> list[Any]:
        """The elements of the page at an XPath."""
        found: list[Any] = parser.fromstring(self.html).xpath(path)
        return found

    async def open(self, path: str) -> int:
        """Go to a page; its status."""
        return await self._go("GET", path, None)

    async def submit(self, action: str, button: str = "", **fields: str) -> int:
        """Fill in the form whose address is ``action`` (as it stands, or as its button says) and send it."""
        forms = [form for form in parser.fromstring(self.html).forms if _leads(form, self.path, action)]
        assert forms, f"no form to {action} on {self.path}: {self.text[:300]}"
        form = forms[0]
        values = dict(form.form_values())
        for name, value in fields.items():
            assert name in form.inputs, f"no field {name} in the form to {action}"
            values[name] = value
        if button:
            name, _, value = button.partition("=")
            values[name] = value
        method = (form.get("method") or "get").upper()
        return await self._go(method, action, values)

    async def post(self, path: str, **fields: str) -> int:
        """Send a form that stands on no page of ours."""
        return await self._go("POST", path, fields)

    async def post_with_file(self, path: str, **fields: str) -> int:
        """Send a form with a picture in it."""
        form = aiohttp.FormData(fields)
        form.add_field("media", b"GIF89a", filename="cat.gif", content_type="image/gif")
        return await self._go("POST", path, form)

    async def _go(self, method: str, path: str, fields: Mapping[str, str] | aiohttp.FormData | None) -> int:
        for _ in range(5):
            headers = dict(self.headers)
            if self.cookies:
                headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent = {"params": fields} if method == "GET" else {"data": fields}
            async with self._session.request(
                method, path, headers=headers, allow_redirects=False, **(sent if fields is not None else {})
            ) as answer:
                for line in answer.headers.getall("Set-Cookie", []):
                    for name, morsel in SimpleCookie(line).items():
                        self.cookies.pop(name, None)
                        if morsel.value:
                            self.cookies[name] = morsel.value
                self.status, self.html, self.answer_headers = answer.status, await answer.text(), answer.headers
            self.path = path.partition("?")[0]
            if self.status not in {301, 302, 303}:
                return self.status
            method, fields, path = "GET", None, urljoin(path, self.answer_headers["Location"])
        raise AssertionError("redirected for ever")


def _leads(form: Any, page: str, action: str) -> bool:
    buttons = [each.get("formaction") for each in form.xpath(".//*[@formaction]")]
    return action in {form.get("action") or page, *buttons}


@asynccontextmanager
async def visited(store: Store, site: Site, **more: Any) -> AsyncIterator[aiohttp.ClientSession]:
    """The site on a port of its own, for any number of browsers; every code is 482913."""
    nobody = Nobody()
    deps = WebDeps(store, site, nobody, nobody.record, lambda: NOW, new_code=lambda: "482913", **more)
    async with (
        listening(build_app(deps), "127.0.0.1", 0) as (host, port),
        aiohttp.ClientSession(f"http://{host}:{port}") as session,
    ):
        yield session


async def letters(store: Store, to: str) -> list[str]:
    """What waits for one phone or mailbox, oldest first."""
    statement = (
        select(notices.c.text)
        .join(deliveries, deliveries.c.notice_id == notices.c.id)
        .join(addresses, addresses.c.id == deliveries.c.address_id)
        .where(addresses.c.address == to)
        .order_by(notices.c.id)
    )
    async with store.reading() as reading:
        return [row.text for row in await reading.execute(statement)]


def link_in(letter: str) -> str:
    found = re.search(r"https://birds\.example(\S+)", letter)
    assert found
    return found[1]


async def with_mail(village: Village, name: str) -> int:
    account_id = await village.person(name)
    async with village.store.unit() as unit:
        await joining.give_address(unit, account_id, Channel.EMAIL, f"{name}@mail.example", how="operator", now=NOW)
    return account_id


async def log_in(village: Village, browser: Browser, name: str) -> None:
    """Log somebody with a mailbox in."""
    await browser.open("/login")
    await browser.submit("/login", who=f"{name}@mail.example")
    letter = (await letters(village.store, f"{name}@mail.example"))[-1]
    await browser.open(link_in(letter))
    await browser.submit(browser.path)
