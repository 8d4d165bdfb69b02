"""A mail client in a process of its own: sends mails over several connections, each step answered before the next.

    python -m benchmarks.replay_smtp PORT CONNECTIONS MAILS FIRST FILE

FILE holds the recipients, a line each, who get the mails in turn; FIRST is the number of the first mail, so that no
two are alike. Prints what ``benchmarks.replay_http`` prints, with the times from the end of a mail to its 250.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.replay_http import Times, report_of, summary
from gateway.daemon import loop_factory

MAIL = (
    "Received: from a.example (a.example [192.0.2.1]) by mx.example with ESMTPS id 1; Sun, 22 Nov 2026 "
    "10:15:00 +0000\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1; h=from:to:subject:date;\r\n"
    f" bh={'A' * 43}=; b={'B' * 300}\r\n"
    "MIME-Version: 1.0\r\nDate: Sun, 22 Nov 2026 10:15:00 +0000\r\nMessage-ID: <{number}@example.org>\r\n"
    "Subject: Re: alice: coffee?\r\nFrom: Bob Example <bob@example.org>\r\nTo: post@birds.example\r\n"
    'Content-Type: multipart/alternative; boundary="0000b"\r\n\r\n'
    '--0000b\r\nContent-Type: text/plain; charset="UTF-8"\r\n\r\nSee you at noon, number {number}.\r\n\r\n'
    "On Sun, Nov 22, 2026 at 10:15 AM alice via Testville <help@birds.example> wrote:\r\n\r\n> Coffee?\r\n> "
    "Yes?\r\n\r\n"
    '--0000b\r\nContent-Type: text/html; charset="UTF-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    '<div dir=3D"ltr">See you at noon.</div><br><div class=3D"gmail_quote">Coffee?</div>\r\n\r\n--0000b--\r\n'
)


async def replay(port: int, connections: int, mails: int, first: int, recipients: Path) -> Times:
    """Run the client in its own process and return what it says."""
    numbers = (str(each) for each in (port, connections, mails, first))
    return await report_of("benchmarks.replay_smtp", *numbers, str(recipients))


async def _send_all(port: int, connections: int, mails: int, first: int, recipients: list[str]) -> Times:
    numbers = iter(range(first, first + mails))
    took: list[float] = []
    begun = perf_counter()
    await asyncio.gather(*(_connection(port, numbers, recipients, took) for _ in range(connections)))
    return summary(perf_counter() - begun, took)


async def _connection(port: int, numbers: Iterator[int], recipients: list[str], took: list[float]) -> None:
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
    for number in numbers:  # shared by all connections
        await ask("MAIL FROM:<bob@example.org>\r\n", b"250")
        await ask(f"RCPT TO:<{recipients[number % len(recipients)]}>\r\n", b"250")
        await ask("DATA\r\n", b"354")
        begun = perf_counter()
        await ask(MAIL.replace("{number}", str(number)) + ".\r\n", b"250")
        took.append(perf_counter() - begun)
    await ask("QUIT\r\n", b"221")
    writer.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        numbers = [int(each) for each in sys.argv[1:5]]
        people = Path(sys.argv[5]).read_text().split()
        print(json.dumps(runner.run(_send_all(numbers[0], numbers[1], numbers[2], numbers[3], people))))
