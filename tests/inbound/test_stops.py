"""A STOP holds, whatever the database does meanwhile, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select, text

from gateway.domain import reply
from gateway.domain.sms_wire import Part
from gateway.domain.types import Channel
from gateway.service.hush import Hush, Says
from gateway.service.site import Site
from inbound import stops
from inbound.intake import Intake
from inbound.message import Inbound, Phone
from store import addresses, consents, routes
from store import schema as tables
from store.unit import Store
from tests.wiring import meanwhile

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
OURS, PHONE = "+15550009999", "+15550001001"
_ids = count()


def said(words: str) -> Inbound:
    """A text from the phone."""
    return Inbound(
        source="twilio",
        remote_id=f"SM{next(_ids)}",
        channel=Channel.SMS,
        door=Phone(),
        sender=PHONE,
        to=OURS,
        text=words,
        raw="",
        received_at=NOW,
    )


class House:
    """A store, a folder for what it cannot take, and intakes that come and go."""

    def __init__(self, store: Store, site: Site, aside: Path) -> None:
        self.store, self.site, self.aside, self.hush = store, site, aside, Hush()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Intake]:
        """A daemon's intake, from its start to its end; what it knew only in memory goes with it."""
        self.hush = Hush()
        known = {OURS: 1}
        intake = Intake(self.store, self.site, known, lambda: NOW, lambda: "4821", hush=self.hush, aside=self.aside)
        async with meanwhile(intake.run()):
            yield intake

    async def rename(self, table: str, to: str) -> None:
        """Break the database, or mend it."""
        async with self.store.connection() as connection:
            await connection.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))

    async def opted_out(self) -> bool:
        async with self.store.reading() as reading:
            row = await addresses.find(reading, "sms", PHONE)
            return row is not None and row.opted_out_at is not None

    async def waiting(self) -> int:
        """How many texts wait to go out."""
        async with self.store.reading() as reading:
            queued = select(func.count()).select_from(tables.deliveries).where(tables.deliveries.c.state == "queued")
            return (await reading.execute(queued)).scalar_one()

    async def comes_to_hold(self) -> None:
        async with asyncio.timeout(20):
            while not await self.opted_out() or self.hush.says(PHONE) is Says.FORBIDDEN:  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(0.01)


@pytest.fixture
async def house(store: Store, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(stops, "PATIENCE", 0.01)
    async with store.unit() as unit:
        await routes.ensure(unit, [OURS])
    return House(store, site, tmp_path / "aside")


async def test_a_stop_that_holds_at_once_leaves_nothing_aside(house: House) -> None:
    async with house.open() as intake:
        accepted = await intake.take(said("stop texting me"))
        assert accepted.answer == reply.stopped("Testville")
        assert await house.opted_out()
        assert not house.aside.exists()
        assert house.hush.says(PHONE) is Says.ASK_AGAIN


async def test_while_the_database_is_broken_a_stop_forbids_here_and_is_tried_until_it_holds(house: House) -> None:
    async with house.open() as intake:
        assert (await intake.take(said("JOIN alice"))).new
        await house.rename("addresses", "addresses_away")
        stop = said("STOP")
        with pytest.raises(Exception, match="addresses"):
            await intake.take(stop)
        assert house.hush.says(PHONE) is Says.FORBIDDEN
        assert len(list(house.aside.glob("*.json"))) == 1
        with pytest.raises(Exception, match="addresses"):
            await intake.take(stop)  # the provider comes again
        assert len(list(house.aside.glob("*.json"))) == 1
        await house.rename("addresses_away", "addresses")
        await house.comes_to_hold()
        assert list(house.aside.iterdir()) == []
        await intake.take(stop)
        assert await house.waiting() <= 1  # nothing but its confirmation, if the whole message could be handled


async def test_a_stop_outlives_the_process_that_could_not_commit_it(house: House) -> None:
    async with house.open() as intake:
        assert (await intake.take(said("JOIN alice"))).new
        await house.rename("addresses", "addresses_away")
        with pytest.raises(Exception, match="addresses"):
            await intake.take(said("STOP"))
    await house.rename("addresses_away", "addresses")
    assert not await house.opted_out()
    async with house.open():
        assert house.hush.says(PHONE) is Says.FORBIDDEN
        await house.comes_to_hold()
    assert list(house.aside.iterdir()) == []


async def test_a_stop_that_cannot_be_handled_like_other_texts_still_opts_out(house: House) -> None:
    async with house.open() as intake:
        assert (await intake.take(said("JOIN alice"))).new
        await house.rename("inbox", "inbox_away")
        with pytest.raises(Exception, match="inbox"):
            await intake.take(said("please unsubscribe"))
        await house.comes_to_hold()
        assert await house.waiting() == 0
        async with house.store.reading() as reading:
            last = (await consents.of(reading, PHONE))[-1]
        assert (last.action, last.how, last.words) == ("refused", "sms", "please unsubscribe")


async def test_what_a_phone_says_after_its_stop_is_done_after_it(house: House) -> None:
    async with house.open() as intake:
        await house.rename("addresses", "addresses_away")
        with pytest.raises(Exception, match="addresses"):
            await intake.take(said("STOP"))
        start = said("START")
        with pytest.raises(Exception, match="addresses"):
            await intake.take(start)
        await house.rename("addresses_away", "addresses")
        assert (await intake.take(start)).answer.startswith("Testville: you are opted in.")
        assert not await house.opted_out()
    async with house.open():
        assert house.hush.says(PHONE) is Says.NOTHING


async def test_a_file_that_makes_no_sense_is_left_for_the_operator(house: House) -> None:
    house.aside.mkdir()
    (house.aside / "x.json").write_text("{")
    async with house.open() as intake:
        assert (await intake.take(said("STOP"))).new
    assert [file.name for file in house.aside.iterdir()] == ["x.json"]


@pytest.mark.parametrize("words", ["4821 STOP", "4821 stop texting me", "PIN 4821 STOP", "pin 4821: Unsubscribe."])
def test_a_stop_behind_a_pin_is_one_and_a_part_of_a_long_text_is_none(words: str) -> None:
    assert stops.is_stop(said(words))
    assert not stops.is_stop(msgspec.structs.replace(said(words), part=Part(7, 2, 1, words)))
    assert not stops.is_stop(said(f"{words} or not"))


async def test_a_stop_behind_a_pin_is_tried_until_it_holds(house: House) -> None:
    async with house.open() as intake:
        await intake.take(said("JOIN alice"))
        await intake.take(said("PIN 4821"))
        await house.rename("addresses", "addresses_away")
        with pytest.raises(Exception, match="addresses"):
            await intake.take(said("4821 STOP"))
        assert house.hush.says(PHONE) is Says.FORBIDDEN
        await house.rename("addresses_away", "addresses")
        await house.comes_to_hold()
