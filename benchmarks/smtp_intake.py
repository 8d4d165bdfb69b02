"""How fast the mail door takes mail, against an aiosmtpd handler that does nothing, in the same process.

    python -m benchmarks.smtp_intake [MAILS] [CONNECTIONS]

Both servers run in one loop with the clients; the intake behind the door only counts. Rounds alternate between the
two, so that a busy machine slows both, and the best round of each is compared.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable

from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.service.doors import Opened, Posting, Refused
from inbound.mail import InboundMailSettings, MailDoor
from inbound.message import Accepted, Inbound

DOMAIN = "birds.example"
ROUNDS = 5
MAIL = (
    "Received: from a.example (a.example [192.0.2.1]) by mx.example with ESMTPS id 1; Sun, 22 Nov 2026 "
    "10:15:00 +0000\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1; h=from:to:subject:date;\r\n"
    f" bh={'A' * 43}=; b={'B' * 300}\r\n"
    "MIME-Version: 1.0\r\nDate: Sun, 22 Nov 2026 10:15:00 +0000\r\nMessage-ID: <{number}@example.org>\r\n"
    "Subject: Re: alice: coffee?\r\nFrom: Bob Example <bob@example.org>\r\nTo: post@birds.example\r\n"
    'Content-Type: multipart/alternative; boundary="0000b"\r\n\r\n'
    '--0000b\r\nContent-Type: text/plain; charset="UTF-8"\r\n\r\nSee you at noon.\r\n\r\n'
    "On Sun, Nov 22, 2026 at 10:15 AM alice via Testville <help@birds.example> wrote:\r\n\r\n> Coffee?\r\n> "
    "Yes?\r\n\r\n"
    '--0000b\r\nContent-Type: text/html; charset="UTF-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    '<div dir=3D"ltr">See you at noon.</div><br><div class=3D"gmail_quote">Coffee?</div>\r\n\r\n--0000b--\r\n'
)


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


async def resolve(_local_part: str) -> Opened | Refused:
    return Posting(1)


async def client(port: int, mails: int, first: int) -> None:
    """Send ``mails`` over one connection, each step answered before the next, as a relay without pipelining does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def ask(data: str, code: bytes) -> None:
        writer.write(data.encode())
        while True:
            line = await reader.readline()
            if line[3:4] == b" ":
                assert line.startswith(code), line
                return

    await ask("", b"220")
    await ask("EHLO bench\r\n", b"250")
    for number in range(first, first + mails):
        await ask("MAIL FROM:<bob@example.org>\r\n", b"250")
        await ask(f"RCPT TO:<post+x@{DOMAIN}>\r\n", b"250")
        await ask("DATA\r\n", b"354")
        await ask(MAIL.replace("{number}", str(number)) + ".\r\n", b"250")
    await ask("QUIT\r\n", b"221")
    writer.close()


async def rate(port: int, mails: int, connections: int) -> float:
    """Mails per second over ``connections`` connections."""
    begun = time.perf_counter()
    each = mails // connections
    await asyncio.gather(*(client(port, each, each * n) for n in range(connections)))
    return each * connections / (time.perf_counter() - begun)


async def main(mails: int, connections: int) -> None:
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    factory: Callable[[], SMTP] = lambda: SMTP(Nothing(), hostname="bare", enable_SMTPUTF8=True, loop=loop)  # noqa: E731  # a factory in one line
    bare = await loop.create_server(factory, "127.0.0.1", 0)
    intake = Counting()
    door = MailDoor(InboundMailSettings(port=0), DOMAIN, intake, resolve)
    await door.start()
    bare_rates, door_rates = [], []
    for _ in range(ROUNDS):
        bare_rates.append(await rate(bare.sockets[0].getsockname()[1], mails, connections))
        door_rates.append(await rate(door.port, mails, connections))
    await door.close()
    bare.close()
    assert intake.taken == ROUNDS * (mails // connections) * connections
    print(f"bare aiosmtpd   {max(bare_rates):8.0f} mails/s")
    print(f"the mail door   {max(door_rates):8.0f} mails/s   {max(door_rates) / max(bare_rates):.0%} of bare")


if __name__ == "__main__":
    asyncio.run(main(*(int(a) for a in sys.argv[1:3]) if len(sys.argv) > 2 else (1000, 10)))
