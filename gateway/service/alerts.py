"""Numbers of ours that the provider refuses as such: stopped, tried now and then, and let go when they work again."""

from datetime import datetime

import structlog

from gateway.domain import alert as rules
from gateway.domain import provider_codes
from gateway.domain.alert import Alert
from gateway.domain.delivery import Halt
from store import alerts, routes
from store.alerts import Stopped
from store.unit import Reading, Unit

log = structlog.get_logger(__name__)

__all__ = ["Stopped", "let_go", "of_route", "refused", "stopped", "text_arrived", "text_taken", "watched"]


async def refused(unit: Unit, route: int, halt: Halt, reason: str, *, now: datetime) -> bool:
    """The provider refused a number as such; whether the number is stopped now."""
    before = await alerts.of_route(unit, route)
    after = rules.after_refusal(before, halt, reason, now)
    await alerts.put(unit, route, after)
    if after.stopped_at is None:
        return False
    await routes.pause(unit, route, now + provider_codes.meaning(halt.code).wait, now=now)
    if before is None or before.stopped_at is None:
        log.error("sender stopped", route=route, code=halt.code, reason=reason)
    return True


async def text_taken(unit: Unit, route: int, *, now: datetime) -> None:
    """The provider took a text of a number that something was held against, a moment ago at least."""
    alert = await alerts.of_route(unit, route)
    if rules.is_lifted_by(alert, arrived=False):
        await _lift(unit, route, alert, now)
    elif alert is not None and alert.stopped_at is not None:
        await routes.pause(unit, route, now + rules.TRIAL, now=now)


async def text_arrived(unit: Unit, route: int, *, now: datetime) -> None:
    """A text of a number that something is held against reached its phone."""
    alert = await alerts.of_route(unit, route)
    if rules.is_lifted_by(alert, arrived=True):
        await _lift(unit, route, alert, now)


async def let_go(unit: Unit, *, now: datetime) -> list[str]:
    """Try every number that is stopped again now, because the operator has mended the cause; which ones."""
    found = await alerts.stopped(unit)
    for each in found:
        await _lift(unit, each.route, await alerts.of_route(unit, each.route), now)
    return [each.sender for each in found]


async def of_route(reading: Reading, route: int) -> Alert | None:
    """What is held against a number."""
    return await alerts.of_route(reading, route)


async def stopped(reading: Reading) -> list[Stopped]:
    """The numbers that are stopped."""
    return await alerts.stopped(reading)


async def watched(reading: Reading) -> list[int]:
    """The routes of all our numbers."""
    return await alerts.watched(reading)


async def _lift(unit: Unit, route: int, alert: Alert | None, now: datetime) -> None:
    """Hold nothing against the number any more. If it was stopped, what it was refused for is due at once."""
    if not await alerts.drop(unit, route) or alert is None:
        return
    log.info("sender works again", route=route)
    if alert.stopped_at is not None:
        await alerts.go_on(unit, route, alert.reason, now=now)
        unit.ring()
