"""Who reads what at home: follows, names, protection, blocks and mutes."""

import pytest

from gateway.service import reading
from gateway.service.reading import Closed, Missing, Profile
from store.unit import Store
from tests.web.village import Village


@pytest.fixture
async def village(store: Store) -> Village:
    """Me, two friends whom I follow and who follow me, a stranger, and two protected people of whom I follow one."""
    village = Village(store)
    for name in ("me", "ann", "ben", "stranger"):
        await village.person(name)
    for name in ("prot", "shut"):
        await village.person(name, protected=True)
    for name in ("ann", "ben", "prot"):
        await village.follows("me", name)
    await village.follows("me", "shut", state="requested")
    return village


async def home(village: Village, name: str = "me") -> list[str]:
    async with village.store.reading() as read:
        page = await reading.home_timeline(read, village.ids[name])
    return [f"{post.author}: {post.text}" for post in reversed(page.posts)]


async def test_home_holds_my_posts_and_those_of_whom_i_follow(village: Village) -> None:
    for name in village.ids:
        await village.says(name, "hello")
    assert await home(village) == ["me: hello", "ann: hello", "ben: hello", "prot: hello"]


async def test_what_opens_with_a_name_is_for_those_who_follow_both_and_for_that_name(village: Village) -> None:
    await village.says("ann", "@ben one")
    await village.says("ann", "@stranger two")
    await village.says("ann", "hey @stranger three")
    await village.says("ann", "@me four")
    await village.says("me", "@stranger five")
    assert await home(village) == ["ann: @ben one", "ann: hey @stranger three", "ann: @me four", "me: @stranger five"]
    assert await home(village, "stranger") == ["ann: @stranger two", "ann: hey @stranger three", "me: @stranger five"]


async def test_who_names_me_is_heard_unless_they_hide_from_me(village: Village) -> None:
    await village.says("stranger", "hey @me")
    await village.says("stranger", "@ben and @me")
    await village.says("shut", "hey @me")
    await village.says("prot", "hey @me")
    assert await home(village) == ["stranger: hey @me", "stranger: @ben and @me", "prot: hey @me"]


@pytest.mark.parametrize("who", ["me", "stranger"])
async def test_nothing_comes_across_a_block_of_either_side(village: Village, who: str) -> None:
    post = await village.says("stranger", "hey @me")
    await village.repeats("ann", post)
    assert len(await home(village)) == 2
    await village.blocks(who, "stranger" if who == "me" else "me")
    assert await home(village) == []


async def test_whom_i_mute_is_not_heard_nor_repeated(village: Village) -> None:
    post = await village.says("ann", "hello @me")
    await village.repeats("ben", post)
    await village.mutes("me", "ann")
    assert await home(village) == []


async def test_a_repost_shows_the_words_and_whose_they_are(village: Village) -> None:
    post = await village.says("stranger", "hello")
    await village.repeats("ann", post)
    async with village.store.reading() as read:
        [shown] = (await reading.home_timeline(read, village.ids["me"])).posts
    assert (shown.author, shown.text) == ("ann", "hello")
    assert shown.repost_of is not None
    assert (shown.repost_of.author, shown.repost_of.id, shown.reposts) == ("stranger", post, 1)


async def test_what_is_hidden_later_takes_its_reposts_along(village: Village) -> None:
    post = await village.says("stranger", "hello")
    await village.repeats("ann", post)
    await village.becomes_protected("stranger")
    assert await home(village) == []
    async with village.store.reading() as read:
        assert (await reading.public_timeline(read)).posts == ()


async def test_deleted_posts_and_suspended_people_are_not_at_home(village: Village) -> None:
    post = await village.says("ann", "oops")
    await village.says("ben", "spam")
    await village.deletes(post)
    await village.is_suspended("ben")
    assert await home(village) == []


async def test_a_page_says_where_the_next_one_begins(village: Village) -> None:
    ids = [await village.says("ann", f"post {n}") for n in range(25)]
    async with village.store.reading() as read:
        first = await reading.home_timeline(read, village.ids["me"])
        assert [post.id for post in first.posts] == ids[:-21:-1]
        assert first.older == ids[5]
        second = await reading.home_timeline(read, village.ids["me"], before=first.older)
    assert [post.id for post in second.posts] == ids[4::-1]
    assert second.older is None


async def test_profiles_are_for_everybody_unless_closed(village: Village) -> None:
    async with village.store.reading() as read:
        ann = await reading.profile(read, "Ann")
        assert isinstance(ann, Profile)
        assert (ann.name, ann.followers, ann.following) == ("ann", 1, 0)
        assert await reading.profile(read, "prot") == Closed("prot")
        assert await reading.profile(read, "nobody") == Missing()
