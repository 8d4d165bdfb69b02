"""Birdwire's own words to people: they wait in the queue like everything else, answers in the foremost lane."""

from datetime import datetime

from gateway.domain.types import Channel, Lane
from store import accounts, addresses, deliveries, routes
from store.routes import MAIL_ROUTE
from store.unit import Unit


async def tell(
    unit: Unit,
    address_id: int,
    text: str,
    *,
    now: datetime,
    subject: str = "",
    in_reply_to: str = "",
    answers: bool = False,
    lane: Lane = Lane.ANSWER,
) -> bool:
    """Queue words for one phone or mailbox. ``answers``: they answer what it has just sent, so they go out even
    after a STOP. What many are told at once takes a ``lane`` in which no answer waits behind it. False
    when there is no way there."""
    address = await addresses.by_id(unit, address_id)
    if address is None:
        return False
    channel = Channel(address.channel)
    route = MAIL_ROUTE if channel is Channel.EMAIL else await routes.for_phone(unit, address.route)
    if route is None:
        return False
    await deliveries.add_notice(
        unit,
        address_id=address_id,
        account_id=address.owner_id,
        channel=channel,
        route=route,
        text=text,
        subject=subject,
        in_reply_to=in_reply_to,
        answers=answers,
        lane=lane,
        now=now,
    )
    return True


async def tell_account(
    unit: Unit, account_id: int, text: str, *, now: datetime, subject: str = "", lane: Lane = Lane.ANSWER
) -> bool:
    """Queue words for a person: to the phone in use, else the mailbox in use. False when there is neither."""
    account = await accounts.by_id(unit, account_id)
    if account is None:
        return False
    address_id = account.phone_id if account.sms_route is not None else account.mail_id
    return address_id is not None and await tell(unit, address_id, text, now=now, subject=subject, lane=lane)
