"""What was cut off a mail is kept with the post that it became: for its author, for a while, and for nobody else."""

from datetime import timedelta

from sqlalchemy import func, select

from gateway.domain import reply_posts
from gateway.domain.types import Channel
from gateway.service import joining, posting, reading, tending
from store.schema import post_cuts, posts
from tests.service.conversing import Town

QUOTE = "On Sunday bob wrote:\n> Coffee?"


async def with_mail(town: Town, *names: str) -> None:
    await town.join(*names)
    for name in names:
        account = await town.account(name)
        async with town.store.unit() as unit:
            await joining.give_address(unit, account.id, Channel.EMAIL, f"{name}@mail.example", how="web", now=town.now)


async def last_post(town: Town) -> int:
    async with town.store.reading() as read:
        return (await read.execute(select(func.max(posts.c.id)))).scalar_one()


async def cut(town: Town, who: str, post_id: int | None = None) -> str | None:
    viewer = await town.account(who)
    async with town.store.reading() as read:
        return await reading.what_was_cut(read, post_id or await last_post(town), viewer.id)


async def kept(town: Town) -> int:
    async with town.store.reading() as read:
        return (await read.execute(select(func.count()).select_from(post_cuts))).scalar_one()


async def test_the_author_sees_what_was_cut_off_a_post_and_nobody_else_does(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    assert await town.mail("alice", "at noon", cut=QUOTE) == ""
    assert await cut(town, "alice") == QUOTE
    assert await cut(town, "bob") is None
    assert await town.mail("alice", "nothing was cut here") == ""
    assert await cut(town, "alice") is None


async def test_answers_and_direct_messages_and_posts_to_groups_keep_it_too(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("alice", "lunch?")
    delivery = await town.delivery("bob", "alice")
    await town.mail("bob", "yes please", cut=QUOTE, answers_delivery=delivery)
    assert await cut(town, "bob") == QUOTE
    assert await cut(town, "alice") is None
    await town.text("alice", "FOLLOW bob")
    await town.mail("bob", "D alice hush", cut="-- \nBob")
    assert await cut(town, "bob") == "-- \nBob"
    await town.text("bob", "JOIN !birds")
    await town.mail("bob", "!birds an owl", cut="-- \nBob at home")
    assert await cut(town, "bob") == "-- \nBob at home"


async def test_of_a_post_in_parts_the_first_has_it(town: Town) -> None:
    await with_mail(town, "alice")
    alice = await town.account("alice")
    async with town.store.unit() as unit:
        words = " ".join(["many words"] * 20)
        outcome = await posting.direct(
            unit, town.site, alice.id, alice.id, words, source=posting.Source.EMAIL, now=town.now, cut=QUOTE
        )
    assert isinstance(outcome, posting.Published)
    assert [await cut(town, "alice", each) for each in outcome.post_ids] == [QUOTE, None]


async def test_what_was_not_posted_keeps_nothing(town: Town) -> None:
    await with_mail(town, "alice")
    await town.mail("alice", "hello", cut=QUOTE)
    assert await town.mail("alice", "hello", cut=QUOTE) == reply_posts.duplicate()
    assert await town.mail("alice", "FOLLOWERS", cut=QUOTE) != ""
    assert await kept(town) == 1
    assert "Reply Y" in await town.mail("alice", "get milk")
    assert await town.mail("alice", "Y", cut="> Reply Y to post it") == reply_posts.posted()
    assert await kept(town) == 1


async def test_it_goes_with_its_post(town: Town) -> None:
    await with_mail(town, "alice")
    await town.mail("alice", "hello", cut=QUOTE)
    post_id = await last_post(town)
    await town.mail("alice", "UNDO")
    assert await cut(town, "alice", post_id) is None
    assert await kept(town) == 0


async def test_it_goes_with_its_account_and_with_that_of_the_recipient(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("bob", "FOLLOW alice")
    await town.mail("alice", "hello", cut=QUOTE)
    await town.mail("alice", "D bob hush", cut=QUOTE)
    assert await kept(town) == 2
    for name, left in (("bob", 1), ("alice", 0)):
        account = await town.account(name)
        async with town.store.unit() as unit:
            await joining.delete_account(unit, account.id, now=town.now)
        assert await kept(town) == left


async def test_it_is_kept_as_long_as_mails_are(town: Town) -> None:
    await with_mail(town, "alice")
    await town.mail("alice", "hello", cut=QUOTE)
    posted = town.now
    async with town.store.unit() as unit:
        await tending.wipe_old_messages(unit, now=posted + tending.RAW_KEPT - timedelta(minutes=1))
    assert await cut(town, "alice") == QUOTE
    async with town.store.unit() as unit:
        assert await tending.wipe_old_messages(unit, now=posted + tending.RAW_KEPT + timedelta(minutes=1)) > 0
    assert await cut(town, "alice") is None
    assert await town.posts() == ["hello"]


async def test_a_mail_of_quotes_alone_and_an_encrypted_one_post_nothing_and_are_answered(town: Town) -> None:
    await with_mail(town, "alice")
    assert await town.mail("alice", "", cut=QUOTE) == reply_posts.only_quoted()
    assert await town.mail("alice", "") == reply_posts.empty()
    assert await town.mail("alice", "", sealed=True, dropped=1) == reply_posts.sealed()
    assert await town.posts() == []
