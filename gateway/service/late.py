"""Texts that the provider took and is asked about later, because no last word has come, or no price."""

from datetime import datetime, timedelta

import structlog

from gateway.domain import provider_codes
from gateway.domain.delivery import Deferred, RetryRules
from gateway.domain.late import Gone, Price, Told, next_look
from gateway.domain.provider_codes import Arrived, Underway
from gateway.service import receipts
from gateway.service.receipts import Receipt
from gateway.service.site import Site
from store import late
from store.late import Late
from store.unit import Reading, Unit

log = structlog.get_logger(__name__)


async def is_due(reading: Reading, *, now: datetime) -> bool:
    """Whether it is time to ask about any: a look that holds up nobody."""
    return await late.is_due(reading, now=now)


async def claim(unit: Unit, *, most: int, lease: timedelta, now: datetime) -> list[Late]:
    """Lease texts that it is time to ask about."""
    return await late.claim(unit, most=most, until=now + lease, now=now)


async def settle(
    unit: Unit, site: Site, source: str, text: Late, answer: Told | Gone | Deferred, *, rules: RetryRules, now: datetime
) -> Price | None:
    """Write down what the provider said of a text, as if a receipt had said so; its price, if that was news.

    ``source`` is the provider's name in receipts. What was not to be had is asked for again later, and what the
    provider does not know is not asked about again."""
    if isinstance(answer, Gone):
        log.warning("the provider knows nothing of a text that it took", delivery=text.id)
        await late.ask_at(unit, text.id, text.remote_id, None)
        return None
    if isinstance(answer, Deferred):
        soonest = now + max(rules.look_up_after, timedelta(seconds=answer.retry_after or 0))
        await late.ask_at(unit, text.id, text.remote_id, soonest)
        return None
    news = None
    if answer.price is not None and await late.set_price(unit, text.id, text.remote_id, answer.price):
        news = answer.price
    receipt = Receipt(source, text.remote_id, answer.status, answer.error_code, text.id, text.attempt, now)
    await receipts.record(unit, site, receipt, rules=rules, now=now)
    again = next_look(rules.receipt_after, text.sent_at, now, until=rules.max_age)
    await late.ask_at(unit, text.id, text.remote_id, again if _is_worth_asking(answer, text, rules) else None)
    return news


def _is_worth_asking(answer: Told, text: Late, rules: RetryRules) -> bool:
    match provider_codes.status_outcome(answer.status, answer.error_code):
        case Underway():
            return True
        case Arrived():
            return rules.prices and answer.price is None and not text.priced
        case _:
            return False
