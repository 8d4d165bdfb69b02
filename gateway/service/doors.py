"""Which mail addresses Birdwire has, and what each one opens.

    post+TOKEN         the secret posting address of an account
    post               posts for whoever the mail is proven to be from
    reply+TOKEN        an answer to one delivered post or direct message
    bounce+TOKEN       the return path of one delivered mail
    unsubscribe+TOKEN  stops mails, as gateway.domain.unsubscribe writes them
    help, postmaster   answered with help (RFC 5321 4.5.1 wants the postmaster reachable on every host)
    abuse, fbl         complaints, by programs and by people (RFC 2142 4)

Everything else is refused, with words that tell a person what to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain import token, unsubscribe
from gateway.domain.token import Purpose
from gateway.domain.unsubscribe import DeliverysMail, Stop
from gateway.service.site import Site
from store.doors import Owner, owners_of_accounts, owners_of_deliveries
from store.unit import Reading


@dataclass(frozen=True, slots=True)
class Posting:
    """Posts for this account. ``checks_sender``: a mail that is proven to be from a mailbox of its own, no other."""

    account_id: int
    checks_sender: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """Posts for whoever the mail is proven to be from."""


@dataclass(frozen=True, slots=True)
class Replying:
    """Answers what this delivery brought. ``only_from``: the account that got it, where that takes mail that is proven
    to be from a mailbox of its own, no other."""

    delivery_id: int
    only_from: int | None = None


@dataclass(frozen=True, slots=True)
class Bouncing:
    """Reports what became of this delivery."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class Unsubscribing:
    """Stops these mails."""

    stop: Stop


@dataclass(frozen=True, slots=True)
class Helping:
    """Answers with help."""


@dataclass(frozen=True, slots=True)
class Complaining:
    """Takes complaints about mails of ours."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody lives here. ``words`` (ASCII, one line) are for the sender; ``status`` is the code of RFC 3463."""

    words: str
    status: str = "5.1.1"


Opened = Posting | Shared | Replying | Bouncing | Unsubscribing | Helping | Complaining

_CLOSED = Refused("This account is closed.", "5.2.1")
_NOT_VALID = Refused("This posting address is not valid, or it was replaced by a newer one.")
_TOO_OLD = Refused("This mail is so old that nobody knows any more what it was. Use the link in a newer one.")
_NO_REPLY = Refused("This reply address is not valid. Answer the mail itself, so that it goes to its Reply-To address.")
_REPLY_RENEWED = Refused(
    "This reply address was renewed, so this one is no longer valid. Answer a newer mail, or on the page of the post."
)

_RENEWALS_KNOWN = 20
"""How many renewals back a reply address is told from one that never was."""


@dataclass(frozen=True, slots=True)
class _Posts:
    """A posting address, valid if the account says so."""

    claimed: token.Claimed


@dataclass(frozen=True, slots=True)
class _Replies:
    """A reply address, valid while its delivery is kept, if the owner is welcome and has not renewed it."""

    claimed: token.Claimed


@dataclass(frozen=True, slots=True)
class _Unsubscribes:
    """A genuine address of an earlier release, which names a delivery: valid while that is kept."""

    stop: DeliverysMail


async def find(reading: Reading, site: Site, local_parts: Sequence[str]) -> list[Opened | Refused]:
    """What each of these parts before an ``@`` opens; the database is asked once for all. Case does not matter."""
    read = [_read(site, each) for each in local_parts]
    accounts = await owners_of_accounts(reading, {each.claimed.number for each in read if isinstance(each, _Posts)})
    named = {each.claimed.number for each in read if isinstance(each, _Replies)}
    named |= {each.stop.delivery_id for each in read if isinstance(each, _Unsubscribes)}
    readers = await owners_of_deliveries(reading, named)
    found: list[Opened | Refused] = []
    for each in read:
        match each:
            case _Posts(claimed):
                found.append(_posting(site, claimed, accounts.get(claimed.number)))
            case _Replies(claimed):
                found.append(_replying(site, claimed, readers.get(claimed.number)))
            case _Unsubscribes(stop):
                found.append(Unsubscribing(stop) if stop.delivery_id in readers else _TOO_OLD)
            case _:
                found.append(each)
    return found


def _read(site: Site, local_part: str) -> Opened | Refused | _Posts | _Replies | _Unsubscribes:
    """As much as can be told without the database."""
    prefix, _, secret = local_part.lower().partition("+")
    match prefix:
        case "help" | "postmaster":
            return Helping()
        case "abuse" | "fbl":
            return Complaining()
        case "post" if local_part.lower() == "post":
            return Shared()
        case "post":
            claimed = token.parse(secret)
            return _NOT_VALID if claimed is None else _Posts(claimed)
        case "reply":
            claimed = token.parse(secret)
            return _NO_REPLY if claimed is None else _Replies(claimed)
        case "bounce":
            number = _genuine(site, Purpose.BOUNCE, secret)
            return Refused("This return path is not valid.") if number is None else Bouncing(number)
        case "unsubscribe":
            stop = unsubscribe.read(site.key, secret)
            if stop is None:
                return Refused("This address is not valid. Use the link in the mail itself.")
            return _Unsubscribes(stop) if isinstance(stop, DeliverysMail) else Unsubscribing(stop)
        case _:
            return Refused(f"No such address here. Write to help@{site.mail_domain} to learn which ones there are.")


def _genuine(site: Site, purpose: Purpose, secret: str) -> int | None:
    claimed = token.parse(secret)
    return claimed.number if claimed and token.holds(site.key, purpose, claimed) else None


def _posting(site: Site, claimed: token.Claimed, owner: Owner | None) -> Posting | Refused:
    if owner is None or not token.holds(site.key, Purpose.POST, claimed, owner.post_version):
        return _NOT_VALID
    return _CLOSED if owner.closed else Posting(claimed.number, owner.checks_sender)


def _replying(site: Site, claimed: token.Claimed, owner: Owner | None) -> Replying | Refused:
    if owner is None:
        gone = Refused(f"What you answer is no longer kept. Answer on its page: {site.public_url}")
        return gone if _was_genuine(site, claimed, before=_RENEWALS_KNOWN) else _NO_REPLY
    if not token.holds(site.key, Purpose.REPLY, claimed, owner.reply_version):
        return _REPLY_RENEWED if _was_genuine(site, claimed, before=owner.reply_version) else _NO_REPLY
    if owner.closed:
        return _CLOSED
    return Replying(claimed.number, owner.account_id if owner.checks_sender else None)


def made_reply_address(site: Site, claimed: token.Claimed, owner: Owner) -> bool:
    """Whether this was ever a reply address of the owner's, renewed since or not."""
    return _was_genuine(site, claimed, before=owner.reply_version + 1)


def _was_genuine(site: Site, claimed: token.Claimed, *, before: int) -> bool:
    """Whether it was made with one of the last versions before this one: only the words of the refusal hang on it."""
    versions = range(max(0, before - _RENEWALS_KNOWN), before)
    return any(token.holds(site.key, Purpose.REPLY, claimed, version) for version in versions)
