"""How a phone or mailbox is opted out, whoever says so: at once, with what waits for it dropped, and in the ledger."""

from datetime import datetime

from gateway.domain.types import Channel
from store import addresses, consents, deliveries
from store.addresses import AddressRow
from store.unit import Unit


async def opt_out(unit: Unit, address: AddressRow, *, how: str, words: str, why: str, now: datetime) -> bool:
    """Nothing is sent to this address any more. ``how`` and ``words`` stand in the ledger, ``why`` with what was
    dropped. False when it had opted out before: then nothing changes."""
    if address.opted_out_at is not None:
        return False
    await addresses.opt_out(unit, address.id, now=now)
    await deliveries.drop_for_address(unit, address, why, now=now)
    await consents.add(unit, address.address, action="refused", how=how, words=words, now=now)
    return True


async def stop_phone(unit: Unit, phone: str, *, words: str, now: datetime) -> None:
    """A STOP from this phone and nothing else of it: no memory of the message, no answer. For one that could not be
    handled as other messages are."""
    address = await addresses.find_or_add(unit, Channel.SMS, phone, now=now)
    await opt_out(unit, address, how=str(Channel.SMS), words=words, why="opted out by STOP", now=now)
