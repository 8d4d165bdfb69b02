"""What those who look after the site do about a member. Each of these stands in the audit log from the same moment on;
what was so already, or may not be, changes nothing and stands nowhere."""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.types import Channel
from gateway.service import auditing, joining, mailboxes, visiting
from gateway.service.auditing import Act, Actor
from gateway.service.site import Site
from store import accounts, addresses, members
from store.accounts import AccountRow
from store.unit import Unit


@dataclass(frozen=True, slots=True)
class Done:
    """So it is now."""


@dataclass(frozen=True, slots=True)
class Already:
    """So it was before."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """There is no such member any more, or none that this can be done about."""


@dataclass(frozen=True, slots=True)
class Yourself:
    """Nobody does this to themselves here."""


@dataclass(frozen=True, slots=True)
class LastAdmin:
    """Nobody would look after the site any more."""


@dataclass(frozen=True, slots=True)
class NotTheName:
    """What was typed is not what the member is called."""


@dataclass(frozen=True, slots=True)
class NotStopped:
    """No such address of this member is stopped."""


async def suspend(
    unit: Unit, actor: Actor, account_id: int, *, why: str = "", now: datetime
) -> Done | Already | Nobody | Yourself:
    """Keep a member from taking part, and their posts from being seen, until restored."""
    account = await _there(unit, account_id)
    if account is None:
        return Nobody()
    if account.id == actor.account_id:
        return Yourself()
    if account.suspended_at is not None:
        return Already()
    await accounts.set_suspended(unit, account.id, now)
    await auditing.note(unit, actor, Act.MEMBER_SUSPEND, account, words=why, now=now)
    return Done()


async def restore(unit: Unit, actor: Actor, account_id: int, *, now: datetime) -> Done | Already | Nobody:
    """Let a member take part again."""
    account = await _there(unit, account_id)
    if account is None:
        return Nobody()
    if account.suspended_at is None:
        return Already()
    await accounts.set_suspended(unit, account.id, None)
    await auditing.note(unit, actor, Act.MEMBER_RESTORE, account, now=now)
    return Done()


async def set_admin(
    unit: Unit, actor: Actor, account_id: int, admin: bool, *, now: datetime
) -> Done | Already | Nobody | LastAdmin:
    """Let a member look after the site, or not any more. Somebody always does."""
    admins = await members.lock_admins(unit)
    account = await _there(unit, account_id)
    if account is None or account.name is None:
        return Nobody()
    if account.admin == admin:
        return Already()
    if not admin and admins == [account.id]:
        return LastAdmin()
    await accounts.set_admin(unit, account.id, admin)
    await auditing.note(unit, actor, Act.MEMBER_ADMIN if admin else Act.MEMBER_NO_ADMIN, account, now=now)
    return Done()


async def log_out(unit: Unit, actor: Actor, account_id: int, *, now: datetime) -> Done | Already | Nobody:
    """Log a member out everywhere."""
    account = await _there(unit, account_id)
    if account is None:
        return Nobody()
    ended = await visiting.end_all(unit, account.id)
    if not ended:
        return Already()
    await auditing.note(unit, actor, Act.MEMBER_LOG_OUT, account, words=str(ended), now=now)
    return Done()


async def see_addresses(unit: Unit, actor: Actor, account_id: int, *, now: datetime) -> Done | Nobody:
    """Ask to see a member's phone numbers and mail addresses whole, for ``auditing.SEEN_FOR``."""
    account = await _there(unit, account_id)
    if account is None:
        return Nobody()
    await auditing.note(unit, actor, Act.MEMBER_SEE, account, now=now)
    return Done()


async def resume(
    unit: Unit, actor: Actor, account_id: int, address_id: int, *, site: Site, now: datetime
) -> Done | Nobody | NotStopped:
    """Write again to a phone or mailbox that was stopped because it could not be reached. What its owner has stopped
    themselves, only they can start."""
    account = await _there(unit, account_id)
    if account is None:
        return Nobody()
    address = await addresses.by_id(unit, address_id)
    if address is None or address.account_id != account.id or address.dead_at is None:
        return NotStopped()
    await mailboxes.resume(unit, site, address, now=now)
    which = "phone" if address.channel == Channel.SMS else "mailbox"
    await auditing.note(unit, actor, Act.MEMBER_RESUME, account, words=which, now=now)
    return Done()


async def delete(
    unit: Unit, actor: Actor, account_id: int, typed: str, *, now: datetime
) -> Done | Nobody | Yourself | NotTheName:
    """Delete a member with everything they wrote, for good; ``typed`` must be what the member is called."""
    account = await _there(unit, account_id)
    if account is None:
        return Nobody()
    if account.id == actor.account_id:
        return Yourself()
    if typed.strip().removeprefix("@").lower() != auditing.called(account):
        return NotTheName()
    await auditing.note(unit, actor, Act.MEMBER_DELETE, account, now=now)
    await joining.delete_account(unit, account.id, now=now)
    await visiting.end_all(unit, account.id)
    return Done()


async def _there(unit: Unit, account_id: int) -> AccountRow | None:
    account = await accounts.by_id(unit, account_id)
    return None if account is None or account.deleted_at is not None else account
