"""Mails come in: posts through the mail door, each 250 after its commit, beside an aiosmtpd that drops what it takes.

All servers run in this process and loop, the client in a process of its own. A row in between is the door with an
intake that only counts: what reading a mail costs, without what the commit costs.

    python -m benchmarks.smtp_in
"""

import asyncio
import itertools
import logging
import tempfile
from collections import defaultdict
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.database import choose_databases, database, opened
from benchmarks.people import settle_in
from benchmarks.replay_smtp import replay
from benchmarks.table import finish, options, show
from benchmarks.webhook import PEOPLE, SITE
from gateway.daemon import calm_collector, loop_factory, now, resolver
from gateway.domain import token
from gateway.domain.token import Purpose
from inbound.intake import Intake
from inbound.mail import InboundMailSettings, MailDoor
from inbound.message import Accepted, Inbound

BARE, COUNTED, COMMITTED = "bare aiosmtpd", "Birdwire's door alone", "Birdwire, committed"
_SETTINGS = InboundMailSettings(port=0, max_connections_per_host=1000, max_connections=1000)


class Counting:
    """An intake that only counts."""

    def __init__(self) -> None:
        self.taken = 0

    async def take(self, _message: Inbound) -> Accepted:
        self.taken += 1
        return Accepted(new=True, answer="")


class Nothing:
    """The bare limit: a handler that takes every mail and drops it."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd finds hooks by this name
        return "250 OK"


async def measure(url: str, kind: str, concurrencies: list[int], count: int, runs: int) -> None:
    """All three in turn at each concurrency, ``runs`` times."""
    loop = asyncio.get_running_loop()
    numbers = itertools.count(1, count)
    async with opened(url) as store, asyncio.TaskGroup() as tasks:
        await settle_in(store, PEOPLE)
        intake = Intake(store, SITE, {}, now, lambda: "000000")
        taking = tasks.create_task(intake.run())
        resolve = resolver(store, SITE)
        bare = await loop.create_server(
            lambda: SMTP(Nothing(), hostname="bare", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
        )
        door = MailDoor(_SETTINGS, SITE.mail_domain, intake, resolve)
        counting = MailDoor(_SETTINGS, SITE.mail_domain, Counting(), resolve)
        await door.start()
        await counting.start()
        ports = {BARE: bare.sockets[0].getsockname()[1], COUNTED: counting.port, COMMITTED: door.port}
        with tempfile.NamedTemporaryFile("w") as people:
            for account in range(2, PEOPLE + 2):
                people.write(f"post+{token.make(SITE.key, Purpose.POST, account)}@{SITE.mail_domain}\n")
            people.flush()
            for concurrency in concurrencies:
                rates: dict[str, list[float]] = defaultdict(list)
                waits: dict[str, list[float]] = defaultdict(list)
                for _ in range(runs):
                    for name, port in ports.items():
                        said = await replay(port, concurrency, count, next(numbers), Path(people.name))
                        rates[name].append(count / said["seconds"])
                        waits[name].append(said["p99"])
                title = f"Mails in, {concurrency} connections, {kind}"
                show(title, "mails/s", rates, limit=BARE, wanted={COMMITTED: "0.8 or more"})
                show(f"From a mail's end to its 250, slowest of a hundred, {kind}", "ms", waits, limit=BARE)
        await door.close()
        await counting.close()
        bare.close()
        await intake.close()
        taking.cancel()


def main() -> None:
    parser = options(__doc__, mails=1_000, runs=5)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64], metavar="N", help="at once")
    choose_databases(parser)
    chosen = parser.parse_args()
    calm_collector()
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    for kind in chosen.on:
        with database(kind) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(measure(url, kind, chosen.connections, chosen.mails, chosen.runs))
    finish("smtp_in", chosen)


if __name__ == "__main__":
    main()
