"""What became of a post, for its author alone: how many got it, on which channel, at what cost, and why others not."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from gateway.domain.delivery import State
from gateway.domain.reason import told_to_author
from gateway.domain.types import Channel
from gateway.domain.why_not import Why, why_not
from store import posts, progress
from store.unit import Reading

WAITING = (State.QUEUED, State.CLAIMED, State.UNSURE, State.GATHERED)
"""Not sent yet; what is gathered waits for a digest."""

_MILLION = Decimal(1_000_000)
_MOST_REASONS = 12


@dataclass(frozen=True, slots=True)
class ByChannel:
    """One channel: deliveries that wait, that the other side took (or that a digest brings), that arrived for certain,
    that were given up (each with why, as its author may know it, the most frequent first); segments."""

    channel: Channel
    waiting: int
    sent: int
    delivered: int
    failed: int
    reasons: tuple[tuple[Why, int], ...]
    segments: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of a post. ``spreading`` while more followers are still to be looked at; ``prices`` by currency, of
    the texts that the provider has priced."""

    post_id: int
    channels: tuple[ByChannel, ...]
    spreading: bool
    prices: tuple[tuple[str, Decimal], ...]

    @property
    def moves(self) -> bool:
        """Whether it may change by itself."""
        return self.spreading or any(each.waiting or each.sent for each in self.channels)


async def of_post(reading: Reading, author_id: int, post_id: int) -> Progress | None:
    """What became of a post of this author's; None if it is none of theirs."""
    found = await posts.by_id(reading, post_id)
    if found is None or found.author_id != author_id:
        return None
    rows = await progress.of_post(reading, post_id)
    channels = tuple(_channel(channel, [row for row in rows if row.channel == channel]) for channel in Channel)
    prices: Counter[str] = Counter()
    for row in rows:
        if row.currency:
            prices[row.currency] += abs(row.price_micros)
    return Progress(
        post_id,
        channels,
        await progress.spreading(reading, post_id),
        tuple((currency, micros / _MILLION) for currency, micros in sorted(prices.items())),
    )


def _channel(channel: Channel, rows: list[progress.Standing]) -> ByChannel:
    states: Counter[str] = Counter()
    reasons: Counter[Why] = Counter()
    for row in rows:
        states[row.state] += row.number
        if row.state == State.DEAD:
            reasons[why_not(told_to_author(row.reason))] += row.number
    return ByChannel(
        channel,
        waiting=sum(states[state] for state in WAITING),
        sent=states[State.SENT] + states[State.BUNDLED],
        delivered=states[State.DELIVERED],
        failed=states[State.DEAD],
        reasons=tuple(reasons.most_common(_MOST_REASONS)),
        segments=sum(row.segments for row in rows if row.state in (State.SENT, State.DELIVERED)),
    )
