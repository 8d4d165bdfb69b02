"""Pages in the reader's language: what they chose, else what their browser asks for, else the site's."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from gateway.domain.speech import Languages, spoken
from gateway.languages import languages
from gateway.service.site import Site
from gateway.web import figures
from gateway.web.languages import best
from store import accounts, routes
from store.unit import Store
from tests.web.browsing import Browser, letters, link_in, log_in, visited, with_mail
from tests.web.village import Village

ALL = languages()
IN_GERMAN = {"Accept-Language": "de-AT, de;q=0.9, en;q=0.5"}


@pytest.fixture
def site(site: Site) -> Site:
    return replace(site, languages=ALL)


@pytest.fixture
async def german(village: Village, site: Site) -> AsyncIterator[Browser]:
    """A browser that asks for German."""
    async with village.store.unit() as unit:
        await routes.ensure(unit, [site.number])
    async with visited(village.store, site) as session:
        yield Browser(session, IN_GERMAN)


def lang(browser: Browser) -> str:
    (found,) = browser.find("/html/@lang")
    return str(found)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "Was bei Testville gesagt wird"),
        ("/login", "Schick mir einen Link oder einen Code"),
        ("/signup", "Der Name, den du hier haben wirst"),
        ("/help", "die Beiträge von jemandem per SMS"),
        ("/directory", "Hier steht noch niemand."),
        ("/search?q=x", "Kein Beitrag hat alle diese Wörter."),
        ("/tags/x", "Dieses Schlagwort hat noch niemand benutzt."),
        ("/wall/x", "Dieses Schlagwort hat noch niemand benutzt."),
        ("/groups", "Es gibt noch keine Gruppen."),
        ("/nothing", "Hier ist nichts"),
    ],
)
async def test_a_browser_that_asks_for_german_gets_german(german: Browser, path: str, words: str) -> None:
    await german.open(path)
    assert words in german.text
    assert lang(german) == "de"
    assert german.answer_headers["Content-Language"] == "de"
    assert "Accept-Language" in german.answer_headers["Vary"]
    assert spoken().code == "en"


async def test_one_that_asks_for_nothing_that_is_there_gets_the_sites(
    german: Browser, village: Village, site: Site
) -> None:
    for asked in ("", "tlh, fr;q=0.4", "*"):
        german.headers = {"Accept-Language": asked}
        await german.open("/")
        assert "What Testville is saying" in german.text
        assert lang(german) == "en"
    async with visited(village.store, replace(site, languages=Languages(ALL.by_code, ALL.of("de")))) as session:
        for asked, code in (("", "de"), ("fr", "de"), ("en-GB", "en")):
            browser = Browser(session, {"Accept-Language": asked})
            await browser.open("/")
            assert lang(browser) == code


async def test_a_member_who_chose_german_gets_it_whatever_the_browser_says(german: Browser, village: Village) -> None:
    await with_mail(village, "alice")
    german.headers = {"Accept-Language": "en"}
    await log_in(village, german, "alice")
    await german.open("/settings")
    assert [each.text for each in german.find("//select[@name='language']/option")][-2:] == ["English", "Deutsch"]
    await german.submit("/settings/profile", language="de")
    assert "Gespeichert." in german.text
    assert "Wo du angemeldet bist" in german.text
    assert "dieser Browser" in german.text
    for path, words in (
        ("/home", "Was möchtest du sagen?"),
        ("/mentions", "Noch hat dich niemand genannt."),
        ("/messages", "Noch keine Nachrichten."),
        ("/polls/new", "Alle fragen"),
        ("/tracks", "Wörter und Schlagwörter, auf die du achtest"),
        ("/@alice", "Deine Einstellungen ändern"),
        ("/settings/delete", "Dein Konto löschen?"),
    ):
        await german.open(path)
        assert words in german.text, path
        assert lang(german) == "de"
    assert await german.submit("/settings/delete", name="wrong") == 422
    assert "Das ist nicht dein Name." in german.text


async def test_a_post_its_page_and_what_became_of_it_in_german(german: Browser, village: Village) -> None:
    await with_mail(village, "alice")
    await log_in(village, german, "alice")
    await german.open("/home")
    await german.submit("/posts", text="Grüße an alle")
    assert "Veröffentlicht." in german.text
    assert "gerade eben" in german.text
    assert "im Web" in german.text
    (path,) = german.find("//article//a[contains(@class, 'u-url')]/@href")
    await german.open(path.removeprefix("https://birds.example"))
    assert "Deine Antwort" in german.text
    assert german.find("//time/@title") == ["22. November 2026, 12:00 UTC"]
    (delivery,) = german.find("//a[.='Zustellung']/@href")
    await german.open(delivery)
    assert "Was daraus wurde" in german.text
    assert "Weitere Follower sind noch an der Reihe." in german.text


async def test_who_signs_up_on_a_german_page_is_written_to_in_german_and_stays_so(
    german: Browser, village: Village
) -> None:
    await german.open("/signup")
    await german.submit("/signup", name="anna", address="anna@mail.example")
    letter = (await letters(village.store, "anna@mail.example"))[-1]
    assert letter.startswith("Öffne diesen Link, um bei Testville als anna mitzumachen.")
    await german.open(link_in(letter))
    await german.submit(german.path)
    assert (await letters(village.store, "anna@mail.example"))[-1].startswith("Hallo anna,")
    async with village.store.reading() as reading:
        anna = await accounts.by_name(reading, "anna")
    assert anna
    assert anna.language == "de"


async def test_a_link_to_log_in_is_in_the_language_of_whose_it_is(german: Browser, village: Village) -> None:
    await with_mail(village, "bob")
    await german.open("/login")
    await german.submit("/login", who="bob")
    assert "unterwegs" in german.text
    assert (await letters(village.store, "bob@mail.example"))[-1].startswith("Open this link to log in")


async def test_stopping_mails_is_answered_in_the_language_of_the_page(german: Browser, store: Store) -> None:
    assert await german.open("/unsubscribe/nonsense") == 404
    assert "Hier ist nichts" in german.text
    german.headers = {}
    await german.open("/unsubscribe/nonsense")
    assert "Nothing here" in german.text


async def test_a_form_that_was_open_for_too_long_is_refused_in_german(german: Browser) -> None:
    assert await german.post("/login", who="x") == 403
    assert "Dein Browser hat kein Cookie gezeigt" in german.text
    await german.open("/login")
    assert await german.post("/login", who="x") == 403
    assert "Hier nicht" in german.text
    assert lang(german) == "de"


async def test_feeds_are_called_as_the_site_speaks_and_secret_ones_as_their_owner_does(
    village: Village, site: Site
) -> None:
    await village.person("alice")
    await village.says("alice", "hello")
    async with visited(village.store, replace(site, languages=Languages(ALL.by_code, ALL.of("de")))) as session:
        assert "<description>Beiträge von @alice</description>" in await _read(session, "/@alice.rss")
        assert "<title>@alice bei Testville</title>" in await _read(session, "/@alice.rss")
    async with visited(village.store, site) as session:
        assert "<title>@alice on Testville</title>" in await _read(session, "/@alice.rss")


async def _read(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path, headers=IN_GERMAN) as answer:
        return await answer.text()


@pytest.mark.parametrize(
    ("chosen", "accepted", "code"),
    [
        (None, "de", "de"),
        (None, "de-CH", "de"),
        (None, "DE", "de"),
        (None, "fr, de;q=0.8, en;q=0.9", "en"),
        (None, "en;q=0, de;q=0.1", "de"),
        (None, "de;q=nonsense", "en"),
        (None, ",;,=,de", "de"),
        ("de", "en", "de"),
        ("tlh", "de", "de"),
        ("", "", "en"),
    ],
)
def test_the_best_language(chosen: str | None, accepted: str, code: str) -> None:
    assert best(ALL, chosen, accepted).code == code


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("passed", "english", "german_words"),
    [
        (timedelta(0), "just now", "gerade eben"),
        (timedelta(minutes=5), "5 min ago", "vor 5 Min."),
        (timedelta(hours=1), "1 hour ago", "vor 1 Stunde"),
        (timedelta(hours=23), "23 hours ago", "vor 23 Stunden"),
        (timedelta(days=3), "19 Nov", "19. Nov."),
        (timedelta(days=400), "18 Oct 2025", "18. Okt. 2025"),
    ],
)
def test_how_long_ago(passed: timedelta, english: str, german_words: str) -> None:
    said = [ALL.said(lambda: figures.ago(NOW - passed, NOW, BERLIN), code) for code in ("en", "de")]
    assert said == [english, german_words]


def test_moments_and_numbers_are_written_as_the_language_has_them() -> None:
    def all_of_them() -> str:
        day, many = figures.at(NOW, BERLIN), figures.number(1234567)
        few, price = figures.number(2.5), figures.number(Decimal("0.00795"))
        sums = f"{figures.money(Decimal('1234.5'), 'EUR')} | {figures.money(Decimal('3.649'))}"
        return f"{day} | {many} | {few} | {price} | {sums}"

    english = "22 November 2026, 13:00 CET | 1,234,567 | 2.5 | 0.00795 | 1,234.50 EUR | 3.65"
    assert ALL.said(all_of_them, "en") == english
    in_german = "22. November 2026, 13:00 MEZ | 1.234.567 | 2,5 | 0,00795 | 1.234,50 EUR | 3,65"
    assert ALL.said(all_of_them, "de") == in_german
