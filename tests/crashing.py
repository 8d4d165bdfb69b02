"""The daemon as production runs it, and a kill -9 at a chosen point of a message's way.

    python -m tests.crashing

reads lines ``POINT CONFIG`` from its standard input and runs a daemon for each, one after the other, in a process of
its own. It says ``ready PID MAIL_PORT`` when a daemon answers and ``ended STATUS`` when it is gone (-9: killed). The
points are put round functions from outside; the program under trial knows nothing of them.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, Literal, NoReturn

from gateway import daemon, log, metrics
from gateway.config import Config, load
from gateway.daemon import Listening
from gateway.domain import fanout
from gateway.domain.fanout import Page
from gateway.domain.types import Channel
from gateway.service import claiming, receipts, settling
from gateway.service import fanout as fanning_out
from inbound.intake import Intake
from outbound.mail import MailTransport
from outbound.sms_twilio import MessagesApi, TwilioTransport
from outbound.smtp import Conversation
from outbound.worker import Worker
from store import fanouts
from store.unit import Store

NOWHERE = "nowhere"
"""The point that no message comes to."""


def _always(*_: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Point:
    """Die ``before`` or ``after`` (before anybody hears of its result) the call of ``owner.name``.

    ``fits`` gets the call's arguments, with its result as the last one when it is after the call. ``calls``: at which
    of the calls that fit. ``pages_of_one``: fan-out takes one follower a page.
    """

    side: Literal["before", "after"]
    owner: Any
    name: str
    fits: Callable[..., bool] = _always
    calls: int = 1
    pages_of_one: bool = False


def _sms_results(_unit: Any, _site: Any, route: Any, *_: Any) -> bool:
    return bool(route.channel is Channel.SMS)


def _mail_results(_unit: Any, _site: Any, route: Any, *_: Any) -> bool:
    return bool(route.channel is Channel.EMAIL)


POINTS = {
    # In: 250 and 200 only go out after the commit.
    "understood, not committed": Point("after", Intake, "_handle"),
    "committed, not answered": Point("before", metrics, "intake_committed"),
    # Fan-out.
    "no page yet": Point("after", fanouts, "next_in_turn", lambda _unit, found: found is not None),
    "a page not committed": Point("after", fanouts, "queue_page", calls=2, pages_of_one=True),
    "between two pages": Point("before", fanouts, "queue_page", calls=3, pages_of_one=True),
    "fanned out, not claimed": Point("before", metrics, "fanout_page"),
    # A text out.
    "claim not committed": Point("after", claiming, "claim", lambda *call: bool(call[-1].deliveries)),
    "claimed, not sent": Point("before", TwilioTransport, "send"),
    "request not out": Point("before", MessagesApi, "create"),
    "taken, answer unread": Point("after", MessagesApi, "create"),
    "settle not committed": Point("after", settling, "settle", _sms_results),
    "settled": Point("before", Worker, "_count"),
    "receipt not committed": Point("after", receipts, "record"),
    # A text of unknown outcome.
    "before the look-up": Point("before", TwilioTransport, "look_up"),
    "looked up": Point("after", TwilioTransport, "look_up"),
    "look-up not committed": Point("after", settling, "settle_look_up"),
    # A mail out.
    "mail claimed, not sent": Point("before", MailTransport, "send"),
    "mail offered, not sent": Point("before", Conversation, "content"),
    "mail taken, answer unread": Point("after", Conversation, "content"),
    "mail settle not committed": Point("after", settling, "settle", _mail_results),
    # A clean stop.
    "doors closed": Point("before", Intake, "close"),
    "workers told to stop": Point("before", Worker, "stop"),
    "all settled, still open": Point("before", Store, "close"),
}


def arm(point: Point) -> None:
    """Put the end of this process at the point."""
    original = getattr(point.owner, point.name)
    left = point.calls

    def pass_by(*call: Any) -> None:
        nonlocal left
        if point.fits(*call):
            left -= 1
            if left == 0:
                die()

    if iscoroutinefunction(original):

        @wraps(original)
        async def wrapped(*args: Any, **more: Any) -> Any:
            if point.side == "before":
                pass_by(*args)
            result = await original(*args, **more)
            if point.side == "after":
                pass_by(*args, result)
            return result
    else:
        assert point.side == "before"

        @wraps(original)
        def wrapped(*args: Any, **more: Any) -> Any:
            pass_by(*args)
            return original(*args, **more)

    setattr(point.owner, point.name, wrapped)
    if point.pages_of_one:
        fanning_out.next_page = lambda done: Page(fanout.next_page(done).lane, 1)  # type: ignore[attr-defined]  # it is imported there


def die() -> NoReturn:
    """No goodbye, no flush, no rollback."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def serve(config: Config) -> None:
    """``gateway.daemon.serve``, which also says when it is ready, and ends when whoever started it has gone."""

    def on_ready(listening: Listening) -> None:
        assert listening.mail is not None
        print(f"ready {os.getpid()} {listening.mail[1]}", flush=True)  # noqa: T201 - for the program that started it
        # A descriptor of its own: what a loop watches it makes non-blocking, for all who share it.
        asyncio.get_running_loop().add_reader(os.open("/dev/stdin", os.O_RDONLY), die)

    with asyncio.Runner(loop_factory=daemon.loop_factory()) as runner:
        runner.run(daemon.until_signalled(lambda stop: daemon.run(config, daemon.ROLES, stop, on_ready=on_ready)))


def main() -> None:
    """Run daemons until the standard input ends. What takes long to import is imported once for all of them."""
    for line in sys.stdin:
        name, _, path = line.strip().rpartition(" ")
        child = os.fork()
        if not child:
            if name != NOWHERE:
                arm(POINTS[name])
            config = load(Path(path), {})
            log.set_up(config.log)
            serve(config)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)  # noqa: T201 - for the program that started it


if __name__ == "__main__":
    main()
