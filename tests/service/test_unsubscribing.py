"""What the link in a mail stops, and what it says still comes."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete

from gateway.domain import reply, reply_listening, reply_mail
from gateway.domain.unsubscribe import AllMail, AuthorsMail, DeliverysMail, KeysMail, Stop, digest_of
from gateway.service import joining, unsubscribing
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
