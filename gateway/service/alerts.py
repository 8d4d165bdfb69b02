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
    await routes.pause(unit, route, now + provider_codes.meaning(halt.code).wait)
    if before is None or before.stopped_at is None:
        log.error("sender stopped", route=route, code=halt.code, reason=reason)
    return True


async def text_taken(unit: Unit, route: int, alert: Alert, *, now: datetime) -> None:
    """The provider took a text of a number that something is held against."""
    if rules.is_lifted_by(alert, arrived=False):
        await _lift(unit, route)
    elif alert.stopped_at is not None:
        await routes.pause(unit, route, now + rules.TRIAL)


async def text_arrived(unit: Unit, route: int) -> None:
    """A text of a number that something is held against reached its phone."""
    if rules.is_lifted_by(await alerts.of_route(unit, route), arrived=True):
        await _lift(unit, route)
        await alerts.go_on(unit, route)
        unit.ring()


async def let_go(unit: Unit) -> list[str]:
    """Try every number that is stopped again now, because the operator has mended the cause; which ones."""
    found = await alerts.stopped(unit)
    for each in found:
        await alerts.drop(unit, each.route)
        await alerts.go_on(unit, each.route)
    unit.ring()
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


async def _lift(unit: Unit, route: int) -> None:
    if await alerts.drop(unit, route):
        log.info("sender works again", route=route)
