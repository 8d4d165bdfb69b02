"""A phone number that somebody typed elsewhere than on that phone, proven before the first update goes there.

    ask(unit, site, account_id, phone)   -> Asked | ...     a code is texted to it, and nothing else yet
    take(unit, site, phone, offer, code) -> Claimed | ...   the code came back from there: it is theirs, and agrees

Whoever holds the phone decides, not who typed its number: until the code comes back from it, by text, the number is
nobody's and gets nothing but a few codes a day. STOP ends those, too. The code that came back is the consent, and is
answered with the confirmation that carriers ask for. (The other direction, a code that is shown on the web and texted
with CLAIM, is in ``gateway.service.joining``.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import reply
from gateway.domain.types import Channel
from gateway.service import echoing, joining, notify, phones
from gateway.service.echoing import Wrong
from gateway.service.joining import Claimed, HeldBy
from gateway.service.site import Site
from store import accounts, addresses, consents
from store.addresses import AddressRow
from store.offers import OfferRow
from store.unit import Unit

KIND = "phone"
"""The kind of question that is asked of a phone (``store.offers``); its words are the account's id."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A code is on its way to the phone. It must come back from there before ``expires_at``."""

    phone: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NotAPhone:
    """What was typed is no phone number, or one of ours."""


@dataclass(frozen=True, slots=True)
class YoursAlready:
    """The account has this phone, proven."""


@dataclass(frozen=True, slots=True)
class OptedOut:
    """Its holder wants no texts; START, from that phone, is the only way back."""


@dataclass(frozen=True, slots=True)
class TooManyCodes:
    """The phone, or the account, had so many codes in a day that no more are sent; try tomorrow."""


@dataclass(frozen=True, slots=True)
class NoTexts:
    """This site has no SMS."""


async def ask(
    unit: Unit, site: Site, account_id: int, typed: str, *, how: str, now: datetime, new_code: Callable[[], str]
) -> Asked | NotAPhone | YoursAlready | HeldBy | OptedOut | TooManyCodes | NoTexts:
    """Text a code to the number that the owner of an account typed, as they typed it. ``how`` is where (``web``).

    An earlier question to that phone is void. What HeldBy says of the holder is not for who typed the number."""
    account = await accounts.by_id(unit, account_id)
    number = phones.e164(typed, site.default_region)
    if number is None or number in phones.ours(site) or account is None or account.name is None:
        return NotAPhone()
    found = await addresses.find_or_add(unit, Channel.SMS, number, now=now)
    if found.owner_id == account_id:
        return YoursAlready()
    if held := await joining.held_by(unit, found):
        return held
    if found.opted_out_at is not None:
        return OptedOut()
    if await asked_too_often(unit, site, found, account_id, now=now):
        return TooManyCodes()
    await phones.choose_sender(unit, site, found)
    code = new_code()
    with site.languages.speaking(account.language):
        words = reply.prove_phone(site.name, account.name, code)
    told = await notify.tell(unit, found.id, words, now=now)
    if not told:
        return NoTexts()
    expires_at = await echoing.ask(unit, site, found.id, KIND, str(account_id), code, now=now)
    await note_asked(unit, found, account_id, how=how, now=now)
    return Asked(found.address, expires_at)


async def asked_too_often(unit: Unit, site: Site, address: AddressRow, account_id: int, *, now: datetime) -> bool:
    """Whether this address, or this account's owner for any address, had a day's codes and links."""
    asked = await consents.count_asked(unit, address.address, f"for {account_id}", since=now - _DAY)
    return asked >= site.limits.codes_per_day


async def note_asked(unit: Unit, address: AddressRow, account_id: int, *, how: str, now: datetime) -> None:
    """A code or a link went there for this account."""
    await consents.add(unit, address.address, action="asked", how=how, words=f"for {account_id}", now=now)


async def take(
    unit: Unit, site: Site, phone: AddressRow, offer: OfferRow, code: str, *, words: str, now: datetime
) -> Claimed | Wrong | HeldBy | None:
    """A number came from this phone by text, and ``offer`` is such a question that stands there. None when the account
    is gone that asked. HeldBy when the phone has joined meanwhile."""
    account = await accounts.by_id(unit, int(offer.words))
    if account is None or account.name is None:
        return None
    outcome = await echoing.take(unit, site, offer, code, now=now)
    if isinstance(outcome, Wrong):
        return outcome
    if held := await joining.held_by(unit, phone, account.id):
        return held
    await joining.hand_over(unit, phone, account.id, how=phone.channel, words=words, now=now)
    return Claimed(account.id, account.name)
