"""Signing up on the site: a name, and a phone or mail address that is proven before there is an account.

    begin(...)           nothing is reserved; a link goes to the mailbox, or a code to the phone
    finish_by_link(...)  the link came back
    finish_by_code(...)  the code came back on the page

All that is said in the language of the page, as nobody has chosen one yet; the account keeps it.

Until then the name is anybody's, so nobody can sit on names with addresses that are not theirs. An address that
somebody has already is told so itself, and the page says what it says to everybody.

Where that takes an invitation, its code comes with the name, and is used up when the proof is. Where it takes a mail
address of the community, it is by that address alone that people sign up.

A phone that was proven on a page has said nothing itself yet: it gets no posts by text until it texts ON, as
everybody's number does that was typed elsewhere than on the phone. One that follows somebody by text has asked already.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import mail_domain, proof, reply_site
from gateway.domain.speech import spoken
from gateway.domain.types import Channel, NoticeKind
from gateway.service import entering, inviting, joining, login, notify, phones
from gateway.service.joining import NameTaken, NotAName, NotInvited, RegistrationClosed
from gateway.service.site import Site
from store import accounts, addresses, default_follows, invites, signups
from store.accounts import AccountRow
from store.addresses import AddressRow
from store.signups import SignupRow
from store.unit import Reading, Unit

_PURPOSE = "signup"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Begun:
    """A link (``EMAIL``) or a code (``SMS``) is on its way, if the address can be written to at all."""

    channel: Channel
    signup_id: int


@dataclass(frozen=True, slots=True)
class NotAnAddress:
    """What was typed is neither a phone number nor a mail address."""


@dataclass(frozen=True, slots=True)
class TooManyCodes:
    """The address had so many in a day that no more are sent."""


@dataclass(frozen=True, slots=True)
class NotOurDomain:
    """People sign up with a mail address of the community here, and this is none."""


@dataclass(frozen=True, slots=True)
class Finished:
    """There is an account now."""

    account_id: int


@dataclass(frozen=True, slots=True)
class TooLate:
    """The link or code is wrong, old, or was used."""


@dataclass(frozen=True, slots=True)
class WrongCode:
    """Try again."""


NotBegun = NameTaken | NotAName | NotAnAddress | NotOurDomain | NotInvited | TooManyCodes | RegistrationClosed
NotFinished = NameTaken | NotAName | NotOurDomain | NotInvited | RegistrationClosed | TooLate


async def begin(
    unit: Unit,
    site: Site,
    name: str,
    typed: str,
    *,
    now: datetime,
    new_code: Callable[[], str],
    secret: str,
    code: str = "",
) -> Begun | NotBegun:
    """Send the proof to the address that was typed. ``secret`` stands in the link of a mail, ``code`` is that of an
    invitation."""
    invite_id = None
    if site.registration == "invite":
        invite_id = await inviting.find(unit, site, code, now=now)
        if invite_id is None:
            return NotInvited()
    elif site.registration not in ("open", "domains"):
        return RegistrationClosed()
    name = name.strip().removeprefix("@").lower()
    if refusal := await joining.name_refusal(unit, name):
        return refusal
    given = address_of(typed, site)
    if given is None:
        return NotAnAddress()
    channel, address = given
    if not _may_come_from(site, channel, address):
        return NotOurDomain()
    if await signups.count_since(unit, address, since=now - _DAY) >= site.limits.codes_per_day:
        return TooManyCodes()
    proof_code = new_code() if channel is Channel.SMS else secret
    found = await addresses.find_or_add(unit, channel, address, now=now)
    held = None if found.owner_id is None else await accounts.by_id(unit, found.owner_id)
    minutes = site.limits.code_minutes if channel is Channel.SMS else 60
    signup_id = await signups.add(
        unit,
        name,
        channel,
        found.address,
        proof.digest(site.key, _PURPOSE, proof_code),
        now=now,
        expires_at=now + timedelta(minutes=minutes),
        invite_id=invite_id,
    )
    if held is not None and held.name is not None:
        await _tell_its_holder(unit, site, found, held, now, new_code)
    elif found.opted_out_at is None and found.dead_at is None:
        if channel is Channel.SMS:
            await phones.choose_sender(unit, site, found)
            await notify.tell(
                unit, found.id, reply_site.signup_code(site.name, name, proof_code), kind=NoticeKind.PROOF, now=now
            )
        else:
            words = reply_site.signup_letter(site.name, name, f"{site.public_url}/signup/{secret}")
            await notify.tell(
                unit, found.id, words, subject=reply_site.signup_subject(site.name), kind=NoticeKind.PROOF, now=now
            )
    unit.ring()
    return Begun(channel, signup_id)


async def who_waits(reading: Reading, site: Site, secret: str, *, now: datetime) -> str | None:
    """The name that this link signs up, without using it up; None when it is too old or was used."""
    waiting = await signups.by_hash(reading, proof.digest(site.key, _PURPOSE, secret), now=now)
    return None if waiting is None else waiting.name


async def finish_by_link(unit: Unit, site: Site, secret: str, *, now: datetime) -> Finished | NotFinished:
    """The link of the mail was opened and confirmed."""
    waiting = await signups.by_hash(unit, proof.digest(site.key, _PURPOSE, secret), now=now)
    return TooLate() if waiting is None else await _finish(unit, site, waiting, now)


async def finish_by_code(
    unit: Unit, site: Site, signup_id: int, code: str, *, now: datetime
) -> Finished | WrongCode | NotFinished:
    """The code of the text was typed on the page; after ``limits.code_tries`` wrong ones it is void."""
    waiting = await signups.by_id(unit, signup_id, now=now)
    if waiting is None or waiting.channel != Channel.SMS:
        return TooLate()
    if not proof.same(waiting.code_hash, site.key, _PURPOSE, "".join(code.split())):
        await signups.count_try(unit, waiting.id)
        if waiting.tries + 1 >= site.limits.code_tries:
            await signups.end(unit, waiting.id, now=now)
            return TooLate()
        return WrongCode()
    return await _finish(unit, site, waiting, now)


async def _finish(unit: Unit, site: Site, waiting: SignupRow, now: datetime) -> Finished | NotFinished:
    channel = Channel(waiting.channel)
    if refusal := await _keeps_out(unit, site, waiting, channel, now):
        return refusal
    found = await addresses.find_or_add(unit, channel, waiting.address, now=now)
    if await joining.held_by(unit, found):
        return TooLate()
    if taken := await joining.name_refusal(unit, waiting.name):
        return taken
    chosen = spoken().code
    language = None if chosen == site.languages.default.code else chosen
    account_id = await accounts.create(unit, waiting.name, now=now, language=language)
    if account_id is None:
        return NameTaken()
    await signups.end(unit, waiting.id, now=now)
    if site.registration == "invite" and waiting.invite_id is not None:
        await invites.take(unit, waiting.invite_id, account_id, now=now)
    if channel is Channel.SMS:
        await accounts.set_texts_on(unit, account_id, texts_on=False)
    address = await joining.give_address(unit, account_id, channel, waiting.address, how="web", now=now)
    if channel is Channel.SMS:
        await notify.tell(unit, address.id, reply_site.signed_up(site.name, waiting.name), now=now)
    else:
        await joining.mail_posting_address(unit, site, account_id, now=now)
    await default_follows.apply(unit, account_id, now=now)
    unit.ring()
    return Finished(account_id)


async def _keeps_out(
    unit: Unit, site: Site, waiting: SignupRow, channel: Channel, now: datetime
) -> NotInvited | NotOurDomain | RegistrationClosed | None:
    """What has changed since they began so that they may not come in any more."""
    match site.registration:
        case "open":
            return None
        case "invite":
            invite_id = waiting.invite_id
            is_open = invite_id is not None and await invites.is_open(unit, invite_id, now=now)
            return None if is_open else NotInvited()
        case "domains":
            return None if _may_come_from(site, channel, waiting.address) else NotOurDomain()
        case _:
            return RegistrationClosed()


def _may_come_from(site: Site, channel: Channel, address: str) -> bool:
    """Whether people may sign up with this address at all, once it is proven."""
    ours = channel is Channel.EMAIL and mail_domain.belongs(address, site.mail_domains)
    return site.registration != "domains" or ours


async def _tell_its_holder(
    unit: Unit, site: Site, found: AddressRow, holder: AccountRow, now: datetime, new_code: Callable[[], str]
) -> None:
    """The address has an account: its holder can log in instead."""
    if found.channel == Channel.SMS:
        await entering.ask(unit, site, found.address, now=now, new_code=new_code)
        return
    if found.opted_out_at is not None or found.dead_at is not None:
        return
    link = await login.new_link(unit, site, holder.id, now=now)
    with site.languages.speaking(holder.language):
        words = reply_site.signup_taken_letter(site.name, holder.name or "", link)
        subject = reply_site.login_subject(site.name)
    await notify.tell(unit, found.id, words, subject=subject, kind=NoticeKind.PROOF, now=now)


def address_of(typed: str, site: Site) -> tuple[Channel, str] | None:
    """What somebody typed, as a phone number (E.164) or a mail address; None when it is neither, or ours."""
    typed = typed.strip()
    if "@" in typed:
        local, _, domain = typed.rpartition("@")
        odd = any(c.isspace() or c in "<>,;\"'" for c in typed) or "@" in local
        fits = len(typed) <= 254 and local and "." in domain and not odd
        return (Channel.EMAIL, typed) if fits else None
    number = phones.e164(typed, site.default_region)
    return None if number is None or number in phones.ours(site) else (Channel.SMS, number)
