"""Logging in on the site by a link that is good once: made for somebody's own phone or mailbox, kept as a digest."""

from datetime import datetime, timedelta

from gateway.domain import proof, token
from gateway.domain.token import Purpose
from gateway.service.site import Site
from store import accounts, proofs
from store.accounts import AccountRow
from store.schema import to_micros
from store.unit import Reading, Unit

_PURPOSE = "login"


async def new_link(unit: Unit, site: Site, account_id: int, *, now: datetime) -> str:
    """The address that logs the account in once, for ``limits.code_minutes``; an earlier one is void."""
    secret = token.make(site.key, Purpose.LOGIN, account_id, to_micros(now))
    await proofs.add(
        unit,
        account_id,
        _PURPOSE,
        code_hash=_kept(site, secret),
        expires_at=now + timedelta(minutes=site.limits.code_minutes),
    )
    return f"{site.public_url}/login/{secret}"


async def whose(reading: Reading, site: Site, secret: str, *, now: datetime) -> AccountRow | None:
    """Whom the link would log in, without using it up: programs that look at links before people do log nobody in."""
    found = await proofs.find(reading, _PURPOSE, _kept(site, secret), now=now)
    account = None if found is None else await accounts.by_id(reading, found.account_id)
    usable = account is not None and account.deleted_at is None and account.suspended_at is None
    return account if usable else None


async def use(unit: Unit, site: Site, secret: str, *, now: datetime) -> AccountRow | None:
    """Whom the link logs in; None when it is too old, was used, or never was. It is used up now."""
    account = await whose(unit, site, secret, now=now)
    found = await proofs.find(unit, _PURPOSE, _kept(site, secret), now=now)
    if found is not None:
        await proofs.use(unit, found.id)
    return account


def _kept(site: Site, secret: str) -> str:
    return proof.digest(site.key, _PURPOSE, secret)
