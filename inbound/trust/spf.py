"""SPF (RFC 7208): whether the domain of the return path lets this client send its mail.

The evaluation is ``spftrace``'s, over our own questions. It bounds what the RFC bounds: ten terms that ask DNS, two
answers that are empty.
"""

from typing import TYPE_CHECKING

import structlog

from inbound.trust.questions import MOST, Answer, Kind, Questions, Trouble

if TYPE_CHECKING:
    from spftrace import BaseResolver

log = structlog.get_logger(__name__)

_LONGEST = 60.0
"""Seconds; whoever waits for the whole proof waits for less."""


async def passes(questions: Questions, ip: str, helo: str, sender: str) -> bool | Trouble:
    """Whether SPF says pass. ``sender`` is the address of the return path, its domain as DNS has it; ``helo`` is what
    the client calls itself, for records that ask for it."""
    from spftrace import Evaluator, Limits  # loaded with the first mail that needs it

    evaluator = Evaluator(_resolver(questions), Limits(time_limit=_LONGEST, max_queries=MOST), receiver="birdwire")
    try:
        found = (await evaluator.evaluate(ip, sender, helo)).result
    except Exception as error:  # what somebody wrote into their DNS may trip the library: that is no pass
        log.info("spf.unreadable", error=type(error).__name__)
        return False
    return Trouble("SPF") if found == "temperror" else found == "pass"


def _resolver(questions: Questions) -> "BaseResolver":
    from spftrace import BaseResolver

    class Over(BaseResolver):
        """The library's questions, asked as ours."""

        async def _lookup(self, name: str, rtype: str) -> tuple[str, list[str]]:
            kind: Kind = rtype  # type: ignore[assignment]  # it asks for these kinds alone
            match await questions.ask(name, kind):
                case Answer(records, exists):
                    return ("NOERROR" if exists else "NXDOMAIN"), list(records)
                case Trouble():
                    return "SERVFAIL", []

    return Over()
