"""Everything of a member as one file: a zip that opens by itself, pages to read in it and JSON for programs.

It is written page by page, to a file that has no name, and handed over when it is whole. What reads all of somebody is
loaded with the first one.
"""

import asyncio
import secrets
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import msgspec
from aiohttp import hdrs, web

from gateway.service import export_form as form
from gateway.service.site import Site
from gateway.web.desk import Desk
from gateway.web.limits import EXPORTS
from gateway.web.look import Look
from gateway.web.visitors import member
from store import accounts
from store.accounts import AccountRow
from store.unit import Reading

_READABLE = ("posts", "messages")
"""Kinds that have pages to read, too."""

_NEWEST = 20
_IN_MEMORY = 4 * 2**20
_CHUNK = 256 * 1024


class Exports:
    """The route of the file. One is made at a time: others wait for their turn."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn = asyncio.Semaphore(1)

    def add_to(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_get("/settings/export", self.hand_over, allow_head=False)

    async def hand_over(self, request: web.Request) -> web.StreamResponse:
        """Make the file and send it."""
        me, desk = member(request), self._desk
        await desk.limits.hit(EXPORTS, "export", str(me.id))
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        with SpooledTemporaryFile(_IN_MEMORY) as file:
            async with self._turn, desk.store.snapshot() as snapshot:
                fresh = await accounts.by_id(snapshot, me.id) or me
                await write(file, snapshot, desk.look, desk.site, fresh, now=desk.now(), accepted=accepted)
            response = web.StreamResponse(
                headers={
                    hdrs.CONTENT_TYPE: "application/zip",
                    hdrs.CONTENT_DISPOSITION: f'attachment; filename="{fresh.name}-{desk.now():%Y-%m-%d}.zip"',
                    hdrs.CACHE_CONTROL: "private, no-store",
                }
            )
            response.content_length = file.tell()
            file.seek(0)
            await response.prepare(request)
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                await response.write(chunk)
            await response.write_eof()
        return response


async def write(
    out: IO[bytes],
    snapshot: Reading,
    look: Look,
    site: Site,
    me: AccountRow,
    *,
    now: datetime,
    accepted: str = "",
    told: Callable[[int], None] = lambda _: None,
) -> None:
    """Write all that ``snapshot`` has of somebody to ``out``, in their language, else in one that is ``accepted``.
    ``told`` is how many entries more are written."""
    from gateway.service import belongings  # only now: see above

    entries: Counter[str] = Counter(dict.fromkeys(form.KINDS, 0))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        pages = _Pages(file, partial(look.file, me, accepted), me.name or "")
        async for kind, page in belongings.pages(snapshot, me):
            await pages.add(kind, page)
            entries[kind] += len(page)
            told(len(page))
        about = await belongings.about(
            snapshot, site, me, file_id=secrets.token_hex(12), entries=dict(entries), now=now
        )
        await pages.end(about)


class _Pages:
    """The files in the zip. What takes long is done in a thread: the site goes on meanwhile."""

    def __init__(self, file: zipfile.ZipFile, render: Callable[..., str], name: str) -> None:
        self._file = file
        self._render = render
        self._name = name
        self._count: Counter[str] = Counter()
        self._held: tuple[str, Sequence[Any]] | None = None
        self._newest: deque[Any] = deque(maxlen=_NEWEST)

    async def add(self, kind: str, page: Sequence[Any]) -> None:
        """One more page of a kind. To read, it is written when it is known whether another one follows."""
        if kind in _READABLE:
            await self._let_go(more=self._held is not None and self._held[0] == kind)
            self._held = kind, page
        if kind == "posts":
            self._newest.extend(page)
        self._count[kind] += 1
        await asyncio.to_thread(self._put_json, form.page_name(kind, self._count[kind]), page)

    async def end(self, about: form.About) -> None:
        """The last files, which tell of the others."""
        await self._let_go(more=False)
        self._put_json(form.ABOUT, about)
        index = self._render(
            "export/index.html",
            about=about,
            files=self._count,
            readable=_READABLE,
            newest=list(reversed(self._newest)),
            page_file=form.page_name,
            name=self._name,
        )
        self._file.writestr("index.html", index)

    async def _let_go(self, *, more: bool) -> None:
        if self._held is not None:
            kind, page = self._held
            self._held = None
            await asyncio.to_thread(self._put_page, kind, self._count[kind], page, more)

    def _put_page(self, kind: str, number: int, page: Sequence[Any], more: bool) -> None:
        text = self._render(
            "export/page.html",
            kind=kind,
            which=number,
            entries=page,
            more=more,
            name=self._name,
            page_file=lambda other: form.page_name(kind, other, "html").partition("/")[2],
        )
        self._file.writestr(form.page_name(kind, number, "html"), text)

    def _put_json(self, name: str, content: object) -> None:
        self._file.writestr(name, msgspec.json.format(msgspec.json.encode(content), indent=1))
