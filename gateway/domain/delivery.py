"""The life of a delivery: its states, what each attempt's outcome means, and when to try again.

    state      meaning                 leaves it by
    queued     waits until due_at      claim -> claimed
    claimed    a worker holds a lease  settle -> sent | queued | unsure | dead
                                       lease over -> queued (mail) | unsure (SMS)
    unsure     the peer may have it    receipt or look-up -> sent | delivered | queued | dead
    sent       the peer took it        receipt -> delivered | queued | dead; bounce -> dead
    delivered  the receipt said so     end; for mail there is no such receipt
    dead       given up, reason kept   an operator's retry -> queued; a late receipt -> delivered

A post for somebody who wants digests begins elsewhere, and has no attempts of its own:

    gathered   waits for the digest    a digest -> bundled; no more mail -> dead
    bundled    a digest brings it      end: what becomes of the digest's delivery becomes of it

What a crash of the daemon means in each: ``queued``, ``gathered``, ``unsure`` and ``sent`` lose nothing, the row waits
for whoever comes next. ``claimed`` waits for its lease to end; then mail is sent again under the same Message-ID, and a
text is looked up at the provider before anything else.

A settle is fenced by the attempt it belongs to, so a late worker cannot settle what another one took over.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never


class State(StrEnum):
    """Where a delivery stands; the tables above are the whole of it."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    UNSURE = "unsure"
    SENT = "sent"
    DELIVERED = "delivered"
    DEAD = "dead"
    GATHERED = "gathered"
    BUNDLED = "bundled"


class Fault(StrEnum):
    """Whose fault a refusal was: it decides what happens beyond this one delivery."""

    MESSAGE = "message"  # this text to this address; nothing else follows
    ADDRESS = "address"  # the phone or mailbox does not exist: stop using it
    NOT_NOW = "not now"  # the mailbox takes nothing, which may pass: only after days of it stop using it
    OPTED_OUT = "opted-out"  # its owner told the provider to stop: so do we
    SENDER = "sender"  # our number, account or contract: the operator must act
    ROUTE = "route"  # the way from our number to this phone, and to nobody else; another number of ours may have one

    @property
    def is_of_the_number(self) -> bool:
        """Whether another number of ours may do better."""
        return self in (Fault.SENDER, Fault.ROUTE)


@dataclass(slots=True)
class Sent:
    """The peer took it. ``remote_id`` is the provider's id of the message, or the relay's reply. One is made for every
    delivery, so it is not frozen (``gateway.domain.types.Outgoing``)."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Halt:
    """The peer refuses our number as such: stop it after ``strikes`` of these in a row. ``code`` is the peer's."""

    code: int
    strikes: int

    @property
    def may_be_the_phone(self) -> bool:
        """Whether one alone may be about the phone that the text was for, so that another number of ours may do."""
        return self.strikes > 1


IN_A_ROW = timedelta(hours=1)
"""Refusals of a number that are farther apart are not in a row."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now. ``retry_after`` in seconds if the peer named it; ``route_wide`` slows the whole sender (429), and the
    attempt is excused, as it is when the peer is down for everybody (``peer_down``), or when this delivery was not
    tried at all (``excused``), which keeps its place in the queue if there is nothing to wait for; ``halt`` may stop
    the sender."""

    reason: str
    retry_after: float | None = None
    route_wide: bool = False
    peer_down: bool = False
    halt: Halt | None = None
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Unsure:
    """The request went out and no trustworthy answer came back: the peer may have it. ``peer_down``: it has failed
    everybody, so the attempt is excused if the peer turns out not to have it."""

    reason: str
    peer_down: bool = False


@dataclass(frozen=True, slots=True)
class Bounced:
    """Refused for good, with the peer's reason (never empty) and whose fault it was."""

    reason: str
    fault: Fault = Fault.MESSAGE


@dataclass(frozen=True, slots=True)
class Expired:
    """It could not be handed on while it was good, and nobody is at fault."""

    reason: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """There is nothing left to hand over, and nobody failed: whatever it was to bring is gone. Why."""

    reason: str


Outcome = Sent | Deferred | Unsure | Bounced | Withdrawn


@dataclass(frozen=True, slots=True)
class Absent:
    """A look-up found no trace of the message at the provider: it may be sent again."""


@dataclass(frozen=True, slots=True)
class Found:
    """A message at the provider that may be the one asked about: its id, and what became of it there."""

    remote_id: str
    became: Sent | Bounced | Expired


Finding = Sent | Bounced | Expired | Absent | Deferred


@dataclass(slots=True)
class Done:
    """Settle as sent. One is made for every delivery, so it is not frozen."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Settle as queued again, due at ``at``. ``excused``: the attempt was no fault of the delivery's, and does not
    count against it. ``elsewhere``: another number of ours may do, and then at once."""

    at: datetime
    reason: str
    excused: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class LookUp:
    """Settle as unsure, to be looked up at ``at``; ``excused`` as above."""

    at: datetime
    reason: str
    excused: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Settle as dead."""

    reason: str
    fault: Fault = Fault.MESSAGE


@dataclass(frozen=True, slots=True)
class Drop:
    """Settle as dead, which is no failure: the delivery had nothing to bring."""

    reason: str


Verdict = Done | Retry | LookUp | GiveUp | Drop

_FREE_TRIES = 3
"""How many tries that never came to the provider are followed by another at once."""


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How long to go on: at most ``attempts`` tries and ``max_age`` since queueing, with waits that double from
    ``first_wait`` up to ``longest_wait``; ``look_up_after`` is how long a receipt has before the peer is asked about a
    text of unknown outcome, ``receipt_after`` about one that it took (0: never), and ``prices`` whether that is also
    done for the price."""

    attempts: int = 12
    max_age: timedelta = timedelta(days=2)
    first_wait: timedelta = timedelta(seconds=15)
    longest_wait: timedelta = timedelta(hours=2)
    look_up_after: timedelta = timedelta(seconds=30)
    receipt_after: timedelta = timedelta(hours=1)
    prices: bool = True


def own_id(delivery_id: int, attempt: int) -> str:
    """The message id of a text that went through a provider which gives none."""
    return f"{delivery_id}.{attempt}"


def after_attempt(
    outcome: Outcome, *, attempt: int, queued_at: datetime, now: datetime, rules: RetryRules, dice: float
) -> Verdict:
    """Decide what follows an attempt. ``dice`` is a uniform number in [0, 1) that spreads retries (full jitter
    over the upper half of the wait, so that a fleet of refused deliveries does not come back as one wave).
    ``attempt`` counts those that were not excused, this one included."""
    match outcome:
        case Sent(remote_id):
            return Done(remote_id)
        case Bounced(reason, fault):
            return GiveUp(reason, fault)
        case Withdrawn(reason):
            return Drop(reason)
        case Unsure(reason, peer_down):
            return LookUp(now + rules.look_up_after, reason, peer_down)
        case Deferred(reason, retry_after, route_wide, peer_down):
            excused = route_wide or peer_down or outcome.excused
            elsewhere = outcome.halt is not None and outcome.halt.may_be_the_phone
            fault = Fault.ROUTE if elsewhere else Fault.MESSAGE
            if attempt >= rules.attempts and not excused:
                return GiveUp(f"given up after {attempt} attempts: {reason}", fault)
            wait = backoff(attempt, rules=rules, dice=dice)
            if retry_after is not None:
                wait = max(wait if not excused else timedelta(0), timedelta(seconds=retry_after))
            if elsewhere:  # so that one phone alone, tried again and again, never makes a row of them
                wait = max(wait, IN_A_ROW + rules.first_wait)
            verdict = _unless_too_old(Retry(now + wait, reason, excused, elsewhere), queued_at, rules)
            if outcome.excused and not wait and isinstance(verdict, Retry):
                return Retry(queued_at, reason, excused=True)
            return verdict
        case _:
            assert_never(outcome)


LONGEST_VALIDITY = timedelta(hours=10)
"""For longer no provider keeps a text that it cannot hand on."""


SHORTEST_VALIDITY = timedelta(minutes=5)
"""What a text is handed over with that waited for long, or goes out just before quiet hours: it was let go all the
same, and a phone is seldom reached in less."""


def valid_for(
    queued_at: datetime, *, validity: timedelta, max_age: timedelta, now: datetime, quiet_from: datetime | None = None
) -> int:
    """Seconds for which a text may still be delivered after it is handed over: ``validity``, so that it does not come
    as old news, and neither longer than what is left of the delivery's age nor into the quiet hours that begin at
    ``quiet_from``, but for long enough to arrive. At most 36,000, as providers take it."""
    left = min(queued_at + max_age - now, LONGEST_VALIDITY)
    if quiet_from is not None:
        left = min(left, quiet_from - now)
    return max(1, min(validity, max(left, SHORTEST_VALIDITY)) // timedelta(seconds=1))


def pick(found: Sequence[Found], owned_by_others: Set[str]) -> Sent | Bounced | Expired | Absent:
    """Which of the messages that may be a delivery is taken for it: one that is on its way before one that failed, and
    none that is known to be another delivery."""
    became = [each.became for each in found if each.remote_id not in owned_by_others]
    on_its_way = [each for each in became if isinstance(each, Sent)]
    return next(iter([*on_its_way, *became]), Absent())


def after_look_up(
    finding: Finding,
    *,
    attempt: int,
    queued_at: datetime,
    now: datetime,
    rules: RetryRules,
    dice: float,
    after_quiet: datetime | None = None,
) -> Verdict:
    """Decide what follows a look-up, within the same limits as an attempt. ``after_quiet``: when one that expired is
    due again, since quiet hours had cut it short (``gateway.domain.carriage.after_quiet``).

    What the provider never had is due since it was queued, so that it goes before what was posted later. It is seldom
    its own fault; only when that happens for the fourth time it waits as after any failed attempt, in case it is."""
    match finding:
        case Sent(remote_id):
            return Done(remote_id)
        case Bounced(reason, fault):
            return GiveUp(reason, fault)
        case Expired(reason):
            if after_quiet is None or attempt >= rules.attempts:
                return GiveUp(reason)
            return Retry(after_quiet, "quiet hours")
        case Absent():
            reason = "the provider never had it"
            if attempt >= rules.attempts:
                return GiveUp(f"given up after {attempt} attempts: {reason}")
            wait = backoff(attempt - _FREE_TRIES, rules=rules, dice=dice) if attempt > _FREE_TRIES else None
            verdict = _unless_too_old(Retry(now if wait is None else now + wait, reason), queued_at, rules)
            return Retry(queued_at, reason) if wait is None and isinstance(verdict, Retry) else verdict
        case Deferred(reason, retry_after, _):
            again = now + max(rules.look_up_after, timedelta(seconds=retry_after or 0))
            if again > queued_at + rules.max_age:
                return GiveUp(f"its outcome stayed unknown: {reason}")
            return LookUp(again, reason)
        case _:
            assert_never(finding)


def _unless_too_old(retry: Retry, queued_at: datetime, rules: RetryRules) -> Retry | GiveUp:
    if retry.at > queued_at + rules.max_age:
        fault = Fault.ROUTE if retry.elsewhere else Fault.MESSAGE
        return GiveUp(f"given up at the age limit of {rules.max_age}: {retry.reason}", fault)
    return retry


def backoff(attempt: int, *, rules: RetryRules, dice: float) -> timedelta:
    """The wait after attempt number ``attempt``: doubling from ``first_wait``, at most ``longest_wait``."""
    doublings = max(0, min(attempt - 1, 20))  # one that was excused twice counts as none
    wait = min(rules.first_wait * (1 << doublings), rules.longest_wait)
    return wait * (0.5 + dice / 2)
