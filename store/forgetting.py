"""What is wiped of somebody who has left, beside their posts and ties: what waits for a proof or an answer at once;
messages as they came, answers that were sent and the address itself in small steps, of which none reads much.

Rows stay where others refer to them, with nothing of the person in them: an address becomes ``gone:`` and its own id.
One that opted out, or whose owner reported our mail, stays as it is, since nothing may ever be sent there.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Text, and_, bindparam, cast, delete, func, literal, or_, select, update

from store.schema import (
    Instant,
    addresses,
    continuations,
    deliveries,
    groups,
    inbox,
    notices,
    offers,
    parted_texts,
    proofs,
    reports,
    signups,
)
from store.unit import Reading, Unit

LOOKED_AT_ONCE = 5_000
"""Rows that one step looks at."""

_ids = bindparam("ids", expanding=True, type_=BigInteger)
_named = bindparam("named", expanding=True, type_=Text)
_account = bindparam("account", type_=BigInteger)
_after = bindparam("after", type_=BigInteger)
_last = bindparam("last", type_=BigInteger)
_until = bindparam("until", type_=Instant())
_AT_ONCE = (
    delete(offers).where(offers.c.address_id.in_(_ids)),
    delete(continuations).where(continuations.c.address_id.in_(_ids)),
    delete(signups).where(signups.c.address.in_(_named)),
    delete(parted_texts).where(parted_texts.c.sender.in_(_named)),
    update(reports).where(reports.c.reporter_id == _account).values(words=""),
    update(groups).where(groups.c.founder_id == _account).values(founder_id=None),
)
_caused = notices.alias("caused")
_to_them = or_(
    deliveries.c.account_id == _account, and_(deliveries.c.account_id.is_(None), deliveries.c.address_id.in_(_ids))
)
"""Whoever holds an address after them has an account of their own."""
_theirs = or_(
    _to_them,
    select(_caused.c.id).where(_caused.c.id == deliveries.c.notice_id, _caused.c.caused_by_id == _account).exists(),
)
_OPEN = (
    select(deliveries.c.id)
    .where(
        _to_them,
        or_(deliveries.c.state == "queued", deliveries.c.state == "claimed", deliveries.c.state == "unsure"),
    )
    .limit(1)
)
_deliveries = (
    select(deliveries.c.id).where(deliveries.c.id > _after).order_by(deliveries.c.id).limit(LOOKED_AT_ONCE).subquery()
)
_DELIVERIES = select(func.max(_deliveries.c.id))
_window = and_(deliveries.c.id > _after, deliveries.c.id <= _last, deliveries.c.queued_at <= _until, _theirs)
_NOTICES = delete(notices).where(
    notices.c.id.in_(select(deliveries.c.notice_id).where(_window, deliveries.c.notice_id.is_not(None)))
)
_OWN_VIA = (deliveries.c.account_id == _account, deliveries.c.via.is_not(None))
_VIA = update(deliveries).where(_window, *_OWN_VIA).values(via=None)
_messages = select(inbox.c.id).where(inbox.c.id > _after).order_by(inbox.c.id).limit(LOOKED_AT_ONCE).subquery()
_MESSAGES = select(func.max(_messages.c.id))
_WIPE_MESSAGES = (
    update(inbox)
    .where(
        inbox.c.id > _after,
        inbox.c.id <= _last,
        inbox.c.received_at <= _until,
        or_(inbox.c.sender.in_(_named), inbox.c.recipient.like(bindparam("posting"), escape="!")),
    )
    .values(raw="", answer="", sender="", recipient="")
)
_TYPED = select(addresses.c.id).where(
    addresses.c.account_id.is_(None),
    or_(
        addresses.c.address.in_(select(proofs.c.words).where(proofs.c.account_id == _account, proofs.c.words != "")),
        addresses.c.id.in_(
            select(offers.c.address_id).where(offers.c.kind == "phone", offers.c.words == bindparam("in_words"))
        ),
    ),
)
_NAMES = select(addresses.c.address).where(addresses.c.id.in_(_ids))
_LEFT = and_(addresses.c.id.in_(_ids), addresses.c.account_id.is_(None))
_GONE = (
    update(addresses)
    .where(_LEFT, addresses.c.opted_out_at.is_(None), addresses.c.complained_at.is_(None))
    .values(address=literal("gone:") + cast(addresses.c.id, Text), dead_at=_until)
)
_KEPT = update(addresses).where(_LEFT).values(dead_reason="", bounces=0, bounced_at=None, last_post_id=None)


async def typed(reading: Reading, account_id: int) -> list[int]:
    """Phones and mailboxes that the account was about to take and that nobody holds: ask before proofs are void."""
    values = {"account": account_id, "in_words": str(account_id)}
    return list((await reading.execute(_TYPED, values)).scalars())


async def names(reading: Reading, address_ids: Sequence[int]) -> list[str]:
    """These phones and mailboxes in words."""
    return list((await reading.execute(_NAMES, {"ids": list(address_ids)})).scalars())


async def wipe_at_once(unit: Unit, account_id: int, address_ids: Sequence[int]) -> None:
    """What waits for an answer or a proof, or in parts; the words of the person's reports, and who founded groups."""
    named = await names(unit, address_ids)
    for statement in _AT_ONCE:
        await unit.execute(statement, {"account": account_id, "ids": list(address_ids), "named": named})


async def anything_open(reading: Reading, account_id: int, address_ids: Sequence[int]) -> bool:
    """Whether something is still to be sent to the person, such as the word that the account is deleted."""
    return (await reading.execute(_OPEN, {"account": account_id, "ids": list(address_ids)})).first() is not None


async def wipe_notices(
    unit: Unit, account_id: int, address_ids: Sequence[int], *, until: datetime, after: int
) -> int | None:
    """Among the next deliveries with an id above ``after``: take out the words that went to the person or were of their
    doing, and what theirs came for. Returns after which id to go on; None at the end."""
    last = (await unit.execute(_DELIVERIES, {"after": after})).scalar_one()
    if last is None:
        return None
    values = {"account": account_id, "ids": list(address_ids), "until": until, "after": after, "last": last}
    await unit.execute(_NOTICES, values)
    await unit.execute(_VIA, values)
    return int(last)


async def wipe_messages(unit: Unit, named: Sequence[str], posting: str, *, until: datetime, after: int) -> int | None:
    """Among the next messages with an id above ``after``: wipe those that came from these addresses, or to a recipient
    like ``posting`` (SQL's LIKE, with ``!``), until then. Returns after which id to go on; None at the end."""
    last = (await unit.execute(_MESSAGES, {"after": after})).scalar_one()
    if last is None:
        return None
    values = {"named": list(named), "posting": posting, "until": until, "after": after, "last": last}
    await unit.execute(_WIPE_MESSAGES, values)
    return int(last)


async def forget_addresses(unit: Unit, address_ids: Sequence[int], *, now: datetime) -> None:
    """Forget those of these addresses that nobody holds again and that have not opted out."""
    await unit.execute(_KEPT, {"ids": list(address_ids)})
    await unit.execute(_GONE, {"ids": list(address_ids), "until": now})
