"""What the mail door asks before it takes letters: are these accounts, or the owners of these deliveries, welcome?"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from store.schema import accounts, addresses, deliveries
from store.unit import Reading


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose door it is. ``post_version`` is what a valid posting address was made with."""

    post_version: int
    closed: bool


_ACCOUNTS = select(
    accounts.c.id,
    accounts.c.post_version,
    accounts.c.suspended_at,
    accounts.c.deleted_at,
).where(accounts.c.id.in_(bindparam("ids", expanding=True)))

_DELIVERIES = (
    select(deliveries.c.id, accounts.c.post_version, accounts.c.suspended_at, accounts.c.deleted_at)
    .select_from(
        deliveries.outerjoin(addresses, addresses.c.id == deliveries.c.address_id).outerjoin(
            accounts, accounts.c.id == func.coalesce(deliveries.c.account_id, addresses.c.account_id)
        )
    )
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
)


async def owners_of_accounts(reading: Reading, account_ids: Collection[int]) -> dict[int, Owner]:
    """Those of these accounts that there are, by id."""
    if not account_ids:
        return {}
    rows = await reading.execute(_ACCOUNTS, {"ids": list(account_ids)})
    return {row.id: Owner(row.post_version, bool(row.suspended_at or row.deleted_at)) for row in rows}


async def owners_of_deliveries(reading: Reading, delivery_ids: Collection[int]) -> dict[int, Owner]:
    """Whoever got these deliveries, by delivery; without those that are unknown or pruned. An address without an
    account is open."""
    if not delivery_ids:
        return {}
    rows = await reading.execute(_DELIVERIES, {"ids": list(delivery_ids)})
    return {row.id: Owner(row.post_version or 0, bool(row.suspended_at or row.deleted_at)) for row in rows}
