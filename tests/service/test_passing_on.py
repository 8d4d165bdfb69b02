"""A mail of ours that somebody passes on, to be posted: its words are, and nobody's secret addresses."""

import asyncio
import re
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from sqlalchemy import select

from inbound.intake import Intake
from inbound.letters import understand
from inbound.message import PostingAddress
from outbound.mail_text import render
from store import schema as tables
from tests.outbound.letters import LETTERS
from tests.service.conversing import Town


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
