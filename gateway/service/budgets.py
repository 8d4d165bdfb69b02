"""Keeping budgets: what a claim may spend, what follows when one is used up, and the bill.

A text that no budget has room for is given up, and goes by mail to those who have a mailbox and want mail; everybody
has it in their feeds. Whose own budget is used up is told so once a month by a last text: the recipient, or the author.
At the end of the site's, mailboxes are told, and as many of those who have none as may get a last text
(``gateway.domain.budget.last_words``).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from gateway.domain import budget as rules
from gateway.domain import reply_quiet as reply
from gateway.domain.budget import Account, Of
from gateway.domain.carriage import Carriage
from gateway.domain.types import Channel, Lane, Outgoing
from gateway.service import notify
from gateway.service.numbers import country_of
from gateway.service.site import Site
from store import accounts, addresses, fanouts, usage
from store.unit import Reading, Unit

log = structlog.get_logger(__name__)

KEPT_MONTHS = 100
"""How long it is kept who used how much: a year, as months are counted."""


class Purse:
    """What one claim spends: made by :func:`open_purse`, told of each text, then closed. ``spent`` is what each budget
    has had this month."""

    def __init__(self, site: Site, month: int, spent: dict[Account, int]) -> None:
        self.budget = site.budget
        self.spent = spent
        self._site = site
        self._month = month
        self._new: Counter[Account] = Counter()
        self._stopped: list[int] = []
        self._to_tell: set[Account] = set()
        self._to_tell_of_site: set[int] = set()

    def spend(self, carried: Carriage, segments: int) -> None:
        """This text goes out."""
        for place in rules.counted(self.budget, carried.author_id, carried.account_id):
            self.spent[place] = self.spent.get(place, 0) + segments
            self._new[place] += segments

    def refuse(self, carried: Carriage, whose: Of) -> None:
        """There is no room for this text in this budget."""
        self._stopped.append(carried.id)
        match whose:
            case Of.AUTHOR if carried.author_id is not None:
                self._to_tell.add((whose, carried.author_id))
            case Of.RECIPIENT if carried.account_id is not None:
                self._to_tell.add((whose, carried.account_id))
            case Of.SITE if carried.account_id is not None:
                self._to_tell_of_site.add(carried.account_id)
            case _:
                pass  # nobody is known who could be told

    async def close(self, unit: Unit, *, now: datetime) -> None:
        """Write down what was spent, let what was refused go by mail, and tell whose texts stop."""
        await usage.book(unit, self._month, self._new)
        if self._stopped:
            await fanouts.by_mail_instead(unit, self._stopped, now=now)
        for whose, account_id in await usage.newly_told(unit, self._month, self._to_tell):
            account = await accounts.by_id(unit, account_id)
            by_mail = account is not None and account.mail_id is not None and account.email_mode != "off"
            link = "" if by_mail else f"{self._site.public_url}/"
            words = reply.author_used_up if whose is Of.AUTHOR else partial(reply.texts_used_up, link)
            await notify.tell_account(unit, self._site, account_id, words, lane=Lane.FIRST, now=now)
        await self._tell_of_the_site(unit, now)

    async def _tell_of_the_site(self, unit: Unit, now: datetime) -> None:
        """Say that the site's texts are used up, by mail or else by a last text, to those who were not told this month
        that theirs are."""
        if not self._to_tell_of_site:
            return
        ways = {way.account_id: way for way in await addresses.mailboxes(unit, sorted(self._to_tell_of_site))}
        left = rules.last_words(self.budget.site) - await usage.last_words(unit, self._month)
        by_text = sorted(self._to_tell_of_site - set(ways)) if left > 0 else []
        if left < len(by_text):
            known = await usage.told(unit, self._month, [(Of.RECIPIENT, each) for each in by_text])
            by_text = [each for each in by_text if (Of.RECIPIENT, each) not in known][:left]
        new = await usage.newly_told(unit, self._month, [(Of.RECIPIENT, each) for each in (*ways, *by_text)])
        told = {account_id for _, account_id in new}
        by_mail = [way for account_id, way in ways.items() if account_id in told]
        words = partial(reply.texts_used_up, "")
        await notify.tell_ways(unit, self._site, by_mail, words, lane=Lane.FIRST, now=now)
        words = partial(reply.texts_used_up, f"{self._site.public_url}/")
        phones = [each for each in by_text if each in told]
        await usage.add_last_words(unit, self._month, len(phones))
        await notify.tell_accounts(unit, self._site, phones, words, lane=Lane.FIRST, now=now)


async def open_purse(unit: Unit, site: Site, carried: Sequence[Carriage], *, now: datetime) -> Purse | None:
    """The purse for these texts; None where there are no budgets, or no texts."""
    texts = [each for each in carried if each.channel == Channel.SMS]
    if not site.budget or not texts:
        return None
    month = rules.month_of(now, ZoneInfo(site.time_zone))
    of_site = await usage.open_month(unit, month)
    places = {place for each in texts for place in rules.counted(site.budget, each.author_id, each.account_id)}
    used = await usage.used(unit, month, places - {(Of.SITE, 0)})
    return Purse(site, month, {**used, (Of.SITE, 0): of_site})


async def give_back(unit: Unit, site: Site, unsent: Iterable[Outgoing], *, now: datetime) -> None:
    """These texts were claimed and not sent after all."""
    if not site.budget:
        return
    back: Counter[Account] = Counter()
    for each in unsent:
        if each.channel is Channel.SMS:
            for place in rules.counted(site.budget, each.author_id, each.account_id):
                back[place] += each.segments
    await usage.book_off(unit, rules.month_of(now, ZoneInfo(site.time_zone)), back)


async def enter(unit: Unit, site: Site, route: int, sent: Iterable[Outgoing], *, now: datetime) -> None:
    """Enter these texts into the bill: the provider took them."""
    day = now.astimezone(ZoneInfo(site.time_zone)).date().isoformat()
    to: defaultdict[str, list[int]] = defaultdict(list)
    for each in sent:
        if each.channel is Channel.SMS:
            to[country_of(each.to)].append(each.segments)
    await usage.bill(unit, {(day, route, country): segments for country, segments in to.items()})


async def look(unit: Unit, site: Site, *, now: datetime) -> list[usage.Near]:
    """Warn of budgets that come near their end, once for each in a month, and forget old ones; how they stand."""
    if not site.budget:
        return []
    month = rules.month_of(now, ZoneInfo(site.time_zone))
    for (whose, account_id), segments in await usage.warn(unit, month, site.budget):
        limit = site.budget.of(whose)
        log.warning("budget nearly used", of=str(whose), account=account_id, segments=segments, limit=limit)
    await usage.prune(unit, month - KEPT_MONTHS)
    return await usage.standing(unit, month, site.budget)


async def bill_of(reading: Reading, month: int) -> list[usage.Billed]:
    """What was sent in the month, by day, number and country."""
    return await usage.billed(reading, _first_day(month), _first_day(rules.next_month(month)))


def estimate(billed: usage.Billed, prices: Mapping[str, Decimal]) -> Decimal:
    """What a line of the bill costs, by the price of a segment from each number. Where the provider names a price for
    each text, this is the place to take it."""
    return billed.segments * prices.get(billed.sender, Decimal(0))


def _first_day(month: int) -> str:
    return f"{month // 100:04}-{month % 100:02}-01"
