"""Mailboxes that get no more mails: when that begins, who is told of it, and how it ends.

A mailbox is stopped by mails that come back (``gateway.domain.mail_codes`` says what each means), or by a complaint.
Its owner is told once, another way. It ends when

    they write from it           to their posting address, or in answer to a mail; after a complaint only with EMAIL ON
    EMAIL ON comes by text       a code is mailed there and comes back from that phone (answering.mailbox)
    the operator says so         birdwire user resume
"""

from datetime import datetime, timedelta
from functools import partial

from gateway import metrics
from gateway.domain import reply_mail
from gateway.domain.delivery import Fault
from gateway.domain.speech import Words
from gateway.domain.types import Channel
from gateway.service import digests, notify
from gateway.service.site import Site
from store import addresses
from store.addresses import AddressRow
from store.sql import storable
from store.unit import Reading, Unit

FORGOTTEN_AFTER = timedelta(days=30)
"""A mail that comes back this long after the last one counts as the first."""

LONGEST_REASON = 500
"""Characters kept of what the other side said."""


async def came_back(unit: Unit, site: Site, box: AddressRow, fault: Fault, reason: str, *, now: datetime) -> bool:
    """Count a mail that came back against its mailbox; whether that was one too many, so that no more go there."""
    if box.dead_at is not None:
        return False
    since = now - FORGOTTEN_AFTER
    if fault is Fault.NOT_NOW:
        days = await addresses.count_soft_bounce(unit, box.id, since=since, now=now)
        too_many, why = days >= site.limits.soft_bounce_days, "not for now"
    else:
        count = await addresses.count_bounce(unit, box.id, since=since, now=now)
        too_many, why = count >= site.limits.hard_bounces, "no such mailbox"
    if not too_many:
        return False
    await addresses.mark_dead(unit, box.id, storable(reason, LONGEST_REASON), now=now)
    metrics.mailbox_stopped(why)
    await _tell(unit, site, box, partial(reply_mail.came_back, site.name, box.address), now)
    return True


async def complained(unit: Unit, site: Site, box: AddressRow, reason: str, *, now: datetime) -> bool:
    """Its owner has reported a mail of ours as spam: no more go there, nor to another mailbox of theirs in its place.
    False when that was known."""
    if box.complained_at is not None:
        return False
    await addresses.mark_complained(unit, box.id, storable(reason, LONGEST_REASON), now=now)
    if box.account_id is not None:
        await digests.turn_off(unit, box.account_id, now=now)
    metrics.mailbox_stopped("complaint")
    await _tell(unit, site, box, partial(reply_mail.complained, site.name, box.address), now)
    return True


async def wrote(unit: Unit, box: AddressRow, *, wants_mail: bool) -> bool:
    """Its owner wrote from it, which is proven; ``wants_mail`` if it was to get mails again. Whether that ended
    anything: what came back before is forgotten, and a stop ends, after a complaint only if they ask for it."""
    if not (box.dead_at or box.bounces or box.soft_days) or (box.complained_at is not None and not wants_mail):
        return False
    await addresses.revive(unit, box.id)
    return True


async def resume(unit: Unit, site: Site, box: AddressRow, *, now: datetime) -> None:
    """It is used again; what a complaint switched off is on, as it was."""
    await addresses.revive(unit, box.id)
    if box.account_id is not None and box.complained_at is not None:
        await digests.turn_on(unit, site, box.account_id, now=now)


async def stopped(reading: Reading, account_id: int) -> list[AddressRow]:
    """The account's own mailboxes that are stopped, the one proven last first."""
    return [
        each
        for each in await addresses.of_account(reading, account_id)
        if each.channel == Channel.EMAIL and each.dead_at is not None and each.proven_at is not None
    ]


async def _tell(unit: Unit, site: Site, box: AddressRow, words: Words, now: datetime) -> None:
    if box.account_id is not None:
        await notify.tell_account(unit, site, box.account_id, words, now=now)
