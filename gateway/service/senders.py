"""Who a mailbox is here: asked by the mail door when it is proven that a mail comes from it, before the mail is taken.

    post@           is for everybody with an account, and for whoever wants one (JOIN) or asks how it goes (HELP)
    post+TOKEN@     of an account that wants it so, is for that account's own mailboxes alone
    reply+TOKEN@    of what such an account got, as well

Whoever is turned away hears it in the reply to their mail's data, and so from their own mail server: nobody is ever
written to because of a mail that was not taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import reply
from gateway.domain import wish as c
from gateway.domain.command import parse_mail
from gateway.domain.mail_domain import belongs
from gateway.domain.text import normalise
from gateway.service.doors import Refused
from gateway.service.site import Site
from store import inbox
from store.doors import mailbox
from store.unit import Reading

_DAY = timedelta(days=1)
_MOST_ANSWERS = 5
"""How often in a day somebody without an account is answered by mail."""

_CLOSED = Refused("This account is closed.", "5.2.1")


@dataclass(frozen=True, slots=True)
class Welcome:
    """The mail may be taken. ``address`` is the sender's mailbox as it is kept here."""

    address: str


async def to_everybody(
    reading: Reading, site: Site, spellings: Sequence[str], words: str, *, now: datetime
) -> Welcome | Refused:
    """Whether a mailbox may write to ``post@``. ``spellings`` are the ways to write its address (lower-case), with
    the one to keep first; ``words`` are what it writes."""
    found = await mailbox(reading, spellings)
    if found is not None:
        return _CLOSED if found.closed else Welcome(found.address)
    match parse_mail(normalise(words)):
        case c.Join() | c.JoinInvited() as command if not _may_join(site, spellings[0], command):
            return Refused(reply.registration_closed(site.registration, _operator(site), site.public_url), "5.7.1")
        case c.Join() | c.JoinInvited() | c.Help():
            answered = await inbox.count_answered_since(reading, spellings[0], now - _DAY)
            if answered < _MOST_ANSWERS:
                return Welcome(spellings[0])
            return Refused("Too many mails from this mailbox today. Please try again tomorrow.", "5.7.1")
        case _:
            return Refused(_how_to_join(site), "5.7.1")


async def to_account(reading: Reading, account_id: int, spellings: Sequence[str]) -> Welcome | Refused:
    """Whether a mailbox may write to the secret addresses of an account that lets in its own alone."""
    found = await mailbox(reading, spellings)
    if found is None or found.account_id != account_id:
        return Refused(
            "This address takes mail from its owner's own mailboxes alone, and From names another one.", "5.7.1"
        )
    return _CLOSED if found.closed else Welcome(found.address)


def _may_join(site: Site, address: str, command: c.Join | c.JoinInvited) -> bool:
    """Whether anybody signs up from this mailbox at all; whether an invitation is good is said in the answer."""
    match site.registration:
        case "open":
            return True
        case "invite":
            return isinstance(command, c.JoinInvited)
        case "domains":
            return belongs(address, site.mail_domains)
        case _:
            return False


def _how_to_join(site: Site) -> str:
    if site.registration == "open":
        how = f"To sign up, write JOIN yourname as the first line of a mail to post@{site.mail_domain}."
    else:
        how = f"Ask {_operator(site)} to add this mailbox to your account."
    return f"Nobody here has this mail address, so nothing was posted. {how}"


def _operator(site: Site) -> str:
    return site.contact or "whoever runs this site"
