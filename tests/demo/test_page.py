"""The demo's page, as a browser with scripts off and one with scripts on see it."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from gateway.demo.carrier import Carrier
from gateway.demo.faults import Fault
from gateway.demo.letters import mail_through
from gateway.demo.mailbox import Mailbox
from gateway.demo.page import TROUBLES, build_page
from gateway.web.listening import listening

SITE = "+15550001000"
PHONES = tuple(f"+1555000000{i}" for i in range(1, 5))


@dataclass
class Demo:
    carrier: Carrier
    mailbox: Mailbox
    page: web.Application
    browser: TestClient[Any, Any]

    async def see(self) -> str:
        async with self.browser.get("/demo/") as answer:
            assert answer.status == 200
            return await answer.text()

    async def press(self, action: str, headers: dict[str, str] | None = None, **fields: str) -> tuple[int, str]:
        async with self.browser.post(f"/demo/{action}", data=fields, headers=headers, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    async with Carrier(account_sid="AC1", auth_token="t") as carrier, Mailbox() as mailbox:
        page = build_page(
            carrier,
            mailbox,
            numbers=PHONES,
            site_url="http://127.0.0.1:8140",
            site_number=SITE,
            send_mail=mail_through("127.0.0.1", mailbox.port),
            mail_domain="birdwire.test",
            mail_hint="Write to post@birdwire.test.",
            ops_url="http://127.0.0.1:8141",
        )
        app = web.Application()
        app.add_subapp("/demo", page)
        async with TestClient(TestServer(app)) as browser:
            yield Demo(carrier, mailbox, app, browser)


async def test_the_page_shows_four_phones_and_where_everything_is(demo: Demo) -> None:
    page = await demo.see()
    assert all(number in page for number in PHONES)
    for address in ("8140/public.rss", "8140/public.atom", "8140/public.json", "8141/metrics"):
        assert address in page
    assert "post@birdwire.test" in page
    assert "No mail yet" in page


async def test_nothing_on_the_page_comes_from_elsewhere(demo: Demo) -> None:
    page = await demo.see()
    assert 'src="http' not in page
    assert 'rel="stylesheet" href="static/demo.css"' in page
    for name in ("demo.css", "demo.js", "bird.svg"):
        async with demo.browser.get(f"/demo/static/{name}") as answer:
            assert answer.status == 200
            assert "url(" not in await answer.text()


async def test_a_text_is_sent_and_shown_without_a_script(demo: Demo) -> None:
    assert await demo.press("text", **{"from": PHONES[1], "body": "JOIN <b>ob"}) == (303, "./#phone-2")
    assert [text.body for text in demo.carrier.phones[PHONES[1]]] == ["JOIN <b>ob"]
    page = await demo.see()
    assert "JOIN &lt;b&gt;ob" in page
    assert "<b>ob" not in page


async def test_a_text_that_was_not_taken_can_be_sent_again_as_the_same_text(demo: Demo) -> None:
    await demo.press("text", **{"from": PHONES[0], "body": "hello"})
    assert "Not taken. Send again" in await demo.see()
    sid = demo.carrier.messages[0].sid
    await demo.press("text", **{"from": PHONES[0], "body": "hello", "sid": sid})
    assert len(demo.carrier.messages) == 1


async def test_only_the_phones_shown_can_text(demo: Demo) -> None:
    assert (await demo.press("text", **{"from": "+15559999999", "body": "hi"}))[0] == 400


async def test_other_sites_may_not_press_the_buttons(demo: Demo) -> None:
    fields = {"from": PHONES[0], "body": "hi"}
    assert (await demo.press("text", {"Sec-Fetch-Site": "cross-site"}, **fields))[0] == 403
    assert (await demo.press("text", {"Sec-Fetch-Site": "same-origin"}, **fields))[0] == 303


async def test_the_guide_marks_what_was_done(demo: Demo) -> None:
    assert "Done." not in await demo.see()
    await demo.press("text", **{"from": PHONES[0], "body": "JOIN alice"})
    assert (await demo.see()).count("Done.") == 1


async def test_a_mail_goes_out_by_smtp_and_shows_in_the_mailbox(demo: Demo) -> None:
    mail = {"from": "alice@example.org", "to": "bob@example.org", "subject": "Hi", "body": "See http://example.org/x"}
    assert await demo.press("mail", **mail) == (303, "./#write")
    kept = await demo.mailbox.wait_for(lambda mail: mail.subject == "Hi")
    assert kept.sender == "alice@example.org"
    page = await demo.see()
    assert '<a href="http://example.org/x"' in page
    assert "250" in page


async def test_times_are_written_as_html_has_them(demo: Demo) -> None:
    await demo.press("text", **{"from": PHONES[1], "body": "JOIN bob"})
    await demo.press("mail", **{"from": "a@example.org", "to": "b@example.org", "subject": "Hi", "body": "Hi"})
    await demo.mailbox.wait_for(lambda mail: mail.subject == "Hi")
    written = re.findall(r'datetime="([^"]*)"', await demo.see())
    assert len(written) > 1
    assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}\+00:00", each) for each in written), written


@pytest.mark.parametrize("mail", [{}, {"subject": "a\r\nBcc: eve@example.org"}, {"from": "ä b", "to": "@"}])
async def test_a_mail_that_cannot_be_sent_is_answered_with_words(demo: Demo, mail: dict[str, str]) -> None:
    whole = {"from": "alice@example.org", "to": "bob@example.org", "subject": "Hi", "body": "hi"}
    if "subject" not in mail:
        demo.mailbox.refuse(times=None)
    await demo.press("mail", **(whole | mail))
    assert 'class="said bad"' in await demo.see()
    assert demo.mailbox.mails == []


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.key)
async def test_every_trouble_can_be_asked_for_and_ended(demo: Demo, trouble: Any) -> None:
    fields = {"trouble": trouble.key, "times": "2", "to": PHONES[3], "retry_after": "3", "accepted": "on"}
    assert await demo.press("misbehave", **fields) == (303, "./#trouble")
    page = await demo.see()
    assert "2 more" in page
    assert trouble.fault is None or f"{trouble.group}: {trouble.label}" in page
    await demo.press("behave")
    assert "The carrier behaves." in await demo.see()


async def test_trouble_is_what_the_carrier_then_makes(demo: Demo) -> None:
    await demo.press("misbehave", trouble="429", times="0", to="", retry_after="7")
    waiting = demo.carrier.faults.waiting[0]
    assert (waiting.fault, waiting.left, waiting.retry_after) == (Fault.TOO_MANY, None, 7)


@pytest.mark.parametrize(
    "fields", [{"trouble": "none"}, {"trouble": "429", "times": "x"}, {"trouble": "429", "times": "9999"}]
)
async def test_unknown_trouble_is_refused(demo: Demo, fields: dict[str, str]) -> None:
    assert (await demo.press("misbehave", **fields))[0] == 400


async def test_fresh_pieces_come_by_themselves(demo: Demo) -> None:
    async with asyncio.timeout(30), demo.browser.get("/demo/events") as stream:
        assert stream.content_type == "text/event-stream"

        async def pieces() -> dict[str, str]:
            async for line in stream.content:
                if line.startswith(b"data: "):
                    found: dict[str, str] = json.loads(line.removeprefix(b"data: "))
                    return found
            raise AssertionError("the stream ended")

        assert set(await pieces()) == {
            "phone-1",
            "phone-2",
            "phone-3",
            "phone-4",
            "guide",
            "mails",
            "said",
            "waiting",
            "log",
        }
        await demo.carrier.text(PHONES[2], SITE, "hello there")
        fresh = await pieces()
        while "Not taken" not in fresh.get("phone-3", ""):
            fresh = await pieces()
        assert "hello there" in fresh["phone-3"]
        assert "phone-1" not in fresh


async def test_an_open_window_does_not_keep_the_demo_from_closing() -> None:
    async with Carrier(account_sid="AC1", auth_token="t") as carrier, Mailbox() as mailbox:
        page = build_page(
            carrier, mailbox, numbers=PHONES, site_url="", site_number=SITE, send_mail=mail_through("127.0.0.1", 1)
        )
        browser = TestClient(TestServer(page))
        await browser.start_server()
        async with browser.get("/events") as stream:
            await stream.content.readline()
            async with asyncio.timeout(30):
                await browser.server.close()
                await stream.content.read()
        await browser.close()


async def test_closing_the_window_is_no_trouble(demo: Demo, caplog: pytest.LogCaptureFixture) -> None:
    async with (
        asyncio.timeout(30),
        listening(demo.page, "127.0.0.1", 0) as (host, port),
        ClientSession(f"http://{host}:{port}") as browser,
    ):
        async with browser.get("/demo/events") as stream:
            await stream.content.readline()
            assert demo.carrier.changes._bells
            stream.close()
        while demo.carrier.changes._bells:
            demo.carrier.changes.ring()
            await asyncio.sleep(0.01)
        async with browser.get("/demo/") as answer:
            assert answer.status == 200
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
