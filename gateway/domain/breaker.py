"""A circuit breaker: a provider that is down is left alone, but for one try now and then.

    closed      everything is tried
    open        nothing is, for a while that doubles each time
    half-open   the while is over: one try; it closes the breaker, or opens it for longer

Only what is wrong with the provider itself counts: no connection, silence, a 5xx, nonsense. A refusal is an answer.
Moments are seconds of any clock that only goes forward.
"""

from dataclasses import dataclass, replace

AFTER = 5
"""Failures in a row that open it."""

FIRST, LONGEST = 5.0, 60.0
"""Seconds that it stays open the first time, and at the most."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """How it stands. ``failures`` in a row while closed; ``until`` is the end of the pause, None while closed;
    ``openings`` how often it opened since it was last closed; ``trying``: the one try is under way."""

    failures: int = 0
    until: float | None = None
    openings: int = 0
    trying: bool = False

    @property
    def is_open(self) -> bool:
        """Open or half-open: the provider is taken to be down."""
        return self.until is not None


def wait(breaker: Breaker, now: float) -> float:
    """Seconds until something may be tried; 0 when it may be now."""
    if breaker.until is None:
        return 0.0
    if breaker.trying:
        return FIRST
    return max(breaker.until - now, 0.0)


def begin(breaker: Breaker, now: float) -> Breaker | None:
    """The breaker with this try under way; None when it must not be made."""
    if wait(breaker, now) > 0:
        return None
    return breaker if breaker.until is None else replace(breaker, trying=True)


def succeeded() -> Breaker:
    """After any answer of the provider's: it is there, whatever was thought."""
    return Breaker()


def failed(breaker: Breaker, now: float, *, as_trial: bool) -> Breaker:
    """After a try that the provider failed. ``as_trial``: it was the one try of a half-open breaker; of the others,
    those that had begun before it opened tell nothing new."""
    if breaker.until is None:
        if breaker.failures + 1 < AFTER:
            return replace(breaker, failures=breaker.failures + 1)
        return Breaker(until=now + FIRST, openings=1)
    if not as_trial:
        return breaker
    pause = min(FIRST * 2.0 ** min(breaker.openings, 10), LONGEST)
    return Breaker(until=now + pause, openings=breaker.openings + 1)


def given_back(breaker: Breaker) -> Breaker:
    """After a half-open breaker's one try that told nothing about the provider: another may be made."""
    return replace(breaker, trying=False)
