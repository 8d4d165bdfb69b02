"""Which mail addresses Birdwire has, and what each one opens.

    post+TOKEN         the secret posting address of an account
    reply+TOKEN        an answer to one delivered post or direct message
    bounce+TOKEN       the return path of one delivered mail
    unsubscribe+TOKEN  stops mails of the kind that one delivery was
    help, postmaster   answered with help (RFC 5321 4.5.1 wants the postmaster reachable on every host)

Everything else is refused, with words that tell a person what to do.
"""

from dataclasses import dataclass

from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service.site import Site
from store.doors import owner_of_account, owner_of_delivery
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
    """Stops mails of the kind that this delivery was."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class Helping:
    """Answers with help."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody lives here. ``words`` (ASCII, one line) are for the sender; ``status`` is the code of RFC 3463."""

    words: str
    status: str = "5.1.1"


Opened = Posting | Replying | Bouncing | Unsubscribing | Helping

_CLOSED = Refused("This account is closed.", "5.2.1")


async def find(reading: Reading, site: Site, local_part: str) -> Opened | Refused:
    """What the part before the ``@`` opens; case does not matter."""
    prefix, _, secret = local_part.lower().partition("+")
    match prefix:
        case "help" | "postmaster":
            return Helping()
        case "post" if not secret:
            return Refused(
                f"Post to your own secret posting address. Ask {site.contact or 'whoever runs this site'} for it."
            )
        case "post":
            return await _posting(reading, site, token.parse(secret))
        case "reply":
            return await _replying(reading, site, _genuine(site, Purpose.REPLY, secret))
        case "bounce":
            number = _genuine(site, Purpose.BOUNCE, secret)
            return Refused("This return path is not valid.") if number is None else Bouncing(number)
        case "unsubscribe":
            number = _genuine(site, Purpose.UNSUBSCRIBE, secret)
            return (
                Refused("This address is not valid. Use the link in the mail itself.")
                if number is None
                else Unsubscribing(number)
            )
        case _:
            return Refused(f"No such address here. Write to help@{site.mail_domain} to learn which ones there are.")


def _genuine(site: Site, purpose: Purpose, secret: str) -> int | None:
    claimed = token.parse(secret)
    return claimed.number if claimed and token.holds(site.key, purpose, claimed) else None


async def _posting(reading: Reading, site: Site, claimed: token.Claimed | None) -> Posting | Refused:
    owner = await owner_of_account(reading, claimed.number) if claimed else None
    if claimed is None or owner is None or not token.holds(site.key, Purpose.POST, claimed, owner.post_version):
        return Refused("This posting address is not valid, or it was replaced by a newer one.")
    return _CLOSED if owner.closed else Posting(claimed.number)


async def _replying(reading: Reading, site: Site, delivery_id: int | None) -> Replying | Refused:
    if delivery_id is None:
        return Refused(
            "This reply address is not valid. Answer the mail itself, so that it goes to its Reply-To address."
        )
    owner = await owner_of_delivery(reading, delivery_id)
    if owner is None:
        return Refused(f"What you answer is no longer kept. Answer on its page: {site.public_url}")
    return _CLOSED if owner.closed else Replying(delivery_id)
