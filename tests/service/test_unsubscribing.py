"""What the link in a mail stops, and what it says still comes."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete

from gateway.domain import reply, reply_listening, reply_mail
from gateway.domain.unsubscribe import AllMail, AuthorsMail, DeliverysMail, KeysMail, Stop, digest_of
from gateway.service import fanout, following, joining, meeting, refusals, unsubscribing
from gateway.service.unsubscribing import Done, Look
from store import consents, follows, listeners
from store.schema import deliveries
from tests.service.post_office import PostOffice


async def look(office: PostOffice, stop: Stop) -> Look | None:
    async with office.town.store.reading() as reading:
        return await unsubscribing.look(reading, office.town.site, stop)


async def click(office: PostOffice, stop: Stop, *, everything: bool = False) -> Done | None:
    do = unsubscribing.stop_all if everything else unsubscribing.unsubscribe
    async with office.town.store.unit() as unit:
        return await do(unit, office.town.site, stop, now=office.town.now)


async def ids(office: PostOffice) -> tuple[int, int]:
    return (await office.town.account("bob")).id, (await office.town.account("alice")).id


async def test_a_link_stops_one_authors_mails_and_says_what_still_comes(office: PostOffice) -> None:
    bob, alice = await ids(office)
    await office.town.join("carol", "dave")
    for name in ("carol", "dave"):
        await office.town.text("bob", f"FOLLOW {name}")
    async with office.town.store.unit() as unit:
        await listeners.put(unit, "wifi", bob, texts=False, mail=True, now=office.town.now)
    stop = AuthorsMail(bob, alice)
    assert await look(office, stop) == Look("mails of alice's posts", is_all=False)
    left = "You still get the posts of 2 people and for 1 word, tag or group, direct messages and mentions by mail."
    for _ in range(2):
        assert await click(office, stop) == Done(reply.unsubscribed("alice"), left, is_all=False)
    async with office.town.store.reading() as reading:
        edge = await follows.edge(reading, alice, bob)
    assert edge is not None
    assert (edge.mail, edge.state) == (False, "accepted")


async def test_it_works_when_the_delivery_is_no_longer_kept(office: PostOffice) -> None:
    bob, alice = await ids(office)
    await office.sends()
    async with office.town.store.unit() as unit:
        await unit.execute(delete(deliveries))
    assert await click(office, AuthorsMail(bob, alice)) is not None
    assert await click(office, DeliverysMail(1)) is None
    assert await look(office, DeliverysMail(1)) is None


async def test_a_link_for_a_word_stops_mails_for_it_and_is_harmless_when_it_is_not_tracked_any_more(
    office: PostOffice,
) -> None:
    bob, _ = await ids(office)
    stop = KeysMail(bob, digest_of(office.town.site.key, "#wifi"))
    async with office.town.store.unit() as unit:
        for key in ("#wifi", "wifi", "!bus"):
            await listeners.put(unit, key, bob, texts=True, mail=True, now=office.town.now)
    assert await look(office, stop) == Look("mails for #wifi", is_all=False)
    done = await click(office, stop)
    assert done is not None
    assert done.words == reply_listening.unsubscribed_from("#wifi")
    async with office.town.store.reading() as reading:
        assert await listeners.count_by_mail(reading, bob) == 2
    async with office.town.store.unit() as unit:
        await listeners.remove(unit, "#wifi", bob)
    assert await look(office, stop) == Look(reply_mail.mails_for_that(), is_all=False)
    done = await click(office, stop)
    assert done is not None
    assert done.words == reply_mail.nothing_more_for_that()
    async with office.town.store.reading() as reading:
        assert await listeners.count_by_mail(reading, bob) == 2


@pytest.mark.parametrize("stop", [lambda bob, _: AllMail(bob), AuthorsMail])
async def test_all_mails_can_be_stopped_from_any_of_them(office: PostOffice, stop: Callable[[int, int], Stop]) -> None:
    link = stop(*await ids(office))
    for _ in range(2):
        done = await click(office, link, everything=True)
        assert done == Done(reply.mail_off(), reply_mail.nothing_left(), is_all=True)
    assert (await office.town.account("bob")).email_mode == "off"
    async with office.town.store.reading() as reading:
        entries = [(row.action, row.how) for row in await consents.of(reading, "bob@mail.example")]
    assert entries == [("given", "web"), ("refused", "unsubscribe")]
    done = await click(office, AuthorsMail(*await ids(office)))
    assert done is not None
    assert (done.left, done.is_all) == (reply_mail.nothing_left(), True)


async def test_links_of_earlier_releases_stop_what_they_always_did(office: PostOffice) -> None:
    delivery = await office.sends()
    assert await look(office, DeliverysMail(delivery)) == Look("mails of alice's posts", is_all=False)
    done = await click(office, DeliverysMail(delivery))
    assert done is not None
    assert done.words == reply.unsubscribed("alice")


async def test_a_deleted_account_needs_no_stopping_and_nobody_is_told_off(office: PostOffice) -> None:
    bob, alice = await ids(office)
    async with office.town.store.unit() as unit:
        await joining.delete_account(unit, bob, now=office.town.now)
    for stop in (AllMail(bob), AuthorsMail(bob, alice)):
        assert await click(office, stop) == Done(reply_mail.account_is_gone(), "", is_all=True)
    assert await click(office, AllMail(999_999)) is None


async def comes(office: PostOffice) -> bool | None:
    """How alice's mails come to bob: None is as his account says."""
    bob, alice = await ids(office)
    async with office.town.store.reading() as reading:
        edge = await follows.edge(reading, alice, bob)
    assert edge is not None
    return edge.mail


@pytest.mark.parametrize(
    "texts",
    [("FOLLOW alice",), ("LEAVE alice", "FOLLOW alice"), ("BLOCK alice", "UNBLOCK alice", "F alice"), ("ON alice",)],
)
async def test_no_text_turns_mails_on_again_that_were_unsubscribed_from(
    office: PostOffice, texts: tuple[str, ...]
) -> None:
    await click(office, AuthorsMail(*await ids(office)))
    for words in texts:
        await office.town.text("bob", words)
    assert await comes(office) is False
    await office.town.text("alice", "hello")
    while True:
        async with office.town.store.unit() as unit:
            if await fanout.step(unit, now=office.town.now) is None:
                break
    assert [channel for channel, _, _ in await office.town.queued("bob")] == ["sms"]


async def test_a_link_that_is_clicked_after_leaving_holds_for_who_follows_again(office: PostOffice) -> None:
    await office.town.text("bob", "LEAVE alice")
    done = await click(office, AuthorsMail(*await ids(office)))
    assert done is not None
    await office.town.text("bob", "FOLLOW alice")
    assert await comes(office) is False


@pytest.mark.parametrize("before", ["", "LEAVE alice"])
@pytest.mark.parametrize("door", ["FOLLOW by mail", "ON by mail", "follow on the site", "the switch on the site"])
async def test_asking_for_that_author_by_mail_or_on_the_site_brings_them_back(
    office: PostOffice, before: str, door: str
) -> None:
    await click(office, AuthorsMail(*await ids(office)))
    if before:
        await office.town.text("bob", before)
        await office.town.text("bob", "FOLLOW alice")
    if door.endswith("by mail"):
        words = await office.town.mail("bob", f"{door.split()[0]} alice")
        assert reply.mails_again("alice") in words
    else:
        what = "follow" if door.startswith("follow") else "mail"
        async with office.town.store.unit() as unit:
            bob = await office.town.account("bob")
            await meeting.act(unit, office.town.site, bob, "alice", what, now=office.town.now)
    assert await comes(office) is None
    await office.town.text("bob", "LEAVE alice")
    await office.town.text("bob", "FOLLOW alice")
    assert await comes(office) is None


async def test_a_phone_that_followed_before_it_was_claimed_brings_no_mails_back(office: PostOffice) -> None:
    await click(office, AuthorsMail(*await ids(office)))
    await office.town.text("bob", "LEAVE alice")
    await office.town.text("device", "FOLLOW alice")
    await office.town.second_phone("bob", "device")
    assert await comes(office) is False


async def test_of_many_only_those_are_refused_that_were_refused_last(office: PostOffice) -> None:
    bob, alice = await ids(office)
    await office.town.join("carol")
    carol = (await office.town.account("carol")).id
    await click(office, AuthorsMail(bob, alice))
    await click(office, AuthorsMail(bob, carol))
    async with office.town.store.unit() as unit:
        await refusals.lift(unit, bob, carol, how="web", now=office.town.now)
        pairs = [(bob, carol), (carol, alice), (bob, alice), (bob, bob)]
        assert await refusals.among(unit, pairs) == {(bob, alice)}
        assert await refusals.among(unit, []) == set()


async def test_the_ledger_says_who_refused_whose_mails_and_when_that_ended(office: PostOffice) -> None:
    bob, alice = await ids(office)
    for _ in range(2):
        await click(office, AuthorsMail(bob, alice))
    await office.town.mail("bob", "FOLLOW alice")
    await office.town.mail("bob", "FOLLOW alice")
    async with office.town.store.reading() as reading:
        entries = [(row.action, row.how, row.words) for row in await consents.of(reading, "bob@mail.example")]
    about = f"mails of account {alice}"
    assert entries[1:] == [("refused", "unsubscribe", about), ("given", "email", about)]


@pytest.mark.parametrize(("mail", "after"), [(None, False), (True, True)])
async def test_an_operators_follow_brings_them_back_only_where_it_names_mail(
    office: PostOffice, mail: bool | None, after: bool
) -> None:
    bob, alice = await ids(office)
    await click(office, AuthorsMail(bob, alice))
    async with office.town.store.unit() as unit:
        await following.connect(unit, bob, alice, texts=False, mail=mail, now=office.town.now)
    assert await comes(office) is after


async def test_who_has_no_phone_means_mails_by_on_and_off(office: PostOffice) -> None:
    await office.town.text("bob", "SIGNOUT")
    assert await office.town.mail("bob", "OFF alice") == reply.unsubscribed("alice")
    assert await comes(office) is False
    assert await office.town.mail("bob", "ON alice") == reply.mails_again("alice")
    assert await comes(office) is None
    await office.town.mail("bob", "EMAIL OFF")
    assert await office.town.mail("bob", "ON alice") == reply.mail_off()
