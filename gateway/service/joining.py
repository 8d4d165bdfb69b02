"""How people come and go: signing up from a phone, claiming a web account, renaming, signing out, leaving for good.

A phone that only follows has an account without a name; when its owner signs up or claims an account, what it
follows comes along.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import mail_domain, proof, reply
from gateway.domain.speech import mark
from gateway.domain.types import NAME_PATTERN, Channel, NoticeKind
from gateway.service import forgetting, inviting, notify, refusals
from gateway.service.mail_addresses import posting_address
from gateway.service.site import Site
from store import (
    accounts,
    addresses,
    consents,
    default_follows,
    deliveries,
    follows,
    invites,
    listeners,
    lists,
    nudges,
    polls,
    proofs,
    relations,
    sessions,
)
from store.addresses import AddressRow
from store.unit import Reading, Unit

RESERVED_NAMES = frozenset(
    [
        "about",
        "abuse",
        "account",
        "accounts",
        "admin",
        "administrator",
        "all",
        "anonymous",
        "api",
        "app",
        "apps",
        "auth",
        "birdwire",
        "bounce",
        "contact",
        "directory",
        "everybody",
        "everyone",
        "feed",
        "feeds",
        "group",
        "groups",
        "healthz",
        "help",
        "home",
        "hooks",
        "hostmaster",
        "info",
        "invite",
        "join",
        "list",
        "lists",
        "login",
        "logout",
        "mailer_daemon",
        "me",
        "media",
        "messages",
        "metrics",
        "moderator",
        "name",
        "newname",
        "nobody",
        "noreply",
        "oauth",
        "off",
        "on",
        "operator",
        "polls",
        "post",
        "postmaster",
        "privacy",
        "public",
        "readyz",
        "register",
        "reply",
        "root",
        "rules",
        "search",
        "security",
        "settings",
        "signin",
        "signout",
        "signup",
        "staff",
        "start",
        "static",
        "stop",
        "support",
        "system",
        "tag",
        "tags",
        "terms",
        "unsubscribe",
        "wall",
        "webmaster",
        "you",
        "yourname",
    ]
)
"""Names that nobody may sign up with: a page bears them, a command means them, or they pass for those who run this."""

_NAME = re.compile(NAME_PATTERN)
_MOST_FOLLOWED = 1_000
"""People whom an account that only follows may have been following, for what is looked at of each."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The phone takes part as this account. ``fresh`` when it was unknown before, so a confirmation is due."""

    account_id: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class NameTaken:
    """Somebody bears the name, or it is reserved."""


@dataclass(frozen=True, slots=True)
class NotAName:
    """A name has 1 to 15 letters, digits or underscores."""


@dataclass(frozen=True, slots=True)
class RegistrationClosed:
    """The operator wants no sign-up by text."""


@dataclass(frozen=True, slots=True)
class NotInvited:
    """The invitation is none, or has served."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The phone belongs to the account of this name now."""

    account_id: int
    name: str


@dataclass(frozen=True, slots=True)
class NoSuchCode:
    """Nobody waits for this code, or not any more."""


@dataclass(frozen=True, slots=True)
class HeldBy:
    """The phone or mail address belongs to somebody else already."""

    name: str


@dataclass(frozen=True, slots=True)
class Added:
    """The operator's new account."""

    account_id: int


async def name_refusal(unit: Unit, name: str) -> NameTaken | NotAName | None:
    """Why nobody can be called ``name`` (lower-case) from now on; None if one can."""
    if not _NAME.fullmatch(name):
        return NotAName()
    if name in RESERVED_NAMES or await accounts.by_name(unit, name) is not None:
        return NameTaken()
    return None


async def join(
    unit: Unit, site: Site, phone: AddressRow, name: str, *, words: str, now: datetime, code: str = ""
) -> Joined | NameTaken | NotAName | RegistrationClosed | NotInvited:
    """Sign a phone up, or a proven mailbox, under ``name`` (lower-case). ``words`` are what it wrote: they are the
    consent. ``code`` is the one of an invitation, where signing up takes one.

    A phone that only follows keeps what it follows; one that has a named account must not come here.
    """
    invite_id = None
    if site.registration == "invite" and code:
        invite_id = await inviting.find(unit, site, code, now=now)
        if invite_id is None:
            return NotInvited()
    elif site.registration != "open" and not _is_of_the_community(site, phone):
        return RegistrationClosed()
    refusal = await name_refusal(unit, name)
    if refusal is not None:
        return refusal
    fresh = phone.owner_id is None
    if phone.owner_id is None:
        account_id = await accounts.create(unit, name, now=now)
        if account_id is None:
            return NameTaken()
        await hand_over(unit, phone, account_id, how=phone.channel, words=words, now=now)
    else:
        account_id = phone.owner_id
        if not await accounts.rename(unit, account_id, name):
            return NameTaken()
        await consents.add(unit, phone.address, action="given", how=phone.channel, words=words, now=now)
    if invite_id is not None:
        await invites.take(unit, invite_id, account_id, now=now)
    await default_follows.apply(unit, account_id, now=now)
    return Joined(account_id, fresh)


def _is_of_the_community(site: Site, address: AddressRow) -> bool:
    """Whether it is a mailbox whose domain is all that signing up takes."""
    by_mail = site.registration == "domains" and address.channel == Channel.EMAIL
    return by_mail and mail_domain.belongs(address.address, site.mail_domains)


async def join_to_follow(unit: Unit, phone: AddressRow, *, words: str, now: datetime) -> int:
    """An account without a name for an unknown phone; ``words`` are its consent. Returns the account's id."""
    account_id = await accounts.create(unit, None, now=now)
    assert account_id is not None
    await hand_over(unit, phone, account_id, how=phone.channel, words=words, now=now)
    return account_id


async def new_claim_code(unit: Unit, site: Site, account_id: int, *, now: datetime, new_code: Callable[[], str]) -> str:
    """A code that joins the phone which texts it to this account. It serves once, for ``limits.code_minutes``.

    It is looked for among all open codes, so it is twice as long as one that answers a question to its own phone.
    """
    code = new_code() + new_code()
    await proofs.add(
        unit,
        account_id,
        "claim",
        code_hash=proof.digest(site.key, "claim", code),
        expires_at=now + timedelta(minutes=site.limits.code_minutes),
    )
    return code


async def claim(
    unit: Unit, site: Site, phone: AddressRow, code: str, *, words: str, now: datetime
) -> Claimed | NoSuchCode | HeldBy:
    """Give the phone to the account that waits for this code, with everything it followed until now."""
    found = await proofs.find(unit, "claim", proof.digest(site.key, "claim", code), now=now)
    account = None if found is None else await accounts.by_id(unit, found.account_id)
    if found is None or account is None or account.name is None:
        return NoSuchCode()
    if held := await held_by(unit, phone, account.id):
        return held
    await proofs.use(unit, found.id)
    await hand_over(unit, phone, account.id, how=phone.channel, words=words, now=now)
    return Claimed(account.id, account.name)


async def held_by(reading: Reading, address: AddressRow, account_id: int | None = None) -> HeldBy | None:
    """Who else than this account holds a phone or mailbox. One that only follows, having no name, holds nothing that
    could not be handed over."""
    if address.owner_id is None or address.owner_id == account_id:
        return None
    holder = await accounts.by_id(reading, address.owner_id)
    return None if holder is None or holder.name is None else HeldBy(holder.name)


async def hand_over(unit: Unit, address: AddressRow, account_id: int, *, how: str, words: str, now: datetime) -> None:
    """Make a phone or mailbox that nobody holds (:func:`held_by`) the account's, proven, with all that it followed
    until now. ``how`` and ``words`` are its consent, as the ledger keeps them."""
    if address.owner_id is not None and address.owner_id != account_id:
        await _take_over(unit, address.owner_id, account_id, now)
    await addresses.attach(unit, address.id, account_id, proven_at=now)
    await consents.add(unit, address.address, action="given", how=how, words=words, now=now)


async def sign_out(unit: Unit, phone: AddressRow, *, now: datetime) -> None:
    """Detach the phone. An account without a name has nothing else, so it ends."""
    account = None if phone.owner_id is None else await accounts.by_id(unit, phone.owner_id)
    await addresses.detach(unit, phone.id)
    await deliveries.drop_for_address(unit, phone, "the phone was signed out", now=now)
    if account is not None and account.name is None:
        await delete_account(unit, account.id, now=now, left=[phone.id])


async def delete_account(unit: Unit, account_id: int, *, now: datetime, left: Sequence[int] = ()) -> None:
    """Delete an account now: its name is free, its words, edges, addresses, sessions and codes are gone, and nothing
    more goes out to it or from it. Its empty row stays, so that ids which point there stay true; what else is left of
    it is wiped afterwards (``gateway.service.forgetting``). ``left``: addresses that it held until just now."""
    held = [*left, *await forgetting.addresses_of(unit, account_id)]
    await _end(unit, account_id, now)
    await forgetting.begin(unit, account_id, held, now=now)


async def _end(unit: Unit, account_id: int, now: datetime) -> None:
    for channel in Channel:
        await deliveries.drop_for_account(unit, account_id, channel, mark("the account was deleted"), now=now)
    await accounts.wipe_posts(unit, account_id, now)
    await accounts.drop_schedules(unit, account_id)
    await follows.remove_all(unit, account_id)
    await relations.remove_all(unit, account_id)
    await listeners.remove_all(unit, account_id)
    await polls.remove_votes(unit, account_id)
    await lists.remove_all(unit, account_id)
    await nudges.remove_all(unit, account_id)
    await proofs.forget_all(unit, account_id)
    await default_follows.remove(unit, account_id)
    await invites.forget(unit, account_id, now=now)
    await sessions.end_all(unit, account_id)
    await addresses.detach_all(unit, account_id)
    await accounts.mark_deleted(unit, account_id, now)


async def add_user(
    unit: Unit,
    name: str,
    *,
    now: datetime,
    phone: str | None = None,
    email: str | None = None,
    protected: bool = False,
    admin: bool = False,
) -> Added | NameTaken | NotAName | HeldBy:
    """The operator's sign-up: ``phone`` (E.164) and ``email`` count as proven, and reserved names may be had."""
    if not _NAME.fullmatch(name):
        return NotAName()
    wanted = _given(phone, email)
    if held := await _held(unit, wanted, None):
        return held
    account_id = await accounts.create(unit, name, now=now, protected=protected)
    if account_id is None:
        return NameTaken()
    if admin:
        await accounts.set_admin(unit, account_id, True)
    for channel, address in wanted:
        await give_address(unit, account_id, channel, address, how="operator", now=now)
    await default_follows.apply(unit, account_id, now=now)
    return Added(account_id)


async def add_addresses(
    unit: Unit, account_id: int, *, now: datetime, phone: str | None = None, email: str | None = None
) -> HeldBy | None:
    """The operator gives an account a phone or mail address more, which counts as proven; None when it has it."""
    wanted = _given(phone, email)
    if held := await _held(unit, wanted, account_id):
        return held
    for channel, address in wanted:
        await give_address(unit, account_id, channel, address, how="operator", now=now)
    return None


async def mail_posting_address(unit: Unit, site: Site, account_id: int, *, now: datetime) -> bool:
    """Mail an account its secret posting address; False when it has no mailbox in use."""
    account = await accounts.by_id(unit, account_id)
    if account is None or account.mail_id is None:
        return False
    with site.languages.speaking(account.language):
        letter = reply.posting_letter(site.name, account.name or "", posting_address(site, account))
        subject = reply.posting_letter_subject(site.name)
    return await notify.tell(unit, account.mail_id, letter, subject=subject, kind=NoticeKind.WELCOME, now=now)


def _given(phone: str | None, email: str | None) -> list[tuple[Channel, str]]:
    both = ((Channel.SMS, phone), (Channel.EMAIL, email))
    return [(channel, address) for channel, address in both if address is not None]


async def _held(reading: Reading, wanted: list[tuple[Channel, str]], account_id: int | None) -> HeldBy | None:
    """Whether somebody else holds one of these addresses."""
    for channel, address in wanted:
        row = await addresses.find(reading, channel, address)
        if row is not None and (held := await held_by(reading, row, account_id)):
            return held
    return None


async def give_address(
    unit: Unit, account_id: int, channel: Channel, address: str, *, how: str, now: datetime
) -> AddressRow:
    """Give the account a phone or mail address, which nobody may hold, as proven; ``how`` stands in the ledger of
    consent."""
    row = await addresses.find_or_add(unit, channel, address, now=now)
    await hand_over(unit, row, account_id, how=how, words="", now=now)
    return row


async def _take_over(unit: Unit, nameless_id: int, account_id: int, now: datetime) -> None:
    """End an account that only follows and give what it had to another. If it wanted texts, they go on: the phone has
    asked for them itself."""
    followed = await follows.following(unit, nameless_id, most=_MOST_FOLLOWED)
    nameless = await accounts.by_id(unit, nameless_id)
    if nameless is not None and nameless.texts_on:
        await accounts.set_texts_on(unit, account_id, texts_on=True)
    await follows.move(unit, nameless_id, account_id)
    await refusals.keep(unit, account_id, [each.id for each in followed])
    await listeners.move(unit, nameless_id, account_id)
    await addresses.move_all(unit, nameless_id, account_id)
    await _end(unit, nameless_id, now)
