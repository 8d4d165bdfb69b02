"""What members choose for themselves on the site: how they are called and seen, which phones and mailboxes are theirs,
what comes there and when, their secret addresses, their PIN and password.

Whoever sits before the page has logged in, so nothing here asks for the echo of a code as the same wish by text does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from gateway.domain import proof, reply_site, token
from gateway.domain.own_secrets import without_own_secrets
from gateway.domain.quiet import Hours, read
from gateway.domain.text import normalise
from gateway.domain.token import Purpose
from gateway.domain.types import DIGESTS, Channel, EmailMode, NoticeKind, Overflow
from gateway.service import digests, following, joining, mail_addresses, notify, proving, signing_up, waking
from gateway.service.answering import pin as pins
from gateway.service.joining import HeldBy, NameTaken, NotAName
from gateway.service.proving import Asked, NotAPhone, NoTexts, OptedOut, TooManyCodes, YoursAlready
from gateway.service.site import Site
from gateway.service.zones import zone_of
from store import accounts, addresses, deliveries, proofs
from store.accounts import AccountRow
from store.addresses import AddressRow
from store.unit import Reading, Unit

LONGEST_BIO = 160
"""Characters that somebody may say of themselves."""

_MAIL = "mailbox"
_LINK_KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secret addresses of an account: where it posts by mail, and below which its private feeds are."""

    posting: str
    feed: str


@dataclass(frozen=True, slots=True)
class BioTooLong:
    """It is ``over`` characters too long."""

    over: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such language, time zone or way."""


@dataclass(frozen=True, slots=True)
class LinkSent:
    """A link went to the mailbox."""


@dataclass(frozen=True, slots=True)
class NotAMailbox:
    """What was typed is no mail address."""


@dataclass(frozen=True, slots=True)
class LastWayIn:
    """Without this address, and without a password, nobody could log in any more."""


def secrets_of(site: Site, me: AccountRow) -> Secrets:
    """The secret addresses of an account."""
    feed = token.make(site.key, Purpose.FEED, me.id, me.feed_version)
    return Secrets(mail_addresses.posting_address(site, me), f"{site.public_url}/feeds/{feed}")


async def set_profile(
    unit: Unit, site: Site, me: AccountRow, *, bio: str, language: str, time_zone: str, overflow: str, now: datetime
) -> BioTooLong | Unknown | None:
    """What the member says of themselves, their language and time zone, and what happens to posts that are too long;
    an empty choice is as the site has it. None when it is done."""
    bio = without_own_secrets(normalise(bio), site.mail_domain, site.public_url)
    if len(bio) > LONGEST_BIO:
        return BioTooLong(len(bio) - LONGEST_BIO)
    if (time_zone and time_zone not in available_timezones()) or (overflow and overflow not in set(Overflow)):
        return Unknown()
    await accounts.set_profile(
        unit,
        me.id,
        bio=bio,
        language=language or None,
        time_zone=time_zone or None,
        overflow=overflow or None,
    )
    if (time_zone or None) != me.time_zone:  # the same hours, on other clocks
        if me.quiet_hours:
            await waking.set_daily(unit, site, me.id, read(me.quiet_hours), now=now)
        if EmailMode(me.email_mode) in DIGESTS:
            await digests.set_mode(unit, site, me.id, EmailMode(me.email_mode), now=now)
    return None


async def rename(unit: Unit, me: AccountRow, name: str) -> NameTaken | NotAName | None:
    """Be called so from now on; None when it is done. Addresses of pages change with it."""
    name = name.strip().removeprefix("@").lower()
    if name == me.name:
        return None
    if refusal := await joining.name_refusal(unit, name):
        return refusal
    return None if await accounts.rename(unit, me.id, name) else NameTaken()


async def set_protected(
    unit: Unit,
    site: Site,
    me: AccountRow,
    protected: bool,  # it is what is set
    *,
    now: datetime,
) -> None:
    """Whether following must be asked for. Whoever waits is let in when it need not any more."""
    if protected == me.protected:
        return
    await accounts.set_protected(unit, me.id, protected)
    if not protected:
        await following.accept_all(unit, site, me, now=now)


# ---- phones and mailboxes


async def held(reading: Reading, me: AccountRow) -> Sequence[AddressRow]:
    """The member's phones and mailboxes that are proven."""
    return [each for each in await addresses.of_account(reading, me.id) if each.proven_at is not None]


async def add(
    unit: Unit, site: Site, me: AccountRow, typed: str, *, now: datetime, new_code: Callable[[], str], secret: str
) -> Asked | LinkSent | NotAPhone | NotAMailbox | YoursAlready | HeldBy | OptedOut | TooManyCodes | NoTexts:
    """Begin to add a phone (a code is texted to it, to be answered from it) or a mailbox (a link is mailed)."""
    given = signing_up.address_of(typed, site)
    if given is None:
        return NotAMailbox() if "@" in typed else NotAPhone()
    channel, address = given
    if channel is Channel.SMS:
        return await proving.ask(unit, site, me.id, address, how="web", now=now, new_code=new_code)
    found = await addresses.find_or_add(unit, channel, address, now=now)
    if found.owner_id == me.id:
        return YoursAlready()
    if found.opted_out_at is not None or found.dead_at is not None:
        return OptedOut()
    if await proving.asked_too_often(unit, site, found, me.id, now=now):
        return TooManyCodes()
    await proofs.add(
        unit,
        me.id,
        _MAIL,
        code_hash=proof.digest(site.key, _MAIL, secret),
        words=found.address,
        expires_at=now + _LINK_KEPT,
    )
    with site.languages.speaking(me.language):
        words = reply_site.mailbox_letter(site.name, me.name or "", f"{site.public_url}/settings/mailbox/{secret}")
        subject = reply_site.mailbox_subject(site.name)
    await notify.tell(unit, found.id, words, subject=subject, kind=NoticeKind.PROOF, now=now)
    await proving.note_asked(unit, found, me.id, how="web", now=now)
    unit.ring()
    return LinkSent()


async def mailbox_behind(reading: Reading, site: Site, me: AccountRow, secret: str, *, now: datetime) -> str | None:
    """The mailbox that a link would add to the member's account; None when the link is none, or too old."""
    found = await proofs.find(reading, _MAIL, proof.digest(site.key, _MAIL, secret), now=now)
    return found.words if found is not None and found.account_id == me.id else None


async def take_mailbox(unit: Unit, site: Site, me: AccountRow, secret: str, *, now: datetime) -> str | HeldBy | None:
    """The link came back: the mailbox is the member's, and this is it. None when the link is none, or too old."""
    found = await proofs.find(unit, _MAIL, proof.digest(site.key, _MAIL, secret), now=now)
    if found is None or found.account_id != me.id:
        return None
    await proofs.use(unit, found.id)
    address = await addresses.find(unit, Channel.EMAIL, found.words)
    if address is not None and (by_another := await joining.held_by(unit, address, me.id)):
        return by_another
    await joining.give_address(unit, me.id, Channel.EMAIL, found.words, how="web", now=now)
    return found.words


async def to_remove(reading: Reading, me: AccountRow, address_id: int) -> AddressRow | LastWayIn | None:
    """The phone or mailbox of the member's that may be removed; None when it is none of theirs."""
    own = await held(reading, me)
    found = next((each for each in own if each.id == address_id), None)
    return LastWayIn() if found is not None and len(own) == 1 and not me.password_hash else found


async def remove(unit: Unit, me: AccountRow, address_id: int, *, now: datetime) -> LastWayIn | None:
    """Have a phone or mailbox no longer; what waits for it is dropped. None when it is done."""
    found = await to_remove(unit, me, address_id)
    if found is None or isinstance(found, LastWayIn):
        return found
    await addresses.detach(unit, found.id)
    await deliveries.drop_for_address(unit, found, "taken off the account", now=now)
    return None


async def use(unit: Unit, me: AccountRow, address_id: int, *, now: datetime) -> bool:
    """Use this one of the member's phones or mailboxes from now on: the one that was confirmed last is used. False when
    it is none of theirs, or can't be used."""
    found = next((each for each in await held(unit, me) if each.id == address_id), None)
    if found is None or found.opted_out_at is not None or found.dead_at is not None:
        return False
    await addresses.attach(unit, found.id, me.id, proven_at=now)
    return True


async def pause(unit: Unit, me: AccountRow, channel: Channel, *, now: datetime) -> None:
    """No posts come to the phone, or to the mailbox, until they go on; codes and links still do."""
    if channel is Channel.EMAIL:
        await digests.turn_off(unit, me.id, now=now)
    elif me.texts_on:
        await _stop_texts(unit, me, now)


async def go_on(unit: Unit, site: Site, me: AccountRow, channel: Channel, *, now: datetime) -> EmailMode | None:
    """Posts come there again; by mail as they did before, which is said."""
    if channel is Channel.EMAIL:
        return await digests.turn_on(unit, site, me.id, now=now)
    await _start_texts(unit, me)
    return None


# ---- what comes, and when


async def set_channels(
    unit: Unit, site: Site, me: AccountRow, *, texts: bool, mail: EmailMode, hour: int | None, now: datetime
) -> None:
    """Whether posts come by text at all, and when mail goes out: ``hour`` is that of a daily one, None as it was."""
    if texts and not me.texts_on:
        await _start_texts(unit, me)
    elif me.texts_on and not texts:
        await _stop_texts(unit, me, now)
    if mail != me.email_mode or hour != me.digest_hour:
        await digests.set_mode(unit, site, me.id, mail, now=now, hour=hour)


async def _start_texts(unit: Unit, me: AccountRow) -> None:
    await accounts.set_texts_on(unit, me.id, texts_on=True)
    await addresses.refresh(unit, me.id)


async def _stop_texts(unit: Unit, me: AccountRow, now: datetime) -> None:
    await accounts.set_texts_on(unit, me.id, texts_on=False)
    await addresses.refresh(unit, me.id)
    await deliveries.drop_for_account(unit, me.id, Channel.SMS, "texts are off", now=now)


async def set_quiet(
    unit: Unit, site: Site, me: AccountRow, start: time | None, until: time | None, *, now: datetime
) -> None:
    """Quiet every day between these hours; without one of them, or when they are the same, none."""
    none = start is None or until is None or start == until
    hours = None if none or start is None or until is None else Hours(start, until)
    if (None if hours is None else str(hours)) != me.quiet_hours:
        await waking.set_daily(unit, site, me.id, hours, now=now)


async def zone(reading: Reading, site: Site, me: AccountRow) -> ZoneInfo:
    """The time zone that the member lives in, as far as is known."""
    phone = None if me.phone_id is None else await addresses.by_id(reading, me.phone_id)
    return zone_of(me.time_zone, phone.address if phone else None, site.time_zone)


# ---- secrets


async def set_pin(unit: Unit, site: Site, me: AccountRow, pin: str) -> bool:
    """Texts must begin with this PIN (4 to 8 digits); empty: none is needed. False when it is no PIN."""
    if pin and not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8):
        return False
    await accounts.set_pin(unit, me.id, pins.kept(site, me.id, pin) if pin else "")
    return True
