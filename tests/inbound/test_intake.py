"""What every message meets at the entrance, whatever door it came by, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from sqlalchemy import select, update

from gateway.domain.types import Channel
from gateway.service.site import Site
from inbound.intake import Intake
from inbound.message import Accepted, BounceAddress, HelpAddress, Inbound, Phone
from store import addresses, deliveries, routes
from store import schema as tables
from store.unit import Store

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
OURS = "+15550009999"
UNSTORABLE = "\x00\ud800"


@pytest.fixture
async def intake(store: Store, site: Site) -> AsyncIterator[Intake]:
    async with store.unit() as unit:
        await routes.ensure(unit, [OURS])
        known = await routes.by_sender(unit)
    opened = Intake(store, site, known, lambda: NOW, lambda: "4821")
    running = asyncio.create_task(opened.run())
    yield opened
    await opened.close()
    running.cancel()


_ids = count()


def mail(door: BounceAddress | HelpAddress, **fields: str) -> Inbound:
    """A mail that no mail before had the id of."""
    return replace(
        Inbound(
            source="mail",
            remote_id=f"<{next(_ids)}@mx.example>",
            channel=Channel.EMAIL,
            door=door,
            sender="bob@mx.example",
            to="help@birds.example",
            text="hello",
            raw="",
            received_at=NOW,
        ),
        **fields,  # type: ignore[arg-type]  # every field that is set so is a text
    )


async def test_no_text_is_too_odd_to_be_kept(store: Store, intake: Intake) -> None:
    odd = {
        name: f"{UNSTORABLE}{name}{UNSTORABLE}"
        for name in ("remote_id", "sender", "to", "text", "raw", "subject", "message_id", "failure")
    }
    assert (await intake.take(mail(HelpAddress(), **odd))).answer
    text = replace(mail(HelpAddress(), **odd), source="twilio", channel=Channel.SMS, door=Phone())
    assert (await intake.take(text)).answer
    assert await intake.take(text) == Accepted(new=False, answer=(await intake.take(text)).answer)
    async with store.reading() as reading:
        rows = (
            await reading.execute(select(tables.inbox.c.remote_id, tables.inbox.c.sender, tables.inbox.c.raw))
        ).all()
    assert [row == ("?remote_id?", "?sender?", "?raw?") for row in rows] == [True, True]


async def test_a_bounce_with_odd_words_gives_its_delivery_up(store: Store, intake: Intake) -> None:
    async with store.unit() as unit:
        box = await addresses.find_or_add(unit, "email", "bob@mx.example", now=NOW)
        await deliveries.add_notice(
            unit, address_id=box.id, account_id=None, channel=Channel.EMAIL, route=0, text="hello", now=NOW
        )
        (sent,) = (
            await unit.execute(update(tables.deliveries).values(state="sent").returning(tables.deliveries.c.id))
        ).scalars()
    await intake.take(mail(BounceAddress(sent), failure=f"5.1.1 no such{UNSTORABLE} user"))
    async with store.reading() as reading:
        row = await deliveries.by_id(reading, sent)
    assert row is not None
    assert (row.state, row.reason) == ("dead", "5.1.1 no such? user")


async def test_help_is_mailed_once_a_day_however_the_sender_is_spelt(intake: Intake) -> None:
    answers = [
        (await intake.take(mail(HelpAddress(), sender=sender))).answer
        for sender in ("bob@mx.example", "Bob@MX.example", "BOB@mx.example", "eve@mx.example")
    ]
    assert [bool(answer) for answer in answers] == [True, False, False, True]
