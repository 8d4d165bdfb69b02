"""Which addresses open, and which are refused with words."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, update

from gateway.domain import token, unsubscribe
from gateway.domain.token import Purpose
from gateway.domain.unsubscribe import AllMail, AuthorsMail, DeliverysMail, KeysMail
from gateway.service.doors import (
    Bouncing,
    Complaining,
    Helping,
    Opened,
    Posting,
    Refused,
    Replying,
    Shared,
    Unsubscribing,
    find,
)
from gateway.service.site import Site
from store.schema import accounts, addresses, deliveries, notices
from store.unit import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALICE, DELIVERY, TO_A_STRANGER, NOTICE, ADDRESS = 7, 40, 41, 3, 5


@pytest.fixture
async def town(store: Store) -> Store:
    """Alice, with a delivery to her and one to a mailbox that belongs to nobody."""
    common = {"channel": "email", "route": 1, "lane": 0, "state": "sent", "due_at": NOW, "queued_at": NOW}
    async with store.unit() as unit:
        await unit.execute(insert(accounts).values(id=ALICE, name="alice", created_at=NOW))
        await unit.execute(
            insert(addresses).values(id=ADDRESS, channel="email", address="stranger@example.org", created_at=NOW)
        )
        await unit.execute(insert(notices).values(id=NOTICE, text="hello"))
        await unit.execute(insert(deliveries).values(id=DELIVERY, notice_id=NOTICE, account_id=ALICE, **common))
        await unit.execute(insert(deliveries).values(id=TO_A_STRANGER, notice_id=NOTICE, address_id=ADDRESS, **common))
    return store


async def change(store: Store, **values: object) -> None:
    async with store.unit() as unit:
        await unit.execute(update(accounts).where(accounts.c.id == ALICE).values(**values))


async def ask(store: Store, site: Site, local_part: str) -> Opened | Refused:
    async with store.glancing() as reading:
        (answer,) = await find(reading, site, [local_part])
        return answer


async def test_each_genuine_address_opens_its_own_door(town: Store, site: Site) -> None:
    def made(purpose: Purpose, number: int) -> str:
        return f"{purpose}+{token.make(site.key, purpose, number)}"

    assert await ask(town, site, made(Purpose.POST, ALICE)) == Posting(ALICE)
    assert await ask(town, site, made(Purpose.REPLY, DELIVERY)) == Replying(DELIVERY)
    assert await ask(town, site, made(Purpose.REPLY, TO_A_STRANGER)) == Replying(TO_A_STRANGER)
    assert await ask(town, site, made(Purpose.BOUNCE, DELIVERY)) == Bouncing(DELIVERY)
    assert await ask(town, site, made(Purpose.UNSUBSCRIBE, DELIVERY)) == Unsubscribing(DeliverysMail(DELIVERY))
    assert await ask(town, site, "help") == Helping()
    assert await ask(town, site, "Post") == Shared()


async def test_addresses_that_are_asked_for_together_each_get_their_own_answer(town: Store, site: Site) -> None:
    posting, other = (f"post+{token.make(site.key, Purpose.POST, number)}" for number in (ALICE, 8))
    reply, pruned = (f"reply+{token.make(site.key, Purpose.REPLY, number)}" for number in (DELIVERY, 999))
    asked = [other, reply, "help", posting, pruned, posting, "nobody"]
    async with town.glancing() as reading:
        together = await find(reading, site, asked)
    assert together == [await ask(town, site, each) for each in asked]
    assert together[1:4] == [Replying(DELIVERY), Helping(), Posting(ALICE)]
    assert together[5] == Posting(ALICE)
    assert all(isinstance(together[at], Refused) for at in (0, 4, 6))


async def test_nothing_asked_is_nothing_answered(town: Store, site: Site) -> None:
    async with town.glancing() as reading:
        assert await find(reading, site, []) == []


async def test_the_case_of_an_address_does_not_matter(town: Store, site: Site) -> None:
    local_part = f"post+{token.make(site.key, Purpose.POST, ALICE)}"
    assert await ask(town, site, local_part.upper()) == Posting(ALICE)
    assert await ask(town, site, "Postmaster") == Helping()


async def test_a_token_opens_only_the_door_it_was_made_for(town: Store, site: Site) -> None:
    for made_for in Purpose:
        for prefix in ("post", "reply", "bounce", "unsubscribe"):
            if prefix != made_for:
                answer = await ask(town, site, f"{prefix}+{token.make(site.key, made_for, ALICE)}")
                assert isinstance(answer, Refused)


async def test_a_bounce_of_a_pruned_delivery_is_still_taken_but_an_answer_to_it_is_refused(
    town: Store, site: Site
) -> None:
    assert await ask(town, site, f"bounce+{token.make(site.key, Purpose.BOUNCE, 999)}") == Bouncing(999)
    answer = await ask(town, site, f"reply+{token.make(site.key, Purpose.REPLY, 999)}")
    assert isinstance(answer, Refused)
    assert "no longer kept" in answer.words


@pytest.mark.parametrize("stop", [AllMail(999), AuthorsMail(999, 5), KeysMail(999, "abcdefgh")])
async def test_what_a_mail_stops_can_be_stopped_for_as_long_as_it_lies_in_a_mailbox(
    town: Store, site: Site, stop: unsubscribe.Stop
) -> None:
    assert await ask(town, site, f"unsubscribe+{unsubscribe.make(site.key, stop)}".upper()) == Unsubscribing(stop)


async def test_an_address_of_earlier_releases_whose_delivery_is_pruned_is_refused_and_not_taken_in_vain(
    town: Store, site: Site
) -> None:
    answer = await ask(town, site, f"unsubscribe+{token.make(site.key, Purpose.UNSUBSCRIBE, 999)}")
    assert isinstance(answer, Refused)
    assert "so old" in answer.words


async def test_complaints_are_taken_at_the_addresses_that_providers_know(town: Store, site: Site) -> None:
    assert [await ask(town, site, each) for each in ("abuse", "fbl", "Abuse")] == [Complaining()] * 3


async def test_a_renewed_posting_address_revokes_the_old_one(town: Store, site: Site) -> None:
    old = f"post+{token.make(site.key, Purpose.POST, ALICE)}"
    await change(town, post_version=1)
    assert isinstance(await ask(town, site, old), Refused)
    new = f"post+{token.make(site.key, Purpose.POST, ALICE, 1)}"
    assert await ask(town, site, new) == Posting(ALICE)


async def test_a_posting_address_says_whether_it_asks_who_sends(town: Store, site: Site) -> None:
    address = f"post+{token.make(site.key, Purpose.POST, ALICE)}"
    await change(town, checks_sender=True)
    assert await ask(town, site, address) == Posting(ALICE, checks_sender=True)


async def test_an_address_that_answers_asks_who_sends_where_the_posting_address_does(town: Store, site: Site) -> None:
    address = f"reply+{token.make(site.key, Purpose.REPLY, DELIVERY)}"
    await change(town, checks_sender=True)
    assert await ask(town, site, address) == Replying(DELIVERY, only_from=ALICE)
    of_a_stranger = f"reply+{token.make(site.key, Purpose.REPLY, TO_A_STRANGER)}"
    assert await ask(town, site, of_a_stranger) == Replying(TO_A_STRANGER)
    await change(town, checks_sender=False)
    assert await ask(town, site, address) == Replying(DELIVERY)


async def test_renewed_reply_addresses_revoke_the_old_ones_of_every_delivery(town: Store, site: Site) -> None:
    old, of_a_stranger = (f"reply+{token.make(site.key, Purpose.REPLY, each)}" for each in (DELIVERY, TO_A_STRANGER))
    await change(town, reply_version=2)
    for version in (0, 1):
        answer = await ask(town, site, f"reply+{token.make(site.key, Purpose.REPLY, DELIVERY, version)}")
        assert isinstance(answer, Refused)
        assert "renewed" in answer.words
    assert await ask(town, site, f"reply+{token.make(site.key, Purpose.REPLY, DELIVERY, 2)}") == Replying(DELIVERY)
    assert await ask(town, site, of_a_stranger) == Replying(TO_A_STRANGER)
    forged = await ask(town, site, old[:-1] + ("a" if old[-1] != "a" else "b"))
    assert isinstance(forged, Refused)
    assert "Answer the mail itself" in forged.words


@pytest.mark.parametrize("column", ["suspended_at", "deleted_at"])
async def test_a_closed_account_takes_no_mail_but_may_still_unsubscribe(town: Store, site: Site, column: str) -> None:
    await change(town, **{column: NOW})
    for purpose, number in ((Purpose.POST, ALICE), (Purpose.REPLY, DELIVERY)):
        answer = await ask(town, site, f"{purpose}+{token.make(site.key, purpose, number)}")
        assert answer == Refused("This account is closed.", "5.2.1")
    assert await ask(town, site, f"unsubscribe+{token.make(site.key, Purpose.UNSUBSCRIBE, DELIVERY)}") == Unsubscribing(
        DeliverysMail(DELIVERY)
    )


@pytest.mark.parametrize(
    "local_part",
    [
        "",
        "alice",
        "post+",
        "post+x",
        "post+ä",
        "reply",
        "reply+" + "a" * 60,
        "bounce",
        "unsubscribe+",
        "feed+a",
    ],
)
async def test_everything_else_is_refused_with_words_on_one_plain_line(
    town: Store, site: Site, local_part: str
) -> None:
    answer = await ask(town, site, local_part)
    assert isinstance(answer, Refused)
    assert answer.words.isascii()
    assert answer.words.isprintable()
    assert len(answer.words) > 20
