"""What those who look after the site do about the queue and about reports, each with its entry in the audit log."""

from collections.abc import Sequence
from datetime import datetime

from gateway.service import alerts, auditing, holding, reporting
from gateway.service.auditing import Act, Actor
from store import accounts, deliveries, reports
from store.unit import Unit

AT_ONCE = 1_000
"""Deliveries that one step takes up again at the most."""

_DROPPED = "dropped by the operator"
_NAMED = 20


async def hold(unit: Unit, actor: Actor, *, now: datetime) -> bool:
    """Let messages come in, and none go out; False when it was so."""
    if not await holding.hold(unit, now=now):
        return False
    await auditing.note(unit, actor, Act.QUEUE_HOLD, now=now)
    return True


async def release(unit: Unit, actor: Actor, *, now: datetime) -> tuple[bool, list[str]]:
    """Let messages go out again, also from senders that are stopped; whether they were held, and the senders that are
    tried again."""
    was_held, let_go = await holding.release(unit), await alerts.let_go(unit, now=now)
    if was_held or let_go:
        await auditing.note(unit, actor, Act.QUEUE_RELEASE, words=" ".join(let_go), now=now)
    return was_held, let_go


async def retry(unit: Unit, actor: Actor, ids: Sequence[int], *, now: datetime) -> list[int]:
    """Try given-up deliveries again, as if they were new; the ids of those that were."""
    again = await deliveries.retry(unit, ids, now=now)
    if again:
        await auditing.note(unit, actor, Act.QUEUE_RETRY, words=_listed(again), now=now)
    return again


async def retry_some(unit: Unit, actor: Actor, *, now: datetime) -> int:
    """The same for the AT_ONCE that were given up longest ago, but for those in whose place something else came; how
    many."""
    return len(await retry(unit, actor, await deliveries.dead(unit, most=AT_ONCE), now=now))


async def drop(unit: Unit, actor: Actor, ids: Sequence[int], *, now: datetime) -> list[int]:
    """Never send deliveries that have not gone out yet; the ids of those that had not."""
    dropped = await deliveries.drop(unit, ids, _DROPPED, now=now)
    if dropped:
        await auditing.note(unit, actor, Act.QUEUE_DROP, words=_listed(dropped), now=now)
    return dropped


async def close_report(unit: Unit, actor: Actor, report_id: int, *, now: datetime) -> bool:
    """Close a report and tell who made it; False when there is none of this number that is open."""
    closed = await reporting.close(unit, report_id, now=now)
    if closed is None:
        return False
    about = await accounts.by_id(unit, closed.about_id)
    await auditing.note(unit, actor, Act.REPORT_CLOSE, about, words=f"report {report_id}", now=now)
    return True


async def reopen_report(unit: Unit, actor: Actor, report_id: int, *, now: datetime) -> bool:
    """Let a report wait again that was closed too early; False when there is none of this number that is closed."""
    opened = await reports.reopen(unit, report_id)
    if opened is None:
        return False
    about = await accounts.by_id(unit, opened.about_id)
    await auditing.note(unit, actor, Act.REPORT_OPEN, about, words=f"report {report_id}", now=now)
    return True


def _listed(ids: Sequence[int]) -> str:
    """How many, and which, as far as they are few."""
    shown = " ".join(map(str, sorted(ids)[:_NAMED]))
    return f"{len(ids)}: {shown}{' …' if len(ids) > _NAMED else ''}"
