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


@pytest.mark.parametrize("how", ["in the text", "as an attachment"])
async def test_a_digest_that_somebody_passes_on_tells_nobody_their_secret_addresses(town: Town, how: str) -> None:
    """Whoever had one could write in their name."""
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
    if how == "in the text":
        mail["Subject"] = "Fwd: 4 posts"
        mail.set_content(f"---------- Forwarded message ---------\nFrom: Testville\n\n{words}", cte="8bit")
    else:
        mail.add_attachment(digest)
    raw = mail.as_bytes(policy=default.clone(linesep="\r\n"))
    doors = {f"post+x@{site.mail_domain}": PostingAddress(ann)}
    (message,) = understand(raw, "ann@mx.example", doors, site.mail_domain, town.now)
    intake = Intake(town.store, site, {}, lambda: town.now, lambda: "4821")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(intake.run())
        await intake.take(message)
        await intake.close()
        running.cancel()
    async with town.store.reading() as reading:
        [row] = (await reading.execute(select(tables.posts.c.text, tables.posts.c.full_text))).all()
    said = f"{row.text}\n{row.full_text}"
    assert said.count(f"Answer: reply+…@{site.mail_domain}") >= 4
    assert not re.search(r"(?:\+|unsubscribe/)[a-z0-9]{27}", said)
