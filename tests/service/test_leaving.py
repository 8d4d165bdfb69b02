"""Deletion is complete: of somebody who left, no table holds words, addresses, ties or secrets."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import bindparam, func, insert, select

from gateway.domain import reply, token
from gateway.domain.sms_wire import Part
from gateway.domain.token import Purpose
from gateway.domain.types import Channel, Lane, Source
from gateway.housekeeping import keep_house
from gateway.service import choosing, forgetting, joining, polling, posting, signing_up, visiting
from gateway.service.site import Site
from inbound.intake import Intake
from inbound.message import Inbound, Phone, PostingAddress
from outbound.worker import DeliverySettings, Tools
from store import (
    accounts,
    addresses,
    consents,
    default_follows,
    invites,
    lists,
    polls,
    queue,
    routes,
    schedules,
    search,
)
from store import forgetting as stored
from store.accounts import AccountRow
from store.schema import deliveries, inbox, notices
from store.unit import Store
from tests.traces import all_is_sent, time_to_forget, traces
from tests.wiring import meanwhile

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
OURS = "+15550009999"
PHONE, MAILBOX, WORK = "+15550001001", "zelda@mail.example", "zelda@work.example"
WORDS = ["xyzzy", PHONE, MAILBOX, WORK]
"""What is in everything that she says, and where she is reached."""

BACK = "words of bob to her"


@dataclass
class Place:
    """People who text and mail to a real intake."""

    store: Store
    site: Site
    intake: Intake
    ids: "count[int]"

    async def text(self, phone: str, words: str, part: Part | None = None) -> str:
        return (await self._take(Channel.SMS, Phone(), phone, words, part)).answer

    async def mail(self, sender: str, account_id: int, words: str) -> str:
        return (await self._take(Channel.EMAIL, PostingAddress(account_id), sender, words, None)).answer

    async def _take(self, channel, door, sender, words, part):  # type: ignore[no-untyped-def]  # of two calls above
        by_mail = isinstance(door, PostingAddress)
        secret = token.make(self.site.key, Purpose.POST, door.account_id) if by_mail else ""
        return await self.intake.take(
            Inbound(
                source="mail" if by_mail else "twilio",
                remote_id=f"id{next(self.ids)}",
                channel=channel,
                door=door,
                sender=sender,
                to=f"post+{secret}@birds.example" if by_mail else OURS,
                text=words,
                raw=f"From: {sender}\n\n{words}",
                received_at=NOW,
                subject=words if by_mail else "",
                message_id=f"<{next(self.ids)}.{sender}>" if by_mail else "",
                part=part,
            )
        )

    async def account(self, name: str = "zelda") -> AccountRow:
        async with self.store.reading() as reading:
            found = await accounts.by_name(reading, name)
        assert found
        return found


@pytest.fixture
async def place(store: Store, site: Site) -> AsyncIterator[Place]:
    async with store.unit() as unit:
        await routes.ensure(unit, [OURS])
        known = await routes.by_sender(unit)
    intake = Intake(store, site, known, lambda: NOW, lambda: "4821")
    async with meanwhile(intake.run()):
        yield Place(store, site, intake, count(1))
        await intake.close()


async def live(place: Place) -> int:
    """Zelda joins and does a bit of everything; her account's id."""
    store, site = place.store, place.site
    for phone, name in ((PHONE, "zelda"), ("+15550001002", "bob"), ("+15550001003", "carol")):
        await place.text(phone, f"JOIN {name}")
    me = (await place.account()).id
    bob = (await place.account("bob")).id
    async with store.unit() as unit:
        await joining.give_address(unit, me, Channel.EMAIL, MAILBOX, how="web", now=NOW)
    await place.text("+15550001002", "FOLLOW zelda")
    for words in (
        "xyzzy is my first post #xyzzytag @bob",
        "FOLLOW bob",
        "FOLLOW #xyzzytag",
        "D bob xyzzy in private",
        "TRACK xyzzyword",
        "JOIN !choir",
        "!choir xyzzy to all of you",
        "POLL Is it xyzzy? / xyzzyes / xyzno",
        "MUTE carol",
        "BLOCK carol",
        "NUDGE bob",
        "REPORT bob xyzzy, he sells",
        "SLEEP 22-7",
        "SEARCH xyzzy",
        "follow xyzzynobody",
        "get xyzzymilk",
    ):
        await place.text(PHONE, words)
    await place.text("+15550001002", "VOTE 1")
    await place.text("+15550001002", f"D zelda {BACK}")
    await place.mail(MAILBOX, me, "xyzzy by mail")
    await place.mail("elsewhere@other.example", me, "xyzzy by mail from another mailbox")
    await place.mail(MAILBOX, me, "HELP")
    async with store.unit() as unit:
        account = await accounts.by_id(unit, me)
        assert account
        await accounts.set_profile(unit, me, bio="xyzzy", language="de", time_zone="Europe/Berlin", overflow="split")
        await accounts.set_password(unit, me, "$argon2$xyzzy")
        await schedules.add(unit, me, "xyzzy tip", cron="0 8 * * *", time_zone="UTC", next_at=NOW, now=NOW)
        await visiting.open_session(unit, site, me, secret="xyzzy", device="xyzzy browser", now=NOW)
        await choosing.add(unit, site, account, WORK, now=NOW, new_code=lambda: "4821", secret="s" * 24)
        await signing_up.begin(unit, site, "zelda2", MAILBOX, now=NOW, new_code=lambda: "4821", secret="t" * 24)
        bobs = await posting.publish(unit, site, bob, "bob says", source=Source.WEB, now=NOW)
        assert isinstance(bobs, posting.Published)
        friends = await lists.add(unit, me, "xyzzy friends", now=NOW)
        await lists.put(unit, friends, bob)
        of_bob = await lists.add(unit, bob, "mine", now=NOW)
        await lists.put(unit, of_bob, me)
        until = NOW + timedelta(days=1)
        await invites.add(unit, "d" * 64, made_by=me, note="xyzzy for you", uses=1, now=NOW, expires_at=until)
        await default_follows.put(unit, me, texts=False, mail=None, now=NOW)
        asked = await polling.ask(unit, site, bob, "Tea?", ["yes", "no"], source=Source.WEB, now=NOW)
        assert isinstance(asked, posting.Published)
        await polls.vote(unit, asked.post_ids[0], me, 1)
        await posting.favourite(unit, me, bobs.post_ids[0], now=NOW)
        await posting.repost(unit, site, me, bobs.post_ids[0], source=Source.WEB, now=NOW)
        came = {"account_id": me, "channel": "sms", "route": 1, "lane": Lane.FIRST, "due_at": NOW, "queued_at": NOW}
        await unit.execute(
            insert(deliveries), came | {"post_id": bobs.post_ids[0], "via": "xyzzyword", "state": "delivered"}
        )
    await place.text(PHONE, "xyzzy half", Part(7, 2, 1, "xyzzy half"))
    return me


async def leaves_by_text(place: Place, me: int) -> None:
    await place.text(PHONE, "DELETE ME")
    assert await place.text(PHONE, "4821") == reply.deleted()


async def leaves_on_the_site(place: Place, me: int) -> None:
    async with place.store.unit() as unit:
        await joining.delete_account(unit, me, now=NOW)


async def test_she_has_left_traces_everywhere_before_she_leaves(place: Place) -> None:
    me = await live(place)
    tables = {each.partition(".")[0].removeprefix("a row of ") for each in await traces(place.store, WORDS, me)}
    assert tables >= {
        "accounts",
        "addresses",
        "blocks",
        "deliveries",
        "favourites",
        "follows",
        "groups",
        "default_follows",
        "inbox",
        "invites",
        "list_members",
        "listeners",
        "lists",
        "mutes",
        "notices",
        "nudges",
        "offers",
        "parted_texts",
        "poll_votes",
        "polls",
        "post_tags",
        "posts",
        "proofs",
        "reports",
        "schedules",
        "sessions",
        "signups",
    }


@pytest.mark.parametrize("leaves", [leaves_by_text, leaves_on_the_site])
async def test_nothing_of_her_is_left(place: Place, leaves) -> None:  # type: ignore[no-untyped-def]  # of two above
    me = await live(place)
    await leaves(place, me)
    await all_is_sent(place.store)
    await time_to_forget(place.store, NOW)
    assert await traces(place.store, WORDS, me) == set()


async def test_her_name_and_what_was_written_to_her_stand_with_those_who_wrote_or_were_told(place: Place) -> None:
    me = await live(place)
    await leaves_by_text(place, me)
    await all_is_sent(place.store)
    await time_to_forget(place.store, NOW)
    where = {each.partition(":")[0] for each in await traces(place.store, ["zelda", BACK], me)}
    assert where <= {"inbox.raw", "inbox.answer", "notices.text"}
    async with place.store.reading() as reading:
        found = await reading.execute(
            select(inbox.c.sender).where(inbox.c.raw.contains("zelda") | inbox.c.answer.contains("zelda"))
        )
        assert PHONE not in set(found.scalars())


async def test_what_others_wrote_and_were_told_stays(place: Place) -> None:
    me = await live(place)
    async with place.store.reading() as reading:
        theirs = inbox.c.sender.in_(["+15550001002", "+15550001003"])
        before = (await reading.execute(select(inbox).where(theirs))).all()
        told = select(notices.c.id).join(deliveries, deliveries.c.notice_id == notices.c.id)
        others = told.where(deliveries.c.account_id != me, deliveries.c.state == "sent")
        others = others.where(notices.c.caused_by_id.is_(None))
    await leaves_on_the_site(place, me)
    await all_is_sent(place.store)
    async with place.store.reading() as reading:
        notices_before = set((await reading.execute(others)).scalars())
    await time_to_forget(place.store, NOW)
    async with place.store.reading() as reading:
        assert (await reading.execute(select(inbox).where(theirs))).all() == before
        assert set((await reading.execute(others)).scalars()) == notices_before
    assert before
    assert notices_before
    assert (await place.account("bob")).phone_id


async def test_nothing_is_found_by_her_words_any_more(place: Place) -> None:
    me = await live(place)
    await leaves_on_the_site(place, me)
    async with place.store.reading() as reading:
        assert await search.posts_with(reading, ["xyzzy"], most=10) == []


async def test_the_last_answer_is_sent_before_its_phone_is_forgotten(place: Place) -> None:
    me = await live(place)
    await place.text(PHONE, "DELETE ME")
    await all_is_sent(place.store)
    assert await place.text(PHONE, "4821") == reply.deleted()
    assert await time_to_forget(place.store, NOW) == 1
    async with place.store.unit() as unit:
        assert await addresses.find(unit, Channel.SMS, PHONE)
        route = (await routes.by_sender(unit))[OURS]
        claimed = await queue.claim(unit, route, most=10, until=NOW + timedelta(minutes=1), now=NOW)
        [last] = await queue.details(unit, claimed)
        assert (last.to, last.notice) == (PHONE, reply.deleted())
    await all_is_sent(place.store)
    await time_to_forget(place.store, NOW)
    assert await traces(place.store, [PHONE, reply.deleted()], me) == set()


async def test_the_ledger_and_an_opted_out_phone_stay(place: Place) -> None:
    me = await live(place)
    await place.text(PHONE, "STOP")
    await leaves_on_the_site(place, me)
    await all_is_sent(place.store)
    await time_to_forget(place.store, NOW)
    assert {each.partition(":")[0] for each in await traces(place.store, WORDS, me)} == {"addresses.address"}
    async with place.store.reading() as reading:
        phone = await addresses.find(reading, Channel.SMS, PHONE)
        assert phone
        assert (phone.account_id, phone.proven_at, phone.last_post_id) == (None, None, None)
        assert phone.opted_out_at
        assert [each.action for each in await consents.of(reading, PHONE)] == ["given", "refused"]


async def test_who_comes_back_before_all_is_forgotten_keeps_the_phone(place: Place) -> None:
    me = await live(place)
    await leaves_by_text(place, me)
    await place.text(PHONE, "JOIN zelda")
    await all_is_sent(place.store)
    await time_to_forget(place.store, NOW)
    again = await place.account()
    assert again.id != me
    async with place.store.reading() as reading:
        phone = await addresses.find(reading, Channel.SMS, PHONE)
        kept = select(notices.c.text).join(deliveries, deliveries.c.notice_id == notices.c.id)
        told = (await reading.execute(kept.where(deliveries.c.account_id == again.id))).scalars()
        assert ["you are zelda" in each for each in told] == [True]
    assert phone
    assert (phone.owner_id, again.phone_id) == (again.id, phone.id)


async def test_no_step_reads_much(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    few = 3
    for name, column, table in (("_DELIVERIES", deliveries.c.id, deliveries), ("_MESSAGES", inbox.c.id, inbox)):
        window = (
            select(column).where(column > bindparam("after")).order_by(column).limit(few).subquery(table.name + "_")
        )
        monkeypatch.setattr(stored, name, select(func.max(window.c.id)))
    me = await live(place)
    await leaves_on_the_site(place, me)
    await all_is_sent(place.store)
    assert await time_to_forget(place.store, NOW) > 10
    assert await traces(place.store, WORDS, me) == set()


async def test_a_phone_that_only_followed_is_forgotten_when_it_signs_out(place: Place) -> None:
    await place.text("+15550001002", "JOIN bob")
    await place.text(PHONE, "FOLLOW bob")
    async with place.store.reading() as reading:
        phone = await addresses.find(reading, Channel.SMS, PHONE)
    assert phone
    assert phone.owner_id
    await place.text(PHONE, "SIGNOUT")
    await all_is_sent(place.store)
    await time_to_forget(place.store, NOW)
    assert await traces(place.store, [PHONE], phone.owner_id) == set()


async def test_a_phone_that_joins_an_account_is_not_forgotten(place: Place) -> None:
    await place.text("+15550001002", "JOIN bob")
    await place.text(PHONE, "FOLLOW bob")
    async with place.store.unit() as unit:
        bob = await place.account("bob")
        code = await joining.new_claim_code(unit, place.site, bob.id, now=NOW, new_code=lambda: "4821")
    await place.text(PHONE, f"CLAIM {code}")
    await all_is_sent(place.store)
    await time_to_forget(place.store, NOW)
    async with place.store.reading() as reading:
        assert not await forgetting.is_due(reading)
        phone = await addresses.find(reading, Channel.SMS, PHONE)
    assert phone
    assert phone.owner_id == bob.id


async def something_is_left(store: Store) -> bool:
    async with store.reading() as reading:
        return await forgetting.is_due(reading)


async def test_any_daemon_that_keeps_house_forgets(place: Place) -> None:
    me = await live(place)
    await leaves_on_the_site(place, me)
    await all_is_sent(place.store)
    tools = Tools(place.store, place.site, DeliverySettings(), lambda: NOW, lambda: 0.5)
    [job] = [job for job, _ in keep_house(tools, None)._jobs if job.__name__ == "forget_who_left"]
    while await something_is_left(place.store):
        await job()  # as much as fits its share of a second
    assert await traces(place.store, WORDS, me) == set()
    await job()
