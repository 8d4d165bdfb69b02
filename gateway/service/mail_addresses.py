"""The mail addresses that an account has here: what they are, when new ones take their place, and whose mail they take.

    post+TOKEN@     posts for the account, for whoever knows it, or where ``checks_sender`` is on, for mail that is
                    proven to come from one of the account's own mailboxes
    reply+TOKEN@    answers one post, for whoever has the mail that it came with; proven as above where that is asked

Nothing about them is kept but the versions that they are made with (``gateway.domain.token``).
"""

from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service.site import Site
from store import accounts
from store.accounts import AccountRow
from store.unit import Unit


def posting_address(site: Site, account: AccountRow) -> str:
    """The secret posting address that is valid now."""
    secret = token.make(site.key, Purpose.POST, account.id, account.post_version)
    return f"post+{secret}@{site.mail_domain}"


async def renew_posting_address(unit: Unit, account_id: int) -> None:
    """Make a new secret posting address; mail to the old one is refused from the commit on."""
    await accounts.renew_posting(unit, account_id)


async def renew_reply_addresses(unit: Unit, account_id: int) -> None:
    """Close the addresses that answer what was delivered until now; what is sent from the commit on has new ones."""
    await accounts.renew_replies(unit, account_id)


async def check_sender(unit: Unit, account_id: int, checks: bool) -> None:
    """Let the secret addresses take mail from the account's own mailboxes alone, or from whoever knows them."""
    await accounts.set_checks_sender(unit, account_id, checks)
