"""Who wrote what just came in: those who may post at once, found in one look for a whole batch of arrivals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Text, and_, bindparam, case, func, literal_column, null, or_, select

from store.posts import Lately, LookBack, how_far_back, looked_back, looking_back
from store.schema import Instant, accounts, addresses, inbox
from store.sql import given, rows
from store.unit import Reading


class Asking(NamedTuple):
    """Where a message came from.

    ``account_id``  who it is, where the door itself says so; None where the phone says it.
    ``route``       the number of ours that the phone texted to; None for mail.
    ``text``        the words to post, as they are kept.
    """

    channel: str
    sender: str
    account_id: int | None
    route: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who may post at once: a member with a name, in good standing, from an address that is in use.
    ``lately``: what they wrote lately, beside these words."""

    address_id: int
    account_id: int
    name: str
    language: str | None
    lately: LookBack


_asking = given("asking", channel=Text, sender=Text, account_id=BigInteger, route=BigInteger, text=Text)
_SMS: ColumnElement[str] = literal_column("'sms'")
_by_phone = _asking.c.channel == _SMS
_texts_lately = (
    select(func.count())
    .where(inbox.c.sender == _asking.c.sender, inbox.c.received_at >= bindparam("since", type_=Instant()))
    .correlate(_asking)
    .scalar_subquery()
)
_whose = func.coalesce(
    _asking.c.account_id,
    case((and_(_by_phone, addresses.c.proven_at.is_not(None)), addresses.c.account_id)),
)
_IN_GOOD_STANDING = (
    select(
        _asking.c.n,
        addresses.c.id,
        accounts.c.id,
        accounts.c.name,
        accounts.c.language,
        *looking_back(accounts.c.id, null(), _asking.c.text, _asking, accounts),
    )
    .select_from(
        _asking.join(
            addresses, and_(addresses.c.channel == _asking.c.channel, addresses.c.address == _asking.c.sender)
        ).join(accounts, accounts.c.id == _whose)
    )
    .where(
        addresses.c.opted_out_at.is_(None),
        addresses.c.dead_at.is_(None),
        or_(_by_phone, addresses.c.bounces + addresses.c.soft_days == literal_column("0")),
        or_(_asking.c.route.is_(None), addresses.c.route == _asking.c.route),
        accounts.c.name.is_not(None),
        accounts.c.suspended_at.is_(None),
        accounts.c.deleted_at.is_(None),
        or_(~_by_phone, accounts.c.pin_hash == literal_column("''")),
        or_(~_by_phone, _texts_lately <= bindparam("most")),
    )
    .order_by(_asking.c.n)
)


async def in_good_standing(
    reading: Reading, asking: Sequence[Asking], within: Lately, *, since: datetime, most: int
) -> list[Writer | None]:
    """For each message, who wrote it and what else lately, or None where anything about that is unusual: an unknown
    sender, a number that the phone has not texted before, a PIN, an opt-out, a mailbox that mails came back from, a
    suspension, more than ``most`` texts since ``since``, or a second message of the same account."""
    values = {"asking": rows(asking), "since": since, "most": most} | how_far_back(within)
    found: list[Writer | None] = [None] * len(asking)
    seen: set[int] = set()
    for n, address_id, account_id, name, language, *wrote in await reading.execute(_IN_GOOD_STANDING, values):
        if account_id not in seen:
            seen.add(account_id)
            found[n] = Writer(address_id, account_id, name, language, looked_back(within, *wrote))
    return found
