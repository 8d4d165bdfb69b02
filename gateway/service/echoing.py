"""Codes that must come back from the phone or mailbox they were sent to, before what was asked for there is done.

    ask(unit, site, address_id, kind, words, code)   the question; whatever was asked there before is void
    take(unit, site, offer, code)                    Right | Wrong: what came back

A code is kept as a digest, serves once, and is over after ``limits.code_minutes`` or after ``limits.code_tries`` wrong
ones. (A code that is looked for among all of them, as CLAIM takes it, is in ``gateway.service.joining``.)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import proof
from gateway.service.site import Site
from store import offers
from store.offers import OfferRow
from store.unit import Unit


@dataclass(frozen=True, slots=True)
class Right:
    """It is the code, and has served."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """It is not the code; ``last`` when it was one too many, so that the right one serves no more."""

    last: bool


async def ask(unit: Unit, site: Site, address_id: int, kind: str, words: str, code: str, *, now: datetime) -> datetime:
    """Await this code from the address. ``kind`` and ``words`` are what it will decide (``store.offers``). Returns
    when it is over."""
    expires_at = now + timedelta(minutes=site.limits.code_minutes)
    digest = proof.digest(site.key, _purpose(kind, address_id), code)
    await offers.ask(unit, address_id, kind, words, code_hash=digest, expires_at=expires_at)
    return expires_at


async def take(unit: Unit, site: Site, offer: OfferRow, code: str, *, now: datetime) -> Right | Wrong:
    """A code came back for this question, which must still be open."""
    if proof.same(offer.code_hash, site.key, _purpose(offer.kind, offer.address_id), code):
        await offers.close(unit, offer.address_id, now=now)
        return Right()
    last = await offers.miss(unit, offer.address_id) >= site.limits.code_tries
    if last:
        await offers.close(unit, offer.address_id, now=now)
    return Wrong(last)


def _purpose(kind: str, address_id: int) -> str:
    return f"{kind}:{address_id}"
