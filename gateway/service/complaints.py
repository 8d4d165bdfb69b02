"""What follows from a feedback report: somebody pressed "this is spam" on a mail of ours, and their provider tells us.

It is obeyed at once, and its mailbox's owner is told another way. Anybody can write such a report, so it must hold
something that only who has the mail can know: one of the secret addresses in it, or its Message-ID, which is sealed as
they are. Its Feedback-ID names no mail and no person, and stops nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from gateway.domain import reply_mail, token, unsubscribe
from gateway.domain.complaint import Complaint, Wish, wish
from gateway.domain.token import Claimed, Purpose
from gateway.domain.types import Channel
from gateway.domain.unsubscribe import DeliverysMail, Stop
from gateway.service import doors, mailboxes, notify, unsubscribing
from gateway.service.site import Site
from store import accounts, addresses, queue
from store.addresses import AddressRow
from store.doors import owners_of_deliveries
from store.unit import Reading, Unit

_MAIL = re.compile(r"[^\s@<>\"]+@([^\s@<>\"]+)")

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What a report led to: what it asks for holds now, or it asks for nothing, or nobody knows whose mail it was."""

    OBEYED = "obeyed"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Named:
    """What the secrets in a report are about: the mailbox that the mail went to, and what its link stops."""

    box: AddressRow | None
    stop: Stop | None


async def record(unit: Unit, site: Site, complaint: Complaint, *, now: datetime) -> Outcome:
    """Do what a report asks for."""
    asks = wish(complaint.kind)
    if asks is Wish.NOTHING:
        return Outcome.NOTHING
    named = await _named(unit, site, complaint)
    if named.box is None and named.stop is None:
        log.warning("complaint about no mail of ours", kind=complaint.kind, secrets=len(complaint.secrets))
        return Outcome.UNKNOWN
    if asks is Wish.STOP_ALL and named.box is not None:
        log.warning("complaint", kind=complaint.kind, address=named.box.id, account=named.box.account_id)
        await mailboxes.complained(unit, site, named.box, f"complaint ({complaint.kind})", now=now)
        return Outcome.OBEYED
    assert named.stop is not None
    stop = unsubscribing.unsubscribe if asks is Wish.STOP_KIND else unsubscribing.stop_all
    return Outcome.UNKNOWN if await stop(unit, site, named.stop, now=now) is None else Outcome.OBEYED


async def hear(unit: Unit, site: Site, sender: str, subject: str, text: str, *, now: datetime) -> str:
    """A person wrote to ``abuse@``: hand it on to whoever runs the site, where that is a mail address, and answer."""
    with site.languages.speaking(None):
        operator = _MAIL.fullmatch(site.contact.strip())
        handed_on = operator is not None and operator[1].lower() not in (site.mail_domain.lower(), "")
        if handed_on:
            box = await addresses.find_or_add(unit, Channel.EMAIL, site.contact.strip(), now=now)
            subject = reply_mail.handed_on_subject(subject)
            handed_on = await notify.tell(unit, box.id, reply_mail.handed_on(sender, text), subject=subject, now=now)
        return reply_mail.abuse(site.name, site.contact, handed_on=handed_on)


async def _named(reading: Reading, site: Site, complaint: Complaint) -> _Named:
    box: AddressRow | None = None
    stop: Stop | None = None
    of_delivery: Stop | None = None
    for each in complaint.secrets:
        prefix, _, secret = each.lower().partition("+")
        if prefix == Purpose.UNSUBSCRIBE:
            stop = stop or unsubscribe.read(site.key, secret)
        elif prefix in (Purpose.BOUNCE, Purpose.REPLY, Purpose.DELIVERY) and box is None:
            claimed = token.parse(secret)
            if claimed is not None and await _is_genuine(reading, site, Purpose(prefix), claimed):
                box, of_delivery = await _went_to(reading, claimed.number), DeliverysMail(claimed.number)
    stop = stop or (of_delivery if box is not None else None)
    account_id = None if stop is None else await unsubscribing.account_of(reading, stop)
    if box is None and account_id is not None:
        box = await _of_account(reading, account_id, complaint.recipients)
    return _Named(box, stop)


async def _is_genuine(reading: Reading, site: Site, purpose: Purpose, claimed: Claimed) -> bool:
    """Whether we made it; a reply address also when it was renewed since."""
    if purpose is not Purpose.REPLY:
        return token.holds(site.key, purpose, claimed)
    owner = (await owners_of_deliveries(reading, {claimed.number})).get(claimed.number)
    return owner is not None and doors.made_reply_address(site, claimed, owner)


async def _went_to(reading: Reading, delivery_id: int) -> AddressRow | None:
    """The mailbox that a delivery went to, while it is kept."""
    for carried in await queue.details(reading, [delivery_id]):
        if carried.channel == Channel.EMAIL and carried.address_id is not None:
            return await addresses.by_id(reading, carried.address_id)
    return None


async def _of_account(reading: Reading, account_id: int, recipients: tuple[str, ...]) -> AddressRow | None:
    """The account's mailbox that the report names, else the one in use."""
    said = {addresses.folded(Channel.EMAIL, each) for each in recipients}
    for each in await addresses.of_account(reading, account_id):
        if each.channel == Channel.EMAIL and each.address in said:
            return each
    account = await accounts.by_id(reading, account_id)
    in_use = None if account is None else account.mail_id
    return None if in_use is None else await addresses.by_id(reading, in_use)
