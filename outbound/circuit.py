"""What all senders of one provider know of it together: whether it is down.

The rule is ``gateway.domain.breaker``. While the circuit is open nothing is claimed, and what had been claimed goes
back into the queue untried; an attempt that failed with it is excused, so an outage costs no delivery its tries.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from gateway import metrics
from gateway.domain import breaker
from gateway.domain.breaker import Breaker
from gateway.domain.delivery import Bounced, Deferred, Outcome, Sent, Unsure, Withdrawn

log = structlog.get_logger(__name__)


class Circuit:
    """One provider's. ``clock`` gives seconds, the loop's unless another is given."""

    def __init__(self, provider: str, clock: Callable[[], float] | None = None) -> None:
        self._provider = provider
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._breaker = Breaker()

    @property
    def is_open(self) -> bool:
        """Whether the provider is taken to be down; one try may be due all the same."""
        return self._breaker.is_open

    def pause(self) -> timedelta:
        """How long nothing should be claimed."""
        return timedelta(seconds=breaker.wait(self._breaker, self._clock()))

    async def attempt(self, send: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Send, if it may be tried now, and learn from what comes of it."""
        begun = breaker.begin(self._breaker, self._clock())
        if begun is None:
            return Deferred("the provider is down", self.pause().total_seconds(), route_wide=True, peer_down=True)
        as_trial, self._breaker = begun.trying, begun
        outcome: Outcome | None = None
        try:
            outcome = await send()
        finally:  # also when the lease ends in between: silence is a failure, too
            self._learn(outcome, as_trial)
        return self._excused(outcome)

    def _learn(self, outcome: Outcome | None, as_trial: bool) -> None:
        match outcome:
            case None | Deferred(peer_down=True) | Unsure(peer_down=True):
                after = breaker.failed(self._breaker, self._clock(), as_trial=as_trial)
            case Sent() | Bounced() | Deferred() | Withdrawn():
                after = breaker.succeeded()
            case Unsure():  # an error of ours
                after = breaker.given_back(self._breaker) if as_trial else self._breaker
        if after.is_open != self._breaker.is_open:
            metrics.provider_down(self._provider, after.is_open)
            if after.is_open:
                log.error("the provider is down", provider=self._provider)
            else:
                log.info("the provider is back", provider=self._provider)
        self._breaker = after

    def _excused(self, outcome: Outcome) -> Outcome:
        """The outcome, whose attempt is excused only if the provider has failed everybody."""
        if isinstance(outcome, Deferred | Unsure) and outcome.peer_down and not self.is_open:
            return replace(outcome, peer_down=False)
        return outcome
