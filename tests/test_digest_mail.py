"""From posts to a digest in a mailbox and back: housekeeping, worker and relay as in a daemon."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from gateway.demo.mailbox import Mailbox
from gateway.domain import reply_posts
from gateway.domain.pace import Pace
from gateway.housekeeping import keep_house
from gateway.service import doors
from gateway.service.doors import Replying, Unsubscribing
from gateway.service.site import Site
from outbound.mail import MailTransport, OutboundMailSettings
from outbound.worker import DeliverySettings, Tools, Worker
from store import routes
from store.unit import Store
from tests.service.conversing import OTHER_NUMBER, OURS, START, Town
from tests.service.mailroom import Mailroom, mail_route

AT_EIGHT = START.replace(day=2, hour=8)


@pytest.fixture
async def mailroom(store: Store, site: Site) -> Mailroom:
    """bob follows alice and zoe, and gets what they write once a day."""
    async with store.unit() as unit:
        await routes.ensure(unit, [OTHER_NUMBER, OURS])
    mailroom = Mailroom(Town(store, site))
    await mailroom.join("alice", "zoe")
    await mailroom.join("bob", follow=("alice", "zoe"))
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await mailroom.go_on()
    return mailroom


@asynccontextmanager
async def open_post_office(mailroom: Mailroom) -> AsyncIterator[Mailbox]:
    """A daemon that sends mail to this mailbox, and stops at the end."""
    town = mailroom.town
    async with Mailbox() as box:
        settings = DeliverySettings(poll=timedelta(milliseconds=20))
        tools = Tools(town.store, town.site, settings, lambda: town.now, lambda: 0.5)
        async with town.store.unit() as unit:
            route = await mail_route(unit)
        wire = MailTransport(OutboundMailSettings(port=box.port), town.site)
        worker = Worker(tools, route, Pace(), wire, connections=2)
        house = keep_house(tools, None)
        working = asyncio.create_task(worker.run())
        house.start()
        try:
            yield box
        finally:
            await house.close()
            worker.stop()
            async with asyncio.timeout(20):
                await working
            await wire.close()


async def opened(mailroom: Mailroom, address: str) -> doors.Opened | doors.Refused:
    async with mailroom.town.store.reading() as reading:
        (door,) = await doors.find(reading, mailroom.town.site, [address.partition("@")[0]])
    return door


async def test_a_digest_comes_to_the_mailbox_and_each_post_is_answered_from_there(mailroom: Mailroom) -> None:
    town = mailroom.town
    for who, words in (("alice", "tea?"), ("zoe", "never mind this"), ("alice", "at four")):
        await town.text(who, words)
    await mailroom.fan_out()
    town.now = AT_EIGHT
    await mailroom.make()
    await town.text("zoe", "UNDO")  # after the digest was made, before it goes out
    async with open_post_office(mailroom) as box:
        mail = await box.wait_for(lambda mail: True)
    assert len(box.mails) == 1
    assert mail.recipients == ("bob@mail.example",)
    assert mail.subject == "2 posts: alice"
    assert "tea?" in mail.text
    assert "never mind" not in mail.text
    assert {state for state, _ in await mailroom.states("bob")} == {"bundled", "dead"}
    html = mail.message.get_body(("html",))
    assert html is not None
    answers = re.findall(r"mailto:(reply\+[^?\"]+)", str(html.get_content()))
    assert answers == re.findall(r"Answer: (\S+)", mail.text)
    to_tea, _ = [await opened(mailroom, each) for each in answers]
    assert isinstance(to_tea, Replying)
    assert await town.mail("bob", "yes!", answers_delivery=to_tea.delivery_id) == reply_posts.answered("alice")
    assert await town.posts() == ["tea?", "at four", "@alice yes!"]
    to_all = await opened(mailroom, mail.answers_to.strip("<>"))
    assert isinstance(to_all, Replying)
    words = await town.mail("bob", "no", answers_delivery=to_all.delivery_id)
    assert words == reply_posts.which_of_the_digest()
    stop = re.findall(r"mailto:(unsubscribe\+[^>]+)", mail.message["List-Unsubscribe"])[0]
    assert isinstance(await opened(mailroom, stop), Unsubscribing)


async def test_a_digest_of_one_post_is_answered_like_that_post(mailroom: Mailroom) -> None:
    town = mailroom.town
    await town.text("alice", "tea?")
    await mailroom.fan_out()
    town.now = AT_EIGHT
    async with open_post_office(mailroom) as box:
        mail = await box.wait_for(lambda mail: True)
    assert mail.subject == "alice: tea?"
    door = await opened(mailroom, mail.answers_to.strip("<>"))
    assert isinstance(door, Replying)
    assert await town.mail("bob", "yes!", answers_delivery=door.delivery_id) == reply_posts.answered("alice")


async def test_a_digest_of_which_nothing_is_left_is_given_up_and_not_sent(mailroom: Mailroom) -> None:
    town = mailroom.town
    await town.text("alice", "oops")
    await mailroom.fan_out()
    town.now = AT_EIGHT
    await mailroom.make()
    await town.text("alice", "UNDO")
    async with open_post_office(mailroom) as box, asyncio.timeout(30):
        while (await mailroom.states("bob")) != [("dead", "the post was deleted")]:  # noqa: ASYNC110 - the database rings no bell for readers
            await asyncio.sleep(0.02)
    assert box.mails == []
