"""What the mail door asks before it takes a letter: is this account, or the owner of this delivery, still welcome?"""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from store.schema import accounts, addresses, deliveries
from store.unit import Reading


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose door it is. ``post_version`` is what a valid posting address was made with."""

    post_version: int
    closed: bool


_ACCOUNT = select(
    accounts.c.post_version,
    accounts.c.suspended_at,
    accounts.c.deleted_at,
).where(accounts.c.id == bindparam("account_id"))

_DELIVERY = (
    select(accounts.c.post_version, accounts.c.suspended_at, accounts.c.deleted_at)
    .select_from(
        deliveries.outerjoin(addresses, addresses.c.id == deliveries.c.address_id).outerjoin(
            accounts, accounts.c.id == func.coalesce(deliveries.c.account_id, addresses.c.account_id)
        )
    )
    .where(deliveries.c.id == bindparam("delivery_id"))
)


async def owner_of_account(reading: Reading, account_id: int) -> Owner | None:
    """The account with this id; None if there is none."""
    row = (await reading.execute(_ACCOUNT, {"account_id": account_id})).first()
    return row and Owner(row.post_version, bool(row.suspended_at or row.deleted_at))


async def owner_of_delivery(reading: Reading, delivery_id: int) -> Owner | None:
    """Whoever got this delivery; None if it is unknown or pruned. An address without an account is open."""
    row = (await reading.execute(_DELIVERY, {"delivery_id": delivery_id})).first()
    return row and Owner(row.post_version or 0, bool(row.suspended_at or row.deleted_at))
