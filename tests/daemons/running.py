"""Daemons as an operator runs them, each a process with ports of its own, and a town that they serve together."""

import asyncio
import json
import os
import re
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from sqlalchemy import func, select
from yarl import URL

from gateway.daemon import now
from gateway.demo.carrier import Carrier
from gateway.demo.mailbox import Mailbox
from gateway.demo.texts import Text
from gateway.service import joining
from gateway.service.joining import Added
from store import follows, routes
from store.schema import deliveries, fanouts, posts
from store.unit import Store
from tests.wiring import OUR_NUMBER, free_port

ALICE = "+15550001001"
ALL_ROLES = "web,inbound,outbound,schedule"
THIS_RELEASE, NEXT_RELEASE = "gateway", "tests.daemons.next_release"
"""The modules that are run: the program as it is, and the same one as if a migration had been added."""


@dataclass
class Daemon:
    """One process; its log is in ``log``."""

    process: asyncio.subprocess.Process
    web_port: int
    ops_port: int
    log: Path

    async def is_ready(self, http: aiohttp.ClientSession) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(60):
            while True:
                assert self.process.returncode is None, self.log.read_text()
                try:
                    async with http.get(f"http://127.0.0.1:{self.ops_port}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)  # nothing rings when another process begins to listen

    async def counts(self, http: aiohttp.ClientSession, metric: str) -> float:
        """The sum of a metric of its over all labels."""
        async with http.get(f"http://127.0.0.1:{self.ops_port}/metrics") as answer:
            found = re.findall(rf"^{metric}(?:{{.*}})? (\S+)$", await answer.text(), re.MULTILINE)
        return sum(map(float, found))

    async def stops(self) -> None:
        """Tell it to stop; it finishes what it holds and leaves."""
        self.process.terminate()
        async with asyncio.timeout(30):
            assert await self.process.wait() == 0, self.log.read_text()

    async def is_killed(self) -> None:
        """No goodbye."""
        self.process.kill()
        await self.process.wait()

    def went_well(self, but_for: str) -> None:
        """It wrote of no error but perhaps of this one."""
        events = [json.loads(line) for line in self.log.read_text().splitlines()]
        assert not [each for each in events if each["level"] in ("error", "critical") and each["event"] != but_for]


class Proxy:
    """What stands before the daemons at the public address: each request is led to the next one that answers."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.doors: list[Daemon] = []
        self._http = http
        self._turn = 0

    async def lead(self, request: web.Request) -> web.Response:
        """The answer of a daemon; 502 if none answers."""
        body = await request.read()
        for _ in self.doors:
            self._turn += 1
            door = self.doors[self._turn % len(self.doors)]
            url = URL(f"http://127.0.0.1:{door.web_port}{request.raw_path}", encoded=True)
            with suppress(aiohttp.ClientConnectionError):
                async with self._http.request(request.method, url, headers=request.headers, data=body) as answer:
                    said = await answer.read()
                    return web.Response(status=answer.status, body=said, content_type=answer.content_type)
        return web.Response(status=502)

    def app(self) -> web.Application:
        """All that is asked for at the public address."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.lead)
        return app


@dataclass
class Town:
    """Alice, whom people with phones and mailboxes follow, and the daemons; ``ledger`` is what of hers was accepted.

    ``phones`` and ``mailboxes`` are the followers' in the order in which they were added.
    """

    folder: Path
    store: Store
    carrier: Carrier
    mailbox: Mailbox
    http: aiohttp.ClientSession
    proxy: Proxy
    settings: str
    alice: int = 0
    phones: list[str] = field(default_factory=list)
    mailboxes: list[str] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)
    not_taken: list[tuple[str, str]] = field(default_factory=list)
    daemons: list[Daemon] = field(default_factory=list)

    async def settles(self, *, phones: int, mailboxes: int = 0) -> None:
        """Alice and so many followers of each kind."""
        async with self.store.unit() as unit:
            await routes.ensure(unit, [OUR_NUMBER])
            alice = await joining.add_user(unit, "alice", now=now(), phone=ALICE)
            assert isinstance(alice, Added)
            self.alice = alice.account_id
            for number in range(phones + mailboxes):
                phone, email = f"+1555200{number:04}", f"f{number}@mailbox.example"
                if number < phones:
                    self.phones.append(phone)
                    added = await joining.add_user(unit, f"f{number}", now=now(), phone=phone)
                else:
                    self.mailboxes.append(email)
                    added = await joining.add_user(unit, f"f{number}", now=now(), email=email)
                assert isinstance(added, Added)
                await follows.put(unit, alice.account_id, added.account_id, state="accepted", texts=True, now=now())

    async def program(self, release: str, *words: str, **environment: str) -> tuple[int, str]:
        """Run a command to its end; its exit code and what it said."""
        process = await self._begin(release, *words, output=asyncio.subprocess.PIPE, **environment)
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    async def opens(self, *roles: str, release: str = THIS_RELEASE) -> list[Daemon]:
        """Start a daemon for each of these sets of roles and wait until all are ready; the proxy leads to those that
        have doors."""
        begun = [await self._open(each, release) for each in roles]
        await asyncio.gather(*(daemon.is_ready(self.http) for daemon in begun))
        self.proxy.doors += [daemon for daemon, each in zip(begun, roles, strict=True) if "web" in each]
        return begun

    async def _open(self, roles: str, release: str) -> Daemon:
        log, web_port, ops_port = self.folder / f"daemon{len(self.daemons)}.log", free_port(), free_port()
        config = self.folder / "config.toml"
        config.write_text(self.settings)
        with log.open("w") as output:
            process = await self._begin(
                release,
                *("serve", "-c", str(config), "--only", roles),
                output=output.fileno(),
                BIRDWIRE_WEB__PORT=str(web_port),
                BIRDWIRE_OPS__PORT=str(ops_port),
            )
        self.daemons.append(Daemon(process, web_port, ops_port, log))
        return self.daemons[-1]

    async def _begin(self, release: str, *words: str, output: int, **environment: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", release, *words),
            env={**os.environ, "BIRDWIRE_CONFIG": str(self.folder / "config.toml"), **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def texts(self, words: str) -> None:
        """Alice texts this. What is not taken, tried twice by the provider, comes again later."""
        result = await self.carrier.text(ALICE, OUR_NUMBER, words)
        if result.status == 200:
            self.ledger.append(words)
        else:
            self.not_taken.append((words, result.sid))

    async def comes_again(self) -> None:
        """The provider delivers again what nobody took, under the same ids."""
        for words, sid in self.not_taken:
            assert (await self.carrier.text(ALICE, OUR_NUMBER, words, MessageSid=sid)).status == 200
            self.ledger.append(words)
        self.not_taken.clear()

    def arrived(self) -> list[Text]:
        """Alice's posts on the followers' phones, as the carrier took them."""
        return [text for text in self.carrier.messages if text.direction == "outbound-api" and text.to != ALICE]

    async def falls_quiet(self, *, within: float = 60) -> None:
        """Wait until nothing is left to do: no page to queue, no delivery that is not sent."""
        async with asyncio.timeout(within):
            while await self._open_work():  # noqa: ASYNC110 - other processes do it, and ring no bell here
                await asyncio.sleep(0.1)

    async def _open_work(self) -> int:
        async with self.store.reading() as reading:
            pages = (await reading.execute(select(func.count()).select_from(fanouts))).scalar_one()
            unsent = select(func.count()).where(deliveries.c.state.not_in(["sent", "delivered"]))
            return pages + (await reading.execute(unsent)).scalar_one()

    async def balances(self, *, mails_twice: int = 0, but_for: str = "") -> None:
        """Everything accepted was posted once, and came once to every phone and every mailbox; at most so many mails
        came twice, each under one Message-ID (the documented window). No daemon wrote of an error, ``but_for`` one."""
        async with self.store.reading() as reading:
            posted = list((await reading.execute(select(posts.c.text).order_by(posts.c.id))).scalars())
        assert Counter(posted) == Counter(self.ledger)
        for phone in self.phones:
            assert Counter(text.body for text in self.arrived() if text.to == phone) == Counter(
                f"alice: {words}" for words in self.ledger
            ), phone
        came = Counter((mail.recipients[0], mail.message["Message-ID"]) for mail in self.mailbox.mails)
        assert len(came) == len(self.mailboxes) * len(self.ledger)
        assert came.total() - len(came) <= mails_twice
        for daemon in self.daemons:
            daemon.went_well(but_for)
