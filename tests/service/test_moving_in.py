"""Somebody moves in with an export: what comes along, what stays behind, and files that were made to do harm."""

import io
import json
import random
import shutil
import warnings
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from gateway.domain.types import Channel, EmailMode, PostKind, Source
from gateway.service import joining, listening, moving_in, notify, posting, reading
from gateway.service.answering.asked import sender_of
from gateway.service.commands import Told
from gateway.service.export_reading import NotAnExport, Parcel
from gateway.service.joining import NameTaken, NotAName
from gateway.service.moving_in import HereAlready, MovedIn
from gateway.service.site import Site
from gateway.web.export import write
from gateway.web.look import Look
from gateway.web.visitors import Visitors
from store import accounts, addresses, follows, listeners, lists, posts, relations, schedules
from store.accounts import AccountRow
from store.schema import deliveries, fanouts, metadata
from store.schema import posts as posts_table
from store.unit import Store
from tests.everything import all_rows
from tests.web.village import NOW, Village

LATER = NOW + timedelta(days=30)


@pytest.fixture
def village(store: Store) -> Village:
    """Where people move to."""
    return Village(store)


@pytest.fixture
async def elsewhere(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Village]:
    """Another instance, where they come from."""
    shutil.copy(sqlite_template, tmp_path / "elsewhere.db")
    store = Store(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    village = Village(store)
    for name in ("alice", "bob", "carol"):
        await village.person(name)
    yield village
    await store.close()


@pytest.fixture
def old_site(site: Site) -> Site:
    return replace(site, name="Oldtown", public_url="https://old.example")


async def exported(village: Village, site: Site, name: str = "alice") -> io.BytesIO:
    out = io.BytesIO()
    look = Look(site, Visitors(village.store, site, lambda: LATER), lambda: LATER)
    async with village.store.snapshot() as snapshot:
        me = await accounts.by_name(snapshot, name)
        assert me
        await write(out, snapshot, look, site, me, now=LATER)
    return out


async def brought(
    village: Village, site: Site, file: io.BytesIO, called: str | None = None, *, prove: bool = False
) -> Any:
    parcel = Parcel(file)
    parcel.check()
    async with village.store.unit() as unit:
        return await moving_in.move_in(unit, site, parcel, called=called, prove=prove, now=LATER)


async def account(village: Village, name: str = "alice") -> AccountRow:
    async with village.store.reading() as read:
        found = await accounts.by_name(read, name)
    assert found
    return found


# ---- what comes along


async def test_posts_come_with_their_times_sources_and_answers(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    bobs = await elsewhere.says("bob", "Where are you?")
    first = await elsewhere.says("alice", "At the lake #ulm")
    await elsewhere.says("alice", "and swimming", reply_to_id=first, source=Source.WEB)
    await elsewhere.says("alice", "@bob here", reply_to_id=bobs, source=Source.EMAIL)
    await elsewhere.repeats("alice", bobs)
    await village.person("bob")
    await village.says("bob", "something else under the same id")
    outcome = await brought(village, site, await exported(elsewhere, old_site))
    assert isinstance(outcome, MovedIn)
    assert (outcome.name, outcome.posts) == ("alice", 3)
    assert (outcome.left_behind.counts["reposts"], outcome.left_behind.counts["answers"]) == (1, 1)
    async with village.store.reading() as read:
        profile = await reading.profile(read, "alice")
        assert isinstance(profile, reading.Profile)
        shown = (await reading.posts_of(read, profile)).posts[::-1]
    assert [post.text for post in shown] == ["At the lake #ulm", "and swimming", "@bob here"]
    assert [post.source for post in shown] == ["sms", "web", "email"]
    assert [post.created_at for post in shown] == [
        NOW - timedelta(hours=30) + timedelta(minutes=7 * n) for n in (2, 3, 4)
    ]
    assert [post.reply_to.id if post.reply_to else None for post in shown] == [None, shown[0].id, None]
    assert shown[1].conversation_id == shown[0].id


async def test_nothing_is_delivered_and_nobody_is_shown_old_words_as_new(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    await village.person("bob")
    async with village.store.unit() as unit:
        await joining.give_address(unit, village.ids["bob"], Channel.EMAIL, "bob@mail.example", how="operator", now=NOW)
        bob = await accounts.by_id(unit, village.ids["bob"])
        assert bob
        await listening.listen(unit, site, bob, "#ulm", texts=True, mail=True, now=NOW)
    await elsewhere.says("alice", "@bob look #ulm")
    await brought(village, site, await exported(elsewhere, old_site))
    async with village.store.unit() as unit:
        assert (await unit.execute(select(func.count()).select_from(deliveries))).scalar_one() == 0
        assert (await unit.execute(select(func.count()).select_from(fanouts))).scalar_one() == 0
        assert (await reading.public_timeline(unit)).posts == ()
        assert (await reading.public_timeline(unit, reader=bob.id)).posts == ()
        assert (await reading.tag_timeline(unit, "ulm")).posts == ()
        assert (await reading.mentions(unit, bob.id)).posts == ()
        assert (await reading.home_timeline(unit, bob.id)).posts == ()
        assert [post.text for post in (await reading.search(unit, "look")).posts] == ["@bob look #ulm"]
        new = await posting.publish(unit, site, (await account(village)).id, "new", source=Source.WEB, now=LATER)
        assert isinstance(new, posting.Published)
        assert [post.text for post in (await reading.public_timeline(unit)).posts] == ["new"]


async def test_a_long_text_leads_to_its_new_page(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    long = "a long walk round the lake " * 20
    await elsewhere.says("alice", "a long … https://old.example/@alice/1", full_text=long.strip())
    await brought(village, site, await exported(elsewhere, old_site), called="ally")
    async with village.store.reading() as read:
        newest = await posts.latest(read, (await account(village, "ally")).id)
        assert newest
        post = await posts.by_id(read, newest)
    assert post
    assert post.full_text == long.strip()
    assert post.text.endswith(f"… https://birds.example/@ally/{newest}")


async def test_settings_come_along(village: Village, site: Site, elsewhere: Village, old_site: Site) -> None:
    me = elsewhere.ids["alice"]
    async with elsewhere.store.unit() as unit:
        await accounts.set_profile(unit, me, bio="Gärtnerin", language="de", time_zone="Asia/Tokyo", overflow="split")
        await accounts.set_protected(unit, me, True)
        await accounts.set_texts_on(unit, me, False)
        await moving_in.digests.set_mode(unit, site, me, EmailMode.DAILY, hour=9, now=NOW)
        await accounts.set_checks_sender(unit, me, True)
        await accounts.set_admin(unit, me, True)
        await moving_in.waking.set_daily(unit, site, me, moving_in.quiet.read("22:00-07:00"), now=NOW)
    await brought(village, site, await exported(elsewhere, old_site))
    now = await account(village)
    assert (now.bio, now.language, now.time_zone, now.overflow) == ("Gärtnerin", "de", "Asia/Tokyo", "split")
    assert (now.protected, now.texts_on, now.email_mode, now.quiet_hours) == (True, False, "daily", "22:00-07:00")
    assert now.wakes_at
    assert now.digest_at
    assert (now.digest_hour, now.checks_sender) == (9, True)
    assert not now.admin


@pytest.mark.parametrize("rhythm", [EmailMode.INSTANT, EmailMode.HOURLY, EmailMode.DAILY])
async def test_mails_that_were_paused_go_on_as_they_came_elsewhere(
    village: Village, site: Site, elsewhere: Village, old_site: Site, rhythm: EmailMode
) -> None:
    me = elsewhere.ids["alice"]
    async with elsewhere.store.unit() as unit:
        await moving_in.digests.set_mode(unit, site, me, rhythm, hour=9, now=NOW)
        await moving_in.digests.turn_off(unit, me, now=NOW)
    await brought(village, site, await exported(elsewhere, old_site))
    now = await account(village)
    assert (now.email_mode, now.email_before, now.digest_hour) == ("off", rhythm, 9)
    async with village.store.unit() as unit:
        assert await moving_in.digests.turn_on(unit, site, now.id, now=NOW) is rhythm


async def test_whom_they_follow_mute_and_block_comes_along_as_far_as_they_are_here(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    for name in ("dave", "erin", "frank", "gone"):
        await elsewhere.person(name)
    for name in ("bob", "carol", "erin", "gone"):
        await elsewhere.follows("alice", name)
    async with elsewhere.store.unit() as unit:
        await follows.set_texts(unit, elsewhere.ids["bob"], elsewhere.ids["alice"], True)
        await joining.delete_account(unit, elsewhere.ids["gone"], now=NOW)
    await elsewhere.mutes("alice", "dave")
    await elsewhere.blocks("alice", "frank")
    await elsewhere.follows("bob", "alice")
    await village.person("bob")
    await village.person("carol", protected=True)
    await village.person("dave")
    await village.person("frank")
    outcome = await brought(village, site, await exported(elsewhere, old_site))
    assert isinstance(outcome, MovedIn)
    me = (await account(village)).id
    async with village.store.reading() as read:
        to_bob = await follows.edge(read, village.ids["bob"], me)
        to_carol = await follows.edge(read, village.ids["carol"], me)
        assert to_bob
        assert to_carol
        assert (to_bob.state, to_bob.texts) == ("accepted", True)
        assert to_carol.state == "requested", "a file opens no protected account"
        assert await relations.mutes_other(read, me, village.ids["dave"])
        assert await relations.blockers(read, me, village.ids["frank"]) == {me}
        assert await follows.followers(read, me) == []
    assert outcome.left_behind.people == {"erin"}
    assert outcome.left_behind.counts["followers"] == 1


async def test_words_groups_and_plans(village: Village, site: Site, elsewhere: Village, old_site: Site) -> None:
    me = elsewhere.ids["alice"]
    async with elsewhere.store.unit() as unit:
        account_row = await accounts.by_id(unit, me)
        assert account_row
        for key in ("#fog", "wifi"):
            await listening.listen(unit, site, account_row, key, texts=True, mail=False, now=NOW)
        for group in ("team", "choir"):
            await listening.join_group(unit, site, account_row, group, texts=True, mail=True, now=NOW)
        await schedules.add(unit, me, "tip", cron="0 8 * * *", time_zone="UTC", next_at=NOW, now=NOW)
    async with village.store.unit() as unit:
        await moving_in.groups.add(unit, "team", founder_id=None, now=NOW)
    outcome = await brought(village, site, await exported(elsewhere, old_site))
    assert isinstance(outcome, MovedIn)
    async with village.store.reading() as read:
        assert await listeners.of_account(read, (await account(village)).id) == ["!team", "#fog", "wifi"]
        assert await schedules.all_of_them(read) == []
    assert (outcome.left_behind.counts["groups"], outcome.left_behind.counts["schedules"]) == (1, 1)


async def test_lists_keep_who_is_here(village: Village, site: Site, elsewhere: Village, old_site: Site) -> None:
    async with elsewhere.store.unit() as unit:
        friends = await lists.add(unit, elsewhere.ids["alice"], "Friends", now=NOW)
        for name in ("bob", "carol"):
            await lists.put(unit, friends, elsewhere.ids[name])
    await village.person("bob")
    await brought(village, site, await exported(elsewhere, old_site))
    async with village.store.reading() as read:
        [there] = await lists.of_account(read, (await account(village)).id)
        assert there.title == "Friends"
        assert await lists.names(read, there.id) == ["bob"]


async def test_on_the_same_instance_favourites_reposts_and_answers_stand(village: Village, site: Site) -> None:
    for name in ("alice", "bob"):
        await village.person(name)
    bobs = await village.says("bob", "Where are you?")
    await village.says("alice", "@bob here", reply_to_id=bobs)
    await village.repeats("alice", bobs)
    async with village.store.unit() as unit:
        await posts.add_favourite(unit, village.ids["alice"], bobs, NOW)
    file = await exported(village, site)
    assert await brought(village, site, file) == NameTaken()
    async with village.store.unit() as unit:
        await joining.delete_account(unit, village.ids["alice"], now=NOW)
    outcome = await brought(village, site, file)
    assert isinstance(outcome, MovedIn)
    assert not +outcome.left_behind.counts
    async with village.store.reading() as read:
        [view] = await reading.posts(read, [bobs])
        assert (view.favourites, view.reposts, view.answers) == (1, 1, 1)


# ---- who they are


async def with_addresses(elsewhere: Village) -> None:
    async with elsewhere.store.unit() as unit:
        for channel, address in ((Channel.SMS, "+15550001001"), (Channel.EMAIL, "Alice@mail.example")):
            await joining.give_address(unit, elsewhere.ids["alice"], channel, address, how="sms", now=NOW)


async def test_addresses_are_claimed_and_not_proven(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    await with_addresses(elsewhere)
    await brought(village, site, await exported(elsewhere, old_site))
    me = await account(village)
    assert (me.phone_id, me.mail_id) == (None, None)
    async with village.store.unit() as unit:
        held = await addresses.of_account(unit, me.id)
        assert {(each.address, each.proven_at, each.owner_id) for each in held} == {
            ("+15550001001", None, None),
            ("alice@mail.example", None, None),
        }
        [mailbox] = [each for each in held if each.channel == Channel.EMAIL]
        await notify.tell(unit, mailbox.id, "who are you?", now=LATER)
        answer = (await unit.execute(select(deliveries.c.id))).scalar_one()
        told = Told(mailbox.id, Channel.EMAIL, "I am", to="", answers_delivery=answer)
        assert await sender_of(unit, told, mailbox) is None, "an answer from there would have been taken for hers"


async def test_an_operator_may_vouch_for_addresses(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    await with_addresses(elsewhere)
    await brought(village, site, await exported(elsewhere, old_site), prove=True)
    me = await account(village)
    assert me.phone_id
    assert me.mail_id


@pytest.mark.parametrize("prove", [True, False])
async def test_addresses_that_somebody_has_or_that_want_nothing_stay_out(
    village: Village, site: Site, elsewhere: Village, old_site: Site, prove: bool
) -> None:
    await with_addresses(elsewhere)
    await village.person("bob")
    async with village.store.unit() as unit:
        await joining.give_address(
            unit, village.ids["bob"], Channel.EMAIL, "alice@mail.example", how="operator", now=NOW
        )
    async with elsewhere.store.unit() as unit:
        phone = await addresses.find(unit, Channel.SMS, "+15550001001")
        assert phone
        await addresses.opt_out(unit, phone.id, now=NOW)
    outcome = await brought(village, site, await exported(elsewhere, old_site), prove=prove)
    assert isinstance(outcome, MovedIn)
    assert set(outcome.left_behind.addresses) == {("+15550001001", "stopped"), ("alice@mail.example", "held")}
    async with village.store.reading() as read:
        assert await addresses.of_account(read, (await account(village)).id) == []
        mailbox = await addresses.find(read, Channel.EMAIL, "alice@mail.example")
    assert mailbox
    assert mailbox.owner_id == village.ids["bob"]


async def test_a_name_must_be_free_and_may_be_another_one(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    await village.person("alice")
    file = await exported(elsewhere, old_site)
    before = await all_rows(village.store)
    assert await brought(village, site, file) == NameTaken()
    assert await brought(village, site, file, called="no way") == NotAName()
    assert await all_rows(village.store) == before
    outcome = await brought(village, site, file, called="@Alice2")
    assert isinstance(outcome, MovedIn)
    assert outcome.name == "alice2"


async def test_a_reserved_name_is_the_operators_to_give(village: Village, site: Site, elsewhere: Village) -> None:
    await elsewhere.person("admin")
    file = await exported(elsewhere, site, "admin")
    assert await brought(village, site, file) == NameTaken()
    assert isinstance(await brought(village, site, file, called="admin"), MovedIn)


async def test_the_same_file_once_more_adds_nothing(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    await with_addresses(elsewhere)
    await elsewhere.says("alice", "hello")
    file = await exported(elsewhere, old_site)
    assert isinstance(await brought(village, site, file), MovedIn)
    before = await all_rows(village.store)
    assert await brought(village, site, file) == HereAlready("alice")
    assert await brought(village, site, file, called="other", prove=True) == HereAlready("alice")
    assert await all_rows(village.store) == before


async def test_who_was_deleted_may_be_brought_in_again(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    file = await exported(elsewhere, old_site)
    await brought(village, site, file)
    async with village.store.unit() as unit:
        await joining.delete_account(unit, (await account(village)).id, now=LATER)
    assert isinstance(await brought(village, site, file), MovedIn)


async def test_a_thousand_posts_come_in_order(village: Village, site: Site, elsewhere: Village, old_site: Site) -> None:
    async with elsewhere.store.unit() as unit:
        row = {"author_id": elsewhere.ids["alice"], "kind": "post", "source": "sms", "created_at": NOW}
        await unit.execute(insert(posts_table), [row | {"text": f"post {n}"} for n in range(1_000)])
    await brought(village, site, await exported(elsewhere, old_site))
    me = (await account(village)).id
    async with village.store.reading() as read:
        found = await read.execute(
            select(posts_table.c.text).where(posts_table.c.author_id == me).order_by(posts_table.c.id)
        )
        assert list(found.scalars()) == [f"post {n}" for n in range(1_000)]


async def test_direct_messages_stay_behind(village: Village, site: Site, elsewhere: Village, old_site: Site) -> None:
    await village.person("bob")
    await elsewhere.says("bob", "psst", kind=PostKind.DIRECT, to_account_id=elsewhere.ids["alice"])
    outcome = await brought(village, site, await exported(elsewhere, old_site))
    assert isinstance(outcome, MovedIn)
    assert outcome.left_behind.counts["messages"] == 1
    assert (outcome.posts, (await sizes(village.store))["posts"]) == (0, 0)


_SIZES = select(
    *(select(func.count()).select_from(each).scalar_subquery().label(each.name) for each in metadata.sorted_tables)
)


async def sizes(store: Store) -> dict[str, int]:
    """How many rows each table has."""
    async with store.reading() as read:
        return dict((await read.execute(_SIZES)).one()._mapping)


# ---- files that were made to do harm

Entries = dict[str, bytes]
Change = Callable[[Entries], Entries]


def edited(name: str, change: Callable[[Any], Any]) -> Change:
    def edit(entries: Entries) -> Entries:
        return entries | {name: json.dumps(change(json.loads(entries[name]))).encode()}

    return edit


def about(**changes: Any) -> Change:
    return edited("account.json", lambda value: value | changes)


def post(**changes: Any) -> Change:
    return edited("posts/0001.json", lambda page: [page[0] | changes, *page[1:]])


def with_file(name: str, content: bytes = b"[]") -> Change:
    return lambda entries: entries | {name: content}


def raw(name: str, old: bytes, new: bytes) -> Change:
    def change(entries: Entries) -> Entries:
        assert old in entries[name], entries[name]
        return entries | {name: entries[name].replace(old, new, 1)}

    return change


HARM: list[tuple[Change, str]] = [
    (with_file("../../etc/passwd"), "'../../etc/passwd', which no export does"),
    (with_file("/etc/passwd"), "which no export does"),
    (with_file("posts/../../x.json"), "which no export does"),
    (with_file("posts\\0001.json"), "which no export does"),
    (with_file("posts/0001.json\n"), "which no export does"),
    (with_file("run.sh"), "which no export does"),
    (with_file("posts/0003.json"), "not all files of posts are there"),
    (with_file("posts/00001.json"), "not all files of posts are there"),
    (lambda entries: {k: v for k, v in entries.items() if k != "account.json"}, "no account.json"),
    (lambda entries: {k: v for k, v in entries.items() if not k.startswith("posts/")}, "counts 2 posts, there are 0"),
    (edited("posts/0001.json", lambda page: page[:1]), "counts 2 posts, there are 1"),
    (edited("posts/0001.json", lambda page: page[::-1]), "comes behind"),
    (edited("posts/0001.json", lambda page: [page[0], page[0]]), "comes behind"),
    (with_file("account.json", b"{"), "account.json: "),
    (with_file("account.json", b"\xff\xfe"), "account.json: "),
    (with_file("account.json", b"[]"), "account.json: "),
    (with_file("account.json", b"[" * 200_000), "account.json: nested too deeply"),
    (with_file("posts/0001.json", b'{"a":' * 100_000), "nested too deeply"),
    (raw("account.json", b"{", b'{"format": "birdwire export", '), "the same key twice"),
    (raw("posts/0001.json", b'"text"', b'"text": "x", "text"'), "the same key twice"),
    (about(format="something else"), "account.json"),
    (about(version=2), "account.json"),
    (about(admin=True), "account.json"),
    (about(id="short"), "account.json"),
    (about(id="../../../../../../../../"), "account.json"),
    (about(made_at="yesterday"), "account.json"),
    (about(entries={"posts": -1}), "account.json"),
    (about(entries={"spells": 1}), "counts what no export holds"),
    (edited("account.json", lambda a: a | {"account": a["account"] | {"name": "no way"}}), "account.json"),
    (edited("account.json", lambda a: a | {"account": a["account"] | {"admin": True}}), "account.json"),
    (
        edited("account.json", lambda a: a | {"settings": a["settings"] | {"quiet_hours": "25:00-07:00"}}),
        "account.json",
    ),
    (edited("account.json", lambda a: a | {"settings": a["settings"] | {"mail": "hourly\n"}}), "account.json"),
    (edited("account.json", lambda a: a | {"addresses": [address("sms", "nobody")]}), "neither a phone number"),
    (edited("account.json", lambda a: a | {"addresses": [address("sms", "+1555")]}), "neither a phone number"),
    (edited("account.json", lambda a: a | {"addresses": [address("email", "a@b\r\nBcc: c@d")]}), "neither a phone"),
    (edited("account.json", lambda a: a | {"addresses": [address("pigeon", "home")]}), "account.json"),
    (post(id=0), "posts/0001.json"),
    (post(id=2**63), "posts/0001.json"),
    (post(id="1"), "posts/0001.json"),
    (post(id=1.5), "not a whole number"),
    (raw("posts/0001.json", b'"id": 1', b'"id": 1e400'), "not a whole number"),
    (raw("posts/0001.json", b'"id": 1', b'"id": NaN'), "not a whole number"),
    (raw("posts/0001.json", b'"id": 1', b'"id": ' + b"9" * 10_000), "posts/0001.json: "),
    (post(text="x" * 141), "posts/0001.json"),
    (post(text=""), "has 0 characters"),
    (post(text="\u200b \x00"), "has 0 characters"),
    (post(text=7), "posts/0001.json"),
    (post(text=None), "posts/0001.json"),
    (post(source="telegraph"), "posts/0001.json"),
    (post(created_at="2026-11-22T12:00:00"), "posts/0001.json"),
    (post(created_at=5), "posts/0001.json"),
    (post(created_at="99999-01-01T00:00:00Z"), "posts/0001.json"),
    (post(favourites=-1), "posts/0001.json"),
    (post(group="no way"), "posts/0001.json"),
    (post(more=1), "posts/0001.json"),
    (post(answers={"author": "bob"}), "posts/0001.json"),
    (edited("posts/0001.json", lambda page: {"posts": page}), "posts/0001.json"),
    (edited("posts/0001.json", lambda page: page * 101), "more than 200"),
    (with_file("messages/0001.json", b'[{"id": 1}]'), "messages/0001.json"),
]


def address(channel: str, value: str) -> dict[str, Any]:
    return {
        "channel": channel,
        "address": value,
        "proven_at": "2026-01-01T00:00:00Z",
        "in_use": True,
        "stopped_at": None,
        "unreachable_since": None,
    }


@pytest.fixture
async def good(elsewhere: Village, old_site: Site) -> Entries:
    """An export with two posts, as its files."""
    await elsewhere.says("alice", "one")
    await elsewhere.says("alice", "two")
    with zipfile.ZipFile(await exported(elsewhere, old_site)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(entries: Entries) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return out


async def refused(village: Village, site: Site, file: io.BytesIO, which: str = "") -> str:
    """Why the file is; that nothing was changed is seen to."""
    before = await sizes(village.store)
    try:
        outcome = await brought(village, site, file)
    except NotAnExport as error:
        assert await sizes(village.store) == before
        return str(error)
    raise AssertionError(f"{outcome} {which}")


async def test_the_file_that_is_made_harmful_below_is_good(village: Village, site: Site, good: Entries) -> None:
    assert isinstance(await brought(village, site, packed(good)), MovedIn)


@pytest.mark.parametrize(
    ("written", "before"), [({}, "instant"), ({"mail_before": "off"}, "instant"), ({"mail_before": "daily"}, "daily")]
)
async def test_a_file_that_does_not_say_how_mail_goes_on_is_taken(
    village: Village, site: Site, good: Entries, written: dict[str, str], before: str
) -> None:
    change = edited("account.json", lambda a: a | {"settings": a["settings"] | {"mail": "off"} | written})
    assert "mail_before" not in json.loads(good["account.json"])["settings"], "who gets mail has no such line"
    assert isinstance(await brought(village, site, packed(change(good))), MovedIn)
    now = await account(village)
    assert (now.email_mode, now.email_before) == ("off", before)


async def test_what_would_do_harm_is_refused_and_nothing_is_changed(
    village: Village, site: Site, good: Entries
) -> None:
    good["posts/0001.json"] = json.dumps(json.loads(good["posts/0001.json"])).encode()
    for number, (change, words) in enumerate(HARM):
        said = await refused(village, site, packed(change(good)), f"{number}: {words}")
        assert words in said, (number, said)
        assert len(said) < 400, said


async def test_a_file_that_unpacks_to_gigabytes_is_not_unpacked(
    village: Village, site: Site, good: Entries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.service.export_reading.LARGEST_FILE", 1_000_000)
    bomb = packed(good | {"posts/0001.json": b"[" + b" " * 5_000_000 + b"]"})
    assert len(bomb.getvalue()) < 20_000
    assert "posts/0001.json is too large" in await refused(village, site, bomb)
    lying = bytearray(bomb.getvalue())
    real = (5_000_002).to_bytes(4, "little")
    while (at := lying.find(real)) >= 0:
        lying[at : at + 4] = (10).to_bytes(4, "little")
    assert "posts/0001.json" in await refused(village, site, io.BytesIO(bytes(lying)))
    monkeypatch.setattr("gateway.service.export_reading.LARGEST", 100)
    assert "unpacks to too much" in await refused(village, site, packed(good))


async def test_a_zip_with_a_file_twice_encrypted_or_cut_off_is_refused(
    village: Village, site: Site, good: Entries
) -> None:
    out = packed(good)
    with warnings.catch_warnings(), zipfile.ZipFile(out, "a") as file:
        warnings.simplefilter("ignore")
        file.writestr("posts/0001.json", b"[]")
    assert "holds posts/0001.json twice" in await refused(village, site, out)
    encrypted = bytearray(packed(good).getvalue())
    at = encrypted.find(b"PK\x01\x02")
    encrypted[at + 8] |= 1
    assert "is encrypted" in await refused(village, site, io.BytesIO(bytes(encrypted)))
    whole = packed(good).getvalue()
    for length in (0, 10, len(whole) // 2, len(whole) - 5):
        assert "not a zip file" in await refused(village, site, io.BytesIO(whole[:length]))
    spoilt = whole.replace(b"PK\x03\x04", b"PK\x03\x05", 1)
    assert "cannot be read" in await refused(village, site, io.BytesIO(spoilt))


WILD: list[Any] = [
    None,
    True,
    0,
    -1,
    2**63,
    10**400,
    "",
    "\ud800",
    "a\x00b",
    "x" * 1_000,
    "#\ud800",
    "#ulm",
    "+15550001001",
    "a@b\ud800",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "alice",
    "bob",
    "\u202e",
    "👩‍👩‍👧" * 10,
    [],
    {},
    [[]],
    {"id": 1},
]


def wilder(value: Any, dice: random.Random) -> Any:
    """The same with something wild in one place."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(sorted(value))
        return value | {key: wilder(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        at = dice.randrange(len(value))
        return [*value[:at], wilder(value[at], dice), *value[at + 1 :]]
    return dice.choice(WILD)


async def test_whatever_stands_in_a_file_it_is_brought_in_or_refused(
    village: Village, site: Site, elsewhere: Village, old_site: Site
) -> None:
    await with_addresses(elsewhere)
    me = elsewhere.ids["alice"]
    async with elsewhere.store.unit() as unit:
        row = await accounts.by_id(unit, me)
        assert row
        for key in ("#fog", "wifi"):
            await listening.listen(unit, site, row, key, texts=True, mail=False, now=NOW)
        await listening.join_group(unit, site, row, "team", texts=True, mail=True, now=NOW)
        await schedules.add(unit, me, "tip", cron="0 8 * * *", time_zone="UTC", next_at=NOW, now=NOW)
    await elsewhere.follows("alice", "bob")
    await elsewhere.mutes("alice", "carol")
    await elsewhere.says("alice", "hello", reply_to_id=await elsewhere.says("bob", "one"))
    await elsewhere.repeats("alice", 1)
    await elsewhere.says("alice", "psst", kind=PostKind.DIRECT, to_account_id=elsewhere.ids["bob"])
    await village.person("bob")
    with zipfile.ZipFile(await exported(elsewhere, old_site)) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    names = sorted(name for name in entries if name.endswith(".json"))
    dice, came = random.Random(7), 0  # noqa: S311  # wild, not secret
    for _ in range(300):
        name = dice.choice(names)
        wild = entries | {name: json.dumps(wilder(json.loads(entries[name]), dice)).encode()}
        try:
            async with village.store.unit() as unit:
                parcel = Parcel(packed(wild))
                parcel.check()
                prove = dice.random() < 0.5
                outcome = await moving_in.move_in(unit, site, parcel, called=None, prove=prove, now=LATER)
                came += isinstance(outcome, MovedIn)
                raise _Undone
        except (NotAnExport, _Undone):
            pass
    assert 10 < came < 290


class _Undone(Exception):
    """Once more from the beginning."""


async def test_a_file_lies_about_nobody_else(village: Village, site: Site, good: Entries) -> None:
    """Of this very instance, it says: posts that are not its author's, moments that cannot be."""
    await village.person("bob")
    await village.person("carol", protected=True)
    secret = await village.says("carol", "for my followers")
    bobs = await village.says("bob", "hello")
    page = json.loads(good["posts/0001.json"])
    page[0] |= {"answers": {"author": "carol", "id": secret}, "created_at": "0001-01-01T00:00:00+14:00"}
    page[1] |= {"repeats": {"author": "carol", "id": secret, "text": None}, "created_at": "9999-12-31T23:59:59Z"}
    for number in range(3):
        repeats = {"author": "bob", "id": bobs, "text": "words that bob never wrote"}
        page.append(page[0] | {"id": 10 + number, "answers": None, "repeats": repeats})
    there = json.loads(good["account.json"])
    there["site"]["url"] = site.public_url
    there["entries"]["posts"] = 5
    file = packed(good | {"posts/0001.json": json.dumps(page).encode(), "account.json": json.dumps(there).encode()})
    outcome = await brought(village, site, file)
    assert isinstance(outcome, MovedIn)
    assert outcome.left_behind.counts["reposts"] == 3
    async with village.store.reading() as read:
        profile = await reading.profile(read, "alice")
        assert isinstance(profile, reading.Profile)
        newest, oldest = (await reading.posts_of(read, profile)).posts
    assert newest.text == "hello"
    assert newest.repost_of
    assert oldest.reply_to is None
    assert oldest.created_at == datetime(1970, 1, 1, tzinfo=UTC)
