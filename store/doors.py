"""What the mail door asks before it takes letters: are these accounts, or the owners of these deliveries, welcome?
And whose is this mailbox?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select

from store.schema import accounts, addresses, deliveries
from store.unit import Reading


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose door it is: ``account_id``, None for an address without an account. ``post_version`` and ``reply_version``
    are what valid posting and reply addresses were made with; ``checks_sender`` that both take mail from the owner's
    own mailboxes alone."""

    account_id: int | None
    post_version: int
    reply_version: int
    checks_sender: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A proven mail address as it is kept, and whose it is. ``closed``: the account is suspended."""

    address: str
    account_id: int
    closed: bool


_OWNER = (
    accounts.c.id.label("owner_id"),
    accounts.c.post_version,
    accounts.c.reply_version,
    accounts.c.checks_sender,
    accounts.c.suspended_at,
    accounts.c.deleted_at,
)
_ACCOUNTS = select(accounts.c.id, *_OWNER).where(accounts.c.id.in_(bindparam("ids", expanding=True)))

_DELIVERIES = (
    select(deliveries.c.id, *_OWNER)
    .select_from(
        deliveries.outerjoin(addresses, addresses.c.id == deliveries.c.address_id).outerjoin(
            accounts, accounts.c.id == func.coalesce(deliveries.c.account_id, addresses.c.account_id)
        )
    )
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
)

_MAILBOX = (
    select(addresses.c.address, accounts.c.id, accounts.c.suspended_at)
    .join(accounts, accounts.c.id == addresses.c.account_id)
    .where(
        addresses.c.channel == literal_column("'email'"),
        addresses.c.address.in_(bindparam("spellings", expanding=True)),
        addresses.c.proven_at.is_not(None),
        accounts.c.deleted_at.is_(None),
    )
    .order_by(addresses.c.proven_at.desc(), addresses.c.id.desc())
    .limit(1)
)


async def owners_of_accounts(reading: Reading, account_ids: Collection[int]) -> dict[int, Owner]:
    """Those of these accounts that there are, by id."""
    if not account_ids:
        return {}
    rows = await reading.execute(_ACCOUNTS, {"ids": list(account_ids)})
    return {row.id: _owner(row) for row in rows}


async def owners_of_deliveries(reading: Reading, delivery_ids: Collection[int]) -> dict[int, Owner]:
    """Whoever got these deliveries, by delivery; without those that are unknown or pruned. An address without an
    account is open."""
    if not delivery_ids:
        return {}
    rows = await reading.execute(_DELIVERIES, {"ids": list(delivery_ids)})
    return {row.id: _owner(row) for row in rows}


async def mailbox(reading: Reading, spellings: Sequence[str]) -> Mailbox | None:
    """The mailbox that is written in one of these ways (lower-case), if it is proven to be somebody's."""
    row = (await reading.execute(_MAILBOX, {"spellings": list(spellings)})).one_or_none()
    return None if row is None else Mailbox(row.address, row.id, row.suspended_at is not None)


def _owner(row: Any) -> Owner:
    return Owner(
        row.owner_id,
        row.post_version or 0,
        row.reply_version or 0,
        bool(row.checks_sender),
        bool(row.suspended_at or row.deleted_at),
    )
