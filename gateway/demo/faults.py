"""The ways in which the stand-in carrier can be told to misbehave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.demo.changes import Changes


class Fault(StrEnum):
    """One way to misbehave.

    On the answer to a request: ``TOO_MANY`` (429), ``SERVER_ERROR`` (500), ``UNAVAILABLE`` (503), ``HANG`` (never
    answers), ``DROP`` (closes the connection unanswered), ``WRONG_JSON`` (201 with nonsense), ``REFUSED`` (the
    error ``code``, e.g. 21610 opted out, 21211 or 21614 no such phone).

    On what becomes of an accepted text: ``UNDELIVERED`` (with ``code``, e.g. 30005 or 30006).

    On its receipts: ``RECEIPTS_REVERSED``, ``RECEIPTS_DOUBLED``, ``RECEIPTS_UNKNOWN`` (one for an id nobody has comes
    first), ``RECEIPTS_WITHHELD``, ``RECEIPTS_EARLY`` (all of them before the request is answered).
    """

    TOO_MANY = "too-many"
    SERVER_ERROR = "server-error"
    UNAVAILABLE = "unavailable"
    HANG = "hang"
    DROP = "drop"
    WRONG_JSON = "wrong-json"
    REFUSED = "refused"
    UNDELIVERED = "undelivered"
    RECEIPTS_REVERSED = "receipts-reversed"
    RECEIPTS_DOUBLED = "receipts-doubled"
    RECEIPTS_UNKNOWN = "receipts-unknown"
    RECEIPTS_WITHHELD = "receipts-withheld"
    RECEIPTS_EARLY = "receipts-early"


FATES = frozenset({Fault.UNDELIVERED})
RECEIPTS = frozenset(fault for fault in Fault if fault.startswith("receipts-"))
ANSWERS = frozenset(Fault) - FATES - RECEIPTS

TAKES_ANYWAY = frozenset({Fault.DROP, Fault.WRONG_JSON})
"""Faults that by default hide that the text was taken; the others by default take nothing."""


@dataclass(slots=True)
class Misbehaviour:
    """A fault that waits for its requests: the next ``left`` that match, or every one until told to behave (None)."""

    fault: Fault
    left: int | None
    accepted: bool
    code: int
    retry_after: int | None
    look_ups: bool
    matches: Callable[[Mapping[str, str]], bool]


class Faults:
    """All misbehaviour asked for and not yet used up, oldest first."""

    def __init__(self, changes: Changes) -> None:
        self.waiting: list[Misbehaviour] = []
        self._changes = changes

    def add(self, asked: Misbehaviour) -> None:
        """Ask for one more."""
        self.waiting.append(asked)
        self._changes.ring()

    def clear(self) -> None:
        """Forget all that were asked for."""
        self.waiting.clear()
        self._changes.ring()

    def take(self, kinds: frozenset[Fault], form: Mapping[str, str], *, look_up: bool = False) -> Misbehaviour | None:
        """The first misbehaviour of these kinds that this request falls under, counted as used once."""
        for found in self.waiting:
            if found.fault in kinds and found.look_ups == look_up and found.matches(form):
                if found.left is not None:
                    found.left -= 1
                    if found.left == 0:
                        self.waiting.remove(found)
                self._changes.ring()
                return found
        return None
