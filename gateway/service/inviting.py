"""Invitations: the codes by which people sign up where that takes one (``site.registration = "invite"``).

    make(...)           those who look after the site make one, for any number of people
    offer(...)          a member makes one, for one person, where ``site.members_invite`` lets them
    find(...)           the invitation that a code is of, while anybody may sign up by it

Only a digest of the code is kept. So whoever makes one sees it once, and passes it on by themselves: nothing is sent to
anybody who did not ask for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import invite, proof
from gateway.domain.text import normalise
from gateway.service import auditing
from gateway.service.auditing import Act, Actor
from gateway.service.site import Site
from store import invites
from store.accounts import AccountRow
from store.invites import InviteRow
from store.sql import storable
from store.unit import Reading, Unit

LONGEST_NOTE = 140
MOST_USES = 10_000
MOST_DAYS = 365
DAYS = 14
"""How many days an invitation is good for when nothing else is said."""

_PURPOSE = "invite"
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A new one, with its code, of which only the digest is kept."""

    id: int
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """For nobody or for too many, for no time or for too long."""


@dataclass(frozen=True, slots=True)
class NotForMembers:
    """Only those who look after the site invite, or nobody needs an invitation here."""


@dataclass(frozen=True, slots=True)
class InvitedTooMany:
    """The member has invited ``limit`` people within a week."""

    limit: int


def link(site: Site, code: str) -> str:
    """The address that an invitation is passed on as."""
    return f"{site.public_url}/signup?invite={code}"


def may_invite(site: Site, me: AccountRow) -> bool:
    """Whether a member may make invitations by themselves, and they are of any use."""
    return site.registration == "invite" and (site.members_invite or me.admin) and me.name is not None


async def make(
    unit: Unit, site: Site, actor: Actor, *, note: str, uses: int, days: int, number: int, now: datetime
) -> Invitation | OutOfRange:
    """An invitation for so many people, good for so many days. ``number`` is drawn from ``range(invite.CODES)``."""
    if not (1 <= uses <= MOST_USES and 1 <= days <= MOST_DAYS):
        return OutOfRange()
    made = await _add(unit, site, actor.account_id, note, uses, days, number, now)
    words = f"{uses} × {days}d {_tidy(note)}"
    await auditing.note(unit, actor, Act.INVITE_ADD, f"invitation {made.id}", words=words, now=now)
    return made


async def offer(
    unit: Unit, site: Site, me: AccountRow, *, note: str = "", number: int, now: datetime
) -> Invitation | NotForMembers | InvitedTooMany:
    """A member's invitation for one person. Who looks after the site invites as many as they like."""
    if not may_invite(site, me):
        return NotForMembers()
    limit = site.limits.invites_per_week
    if not me.admin and await invites.made_since(unit, me.id, since=now - _WEEK) >= limit:
        return InvitedTooMany(limit)
    return await _add(unit, site, me.id, note, 1, DAYS, number, now)


async def find(unit: Unit, site: Site, typed: str, *, now: datetime) -> int | None:
    """The id of the invitation that a code is of; None when it is none, or nobody may sign up by it any more. What is
    found may be taken in the same unit."""
    code = invite.read(typed)
    return None if code is None else await invites.open_by_hash(unit, _kept(site, code), now=now)


async def shown(reading: Reading, site: Site, typed: str) -> InviteRow | None:
    """The invitation that a code is of, open or not: for who has just made it."""
    code = invite.read(typed)
    return None if code is None else await invites.by_hash(reading, _kept(site, code))


async def revoke(unit: Unit, actor: Actor, invite_id: int, *, now: datetime) -> bool:
    """Let nobody sign up by it any more; False when that was so, or there is none."""
    if not await invites.revoke(unit, invite_id, now=now):
        return False
    await auditing.note(unit, actor, Act.INVITE_REVOKE, f"invitation {invite_id}", now=now)
    return True


async def take_back(unit: Unit, me: AccountRow, invite_id: int, *, now: datetime) -> bool:
    """A member lets nobody sign up any more by an invitation of their own; False when it is none of theirs."""
    found = await invites.by_id(unit, invite_id)
    return found is not None and found.made_by == me.id and await invites.revoke(unit, invite_id, now=now)


async def _add(
    unit: Unit, site: Site, made_by: int | None, note: str, uses: int, days: int, number: int, now: datetime
) -> Invitation:
    code, expires_at = invite.code_of(number), now + timedelta(days=days)
    invite_id = await invites.add(
        unit, _kept(site, code), made_by=made_by, note=_tidy(note), uses=uses, now=now, expires_at=expires_at
    )
    return Invitation(invite_id, code, expires_at)


def _tidy(note: str) -> str:
    return storable(" ".join(normalise(note).split()), LONGEST_NOTE)


def _kept(site: Site, code: str) -> str:
    return proof.digest(site.key, _PURPOSE, code)
