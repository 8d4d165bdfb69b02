"""Lists, in a browser without scripts."""

import pytest

from gateway.service import joining
from store import lists
from tests.web.browsing import Browser, log_in, with_mail
from tests.web.village import NOW, Village


@pytest.fixture
async def alice(village: Village, someone: Browser) -> Browser:
    """Alice, logged in."""
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    return someone


async def test_a_list_is_begun_filled_read_and_dropped(alice: Browser, village: Village) -> None:
    for name in ("bob", "carol"):
        await village.person(name)
        await village.says(name, f"{name} was here")
    await alice.open("/lists")
    assert await alice.submit("/lists", title="x" * 41) == 422
    await alice.submit("/lists", title=" Good  neighbours ")
    own = alice.path
    assert "Good neighbours" in alice.text
    assert await alice.submit(f"{own}/put", name="nobody") == 422
    await alice.submit(f"{own}/put", name="@Bob")
    assert "bob was here" in alice.text
    assert "carol was here" not in alice.text
    await alice.open("/lists")
    assert "1 person" in alice.text
    await alice.open(own)
    await alice.submit(f"{own}/take-off")
    assert "bob was here" not in alice.text
    await alice.submit(f"{own}/drop")
    assert await alice.open(own) == 404


async def test_a_list_that_is_full_says_so(alice: Browser, village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.lists._MOST_PEOPLE", 1)
    for name in ("bob", "carol"):
        await village.person(name)
    await alice.open("/lists")
    await alice.submit("/lists", title="one")
    own = alice.path
    assert await alice.submit(f"{own}/put", name="bob") == 200
    assert await alice.submit(f"{own}/put", name="carol") == 422
    assert "it is full" in alice.text


async def test_a_list_shows_nothing_that_its_owner_may_not_see(alice: Browser, village: Village) -> None:
    await village.person("shy", protected=True)
    await village.says("shy", "between us")
    await alice.open("/lists")
    await alice.submit("/lists", title="all")
    await alice.submit(f"{alice.path}/put", name="shy")
    assert "between us" not in alice.text


async def test_nobody_sees_or_changes_anothers_list(alice: Browser, village: Village) -> None:
    bob = await village.person("bob")
    async with village.store.unit() as unit:
        theirs = await lists.add(unit, bob, "secret plans", now=NOW)
    assert await alice.open(f"/lists/{theirs}") == 404
    await alice.open("/lists")
    word = alice.find("//input[@name='csrf']")[0].get("value")
    for act in ("put", "take-off", "drop"):
        assert await alice.post(f"/lists/{theirs}/{act}", csrf=word, name="alice") == 404
    async with village.store.reading() as reading:
        assert await lists.one(reading, bob, theirs)


async def test_lists_go_with_their_owner_and_members_go_from_lists(village: Village) -> None:
    bob, carol = await village.person("bob"), await village.person("carol")
    async with village.store.unit() as unit:
        ours = await lists.add(unit, bob, "friends", now=NOW)
        await lists.put(unit, ours, carol)
        await lists.put(unit, ours, carol)
        await joining.delete_account(unit, carol, now=NOW)
        assert await lists.names(unit, ours) == []
        await joining.delete_account(unit, bob, now=NOW)
        assert await lists.of_account(unit, bob) == []
