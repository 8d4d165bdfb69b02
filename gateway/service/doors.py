"""Which mail addresses Birdwire has, and what each one opens.

    post+TOKEN         the secret posting address of an account
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
    """Posts for this account."""

    account_id: int


@dataclass(frozen=True, slots=True)
class Replying:
    """Answers what this delivery brought."""

    delivery_id: int


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


Opened = Posting | Replying | Bouncing | Unsubscribing | Helping | Complaining

_CLOSED = Refused("This account is closed.", "5.2.1")
_NOT_VALID = Refused("This posting address is not valid, or it was replaced by a newer one.")
_TOO_OLD = Refused("This mail is so old that nobody knows any more what it was. Use the link in a newer one.")
_NO_REPLY = Refused("This reply address is not valid. Answer the mail itself, so that it goes to its Reply-To address.")


@dataclass(frozen=True, slots=True)
class _Posts:
    """A posting address, valid if the account says so."""

    claimed: token.Claimed


@dataclass(frozen=True, slots=True)
class _Replies:
    """A genuine reply address, valid while its delivery is kept and the owner is welcome."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class _Unsubscribes:
    """A genuine address of an earlier release, which names a delivery: valid while that is kept."""

    stop: DeliverysMail


async def find(reading: Reading, site: Site, local_parts: Sequence[str]) -> list[Opened | Refused]:
    """What each of these parts before an ``@`` opens; the database is asked once for all. Case does not matter."""
    read = [_read(site, each) for each in local_parts]
    accounts = await owners_of_accounts(reading, {each.claimed.number for each in read if isinstance(each, _Posts)})
    named = {each.delivery_id for each in read if isinstance(each, _Replies)}
    named |= {each.stop.delivery_id for each in read if isinstance(each, _Unsubscribes)}
    readers = await owners_of_deliveries(reading, named)
    found: list[Opened | Refused] = []
    for each in read:
        match each:
            case _Posts(claimed):
                found.append(_posting(site, claimed, accounts.get(claimed.number)))
            case _Replies(delivery_id):
                found.append(_replying(site, delivery_id, readers.get(delivery_id)))
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
        case "post" if not secret:
            return Refused(
                f"Post to your own secret posting address. Ask {site.contact or 'whoever runs this site'} for it."
            )
        case "post":
            claimed = token.parse(secret)
            return _NOT_VALID if claimed is None else _Posts(claimed)
        case "reply":
            number = _genuine(site, Purpose.REPLY, secret)
            return _NO_REPLY if number is None else _Replies(number)
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
    return _CLOSED if owner.closed else Posting(claimed.number)


def _replying(site: Site, delivery_id: int, owner: Owner | None) -> Replying | Refused:
    if owner is None:
        return Refused(f"What you answer is no longer kept. Answer on its page: {site.public_url}")
    return _CLOSED if owner.closed else Replying(delivery_id)
