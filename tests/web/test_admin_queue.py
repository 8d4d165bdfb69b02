"""Reports, the queue, our numbers and what they cost, below /admin."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert

from gateway.domain import provider_codes
from gateway.domain.budget import Budget, Of
from gateway.domain.delivery import Halt
from gateway.domain.pace import Pace
from gateway.languages import languages
from gateway.service import alerts
from gateway.service.site import Number, Site
from gateway.web.admin import queue
from store import accounts, deliveries, reports, routes, usage
from store.schema import deliveries as deliveries_table
from store.unit import Store
from tests.web.admins import an_admin, entries, log_of
from tests.web.browsing import Browser, letters, visited, with_mail
from tests.web.village import NOW, Village

# ---- reports


async def test_reports_are_read_closed_and_opened_again(ada: Browser, village: Village) -> None:
    bob, carl = await with_mail(village, "bob"), await village.person("carl")
    post = await village.says("carl", "buy this")
    async with village.store.unit() as unit:
        await reports.add(unit, bob, carl, "he sells", post_id=post, now=NOW)
    await ada.open("/admin/reports")
    assert "he sells" in ada.text
    assert ada.find(f"//a[@href='/admin/members/{carl}']")
    assert "buy this" in ada.text
    assert ada.find(f"//a[starts-with(@href, '/admin/posts/{post}?')]")
    await ada.submit("/admin/reports/close")
    assert "Nothing is open." in ada.text
    assert "was looked at" in (await letters(village.store, "bob@mail.example"))[-1]
    await ada.open("/admin/reports/all")
    assert "closed" in ada.text
    await ada.submit("/admin/reports/open")
    assert "he sells" in ada.text
    assert [each[2:] for each in await log_of(village.store)] == [("report.close", "carl"), ("report.open", "carl")]


# ---- the queue


async def queued(store: Store, *rows: dict[str, object]) -> None:
    async with store.unit() as unit:
        for number, row in enumerate(rows):
            values = {
                "notice_id": number + 1,
                "channel": "sms",
                "route": 1,
                "lane": number % 6,
                "state": "queued",
                "due_at": NOW - timedelta(minutes=number),
                "queued_at": NOW,
                "reason": "",
            }
            await unit.execute(insert(deliveries_table), values | row)


async def test_the_queue_is_seen_by_age_and_leafed_through_in_order(
    ada: Browser, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages = [timedelta(0), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=5), timedelta(days=3)]
    await queued(
        village.store,
        *({"due_at": NOW - age} for age in ages),
        {"due_at": NOW + timedelta(hours=1)},
        {"state": "claimed", "lease_until": NOW},
        {"state": "unsure", "lease_until": NOW},
        {"state": "dead", "settled_at": NOW - timedelta(hours=1), "reason": "no such phone"},
        {"state": "sent", "settled_at": NOW},
    )
    await ada.open("/admin/queue")
    row = next(r for r in ada.find("//tbody/tr") if "+1 555-000-9999" in r.text_content())
    assert [cell.text_content() for cell in row.xpath("td")] == ["6", "1", "1", "1", "1", "1", "1", "3 days", "1", "1"]
    monkeypatch.setattr(queue, "PAGE", 4)
    ids, pages = [], 0
    await ada.open("/admin/queue/waiting?route=1")
    while True:
        ids += [each.get("value") for each in ada.find("//form[@action='/admin/queue/drop']//input[@name='which']")]
        pages += 1
        more = ada.find("//a[@rel='next']")
        if not more:
            break
        await ada.open(more[0].get("href"))
    assert pages == 2
    async with village.store.reading() as reading:
        dues = [(await deliveries.by_id(reading, int(each))) for each in ids]
    assert [each.due_at for each in dues if each] == sorted(each.due_at for each in dues if each)
    assert len(dues) == 6
    await ada.open("/admin/queue/going")
    assert "nobody knows" in ada.text
    assert "is being sent" in ada.text
    await ada.open("/admin/queue/lost")
    assert "no such phone" in ada.text


async def test_what_was_given_up_is_tried_again_and_what_waits_is_dropped(ada: Browser, village: Village) -> None:
    lost = {"state": "dead", "settled_at": NOW, "reason": "no answer"}
    await queued(village.store, lost, lost, lost, {"state": "claimed", "lease_until": NOW})
    await ada.open("/admin/queue/lost")
    which = ada.find("//input[@name='which'][not(@value='all')]")[0].get("value")
    word = ada.find("//input[@name='csrf']")[0].get("value")
    await ada.post("/admin/queue/retry", csrf=word, which=which, next="/admin/queue/lost?done=x")
    assert "It is queued again." in ada.text
    assert ada.path == "/admin/queue/lost"
    await ada.submit("/admin/queue/retry", button="which=all")
    assert "Nothing." in ada.text
    await ada.post("/admin/queue/drop", csrf=word, which=which)
    assert "It is not sent." in ada.text
    await ada.post("/admin/queue/drop", csrf=word, which=which)
    assert "It was on its way already." in ada.text
    assert await ada.post("/admin/queue/drop", csrf=word, which="all") == 400
    async with village.store.reading() as reading:
        dropped = await deliveries.by_id(reading, int(which))
    assert dropped
    assert dropped.reason == "dropped by the operator"
    done = [(each.act, each.words.partition(":")[0]) for each in await entries(village.store)]
    assert done == [("queue.retry", "1"), ("queue.retry", "2"), ("queue.drop", "1")]


async def test_the_queue_is_held_and_released(ada: Browser, village: Village) -> None:
    await ada.open("/admin/queue")
    await ada.submit("/admin/queue/hold")
    assert "The queue is held: messages come in" in ada.text
    await ada.open("/admin")
    assert "The queue is held: messages come in" in ada.text
    await ada.open("/admin/queue")
    await ada.submit("/admin/queue/release")
    assert "The queue is released." in ada.text
    assert [each[2] for each in await log_of(village.store)] == ["queue.hold", "queue.release"]


# ---- our numbers and the cost


@pytest.fixture
def dear_site(site: Site) -> Site:
    """A site whose number has a pace and a price, and budgets."""
    pace = Pace(per_second=10, per_day=2_000, per_minute=300)
    number = Number(site.number, "twilio", pace, Decimal("0.0079"))
    return replace(site, numbers=(number,), mails_per_second=2.5, budget=Budget(site=1_000, author=100))


async def test_numbers_are_shown_with_their_pace_their_use_and_what_is_held_against_them(
    village: Village, dear_site: Site
) -> None:
    async with village.store.unit() as unit:
        _, ours = await routes.ensure(unit, [dear_site.number])
        standing = await routes.standing(unit, ours.id)
        await routes.advance(unit, ours.id, replace(standing, day=NOW.toordinal(), used=1_234))
    async with visited(village.store, dear_site) as session:
        ada = await an_admin(village, Browser(session))
        await ada.open("/admin/senders")
        said = {row.xpath("dt")[0].text: row.xpath("dd")[0].text_content() for row in ada.find("//dl/div")}
        assert said == {
            "Mails a second": "2.5",
            "Carried by": "twilio",
            "Segments a second": "10",
            "Segments a minute": "300",
            "A segment costs": "0.0079",
            "Segments today (UTC)": "1,234 of 2,000",
        }
        async with village.store.unit() as unit:
            reason = provider_codes.reason(30034)
            await alerts.refused(unit, ours.id, Halt(30034, 1), reason, now=NOW)
        await ada.open("/admin")
        assert "+1 555-000-9999 is stopped: the number is not registered" in ada.text
        await ada.open("/admin/senders")
        assert "Stopped since" in ada.text
        await ada.submit("/admin/queue/release")
        assert ada.path == "/admin/senders"
        assert "They are tried again now." in ada.text
        assert "Stopped since" not in ada.text
    assert [(each.act, each.words) for each in await entries(village.store)] == [("queue.release", "+15550009999")]


async def test_paces_and_prices_are_written_as_the_language_has_them(village: Village, dear_site: Site) -> None:
    async with village.store.unit() as unit:
        _, ours = await routes.ensure(unit, [dear_site.number])
        await usage.bill(unit, {("2026-11-22", ours.id, "US"): [462]})
    async with visited(village.store, replace(dear_site, languages=languages())) as session:
        ada = await an_admin(village, Browser(session, {"Accept-Language": "de"}))
        await ada.open("/admin/senders")
        said = [each.text for each in ada.find("//dl/div/dd")]
        assert "2,5" in said
        assert "0,0079" in said
        await ada.open("/admin/cost")
        assert "462 Segmente, 3,65." in ada.text
        assert {each.text for each in ada.find("//details//td[3]")} == {"3,65"}


async def test_why_something_was_given_up_is_told_in_the_language_of_the_page(
    village: Village, dear_site: Site
) -> None:
    await village.person("bob")
    post = await village.says("bob", "hello")
    async with village.store.unit() as unit:
        _, ours = await routes.ensure(unit, [dear_site.number])
        lost = {"post_id": post, "account_id": village.ids["bob"], "channel": "sms", "route": ours.id, "lane": 2}
        lost |= {"state": "dead", "settled_at": NOW, "due_at": NOW, "queued_at": NOW}
        await unit.execute(insert(deliveries_table), lost | {"reason": "the phone is off or out of reach (30003)"})
        await alerts.refused(
            unit, ours.id, Halt(30034, 1), "the number is not registered for A2P 10DLC (30034)", now=NOW
        )
    async with visited(village.store, replace(dear_site, languages=languages())) as session:
        ada = await an_admin(village, Browser(session, {"Accept-Language": "de"}))
        await ada.open("/admin/queue/lost")
        assert "das Telefon ist aus oder nicht erreichbar (30003)" in ada.text
        for page in ("/admin", "/admin/queue", "/admin/senders"):
            await ada.open(page)
            assert "die Nummer ist nicht für A2P 10DLC angemeldet (30034)" in ada.text


async def test_what_was_used_yesterday_is_not_of_today(village: Village, dear_site: Site) -> None:
    async with village.store.unit() as unit:
        _, ours = await routes.ensure(unit, [dear_site.number])
        standing = await routes.standing(unit, ours.id)
        await routes.advance(unit, ours.id, replace(standing, day=NOW.toordinal() - 1, used=1_234))
    async with visited(village.store, dear_site) as session:
        ada = await an_admin(village, Browser(session))
        await ada.open("/admin/senders")
        assert "0 of 2,000" in ada.text


async def test_a_months_cost_is_added_up_by_day_sender_and_country(village: Village, dear_site: Site) -> None:
    async with village.store.unit() as unit:
        _, ours, other = await routes.ensure(unit, [dear_site.number, "+447700900123"])
        await usage.bill(
            unit,
            {
                ("2026-11-01", ours.id, "US"): [1, 1, 2],
                ("2026-11-22", ours.id, "CA"): [1],
                ("2026-11-22", other.id, "GB"): [3],
                ("2026-10-31", ours.id, "US"): [100],
            },
        )
        alice = await accounts.create(unit, "alice", now=NOW)
        assert alice
        await usage.book(unit, 202611, {(Of.SITE, 0): 812, (Of.AUTHOR, alice): 99})
    async with visited(village.store, dear_site) as session:
        ada = await an_admin(village, Browser(session))
        await ada.open("/admin/cost")
        assert "5 texts, 8 segments, 0.04." in ada.text
        rows = [[cell.text_content() for cell in row.xpath("th|td")] for row in ada.find("//details//tr[td]")]
        assert ["2026-11-22", "2", "4", "0.01"] in rows
        assert ["+44 7700 900123", "1", "3", "0.00"] in rows
        assert ["US", "3", "4", "0.03"] in rows
        assert rows.count(["In all", "5", "8", "0.04"]) == 3
        assert "812 used" in ada.text
        assert [each.text for each in ada.find("//section//tbody//th/a")] == ["alice"]
        await ada.submit("/admin/cost", month="2026-10")
        assert "1 text, 100 segments" in ada.text
        assert await ada.open("/admin/cost?month=2026-13") == 404
