"""Posts that wait for a digest come in one mail, once, and never when they may not; nothing else waits."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from gateway.domain import reply, reply_posts
from gateway.domain.delivery import Bounced, Outcome, State
from gateway.domain.digest import MOST
from gateway.domain.types import Lane, NoticeKind, Outgoing
from gateway.domain.unsubscribe import AuthorsMail, what_stops
from gateway.service import choosing, digests, joining, tending, unsubscribing
from gateway.service.digests import LAST_LOOK
from store import deliveries as deliveries_store
from store import fanouts, posts
from store.schema import accounts, deliveries, notices
from tests.service.conversing import START, Town
from tests.service.mailroom import Mailroom, words_of

AT_EIGHT = START.replace(day=2, hour=8)


@pytest.fixture
async def mailroom(town: Town) -> Mailroom:
    """alice writes; bob follows her by mail. Everybody lives by the clocks of the site, which are UTC's. It is noon."""
    mailroom = Mailroom(town)
    await mailroom.join("alice")
    await mailroom.join("bob", follow=("alice",))
    await mailroom.go_on()
    mailroom.sent.clear()
    return mailroom


async def post(mailroom: Mailroom, *words: str, who: str = "alice") -> None:
    for each in words:
        await mailroom.town.text(who, each)
    await mailroom.fan_out()


async def wait_for(mailroom: Mailroom, moment: datetime) -> list[Outgoing]:
    """What comes by mail at this moment, and what came before."""
    before = await mailroom.go_on()
    mailroom.town.now = moment
    return before + await mailroom.go_on()


async def test_posts_wait_for_the_hour_and_come_in_one_mail(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one", "two", "three")
    assert await wait_for(mailroom, AT_EIGHT - timedelta(seconds=1)) == []
    (digest,) = await wait_for(mailroom, AT_EIGHT)
    assert words_of(digest) == ["one", "two", "three"]
    assert (digest.notice, digest.to) == (NoticeKind.DIGEST, "bob@mail.example")
    assert {state for state, _ in await mailroom.states("bob")} == {"bundled"}
    await post(mailroom, "four")
    (digest,) = await wait_for(mailroom, AT_EIGHT + timedelta(days=1))
    assert words_of(digest) == ["four"]


async def test_nothing_comes_when_nothing_was_posted(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL HOURLY")
    for hour in range(13, 24):
        assert await wait_for(mailroom, START.replace(hour=hour)) == []
    async with mailroom.town.store.reading() as reading:
        kinds = (await reading.execute(select(notices.c.kind).where(notices.c.kind == "digest"))).all()
    assert not kinds


async def test_an_hourly_one_comes_at_the_full_hour(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL HOURLY")
    await post(mailroom, "one")
    assert await wait_for(mailroom, START.replace(minute=59)) == []
    assert [words_of(each) for each in await wait_for(mailroom, START.replace(hour=13))] == [["one"]]


async def test_what_is_meant_for_one_comes_at_once(mailroom: Mailroom) -> None:
    await mailroom.join("carol")
    await mailroom.town.mail("alice", "FOLLOW bob")
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await mailroom.send()
    await post(mailroom, "for everybody", "hello @bob", "D bob psst")
    await mailroom.town.text("carol", "D bob you do not follow me")
    assert [words_of(each) for each in await mailroom.go_on()] == [["psst"], ["hello @bob"]]
    await mailroom.town.text("bob", "PROTECT")
    await mailroom.town.text("bob", "OFF")  # else a text would tell
    await mailroom.town.text("carol", "FOLLOW bob")
    assert [each.notice for each in await mailroom.go_on()] == [NoticeKind.REQUEST]
    assert sorted(await mailroom.states("bob")) == [("gathered", ""), ("sent", ""), ("sent", "")]


async def test_what_comes_for_a_word_a_tag_or_a_group_waits_too(mailroom: Mailroom) -> None:
    await mailroom.join("carol")
    for wish in ("TRACK milk", "FOLLOW #tea", "JOIN !team"):
        await mailroom.town.mail("carol", wish)
    await mailroom.town.text("alice", "JOIN !team")
    await mailroom.town.mail("carol", "EMAIL DAILY")
    await mailroom.send()
    await post(mailroom, "milk is out", "more #tea", "!team nine o'clock")
    (digest,) = [each for each in await wait_for(mailroom, AT_EIGHT) if each.to == "carol@mail.example"]
    assert digest.digest is not None
    assert [each.via for each in digest.digest.posts] == ["milk", "#tea", "!team"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("EMAIL DAILY", reply.mail_daily(8, "UTC")),
        ("email daily 18", reply.mail_daily(18, "UTC")),
        ("EMAIL DAILY at 6:00 pm.", reply.mail_daily(18, "UTC")),
        ("EMAIL DAILY 12am", reply.mail_daily(0, "UTC")),
        ("EMAIL HOURLY!", reply.mail_hourly()),
        ("EMAIL DAILY 24", reply.what_daily_takes()),
        ("EMAIL DAILY 8:30", reply.what_daily_takes()),
        ("EMAIL ON", reply.mail_on()),
        ("EMAIL OFF", reply.mail_off()),
    ],
)
async def test_the_commands_say_what_they_mean(mailroom: Mailroom, command: str, answer: str) -> None:
    assert await mailroom.town.text("bob", command) == answer
    assert await mailroom.town.mail("bob", command) == answer
    assert await mailroom.town.posts() == []


async def test_the_hour_is_one_of_the_persons_own_clocks(mailroom: Mailroom) -> None:
    await mailroom.lives_in("bob", "America/New_York")
    assert await mailroom.town.mail("bob", "EMAIL DAILY 18") == reply.mail_daily(18, "New York")
    await post(mailroom, "one")
    assert await wait_for(mailroom, START.replace(hour=22, minute=59)) == []
    assert len(await wait_for(mailroom, START.replace(hour=23))) == 1
    assert await mailroom.town.mail("bob", "EMAIL DAILY") == reply.mail_daily(18, "New York")


async def test_who_moves_to_another_zone_gets_the_next_one_on_the_clocks_of_that_place(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY 18")
    await post(mailroom, "one")
    bob = await mailroom.town.account("bob")
    async with mailroom.town.store.unit() as unit:
        moved = {"bio": "", "language": "", "time_zone": "Asia/Tokyo", "overflow": ""}
        assert await choosing.set_profile(unit, mailroom.town.site, bob, **moved, now=mailroom.town.now) is None
    assert await wait_for(mailroom, START.replace(hour=18)) == []
    (digest,) = await wait_for(mailroom, START.replace(day=2, hour=9))
    assert words_of(digest) == ["one"]


async def test_the_site_has_an_hour_for_those_who_chose_none(mailroom: Mailroom) -> None:
    mailroom.town.site = replace(mailroom.town.site, digest_hour=15)
    assert await mailroom.town.mail("bob", "EMAIL DAILY") == reply.mail_daily(15, "UTC")
    await post(mailroom, "one")
    assert len(await wait_for(mailroom, START.replace(hour=15))) == 1


async def test_who_has_no_mailbox_is_told_so(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", "EMAIL DAILY") == reply.no_mail("ops@birds.example")


@pytest.mark.parametrize(
    ("before", "after", "answer"),
    [
        ("DAILY", "ON", reply.mail_on(flushed=True)),
        ("DAILY", "HOURLY", reply.mail_hourly(flushed=True)),
        ("HOURLY", "DAILY", reply.mail_daily(8, "UTC", flushed=True)),
    ],
)
async def test_what_has_waited_comes_at_once_when_mail_comes_in_another_way(
    mailroom: Mailroom, before: str, after: str, answer: str
) -> None:
    await mailroom.town.mail("bob", f"EMAIL {before}")
    await post(mailroom, "one", "two")
    assert await mailroom.town.mail("bob", f"EMAIL {after}") == answer
    assert [words_of(each) for each in await mailroom.go_on()] == [["one", "two"]]
    await mailroom.town.mail("bob", "EMAIL ON")
    await post(mailroom, "three")
    assert [words_of(each) for each in await mailroom.go_on()] == [["three"]]


@pytest.mark.parametrize("meanwhile", ["unsubscribed", "left the tag", "suspended"])
@pytest.mark.parametrize(
    ("after", "answer"),
    [("ON", reply.mail_on()), ("DAILY", reply.mail_daily(8, "UTC"))],
)
async def test_nothing_is_said_to_come_where_nothing_is_left(
    mailroom: Mailroom, meanwhile: str, after: str, answer: str
) -> None:
    await mailroom.town.mail("bob", "EMAIL HOURLY")
    alice, bob = await mailroom.town.account("alice"), await mailroom.town.account("bob")
    if meanwhile == "left the tag":
        await mailroom.town.mail("bob", "FOLLOW #tea")
        await mailroom.town.mail("bob", "LEAVE alice")
        await mailroom.send()
    await post(mailroom, "one #tea", "two #tea")
    assert [state for state, _ in await mailroom.states("bob")] == ["gathered"] * 2
    async with mailroom.town.store.unit() as unit:
        match meanwhile:
            case "unsubscribed":
                link = AuthorsMail(bob.id, alice.id)
                await unsubscribing.unsubscribe(unit, mailroom.town.site, link, now=mailroom.town.now)
            case "suspended":
                suspended = update(accounts).where(accounts.c.id == alice.id)
                await unit.execute(suspended.values(suspended_at=mailroom.town.now))
    if meanwhile == "left the tag":
        await mailroom.town.mail("bob", "LEAVE #tea")
    assert await mailroom.town.mail("bob", f"EMAIL {after}") == answer
    assert [state for state, _ in await mailroom.states("bob")] == ["dead"] * 2
    assert await digests_there(mailroom) == 0
    assert await mailroom.go_on() == []


async def test_the_same_wish_twice_brings_nothing_forward(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    assert await mailroom.town.mail("bob", "EMAIL DAILY 9") == reply.mail_daily(9, "UTC")
    assert await wait_for(mailroom, AT_EIGHT) == []
    assert len(await wait_for(mailroom, AT_EIGHT.replace(hour=9))) == 1


async def test_a_digest_that_is_due_is_not_put_off_by_the_same_wish(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    mailroom.town.now = AT_EIGHT
    await mailroom.town.mail("bob", "EMAIL DAILY")
    assert [words_of(each) for each in await mailroom.go_on()] == [["one"]]


async def test_no_mail_at_all_means_not_what_has_waited_either(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    assert await mailroom.town.mail("bob", "EMAIL OFF") == reply.mail_off()
    assert await wait_for(mailroom, AT_EIGHT) == []
    assert await mailroom.states("bob") == [("dead", "the recipient has turned mail off")]


async def test_start_by_mail_leaves_digests_as_they_are(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL HOURLY")
    assert await mailroom.town.mail("bob", "START") == reply.mail_hourly()
    await mailroom.town.mail("bob", "STOP")
    assert await mailroom.town.mail("bob", "START") == reply.mail_on()


async def test_what_was_queued_while_digests_ended_is_looked_for_once_more(mailroom: Mailroom) -> None:
    """A page of followers that was begun before, and committed after."""
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await mailroom.town.mail("bob", "EMAIL ON")
    await post(mailroom, "late")
    async with mailroom.town.store.unit() as unit:
        await unit.execute(update(deliveries).where(deliveries.c.state == "queued").values(state="gathered"))
    assert await mailroom.go_on() == []
    mailroom.town.now += LAST_LOOK
    assert [words_of(each) for each in await mailroom.go_on()] == [["late"]]
    assert (await mailroom.town.account("bob")).digest_at is None


async def test_every_rule_is_asked_again_when_the_digest_goes_out(mailroom: Mailroom) -> None:
    writers = ("ann", "ben", "cid", "dot", "eve", "fay")
    await mailroom.join(*writers)
    for name in writers:
        await mailroom.town.mail("bob", f"FOLLOW {name}")
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await mailroom.send()
    for name in (*writers, "alice"):
        await post(mailroom, f"by {name}", who=name)
    mailroom.town.now = AT_EIGHT
    await mailroom.make()
    bob = await mailroom.town.account("bob")
    for name, words in (("ann", "UNDO"), ("ben", "BLOCK bob"), ("cid", "PROTECT")):
        await mailroom.town.text(name, words)
    for words in ("MUTE dot", "LEAVE cid", "LEAVE eve"):
        await mailroom.town.mail("bob", words)
    fay = await mailroom.town.account("fay")
    async with mailroom.town.store.unit() as unit:
        await unit.execute(update(accounts).where(accounts.c.id == fay.id).values(suspended_at=mailroom.town.now))
    (digest,) = [each for each in await mailroom.send() if each.account_id == bob.id and each.digest]
    assert words_of(digest) == ["by alice"]
    assert digest.digest is not None
    assert digest.digest.more == 0
    reasons = dict(zip((*writers, "alice"), await mailroom.states("bob"), strict=True))
    assert reasons["alice"] == ("bundled", "")
    assert {state for name, (state, _) in reasons.items() if name != "alice"} == {"dead"}
    assert "deleted" in reasons["ann"][1]
    assert "blocked" in reasons["ben"][1]


async def test_a_digest_of_which_nothing_is_left_is_not_sent(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    mailroom.town.now = AT_EIGHT
    await mailroom.make()
    await mailroom.town.text("alice", "UNDO")
    assert await mailroom.send() == []
    assert await mailroom.states("bob") == [("dead", "the post was deleted")]
    assert await digests_there(mailroom) == 0


async def test_a_digest_of_which_nothing_is_left_is_nobodys_failure(mailroom: Mailroom) -> None:
    """Neither in the queue of the operator, nor among what is tried again, nor in the counts of the day."""
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    mailroom.town.now = AT_EIGHT
    await mailroom.make()
    assert await digests_there(mailroom) == 1
    alice = await mailroom.town.account("alice")
    async with mailroom.town.store.unit() as unit:
        await unit.execute(update(accounts).where(accounts.c.id == alice.id).values(suspended_at=mailroom.town.now))
    assert await mailroom.send() == []
    async with mailroom.town.store.reading() as reading:
        dead = await deliveries_store.in_states(reading, [State.DEAD], most=10)
        assert [each.post_id is not None for each in dead] == [True]
        assert len(await deliveries_store.dead(reading, most=10)) == 1
        kinds = (await reading.execute(select(notices.c.id).where(notices.c.kind == "digest"))).all()
    assert not kinds
    assert await digests_there(mailroom) == 0


async def test_a_digest_is_not_empty_because_its_newest_posts_are_forbidden(
    mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.domain.digest.LOOKED_AT", 3)
    await mailroom.join("carol")
    await mailroom.town.mail("bob", "FOLLOW carol")
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await mailroom.send()
    await post(mailroom, "by carol", "by carol, too", who="carol")
    await write(mailroom, 7)
    mailroom.town.now = AT_EIGHT
    await mailroom.make()
    await mailroom.town.mail("bob", "MUTE alice")
    (digest,) = [each for each in await mailroom.send() if each.digest]
    assert words_of(digest) == ["by carol", "by carol, too"]
    assert digest.digest is not None
    assert digest.digest.more == 0
    assert (
        sorted(await mailroom.states("bob"))
        == [("bundled", "")] * 2 + [("dead", "the recipient has muted the author")] * 7
    )


async def digests_there(mailroom: Mailroom) -> int:
    """How many digests there are, whatever became of them."""
    async with mailroom.town.store.reading() as reading:
        of_digests = (
            select(func.count())
            .select_from(deliveries.join(notices, notices.c.id == deliveries.c.notice_id))
            .where(notices.c.kind == "digest")
        )
        return (await reading.execute(of_digests)).scalar_one()


async def test_what_is_taken_back_while_it_waits_is_in_no_digest(mailroom: Mailroom) -> None:
    await mailroom.join("carol")
    await mailroom.town.mail("bob", "FOLLOW carol")
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "oops")
    await mailroom.town.text("alice", "UNDO")
    await post(mailroom, "by carol", who="carol")
    await mailroom.town.mail("bob", "LEAVE carol")
    assert [reason for _, reason in await mailroom.states("bob")] == ["the post was deleted", "no longer followed"]
    assert [each for each in await wait_for(mailroom, AT_EIGHT) if each.digest] == []


async def test_a_deleted_account_gets_no_digest(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    bob = await mailroom.town.account("bob")
    async with mailroom.town.store.unit() as unit:
        await joining.delete_account(unit, bob.id, now=mailroom.town.now)
    assert [each for each in await wait_for(mailroom, AT_EIGHT) if each.digest] == []
    async with mailroom.town.store.reading() as reading:
        waiting = select(func.count()).where(deliveries.c.state.in_(["gathered", "queued"]))
        assert (await reading.execute(waiting)).scalar_one() == 0


async def write(mailroom: Mailroom, count: int) -> None:
    """alice has written so many posts, and they wait for bob."""
    alice, bob = await mailroom.town.account("alice"), await mailroom.town.account("bob")
    async with mailroom.town.store.unit() as unit:
        new = [
            posts.NewPost(alice.id, "post", f"post {n}", "sms", mailroom.town.now)  # type: ignore[arg-type]  # as stored
            for n in range(count)
        ]
        made = await posts.add_all(unit, new)
        await unit.execute(
            insert(deliveries),
            [
                {
                    "post_id": each,
                    "account_id": bob.id,
                    "channel": "email",
                    "route": 0,
                    "lane": Lane.FIRST,
                    "state": "gathered",
                    "due_at": mailroom.town.now,
                    "queued_at": mailroom.town.now,
                }
                for each in made
            ],
        )


@pytest.mark.parametrize("count", [MOST, MOST + 1, 6 * MOST])
async def test_a_digest_shows_the_newest_and_counts_the_others(mailroom: Mailroom, count: int) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await write(mailroom, count)
    (digest,) = await wait_for(mailroom, AT_EIGHT)
    assert digest.digest is not None
    assert words_of(digest) == [f"post {n}" for n in range(count - MOST, count)]
    assert digest.digest.more == count - MOST


class Crash(Exception):
    """The daemon dies here."""


async def test_a_crash_at_any_step_makes_no_digest_or_a_whole_one(mailroom: Mailroom) -> None:
    await mailroom.join("carol", follow=("alice",))
    for name in ("bob", "carol"):
        await mailroom.town.mail(name, "EMAIL DAILY")
    await mailroom.send()
    await post(mailroom, "one", "two")
    mailroom.town.now = AT_EIGHT
    crashes = 0
    while True:
        done = 0
        try:
            async with mailroom.town.store.unit() as unit:
                real = unit.execute

                async def execute(*arguments: object, real: object = real, last: int = crashes) -> object:
                    nonlocal done
                    if done == last:
                        raise Crash
                    done += 1
                    return await real(*arguments)  # type: ignore[operator]  # any statement

                unit.execute = execute  # type: ignore[method-assign, assignment]  # counts, then crashes
                await digests.make_due(unit, mailroom.town.site, now=mailroom.town.now)
        except Crash:
            crashes += 1
            assert {state for state, _ in await mailroom.states("bob")} == {"gathered"}
            assert await mailroom.send() == []
            continue
        break
    assert crashes > 5
    assert sorted(each.to for each in await mailroom.go_on()) == ["bob@mail.example", "carol@mail.example"]
    assert [words_of(each) for each in mailroom.sent[-2:]] == [["one", "two"], ["one", "two"]]
    assert await mailroom.go_on() == []


async def test_a_worker_that_goes_away_leaves_the_same_mail_to_the_next(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one", "two")
    mailroom.town.now = AT_EIGHT
    await mailroom.make()
    _, (claimed,) = await mailroom.claim()
    mailroom.town.now += timedelta(hours=1)
    async with mailroom.town.store.unit() as unit:
        assert await tending.end_leases(unit, now=mailroom.town.now) == 1
    await post(mailroom, "three")
    (again,) = await mailroom.go_on()
    assert (again.id, words_of(again)) == (claimed.id, ["one", "two"])
    mailroom.town.now = AT_EIGHT + timedelta(days=1)
    assert [words_of(each) for each in await mailroom.go_on()] == [["three"]]


async def test_what_the_relay_does_not_take_is_tried_again_as_a_whole(mailroom: Mailroom) -> None:
    async def refuses(_: Outgoing) -> Outcome:
        return Bounced("554 5.7.1 not today")

    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one", "two")
    mailroom.town.now = AT_EIGHT
    await mailroom.make()
    assert await mailroom.send(refuses) == []
    async with mailroom.town.store.unit() as unit:
        (dead,) = await deliveries_store.dead(unit, most=10)
        assert await deliveries_store.retry(unit, [dead], now=mailroom.town.now) == [dead]
    assert [words_of(each) for each in await mailroom.send()] == [["one", "two"]]


async def test_daemons_share_the_work_and_make_each_digest_once(mailroom: Mailroom) -> None:
    people = [f"p{n}" for n in range(12)]
    await mailroom.join(*people, follow=("alice",))
    for name in people:
        await mailroom.town.mail(name, "EMAIL DAILY")
    await mailroom.send()
    await post(mailroom, "one")
    await mailroom.send()
    mailroom.town.now = AT_EIGHT

    async def daemon() -> None:
        looked_at = 1
        while looked_at:
            async with mailroom.town.store.unit() as unit:
                looked_at = await digests.make_due(unit, mailroom.town.site, now=mailroom.town.now, most=3)
                await asyncio.sleep(0)

    await asyncio.gather(*(daemon() for _ in range(4)))
    assert sorted(each.to for each in await mailroom.send()) == sorted(f"{name}@mail.example" for name in people)


async def test_what_becomes_of_the_digest_becomes_of_the_post(mailroom: Mailroom) -> None:
    async def counts() -> dict[tuple[str, str], int]:
        async with mailroom.town.store.reading() as reading:
            return await deliveries_store.counts_of_post(reading, 1)

    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    assert await counts() == {("email", "gathered"): 1}
    mailroom.town.now = AT_EIGHT
    await mailroom.make()
    assert await counts() == {("email", "queued"): 1}
    await mailroom.send()
    assert await counts() == {("email", "sent"): 1}
    mailroom.town.now += timedelta(days=100)
    async with mailroom.town.store.unit() as unit:
        await tending.prune(unit, kept=timedelta(days=90), now=mailroom.town.now)
    async with mailroom.town.store.reading() as reading:
        assert (await reading.execute(select(deliveries.c.id))).all() == []
    assert await counts() == {("email", "sent"): 1}


async def test_a_digest_that_was_given_up_counts_as_given_up_when_it_is_no_longer_kept(mailroom: Mailroom) -> None:
    async def refuses(_: Outgoing) -> Outcome:
        return Bounced("554 5.7.1 not today")

    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    mailroom.town.now = AT_EIGHT
    await mailroom.make()
    await mailroom.send(refuses)
    mailroom.town.now += timedelta(days=100)
    async with mailroom.town.store.unit() as unit:
        await tending.prune(unit, kept=timedelta(days=90), now=mailroom.town.now)
    async with mailroom.town.store.reading() as reading:
        assert await deliveries_store.counts_of_post(reading, 1) == {("email", "dead"): 1}


async def test_unsubscribing_from_a_digest_ends_digests(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    (digest,) = await wait_for(mailroom, AT_EIGHT)
    await post(mailroom, "two")
    for _ in range(2):  # a program may ask twice
        async with mailroom.town.store.unit() as unit:
            stop = what_stops(digest, mailroom.town.site.key)
            done = await unsubscribing.unsubscribe(unit, mailroom.town.site, stop, now=mailroom.town.now)
        assert done is not None
        assert done.is_all
    assert await wait_for(mailroom, AT_EIGHT + timedelta(days=1)) == []
    assert (await mailroom.town.account("bob")).email_mode == "off"


async def test_a_digest_that_waits_for_the_relay_is_stopped_too(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    mailroom.town.now = AT_EIGHT
    await mailroom.make()
    await mailroom.town.mail("bob", "EMAIL OFF")
    assert await mailroom.send() == []


async def test_each_post_of_a_digest_is_answered_by_its_own_link_and_the_digest_by_none(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one", "two")
    (digest,) = await wait_for(mailroom, AT_EIGHT)
    assert digest.digest is not None
    first, _ = digest.digest.posts
    assert await mailroom.town.mail("bob", "me too", answers_delivery=first.id) == reply_posts.answered("alice")
    assert await mailroom.town.mail("bob", "FAV", answers_delivery=first.id) == reply_posts.favoured("alice")
    words = reply_posts.which_of_the_digest()
    assert await mailroom.town.mail("bob", "which one?", answers_delivery=digest.id) == words
    assert await mailroom.town.mail("bob", "EMAIL ON", answers_delivery=digest.id) == reply.mail_on()
    assert await mailroom.town.posts() == ["one", "two", "@alice me too"]


async def test_a_text_that_the_budget_had_no_room_for_waits_for_the_digest(mailroom: Mailroom) -> None:
    await mailroom.town.text("bob", "ON alice")
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one", "hello @bob")
    async with mailroom.town.store.unit() as unit:
        texts = list((await unit.execute(select(deliveries.c.id).where(deliveries.c.channel == "sms"))).scalars())
        await unit.execute(deliveries.delete().where(deliveries.c.channel == "email"))
        await fanouts.by_mail_instead(unit, texts, now=mailroom.town.now)
    assert sorted(await mailroom.states("bob")) == [("gathered", ""), ("queued", "")]


async def test_a_clock_that_was_ahead_puts_no_digest_off(mailroom: Mailroom) -> None:
    mailroom.town.now += timedelta(days=300)
    await mailroom.town.mail("bob", "EMAIL DAILY")
    mailroom.town.now -= timedelta(days=300)
    await post(mailroom, "one")
    async with mailroom.town.store.unit() as unit:
        assert await digests.bring_back(unit, now=mailroom.town.now) == 1
        assert await digests.bring_back(unit, now=mailroom.town.now) == 0
    await mailroom.go_on()
    await post(mailroom, "two")
    assert len(await wait_for(mailroom, AT_EIGHT)) == 1
    assert [text for each in mailroom.sent for text in words_of(each)] == ["one", "two"]


async def test_an_answer_names_the_mail_that_brought_what_it_answers(mailroom: Mailroom) -> None:
    await mailroom.join("carol", follow=("alice",))
    await mailroom.town.mail("bob", "FOLLOW carol")
    await mailroom.town.mail("bob", "EMAIL DAILY")
    await post(mailroom, "one")
    mailroom.town.now = AT_EIGHT
    (digest,) = [each for each in await mailroom.go_on() if each.digest]
    await mailroom.town.text("carol", "R alice yes, and @bob?")
    await mailroom.fan_out()
    (mention,) = [each for each in await mailroom.send() if each.account_id == digest.account_id]
    assert mention.mention
    assert mention.answered_mail == digest.id
    (to_alice,) = [each for each in mailroom.sent if each.post_id == mention.post_id and each is not mention]
    assert to_alice.answered_mail is None  # she wrote what it answers
