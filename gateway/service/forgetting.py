"""Nothing of whoever has left stays behind: what cannot go with the account is wiped afterwards, in small steps.

The last answer must still reach the phone that asked for the end, so its number is forgotten after that; and what came
in and went out word for word is among millions of rows. A fact remembers how far it is, so any daemon goes on with it.

What stays, and why: the ledger of consent, which nobody may change; an address that opted out, so that nothing is ever
sent there; rows with ids, moments and outcomes, without words.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from gateway.domain import token
from store import addresses, facts, forgetting
from store.unit import Reading, Unit

_FACT = "left:"
_AT_A_TIME = 20
_LAST_WORDS = timedelta(minutes=1)
"""Within which the answer to whoever left is queued."""


class _Left(msgspec.Struct, frozen=True):
    """Whose traces are being wiped, and how far that is: after which delivery, and which message, to go on; None when
    all of these are done."""

    account: int
    addresses: tuple[int, ...]
    at: datetime
    delivery: int | None = 0
    message: int | None = 0


async def addresses_of(reading: Reading, account_id: int) -> list[int]:
    """The phones and mailboxes that an account holds, or has begun to take: to be asked before it is gone."""
    held = [each.id for each in await addresses.of_account(reading, account_id)]
    return held + await forgetting.typed(reading, account_id)


async def begin(unit: Unit, account_id: int, address_ids: Sequence[int], *, now: datetime) -> None:
    """The account is gone, and held these addresses until now. What can be wiped at once is."""
    await forgetting.wipe_at_once(unit, account_id, address_ids)
    left = _Left(account_id, tuple(address_ids), now)
    await facts.put(unit, f"{_FACT}{account_id}", msgspec.json.encode(left).decode())


async def is_due(reading: Reading) -> bool:
    """Whether there is anything to wipe: a look that holds up nobody."""
    return bool(await facts.beginning(reading, _FACT, most=1))


async def step(unit: Unit, *, now: datetime) -> bool:
    """Wipe a bounded part of what is left; whether more could be wiped at once."""
    more = False
    for fact in await facts.beginning(unit, _FACT, most=_AT_A_TIME):
        value = await facts.take(unit, fact)
        if value is None:  # another daemon is at it
            continue
        left = msgspec.json.decode(value, type=_Left)
        if await forgetting.anything_open(unit, left.account, left.addresses):
            continue
        after = await _wipe(unit, left)
        if after.delivery is None and after.message is None:
            await forgetting.forget_addresses(unit, left.addresses, now=now)
            await facts.drop(unit, fact)
        else:
            await facts.put(unit, fact, msgspec.json.encode(after).decode())
            more = True
    return more


async def _wipe(unit: Unit, left: _Left) -> _Left:
    if left.delivery is not None:
        until = left.at + _LAST_WORDS
        delivery = await forgetting.wipe_notices(unit, left.account, left.addresses, until=until, after=left.delivery)
        return msgspec.structs.replace(left, delivery=delivery)
    if left.message is None:
        return left
    posting = f"post+{token.any_of(left.account, '_')}@%"
    named = await forgetting.names(unit, left.addresses)
    message = await forgetting.wipe_messages(unit, named, posting, until=left.at, after=left.message)
    return msgspec.structs.replace(left, message=message)
