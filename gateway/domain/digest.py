"""Digests: when the next one goes out on the clocks of a place, what comes in it, and how much.

Posts wait for them. Direct messages, mentions, answers, requests and proofs never do: each is meant for one person, who
may be waiting for it.

A daily one goes out once on every day of the calendar, also where the day has 23 or 25 hours: where clocks are put
forward over its hour, at the moment of the jump, and where they show its hour twice, the first time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo

from gateway.domain.quiet import moment
from gateway.domain.types import EmailMode, Outgoing

MOST = 40
"""Posts that one digest shows, the newest; what else there was it counts. Forty make a mail of 40 kB, of 55 if all show
what they answer. In the worst of alphabets it is one of 340, since its HTML has no more than 90
(``outbound.mail_digest.LARGEST_PAGE``)."""

LOOKED_AT = 5 * MOST
"""Posts among which those that may be shown are looked for, the newest first."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def next_digest(mode: EmailMode, hour: int, zone: tzinfo, now: datetime) -> datetime | None:
    """The first moment after ``now`` at which a digest of this mode is due, aware and in UTC; None for a mode that has
    none. ``hour``: of the day, 0 to 23, for a daily one."""
    match mode:
        case EmailMode.HOURLY:
            shown = now.astimezone(zone)
            passed = timedelta(minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)
            return (now + _HOUR - passed).astimezone(UTC)
        case EmailMode.DAILY:
            day = datetime.combine(now.astimezone(zone).date(), time(hour)) - _DAY
            while True:
                due = moment(day, zone, last=False)
                if due > now and due.astimezone(zone).date() == day.date():  # a place can leave out a day altogether
                    return due
                day += _DAY
        case EmailMode.OFF | EmailMode.INSTANT:
            return None


def by_conversation(posts: Sequence[Outgoing]) -> list[list[Outgoing]]:
    """The posts of each conversation together, oldest first, and the conversations in the order in which they begin."""
    found: dict[int | None, list[Outgoing]] = {}
    for each in sorted(posts, key=lambda post: post.post_id or 0):
        found.setdefault(each.conversation_id or each.post_id, []).append(each)
    return list(found.values())
