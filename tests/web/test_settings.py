"""A member's settings in a browser without scripts: each is seen to hold where it counts."""

from datetime import timedelta

import pytest
from lxml import html as parser

from gateway.domain.types import Channel
from gateway.service import choosing, joining, passwords, proving
from gateway.service.joining import Claimed
from gateway.service.site import Site
from gateway.web.codes_to_scan import as_file
from store import accounts, addresses, follows, offers
from store.accounts import AccountRow
from tests.traces import all_is_sent, time_to_forget, traces
from tests.web.browsing import Browser, letters, link_in, log_in, with_mail
from tests.web.village import NOW, Village

PHONE = "+15550001234"


@pytest.fixture
async def alice(village: Village, someone: Browser) -> Browser:
    """Alice, logged in, on her settings."""
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    await someone.open("/settings")
    return someone


async def account(village: Village, name: str = "alice") -> AccountRow:
    async with village.store.reading() as reading:
        found = await accounts.by_name(reading, name)
    assert found
    return found


async def test_a_profile_is_changed_and_shown(alice: Browser, village: Village) -> None:
    await alice.submit(
        "/settings/profile", bio="Gärtnerin\r\nin Ulm", time_zone="Europe/Berlin", overflow="split", language="en"
    )
    assert "Saved." in alice.text
    me = await account(village)
    assert (me.bio, me.time_zone, me.overflow, me.language) == ("Gärtnerin\nin Ulm", "Europe/Berlin", "split", "en")
    await alice.open("/@alice")
    assert "Gärtnerin in Ulm" in alice.text


async def test_a_profile_that_is_wrong_comes_back(alice: Browser, village: Village) -> None:
    assert await alice.submit("/settings/profile", bio="x" * 161) == 422
    assert "1 character too many" in alice.text
    assert alice.find("//textarea[@name='bio']")[0].text == "x" * 161
    word = alice.find("//input[@name='csrf']")[0].get("value")
    assert await alice.post("/settings/profile", csrf=word, time_zone="Mars/Olympus") == 422
    assert await alice.post("/settings/profile", csrf=word, language="tlh") == 422
    assert await alice.post("/settings/profile", csrf=word, overflow="shout") == 422
    assert (await account(village)).time_zone is None


async def test_protection_is_set_and_lifted_and_lets_in_who_waits(alice: Browser, village: Village) -> None:
    bob = await village.person("bob")
    await alice.submit("/settings/profile", protected="yes")
    assert (await account(village)).protected
    await village.follows("bob", "alice", state="requested")
    word = alice.find("//input[@name='csrf']")[0].get("value")
    await alice.post("/settings/profile", csrf=word, bio="")
    assert not (await account(village)).protected
    async with village.store.reading() as reading:
        edge = await follows.edge(reading, village.ids["alice"], bob)
    assert edge
    assert edge.state == "accepted"


async def test_a_name_is_changed_unless_it_is_taken(alice: Browser, village: Village) -> None:
    await village.person("bob")
    assert await alice.submit("/settings/name", name="bob") == 422
    assert "Somebody has that name" in alice.text
    assert await alice.submit("/settings/name", name="no spaces") == 422
    await alice.submit("/settings/name", name="@Alicia")
    assert "You are called alicia now" in alice.text


async def test_a_phone_that_is_typed_is_proven_from_the_phone(alice: Browser, village: Village, site: Site) -> None:
    await alice.submit("/settings/addresses", address="(555) 000-1234")
    assert "A code was texted" in alice.text
    [text] = await letters(village.store, PHONE)
    assert "482913" in text
    assert (await account(village)).phone_id is None
    async with village.store.unit() as unit:
        phone = await addresses.find(unit, Channel.SMS, PHONE)
        assert phone
        offer = await offers.pending(unit, phone.id, now=NOW)
        assert offer
        taken = await proving.take(unit, site, phone, offer, "482913", words="482913", now=NOW)
        assert isinstance(taken, Claimed)
    await alice.open("/settings")
    assert "+1 555-000-1234" in alice.text


async def test_a_mailbox_is_added_by_its_link(alice: Browser, village: Village) -> None:
    await alice.submit("/settings/addresses", address="al@work.example")
    [letter] = await letters(village.store, "al@work.example")
    await alice.open(link_in(letter))
    assert "al@work.example" in alice.text
    assert "al@work.example" not in (await listed(alice, village))
    await alice.open(link_in(letter))
    path, word = alice.path, alice.find("//input[@name='csrf']/@value")[0]
    await alice.submit(path)
    assert "The mailbox is yours" in alice.text
    assert "al@work.example" in await listed(alice, village)
    assert await alice.open(link_in(letter)) == 410
    assert "This link is too old" in alice.text
    assert await alice.post(path, csrf=word) == 410


async def listed(browser: Browser, village: Village) -> list[str]:
    async with village.store.reading() as reading:
        found = await choosing.held(reading, await account(village))
    return [each.address for each in found]


async def test_somebody_elses_link_adds_nothing(alice: Browser, village: Village) -> None:
    await alice.submit("/settings/addresses", address="al@work.example")
    [letter] = await letters(village.store, "al@work.example")
    await with_mail(village, "mallory")
    mallory = Browser(alice._session)
    await log_in(village, mallory, "mallory")
    assert await mallory.open(link_in(letter)) == 410
    assert "al@work.example" not in mallory.text
    word = mallory.find("//input[@name='csrf']/@value")[0]
    assert await mallory.post(link_in(letter), csrf=word) == 410


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("nonsense", "neither a phone number nor a mail address"),
        ("alice@mail.example", "You have that one already"),
        ("+15550009876", "belongs to another account"),
        ("bob@mail.example", "A link was mailed there"),
    ],
)
async def test_what_cannot_be_added_is_said(alice: Browser, village: Village, typed: str, words: str) -> None:
    bob = await with_mail(village, "bob")
    async with village.store.unit() as unit:
        await joining.give_address(unit, bob, Channel.SMS, "+15550009876", how="operator", now=NOW)
    await alice.submit("/settings/addresses", address=typed)
    assert words in alice.text


async def test_the_last_way_in_stays_and_another_can_go(alice: Browser, village: Village) -> None:
    assert await alice.submit("/settings/addresses/remove") == 422
    assert "last way in" in alice.text
    me = await account(village)
    async with village.store.unit() as unit:
        await joining.give_address(unit, me.id, Channel.SMS, PHONE, how="operator", now=NOW)
    await alice.open("/settings")
    await alice.submit("/settings/addresses/remove")
    assert "off your account?" in alice.text
    assert len(await listed(alice, village)) == 2, "it is asked first"
    await alice.open("/settings")
    await alice.submit("/settings/addresses/remove")
    await alice.submit("/settings/addresses/remove")
    assert "Taken off." in alice.text
    assert len(await listed(alice, village)) == 1


async def test_of_two_mailboxes_either_can_be_used(alice: Browser, village: Village) -> None:
    first = (await account(village)).mail_id
    async with village.store.unit() as unit:
        await joining.give_address(
            unit, village.ids["alice"], Channel.EMAIL, "al@work.example", how="web", now=NOW - timedelta(minutes=1)
        )
    await alice.open("/settings")
    await alice.submit("/settings/addresses/use")
    assert "From now on that one is used." in alice.text
    assert (await account(village)).mail_id not in {first, None}
    await alice.submit("/settings/addresses/use")
    assert (await account(village)).mail_id is not None


async def test_nobody_uses_what_is_not_theirs_or_is_stopped(alice: Browser, village: Village) -> None:
    await with_mail(village, "bob")
    async with village.store.unit() as unit:
        theirs = await addresses.find(unit, Channel.EMAIL, "bob@mail.example")
        stopped = await joining.give_address(
            unit, village.ids["alice"], Channel.EMAIL, "al@work.example", how="web", now=NOW
        )
        await addresses.mark_dead(unit, stopped.id, "550", now=NOW)
    assert theirs
    await alice.open("/settings")
    assert "does not work" in alice.text
    word = alice.find("//input[@name='csrf']")[0].get("value")
    for which in (theirs.id, stopped.id):
        assert await alice.post("/settings/addresses/use", csrf=word, which=str(which)) == 422
        assert "so it cannot be used" in alice.text
    assert (await account(village)).mail_id not in {theirs.id, stopped.id}
    assert await alice.post("/settings/addresses/use", csrf=word, which="x") == 400


async def test_mails_and_texts_are_paused_and_go_on_and_codes_still_come(alice: Browser, village: Village) -> None:
    async with village.store.unit() as unit:
        await joining.give_address(unit, village.ids["alice"], Channel.SMS, PHONE, how="web", now=NOW)
    await alice.open("/settings")
    word = alice.find("//input[@name='csrf']")[0].get("value")
    await alice.post("/settings/addresses/pause", csrf=word, channel="email", act="pause")
    assert "No posts come by mail" in alice.text
    await alice.post("/settings/addresses/pause", csrf=word, channel="sms", act="pause")
    me = await account(village)
    assert (me.email_mode, me.texts_on) == ("off", False)
    assert [each.text for each in alice.find("//span[@class='mark']")] == ["paused", "paused"]
    other = Browser(alice._session)
    await log_in(village, other, "alice")
    for channel in ("email", "sms"):
        await alice.post("/settings/addresses/pause", csrf=word, channel=channel, act="go-on")
    me = await account(village)
    assert (me.email_mode, me.texts_on) == ("instant", True)
    assert await alice.post("/settings/addresses/pause", csrf=word, channel="fax", act="pause") == 400
    assert await alice.post("/settings/addresses/pause", csrf=word, channel="sms", act="shout") == 400


@pytest.mark.parametrize(
    ("rhythm", "said"),
    [("instant", "for each post at once"), ("hourly", "one an hour"), ("daily", "one a day")],
)
async def test_mails_that_were_paused_come_again_as_they_did_before(
    alice: Browser, village: Village, rhythm: str, said: str
) -> None:
    await alice.submit("/settings/channels", mail=rhythm, hour="18")
    for _ in range(2):  # twice: nothing is forgotten in between, and a pause within a pause changes nothing
        word = alice.find("//input[@name='csrf']")[0].get("value")
        await alice.post("/settings/addresses/pause", csrf=word, channel="email", act="pause")
        await alice.post("/settings/addresses/pause", csrf=word, channel="email", act="pause")
        me = await account(village)
        assert (me.email_mode, me.digest_hour) == ("off", 18)
        await alice.post("/settings/addresses/pause", csrf=word, channel="email", act="go-on")
        assert said in alice.find("//p[@role='status']")[0].text
        me = await account(village)
        assert (me.email_mode, me.digest_hour, me.email_before) == (rhythm, 18, None)
        if rhythm != "instant":
            assert me.digest_at
            assert me.digest_at > NOW
    at = {"hourly": NOW + timedelta(hours=1), "daily": NOW.replace(hour=18)}.get(rhythm)
    assert at is None or me.digest_at == at


async def test_whoever_chooses_anew_gets_what_they_chose_and_not_what_was_before(
    alice: Browser, village: Village
) -> None:
    await alice.submit("/settings/channels", mail="daily", hour="")
    await alice.submit("/settings/channels", mail="off", hour="")
    await alice.submit("/settings/channels", mail="instant", hour="")
    me = await account(village)
    assert (me.email_mode, me.email_before) == ("instant", None)


async def test_times_are_on_the_clocks_that_a_member_chose(alice: Browser, village: Village) -> None:
    await village.says("alice", "hello")
    await alice.open("/@alice")
    before = alice.find("//time/@title")
    await alice.open("/settings")
    await alice.submit("/settings/profile", time_zone="Europe/Berlin")
    await alice.open("/@alice")
    assert before == ["21 November 2026, 06:07 UTC"]
    assert alice.find("//time/@title") == ["21 November 2026, 07:07 CET"]


async def test_whom_one_mutes_and_blocks_is_listed_and_let_back(alice: Browser, village: Village) -> None:
    for name in ("bob", "carol", "mallory"):
        await village.person(name)
    assert "Nobody. On a person's page" in alice.text
    await village.mutes("alice", "bob")
    await village.blocks("alice", "carol")
    await village.mutes("alice", "mallory")
    await village.blocks("mallory", "alice")
    await alice.open("/settings")
    section = "//section[@aria-labelledby='away']"
    assert alice.find(f"{section}//li/a/text()") == ["bob", "carol", "mallory"]
    assert alice.find(f"{section}//span[@class='mark']/text()") == ["muted", "blocked", "muted"]
    for action in ("/@bob/unmute", "/@carol/unblock", "/@mallory/unmute"):
        await alice.submit(action)
        assert alice.path == "/settings"
    assert "Nobody. On a person's page" in alice.text


async def test_nobody_takes_off_what_is_not_theirs(alice: Browser, village: Village) -> None:
    await with_mail(village, "bob")
    async with village.store.reading() as reading:
        theirs = await addresses.find(reading, Channel.EMAIL, "bob@mail.example")
    assert theirs
    word = alice.find("//input[@name='csrf']")[0].get("value")
    assert await alice.post("/settings/addresses/remove", csrf=word, which=str(theirs.id)) == 404
    await alice.post("/settings/addresses/remove", csrf=word, which=str(theirs.id), sure="yes")
    assert await letters(village.store, "bob@mail.example") == []
    async with village.store.reading() as reading:
        still = await addresses.find(reading, Channel.EMAIL, "bob@mail.example")
    assert still
    assert still.account_id == village.ids["bob"]


async def test_a_claim_code_joins_the_phone_that_texts_it(alice: Browser, village: Village, site: Site) -> None:
    await alice.submit("/settings/claim")
    scanned, words = alice.find("//*[@role='img']//*[name()='path']/@d"), alice.find("//a[@class='sms']")[0].text
    assert scanned == parser.fromstring(as_file(site.number, words)).xpath("//*[name()='path']/@d")
    assert f"body={words.replace(' ', '%20')}" in alice.find("//a[@class='sms']/@href")[0]
    code = alice.text.partition("CLAIM ")[2][:8]
    assert code.isdigit()
    async with village.store.unit() as unit:
        phone = await addresses.find_or_add(unit, Channel.SMS, PHONE, now=NOW)
        assert isinstance(await joining.claim(unit, site, phone, code, words=f"CLAIM {code}", now=NOW), Claimed)


async def test_channels_and_quiet_hours(alice: Browser, village: Village) -> None:
    await alice.submit("/settings/channels", mail="daily", hour="18", texts="")
    await alice.submit("/settings/quiet", start="22:00", until="07:00")
    me = await account(village)
    assert (me.email_mode, me.digest_hour, me.quiet_hours) == ("daily", 18, "22:00-07:00")
    assert me.wakes_at
    await alice.submit("/settings/quiet", start="", until="")
    assert (await account(village)).quiet_hours is None
    assert await alice.submit("/settings/quiet", start="late", until="07:00") == 422
    assert [alice.find(f"//input[@name='{name}']/@value")[0] for name in ("start", "until")] == ["late", "07:00"]


@pytest.mark.parametrize(("start", "until"), [("22:00", ""), ("", "07:00"), ("22:00", "22:00")])
async def test_half_of_the_quiet_hours_is_no_quiet_and_is_not_called_saved(
    alice: Browser, village: Village, start: str, until: str
) -> None:
    await alice.submit("/settings/quiet", start="21:00", until="06:00")
    assert await alice.submit("/settings/quiet", start=start, until=until) == 422
    assert "two different hours" in alice.text
    assert [alice.find(f"//input[@name='{name}']/@value")[0] for name in ("start", "until")] == [start, until]
    assert (await account(village)).quiet_hours == "21:00-06:00"


async def test_what_else_was_chosen_is_not_forgotten_when_the_words_are_too_long(alice: Browser) -> None:
    chosen = {"time_zone": "Asia/Tokyo", "overflow": "split", "protected": "yes"}
    assert await alice.submit("/settings/profile", bio="x" * 200, **chosen) == 422
    [form] = [each for each in parser.fromstring(alice.html).forms if each.get("action") == "/settings/profile"]
    values = dict(form.form_values())
    assert {name: values.get(name) for name in chosen} == chosen


async def test_quiet_hours_move_with_the_time_zone(alice: Browser, village: Village) -> None:
    await alice.submit("/settings/quiet", start="22:00", until="07:00")
    before = (await account(village)).sleeps_at
    await alice.submit("/settings/profile", time_zone="Asia/Tokyo")
    after = (await account(village)).sleeps_at
    assert before
    assert after
    assert (before - after) % timedelta(days=1) == timedelta(hours=9)


@pytest.mark.parametrize("which", ["posting", "feed"])
async def test_secret_addresses_are_made_anew(alice: Browser, which: str) -> None:
    before = [each.text for each in alice.find("//dl[@class='secrets']//code")]
    await alice.submit("/settings/renew", button=f"which={which}")
    after = [each.text for each in alice.find("//dl[@class='secrets']//code")]
    changed = [old != new for old, new in zip(before, after, strict=True)]
    assert changed == ([True, False, False, False] if which == "posting" else [False, True, True, True])


async def test_the_secret_feeds_that_the_settings_name_are_there(alice: Browser, village: Village) -> None:
    await village.person("shy", protected=True)
    await village.follows("alice", "shy")
    await village.says("shy", "between us")
    await alice.open("/@shy")
    assert alice.find("//p[@class='feeds']/a/@href") == ["/settings#secret"]
    await alice.open("/settings")
    of_home, _, of_one = (each.text.partition("/feeds/")[2] for each in alice.find("//dl[@class='secrets']//code")[1:])
    for path in (of_home, of_one.replace("@name.", "@shy.")):
        assert await alice.open(f"/feeds/{path}") == 200
        assert "between us" in alice.html


async def test_what_is_wrong_is_said_first_and_at_its_field(alice: Browser) -> None:
    assert await alice.submit("/settings/pin", pin="12") == 422
    [summary] = alice.find("//*[@role='alert']//a")
    assert summary.text == "A PIN has 4 to 8 digits."
    section = summary.get("href").removeprefix("#")
    [said] = alice.find("//*[@id='problem']")
    assert said.getparent().get("aria-labelledby") == section
    assert [each.get("name") for each in alice.find("//*[@aria-invalid]")] == ["pin"]
    assert alice.find("//input[@name='pin']/@aria-describedby") == ["pin-hint problem"]


async def test_a_pin_is_set_and_ended(alice: Browser, village: Village) -> None:
    assert await alice.submit("/settings/pin", pin="12") == 422
    await alice.submit("/settings/pin", pin="4821")
    assert (await account(village)).pin_hash
    await alice.submit("/settings/pin", pin="")
    assert not (await account(village)).pin_hash


async def test_a_password_is_set_changed_and_ended_and_logs_others_out(alice: Browser, village: Village) -> None:
    other = Browser(alice._session)
    await log_in(village, other, "alice")
    assert await alice.submit("/settings/password", new="short") == 422
    await alice.submit("/settings/password", new="correct horse battery")
    assert "Other browsers were logged out" in alice.text
    await other.open("/home")
    assert other.path == "/login"
    assert await alice.submit("/settings/password", current="wrong", new="another long one") == 422
    await alice.submit("/settings/password", current="correct horse battery", new="another long one")
    assert passwords.is_right((await account(village)).password_hash, "another long one")
    await alice.submit("/settings/password", button="act=end", current="another long one")
    assert not (await account(village)).password_hash


async def test_sessions_are_listed_and_ended(alice: Browser, village: Village) -> None:
    other = Browser(alice._session, {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"})
    await log_in(village, other, "alice")
    await alice.open("/settings")
    assert "Firefox on Windows" in alice.text
    await alice.submit("/settings/sessions")
    await other.open("/home")
    assert other.path == "/login"
    assert await alice.open("/home") == 200
    assert alice.path == "/home"


async def test_an_account_is_deleted_by_whoever_types_its_name(alice: Browser, village: Village) -> None:
    post = await village.says("alice", "still here")
    await alice.open("/settings/delete")
    assert await alice.submit("/settings/delete", name="alicia") == 422
    await alice.submit("/settings/delete", name="Alice")
    assert "It is deleted" in alice.text
    assert "Log out" not in alice.text
    await alice.open("/home")
    assert alice.path == "/login"
    assert await alice.open(f"/@alice/{post}") in (404, 410)
    await all_is_sent(village.store)
    await time_to_forget(village.store, NOW)
    assert await traces(village.store, ["alice", "still here", "Firefox"], village.ids["alice"]) == set()


async def test_mail_is_guarded_and_old_mails_are_closed(alice: Browser, village: Village) -> None:
    await alice.submit("/settings/guard", checks="yes")
    assert (await account(village)).checks_sender
    word = alice.find("//input[@name='csrf']")[0].get("value")
    await alice.post("/settings/guard", csrf=word)
    assert not (await account(village)).checks_sender
    await alice.post("/settings/renew", csrf=word, which="replies")
    assert (await account(village)).reply_version == 1
    assert await alice.post("/settings/renew", csrf=word, which="everything") == 400
