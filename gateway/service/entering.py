"""Logging in on the site without a password: by a link that is mailed, or a code that is texted.

    ask(unit, site, typed)         a link to the mailbox, or a code to the phone, of whoever is meant, if anybody is
    take(unit, site, typed, code)  the code came back on the page

Who asks is told the same whoever they name, so nobody learns here who has an account. Each kind goes to the address
that was typed; for a name, to the mailbox in use, else to the phone in use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from gateway.domain import proof, reply_site
from gateway.domain.types import Channel, NoticeKind
from gateway.service import login, notify, phones
from gateway.service.site import Site
from store import accounts, addresses, consents, proofs
from store.accounts import AccountRow
from store.addresses import AddressRow
from store.unit import Reading, Unit

_PURPOSE = "login code"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WrongCode:
    """It is not the code, or it is no longer good; after a few wrong ones none is."""


async def meant(reading: Reading, site: Site, typed: str) -> tuple[AccountRow, AddressRow | None] | None:
    """The account that somebody names by its name, phone or mail address, and the address at which to reach it, proven
    and in use; None when nobody is meant who could log in."""
    typed = typed.strip()
    if typed.count("@") == 1:  # a name may be typed with one before it
        typed = typed.removeprefix("@")
    address: AddressRow | None = None
    account: AccountRow | None
    if "@" in typed:
        address = await addresses.find(reading, Channel.EMAIL, typed)
    elif (number := phones.e164(typed, site.default_region)) is not None and not typed[:1].isalpha():
        address = await addresses.find(reading, Channel.SMS, number)
    if address is not None:
        account = None if address.owner_id is None else await accounts.by_id(reading, address.owner_id)
    else:
        account = await accounts.by_name(reading, typed) if typed else None
        if account is not None:
            which = account.mail_id or account.phone_id
            address = None if which is None else await addresses.by_id(reading, which)
    if account is None or account.name is None or account.suspended_at or account.deleted_at:
        return None
    return account, address


async def ask(
    unit: Unit, site: Site, typed: str, *, now: datetime, new_code: Callable[[], str], back: str = ""
) -> Channel | None:
    """Send a link or a code to whoever is meant; on which channel, or None when nothing was sent. No page tells. The
    link leads to the page ``back`` of this site, if that is given."""
    found = await meant(unit, site, typed)
    if found is None:
        return None
    account, address = found
    if address is None or address.opted_out_at is not None or address.dead_at is not None:
        return None
    whose = f"login {account.id}"
    if await consents.count_asked(unit, address.address, whose, since=now - _DAY) >= site.limits.codes_per_day:
        return None
    channel = Channel(address.channel)
    if channel is Channel.EMAIL:
        link = await login.new_link(unit, site, account.id, now=now)
        link += f"?next={quote(back, safe='/')}" if back else ""
        with site.languages.speaking(account.language):
            words, subject = reply_site.login_letter(site.name, link), reply_site.login_subject(site.name)
    else:
        code = new_code()
        await proofs.add(
            unit,
            account.id,
            _PURPOSE,
            code_hash=proof.digest(site.key, f"{_PURPOSE}:{account.id}", code),
            expires_at=now + timedelta(minutes=site.limits.code_minutes),
        )
        with site.languages.speaking(account.language):
            words, subject = reply_site.login_code(site.name, code), ""
    if not await notify.tell(unit, address.id, words, subject=subject, kind=NoticeKind.PROOF, now=now):
        return None
    await consents.add(unit, address.address, action="asked", how="web", words=whose, now=now)
    unit.ring()
    return channel


async def take(unit: Unit, site: Site, typed: str, code: str, *, now: datetime) -> AccountRow | WrongCode:
    """Whom this code logs in. It serves once, and so many wrong ones (``limits.code_tries``) void it."""
    found = await meant(unit, site, typed)
    waiting = None if found is None else await proofs.waiting(unit, found[0].id, _PURPOSE, now=now)
    if found is None or waiting is None:
        return WrongCode()
    account = found[0]
    if waiting.tries >= site.limits.code_tries:
        return WrongCode()
    if not proof.same(waiting.code_hash, site.key, f"{_PURPOSE}:{account.id}", "".join(code.split())):
        await proofs.count_try(unit, waiting.id)
        return WrongCode()
    await proofs.use(unit, waiting.id)
    return account
