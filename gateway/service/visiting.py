"""Browsers that are logged in: opened, recognised, listed and ended.

A browser shows a secret; only its digest is kept, so whoever reads the database logs in as nobody. A session that is
used lives on, one that is not ends after KEPT.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import proof
from gateway.service.site import Site
from store import accounts, sessions
from store.accounts import AccountRow
from store.sessions import SessionRow
from store.unit import Reading, Unit

KEPT = timedelta(days=90)
"""How long a browser stays logged in without being used."""

_NOTED_EVERY = timedelta(hours=1)
"""How exactly it is kept when a session was last used: a write for every page would be too many."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is looking, in which session. ``due`` when it should be noted that they were here."""

    account: AccountRow
    session_id: int
    due: bool


async def open_session(unit: Unit, site: Site, account_id: int, *, secret: str, device: str, now: datetime) -> None:
    """Log a browser in that will show ``secret``. ``device`` is what it calls itself, for the list of sessions."""
    await sessions.add(unit, account_id, _kept(site, secret), device=device, now=now, expires_at=now + KEPT)


async def recognise(reading: Reading, site: Site, secret: str, *, now: datetime) -> Visit | None:
    """Who shows this secret; None when the session has ended or its account is closed."""
    found = await sessions.find(reading, _kept(site, secret), now=now)
    account = None if found is None else await accounts.by_id(reading, found.account_id)
    if found is None or account is None or account.deleted_at is not None or account.suspended_at is not None:
        return None
    return Visit(account, found.id, due=now - found.seen_at >= _NOTED_EVERY)


async def still_open(reading: Reading, session_ids: Collection[int], *, now: datetime) -> frozenset[int]:
    """In which of these sessions somebody would still be recognised."""
    return await sessions.still_open(reading, session_ids, now=now) if session_ids else frozenset()


async def note(unit: Unit, session_id: int, *, now: datetime) -> None:
    """They were here: the session lives on."""
    await sessions.seen(unit, session_id, now=now, expires_at=now + KEPT)


async def of(reading: Reading, account_id: int, *, now: datetime) -> Sequence[SessionRow]:
    """Where the account is logged in, the last used first."""
    return await sessions.of_account(reading, account_id, now=now)


async def end(unit: Unit, account_id: int, session_id: int) -> bool:
    """Log one of the account's browsers out; False when there is no such session of theirs."""
    return await sessions.end(unit, account_id, session_id)


async def end_all(unit: Unit, account_id: int, *, but: int = 0) -> int:
    """Log the account out everywhere, ``but`` in this session; how many browsers that were."""
    return await sessions.end_all(unit, account_id, but=but)


def _kept(site: Site, secret: str) -> str:
    return proof.digest(site.key, "session", secret)
