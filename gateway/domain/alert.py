"""When one of our numbers is stopped because the provider refuses it, and when it is let go again.

A refusal of the number as such (an account that is suspended, a number that is not registered) would meet every text.
So it costs no delivery anything: the number is stopped, the operator is told, and after each pause one text goes out to
see. Of some codes one cannot be sure, since a single destination may cause them: they stop the number only when several
came in a row, with nothing that got through in between. Such a text goes by another of our numbers at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.delivery import IN_A_ROW, Halt

IN_RECEIPTS = 30_000
"""Codes from here on come in receipts: then it tells nothing that another text was taken, but much that one arrived."""

TRIAL = timedelta(seconds=30)
"""How long a text that is sent to see has for its receipt, before another one is."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What is held against a number: the provider's ``code``, how often in a row, since when it is stopped."""

    code: int
    reason: str
    strikes: int
    stopped_at: datetime | None
    last_at: datetime


def after_refusal(alert: Alert | None, halt: Halt, reason: str, now: datetime) -> Alert:
    """What is held against a number after one more refusal."""
    in_a_row = alert is not None and alert.code == halt.code and now - alert.last_at <= IN_A_ROW
    strikes = alert.strikes + 1 if alert is not None and in_a_row else 1
    stopped_at = alert.stopped_at if alert is not None else None
    if stopped_at is None and strikes >= halt.strikes:
        stopped_at = now
    return Alert(halt.code, reason, strikes, stopped_at, now)


def is_lifted_by(alert: Alert | None, *, arrived: bool) -> bool:
    """Whether a text that the provider took, or one that ``arrived``, shows that the number works again."""
    return alert is not None and arrived is (alert.code >= IN_RECEIPTS)
