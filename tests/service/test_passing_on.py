"""What somebody passes on of what we wrote to them, to be posted: its words are, and nobody's secret addresses."""

import asyncio
import re
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from sqlalchemy import select

from gateway.domain import reply_posts
from gateway.domain.types import Channel, Source
from gateway.service import choosing, commands, posting
from gateway.service.commands import Said
from inbound.intake import Intake
from inbound.letters import understand
from inbound.message import PostingAddress
from outbound.mail_text import render
from store import schema as tables
from tests.outbound.letters import LETTERS
from tests.service.conversing import Town, number


async def passed_on(town: Town, how: str, *, subject: str) -> list[tuple[str, str | None]]:
    """Ann mails a digest of hers to her posting address; what was posted."""
    site = town.site
    await town.join("ann")
    ann = (await town.account("ann")).id
    digest = message_from_bytes(render(replace(LETTERS["a digest of several"], account_id=ann), site), policy=default)
    assert isinstance(digest, EmailMessage)
    plain = digest.get_body(("plain",))
    assert plain is not None
    words = str(plain.get_content())
    assert words.count("Answer: reply+") == 4
    mail = EmailMessage()
    mail["From"] = "Ann <ann@mx.example>"
    mail["Subject"] = subject or f"Fwd: {digest['Subject']}"
    if how == "in the text":
        mail.set_content(f"---------- Forwarded message ---------\nFrom: Testville\n\n{words}", cte="8bit")
    else:
        if how == "below a signature":
            mail.set_content("-- \nAnn\n")
        mail.add_attachment(digest)
    raw = mail.as_bytes(policy=default.clone(linesep="\r\n"))
    doors = {f"post+x@{site.mail_domain}": PostingAddress(ann)}
    (message,) = understand(raw, "ann@mx.example", doors, site.mail_domain, town.now)
    intake = Intake(town.store, site, {}, lambda: town.now, lambda: "4821")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(intake.run())
        accepted = await intake.take(message)
        await intake.close()
        running.cancel()
    assert accepted.answer
    async with town.store.reading() as reading:
        return [(row.text, row.full_text) for row in await reading.execute(select(tables.posts))]


async def test_a_digest_that_somebody_passes_on_tells_nobody_their_secret_addresses(town: Town) -> None:
    """Whoever had one could write in their name."""
    [(text, whole)] = await passed_on(town, "in the text", subject="Fwd: 4 posts")
    said = f"{text}\n{whole}"
    assert said.count(f"Answer: reply+…@{town.site.mail_domain}") >= 4
    assert not re.search(r"(?:\+|unsubscribe/)[a-z0-9]{27}", said)


@pytest.mark.parametrize("how", ["as an attachment", "below a signature"])
async def test_a_mail_of_ours_as_an_attachment_is_no_post(town: Town, how: str) -> None:
    """A filter does that with all that comes, and would post what others write to its owner alone."""
    assert await passed_on(town, how, subject="") == []


async def test_what_somebody_says_of_a_mail_of_ours_is_a_post(town: Town) -> None:
    assert await passed_on(town, "as an attachment", subject="What a day!") == [("What a day!", None)]


async def test_what_is_secret_is_published_by_no_door(town: Town) -> None:
    """Below the address of a feed is what protected people write."""
    await town.join("ann", "bob")
    await town.text("bob", "FOLLOW ann")
    ann, bob = await town.account("ann"), await town.account("bob")
    secrets = choosing.secrets_of(town.site, ann)
    said, kept = f"{secrets.feed}/home.rss", f"{town.site.public_url}/feeds/…/home.rss"
    assert await town.text("ann", f"mine: {said}") == ""
    assert "alone" in await town.text("ann", f"D bob {said}")
    assert await town.mail("ann", f"D bob again: {said}")
    async with town.store.unit() as unit:
        await posting.publish(unit, town.site, ann.id, f"{secrets.posting} is it", source=Source.WEB, now=town.now)
        chosen = {"bio": f"See {said}", "language": "", "time_zone": "", "overflow": ""}
        assert await choosing.set_profile(unit, town.site, bob, **chosen, now=town.now) is None
    async with town.store.reading() as reading:
        found = set((await reading.execute(select(tables.posts.c.text))).scalars())
    assert found == {f"mine: {kept}", kept, f"again: {kept}", f"post+…@{town.site.mail_domain} is it"}
    assert (await town.account("bob")).bio == f"See {kept}"


async def test_the_same_secret_is_not_posted_twice_either(town: Town) -> None:
    await town.join("ann")
    said = Said(Channel.SMS, number("ann"), choosing.secrets_of(town.site, await town.account("ann")).feed, route=2)
    for _ in range(2):
        async with town.store.unit() as unit:
            [heard] = await commands.post_all(unit, town.site, [said], now=town.now)
    assert heard is not None
    assert heard.answer == reply_posts.duplicate()
    assert len(await town.posts()) == 1
