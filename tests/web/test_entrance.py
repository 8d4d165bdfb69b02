"""Signing up, logging in, going out, and who is kept out."""

from dataclasses import replace
from urllib.parse import urlsplit

import aiohttp
import pytest
from sqlalchemy import select

from gateway.domain.types import Channel
from gateway.service import joining, passwords
from gateway.service.numbers import dialled
from gateway.service.site import Limits, Site
from gateway.web.visitors import device, way_back
from store import accounts, addresses
from store.schema import signups
from tests.web.browsing import Browser, letters, link_in, log_in, visited, with_mail
from tests.web.village import NOW, Village

PHONE = "+15550001234"


async def with_phone(village: Village, name: str) -> int:
    account_id = await village.person(name)
    async with village.store.unit() as unit:
        await joining.give_address(unit, account_id, Channel.SMS, PHONE, how="operator", now=NOW)
    return account_id


async def test_a_newcomer_signs_up_with_a_mail_address(village: Village, someone: Browser) -> None:
    await someone.open("/signup")
    assert await someone.submit("/signup", name="Dora", address="dora@mail.example") == 200
    assert "mailbox" in someone.text
    async with village.store.reading() as reading:
        assert await accounts.by_name(reading, "dora") is None
    [letter] = await letters(village.store, "dora@mail.example")
    assert await someone.open(link_in(letter)) == 200
    async with village.store.reading() as reading:
        assert await accounts.by_name(reading, "dora") is None, "opening a link is not yet a yes"
    await someone.submit(someone.path)
    assert "Log out" in someone.text
    async with village.store.reading() as reading:
        dora = await accounts.by_name(reading, "dora")
        assert dora
        found = await addresses.find(reading, Channel.EMAIL, "dora@mail.example")
        assert found
        assert found.owner_id == dora.id
    posting = (await letters(village.store, "dora@mail.example"))[-1]
    assert "post+" in posting


async def test_a_newcomer_signs_up_with_a_phone_and_gets_no_posts_there_before_it_answers(
    village: Village, someone: Browser
) -> None:
    await someone.open("/signup")
    await someone.submit("/signup", name="dora", address="(555) 000-1234")
    [text] = await letters(village.store, PHONE)
    assert "482913" in text
    assert await someone.submit("/signup/code", code="111111") == 422
    await someone.submit("/signup/code", code=" 482 913")
    assert "Log out" in someone.text
    async with village.store.reading() as reading:
        dora = await accounts.by_name(reading, "dora")
        assert dora
        assert not dora.texts_on
        assert dora.phone_id is not None
    confirmation = (await letters(village.store, PHONE))[-1]
    assert all(words in confirmation for words in ("Testville", "ON", "HELP", "STOP", "rates may apply"))


async def test_a_phone_that_signs_up_or_logs_in_is_written_with_its_country(village: Village, someone: Browser) -> None:
    await someone.open("/signup")
    await someone.submit("/signup", name="dora", address="(555) 000 1234")
    assert "on its way to +1 555-000-1234." in someone.text
    assert someone.find("//form[@action='/signup/code']//input[@name='address']")[0].get("value") == PHONE
    assert await someone.submit("/signup/code", code="111111") == 422
    assert "on its way to +1 555-000-1234." in someone.text
    for typed, shown in (("5550001234", "+1 555-000-1234"), ("dora", "dora"), ("d@mail.example", "d@mail.example")):
        await someone.open("/login")
        await someone.submit("/login", who=typed)
        assert f"If {shown} has an account here" in someone.text
        assert await someone.submit("/login/code", code="000000") == 422
        assert f"If {shown} has an account here" in someone.text


async def test_nobody_signs_up_with_a_number_of_the_site_itself(village: Village, someone: Browser, site: Site) -> None:
    await someone.open("/signup")
    assert await someone.submit("/signup", name="dora", address=dialled(site.number)) == 422
    assert "That is neither a phone number nor a mail address." in someone.text
    assert await letters(village.store, site.number) == []


async def test_wrong_codes_end_a_sign_up(village: Village, someone: Browser) -> None:
    await someone.open("/signup")
    await someone.submit("/signup", name="dora", address=PHONE)
    for _ in range(4):
        assert await someone.submit("/signup/code", code="111111") == 422
    assert await someone.submit("/signup/code", code="111111") == 410
    await someone.open("/signup")
    async with village.store.reading() as reading:
        assert await accounts.by_name(reading, "dora") is None


async def test_nobody_voids_somebody_elses_code_by_trying_wrong_ones(
    village: Village, someone: Browser, site_open: aiohttp.ClientSession
) -> None:
    await someone.open("/signup")
    await someone.submit("/signup", name="dora", address=PHONE)
    mallory = Browser(site_open)
    await mallory.open("/signup")
    word = mallory.find("//input[@name='csrf']")[0].get("value")
    async with village.store.reading() as reading:
        [number] = [row.id for row in await reading.execute(select(signups.c.id))]
    for guess in (str(number), "", "x" * 40, "9" * 40):
        assert await mallory.post("/signup/code", csrf=word, signup=guess, address=PHONE, code="111111") == 400
    await someone.submit("/signup/code", code="482913")
    assert "Log out" in someone.text


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [
        ("alice", "x@mail.example", "Somebody has that name"),
        ("admin", "x@mail.example", "Somebody has that name"),
        ("far too long for a name", "x@mail.example", "1 to 15"),
        ("dora", "dora", "neither a phone number nor a mail address"),
        ("dora", "a b@mail.example", "neither a phone number nor a mail address"),
        ("dora", "12", "neither a phone number nor a mail address"),
    ],
)
async def test_a_form_that_is_wrong_comes_back_with_what_was_typed(
    village: Village, someone: Browser, name: str, address: str, words: str
) -> None:
    await village.person("alice")
    await someone.open("/signup")
    assert await someone.submit("/signup", name=name, address=address) == 422
    assert words in someone.text
    assert someone.find("//input[@name='name']")[0].get("value") == name
    assert someone.find("//input[@name='address']")[0].get("value") == address


async def test_a_sign_up_with_an_address_that_is_taken_tells_its_holder_and_nobody_else(
    village: Village, someone: Browser
) -> None:
    await with_mail(village, "alice")
    await someone.open("/signup")
    await someone.submit("/signup", name="mallory", address="alice@mail.example")
    taken = someone.text.replace("alice@", "x@")
    await someone.open("/signup")
    await someone.submit("/signup", name="mallory", address="x@mail.example")
    assert someone.text == taken
    [letter] = await letters(village.store, "alice@mail.example")
    assert "You are alice there already" in letter


async def test_nobody_signs_up_where_that_is_closed(village: Village, site: Site) -> None:
    async with visited(village.store, replace(site, registration="closed")) as session:
        someone = Browser(session)
        await someone.open("/signup")
        assert not someone.find("//form[@action='/signup']")
        await someone.open("/login")
        word = someone.find("//input[@name='csrf']")[0].get("value")
        assert await someone.post("/signup", csrf=word, name="dora", address="d@mail.example") == 422


async def test_logging_in_by_a_mailed_link(village: Village, someone: Browser) -> None:
    await with_mail(village, "alice")
    await someone.open("/login?next=/tags/x")
    await someone.submit("/login", who="alice@mail.example")
    [letter] = await letters(village.store, "alice@mail.example")
    await someone.open(link_in(letter))
    assert "Log in as alice" in someone.text
    link = someone.path
    await someone.submit(link)
    assert "Log out" in someone.text
    again = Browser(someone._session)
    assert await again.open(link) == 410


async def test_a_mailed_link_leads_to_where_somebody_wanted_to_go(village: Village, someone: Browser) -> None:
    await with_mail(village, "alice")
    await someone.open("/login?next=/tags/x%3Fbefore%3D5")
    await someone.submit("/login", who="alice")
    link = link_in((await letters(village.store, "alice@mail.example"))[-1])
    assert link.endswith("?next=/tags/x%3Fbefore%3D5")
    await someone.open(link)
    await someone.submit(someone.path)
    assert someone.path == "/tags/x"
    other = Browser(someone._session)
    await other.open("/login?next=//evil.example")
    await other.submit("/login", who="alice")
    link = link_in((await letters(village.store, "alice@mail.example"))[-1])
    assert "next" not in link
    await other.open(f"{link}?next=https://evil.example")
    await other.submit(other.path)
    assert other.path == "/home"


async def test_a_link_to_sign_up_that_is_over_says_so_before_the_click(village: Village, someone: Browser) -> None:
    await someone.open("/signup")
    await someone.submit("/signup", name="dora", address="dora@mail.example")
    link = link_in((await letters(village.store, "dora@mail.example"))[-1])
    await someone.open(link)
    assert "Join Testville as dora" in someone.text
    await someone.submit(link)
    assert "Log out" in someone.text
    other = Browser(someone._session)
    assert await other.open(link) == 410
    assert "That took too long, or was used already" in other.text


async def test_the_page_that_sends_codes_tells_another_way_in_and_the_same_to_all(
    village: Village, someone: Browser
) -> None:
    await with_mail(village, "alice")
    async with village.store.unit() as unit:
        box = await addresses.find(unit, Channel.EMAIL, "alice@mail.example")
        assert box
        await addresses.mark_dead(unit, box.id, "550 no such mailbox", now=NOW)
    pages = []
    for who in ("alice@mail.example", "nobody@mail.example"):
        await someone.open("/login")
        assert await someone.submit("/login", who=who) == 200
        pages.append(someone.text.replace(dialled(who), "…"))
    assert pages[0] == pages[1]
    for words in ("a mailbox whose mails came back", "text START and then LOGIN", "another phone or mailbox"):
        assert words in pages[0]
    assert await letters(village.store, "alice@mail.example") == []


async def test_a_class_behind_one_router_signs_up_and_logs_in_together(
    village: Village, site_open: aiohttp.ClientSession
) -> None:
    for number in range(30):
        pupil = Browser(site_open)
        await pupil.open("/signup")
        assert await pupil.submit("/signup", name=f"pupil{number}", address=f"p{number}@mail.example") == 200
        link = link_in((await letters(village.store, f"p{number}@mail.example"))[-1])
        await pupil.open(link)
        assert await pupil.submit(link) == 200


async def test_who_tries_too_often_is_told_how_long_to_wait(village: Village, site: Site) -> None:
    async with visited(village.store, replace(site, limits=Limits(signups_per_hour=2))) as session:
        someone = Browser(session)
        await someone.open("/signup")
        word = someone.find("//input[@name='csrf']")[0].get("value")
        for number in range(2):
            await someone.post("/signup", csrf=word, name="no name", address=f"p{number}@mail.example")
        assert await someone.post("/signup", csrf=word, name="dora", address="dora@mail.example") == 429
        assert "Please wait 60 minutes." in someone.text
        assert 3500 < int(someone.answer_headers["Retry-After"]) <= 3600


async def test_logging_in_by_a_texted_code(village: Village, someone: Browser) -> None:
    await with_phone(village, "alice")
    await someone.open("/login")
    await someone.submit("/login", who="alice")
    assert "482913" in (await letters(village.store, PHONE))[-1]
    assert await someone.submit("/login/code", code="000000") == 422
    await someone.submit("/login/code", code="482913")
    assert "Log out" in someone.text


async def test_a_code_is_void_after_five_wrong_ones(village: Village, someone: Browser) -> None:
    await with_phone(village, "alice")
    await someone.open("/login")
    await someone.submit("/login", who="alice")
    for _ in range(5):
        assert await someone.submit("/login/code", code="000000") == 422
    assert await someone.submit("/login/code", code="482913") == 422


async def test_nobody_learns_from_the_log_in_page_who_has_an_account(village: Village, someone: Browser) -> None:
    await with_mail(village, "alice")
    pages = []
    for who in ("alice", "nobody", "alice@mail.example", "nobody@mail.example", "+15550007777"):
        await someone.open("/login")
        assert await someone.submit("/login", who=who) == 200
        pages.append(someone.text.replace(dialled(who), "…"))
    assert len(set(pages)) == 1


async def test_a_phone_that_said_stop_gets_no_code(village: Village, someone: Browser) -> None:
    await with_phone(village, "alice")
    async with village.store.unit() as unit:
        phone = await addresses.find(unit, Channel.SMS, PHONE)
        assert phone
        await addresses.opt_out(unit, phone.id, now=NOW)
    await someone.open("/login")
    await someone.submit("/login", who=PHONE)
    assert await letters(village.store, PHONE) == []


async def test_so_many_codes_a_day_and_no_more(village: Village, someone: Browser, site: Site) -> None:
    await with_phone(village, "alice")
    for _ in range(site.limits.codes_per_day + 3):
        await someone.open("/login")
        await someone.submit("/login", who="alice")
    assert len(await letters(village.store, PHONE)) == site.limits.codes_per_day


async def test_logging_in_by_password(village: Village, someone: Browser) -> None:
    alice = await village.person("alice")
    async with village.store.unit() as unit:
        await accounts.set_password(unit, alice, passwords.hashed("correct horse battery"))
    await someone.open("/login")
    assert await someone.submit("/login/password", who="alice", password="incorrect horse") == 422
    assert "do not belong together" in someone.text
    assert await someone.submit("/login/password", who="nobody", password="correct horse battery") == 422
    await someone.submit("/login/password", who="alice", password="correct horse battery")
    assert "Log out" in someone.text


async def test_whoever_types_a_password_and_presses_enter_logs_in_by_it(village: Village, someone: Browser) -> None:
    account_id = await with_mail(village, "alice")
    async with village.store.unit() as unit:
        await accounts.set_password(unit, account_id, passwords.hashed("correct horse battery"))
    await someone.open("/login?next=/messages")
    assert await someone.submit("/login", who="alice", password="incorrect horse") == 422
    assert "leave the password empty" in someone.text
    assert someone.find("//input[@name='who']")[0].get("value") == "alice"
    assert await letters(village.store, "alice@mail.example") == []
    await someone.submit("/login", who="alice", password="correct horse battery")
    assert someone.path == "/messages"
    assert await letters(village.store, "alice@mail.example") == []


async def test_passwords_are_not_tried_for_ever(village: Village, someone: Browser) -> None:
    await village.person("alice")
    await someone.open("/login")
    tried = []
    for _ in range(12):
        tried.append(await someone.submit("/login/password", who="alice", password="a guess of many"))
        await someone.open("/login")
    assert tried == [422] * 10 + [429] * 2


async def test_without_a_password_none_is_right(village: Village, someone: Browser) -> None:
    await village.person("alice")
    await someone.open("/login")
    assert await someone.submit("/login/password", who="alice", password="") == 422


async def test_logging_out_ends_the_session_and_not_only_the_cookie(village: Village, someone: Browser) -> None:
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    kept = dict(someone.cookies)
    await someone.open("/")
    await someone.submit("/logout")
    assert "Log out" not in someone.text
    someone.cookies = kept
    await someone.open("/")
    assert "Log out" not in someone.text


async def test_a_suspended_account_is_logged_out(village: Village, someone: Browser) -> None:
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    await village.is_suspended("alice")
    await someone.open("/")
    assert "Log out" not in someone.text


async def test_the_session_cookie_is_for_this_host_alone_and_for_no_script(village: Village, someone: Browser) -> None:
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    assert set(someone.cookies) == {"__Host-birdwire"}
    async with someone._session.get("/login") as answer:
        [line] = answer.headers.getall("Set-Cookie")
    assert all(words in line for words in ("__Host-form=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"))


async def test_a_form_from_elsewhere_does_nothing(
    village: Village, someone: Browser, site_open: aiohttp.ClientSession
) -> None:
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    await someone.open("/")
    word = someone.find("//input[@name='csrf']")[0].get("value")
    assert await someone.post("/logout") == 403
    assert await someone.post("/logout", csrf="x" * 24) == 403
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        someone.headers = headers
        assert await someone.post("/logout", csrf=word) == 403
    someone.headers = {"Origin": "https://birds.example", "Sec-Fetch-Site": "same-origin"}
    other = Browser(site_open)
    await other.open("/login")
    assert await other.post("/logout", csrf=word) == 403, "a word serves one browser only"
    assert await someone.post("/logout", csrf=word) == 200


async def test_whoever_opens_a_link_again_that_let_them_in_goes_on(
    village: Village, someone: Browser, site_open: aiohttp.ClientSession
) -> None:
    await someone.open("/signup")
    await someone.submit("/signup", name="dora", address="dora@mail.example")
    joining_link = link_in((await letters(village.store, "dora@mail.example"))[-1])
    await someone.open(joining_link)
    await someone.submit(joining_link)
    other = Browser(site_open)
    await other.open("/login?next=/mentions")
    await other.submit("/login", who="dora")
    login_link = link_in((await letters(village.store, "dora@mail.example"))[-1])
    await other.open(login_link)
    await other.submit(login_link.partition("?")[0])
    assert (other.status, other.path) == (200, "/mentions")
    for link, way_on in ((joining_link, "/home"), (login_link, "/mentions")):
        assert (await other.open(link), other.path) == (200, way_on)
        assert await Browser(site_open).open(link) == 410, "nobody else is let in"


async def test_whoever_was_logged_out_meanwhile_is_not_told_of_cookies(village: Village, someone: Browser) -> None:
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    await village.is_suspended("alice")
    assert await someone.post("/posts", text="my words") == 403
    assert "the page was open for too long" in someone.text


async def test_whoever_lets_no_cookies_in_is_told_that_forms_need_one(someone: Browser) -> None:
    await someone.open("/login")
    word = someone.find("//input[@name='csrf']")[0].get("value")
    someone.cookies.clear()
    assert await someone.post("/login", csrf=word, who="alice") == 403
    assert "let your browser keep cookies of this site" in someone.text


async def test_a_page_says_for_which_log_in_it_was_made_and_none_is_taken_for_a_log_out_that_is_none(
    village: Village, someone: Browser, site_open: aiohttp.ClientSession
) -> None:
    def visit() -> list[str]:
        return someone.find("//body/@data-visit")

    assert await someone.open("/") == 200
    assert visit() == [""]
    assert await someone.post("/posts", text="my words") == 403
    assert visit() == [], "whoever goes back finds the words that were refused"
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    [first] = visit()
    assert first.isdigit()
    await someone.open("/@nobody")
    assert visit() == [first]
    for nobodys in ("/@nobody.rss", "/static/nothing.css", "/feeds/nothing/home.atom"):
        assert await someone.open(nobodys) == 404
        assert visit() == [], "nobody was asked who looks"
    await someone.open("/settings")
    await someone.submit("/logout")
    assert visit() == [""]
    await log_in(village, someone, "alice")
    assert visit() != [first]


async def test_phones_know_what_belongs_into_each_field_of_the_way_in(village: Village, someone: Browser) -> None:
    def of(field: str) -> dict[str, str]:
        [found] = someone.find(f"//input[@id='{field}']")
        return {key: found.get(key) for key in ("autocomplete", "inputmode", "autocapitalize") if found.get(key)}

    await someone.open("/login")
    assert of("who") == {"autocomplete": "username", "inputmode": "email", "autocapitalize": "none"}
    assert of("password") == {"autocomplete": "current-password"}
    await someone.open("/signup")
    assert of("name") == {"autocomplete": "username", "autocapitalize": "none"}
    assert of("address") == {"autocomplete": "email", "inputmode": "email", "autocapitalize": "none"}
    await someone.submit("/signup", name="dora", address="+15550001003")
    assert of("code") == {"autocomplete": "one-time-code", "inputmode": "numeric"}


async def test_members_see_a_private_site_and_others_are_asked_to_log_in(village: Village, site: Site) -> None:
    await with_mail(village, "alice")
    await village.says("alice", "among us")
    async with visited(village.store, replace(site, private=True)) as session:
        someone = Browser(session)
        assert await someone.open("/") == 403
        assert "among us" not in someone.html
        assert someone.find("//a[starts-with(@href, '/login')]")
        await log_in(village, someone, "alice")
        assert await someone.open("/") == 200
        assert "among us" in someone.html


@pytest.mark.parametrize(
    ("asked", "way"),
    [
        ("/settings?x=1", "/settings?x=1"),
        ("//evil.example", "/home"),
        ("/\\evil.example", "/home"),
        ("https://evil.example", "/home"),
        ("javascript:alert(1)", "/home"),
        ("/ok\r\nSet-Cookie: x", "/home"),
        ("", "/home"),
        (None, "/home"),
    ],
)
def test_the_way_back_stays_on_this_site(asked: str | None, way: str) -> None:
    assert way_back(asked) == way
    assert urlsplit(way_back(asked)).netloc == ""


def test_a_browser_is_called_what_people_call_it() -> None:
    agent = "Mozilla/5.0 (Linux; Android 9; x) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"
    assert device(agent) == "Chrome on Android"
    assert device("") == "A browser"
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) {} Safari/604"
    assert device(iphone.format("Version/18.5 Mobile/15E148")) == "Safari on iPhone"
    assert device(iphone.format("CriOS/137.0 Mobile/15E148")) == "Chrome on iPhone"
    assert device(iphone.format("FxiOS/139.0 Mobile/15E148")) == "Firefox on iPhone"
    assert device(agent.replace("Chrome/120.0", "SamsungBrowser/28.0 Chrome/120.0")) == "Samsung Internet on Android"


async def test_a_private_site_leads_strangers_nowhere_that_is_shut(village: Village, site: Site) -> None:
    async with visited(village.store, replace(site, private=True)) as session:
        someone = Browser(session)
        for page in ("/", "/login", "/signup", "/help", "/nothing"):
            await someone.open(page)
            for path in {each for each in someone.find("//a/@href") if each.startswith("/") and each != "/"}:
                assert await someone.open(path) == 200, (page, path)
                await someone.open(page)


async def test_a_private_site_names_no_feeds_but_the_secret_ones(village: Village, site: Site) -> None:
    await with_mail(village, "alice")
    await village.says("alice", "hello #talk")
    async with visited(village.store, replace(site, private=True)) as session:
        alice = Browser(session)
        await log_in(village, alice, "alice")
        for path in ("/", "/@alice", "/@alice/1", "/tags/talk", "/search?q=hello"):
            assert await alice.open(path) == 200, path
            feeds = alice.find("//link[@rel='alternate']/@href") + alice.find("//p[@class='feeds']/a/@href")
            assert feeds == (["/settings#secret"] if path == "/@alice" else []), path


async def test_what_a_private_sites_sign_up_page_shows_is_there(village: Village, site: Site) -> None:
    async with visited(village.store, replace(site, private=True)) as session:
        someone = Browser(session)
        assert await someone.open("/signup") == 200
        for address in someone.find("//img/@src"):
            assert await someone.open(address) == 200
        assert await someone.open("/qr/follow-alice.svg") == 403


async def test_a_qr_code_writes_the_text(someone: Browser) -> None:
    assert await someone.open("/qr/join.svg") == 200
    assert "<svg xmlns=" in someone.html, "a picture by itself needs its namespace"
    assert await someone.open("/qr/follow-alice.svg") == 200
    assert await someone.open("/qr/follow-.svg") == 404
    assert await someone.open("/qr/pay.svg") == 404
