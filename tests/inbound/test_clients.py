"""Clients that others wrote bring mail to the door: swaks, nodemailer, Postfix's smtp-source."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from inbound.mail import MailDoor
from inbound.message import PostingAddress
from tests import node, programs
from tests.inbound.talking import DOMAIN, POST, Pile, opened
from tests.wiring import free_port

SCRIPT = Path(__file__).with_name("nodemailer.js").read_text()


@pytest.fixture(params=["ours", "strangers"])
async def tls_door(
    pile: Pile, certificate: tuple[Path, Path], request: pytest.FixtureRequest
) -> AsyncIterator[MailDoor]:
    """With STARTTLS, and a second port; a machine of ours comes, or a stranger."""
    cert, key = certificate
    rules: dict[str, Any] = {} if request.param == "ours" else {"own_networks": (), "greet_pause": 0.1}
    async with opened(pile, tls_cert=str(cert), tls_key=str(key), tls_port=free_port(), **rules) as door:
        yield door


async def swaks(door: MailDoor, *options: object) -> str:
    """Run it against the door; what it printed."""
    code, printed = await programs.run(
        "swaks",
        *("--server", "127.0.0.1", "--port", door.port, "--ehlo", "me.example"),
        *("--from", "alice@example.org", "--to", POST),
        *("--header", "Subject: x", "--body", "by swaks", *options),
    )
    assert code == 0, printed
    return printed


async def test_swaks_posts(tls_door: MailDoor, pile: Pile) -> None:
    assert "250 2.0.0 Taken" in await swaks(tls_door)
    (message,) = pile.messages
    assert (message.door, message.sender, message.text) == (PostingAddress(7), "alice@example.org", "by swaks")


async def test_swaks_posts_over_starttls(tls_door: MailDoor, pile: Pile) -> None:
    assert "TLS started with cipher" in await swaks(tls_door, "--tls")
    assert len(pile.messages) == 1


async def test_swaks_posts_under_tls_from_the_first_byte(tls_door: MailDoor, pile: Pile) -> None:
    assert "TLS started with cipher" in await swaks(tls_door, "--tls-on-connect", "--port", tls_door.tls_port)
    assert len(pile.messages) == 1


async def test_swaks_sends_its_envelope_at_once(tls_door: MailDoor, pile: Pile) -> None:
    assert "250 2.0.0 Taken" in await swaks(tls_door, "--pipeline")
    assert len(pile.messages) == 1


async def test_swaks_posts_over_lmtp(pile: Pile, tmp_path: Path) -> None:
    async with opened(pile, protocol="lmtp", host=f"127.0.0.1,unix:{tmp_path}/lmtp") as door:
        await swaks(door, "--protocol", "LMTP", "--to", f"{POST},post+bob@{DOMAIN}")
        code, printed = await programs.run(
            "swaks", "--socket", f"{tmp_path}/lmtp", "--protocol", "LMTP", "--from", "a@example.org", "--to", POST
        )
        assert code == 0, printed
    assert len(pile.messages) == 3


@pytest.mark.parametrize(("version", "family"), [(1, "TCP4"), (2, "AF_INET")])
async def test_swaks_comes_as_a_proxy(pile: Pile, version: int, family: str) -> None:
    async with opened(pile, proxies=("127.0.0.1",), own_networks=(), max_connections_per_host=1) as door:
        source = ("--proxy-family", family, "--proxy-source", "192.0.2.7", "--proxy-source-port", 40_000)
        dest = ("--proxy-dest", "192.0.2.1", "--proxy-dest-port", 25)
        await swaks(door, "--proxy-version", version, *source, *dest)
    assert len(pile.messages) == 1


async def test_swaks_is_told_who_is_nobody_and_what_is_too_large(door: MailDoor, pile: Pile) -> None:
    code, printed = await programs.run(
        "swaks", "-s", f"127.0.0.1:{door.port}", "-f", "a@b.example", "-t", f"x@{DOMAIN}"
    )
    assert code == 24
    assert "550 5.1.1 No such address here." in printed
    assert pile.messages == []


async def test_smtp_source_brings_many_over_few_connections(pile: Pile) -> None:
    for protocol, options in (("smtp", []), ("lmtp", ["-L"])):
        pile.messages.clear()
        async with opened(pile, protocol=protocol) as door:
            code, printed = await programs.run(
                "smtp-source", *options, "-d", "-s", 5, "-m", 200, "-l", 2000, "-t", POST, f"127.0.0.1:{door.port}"
            )
            assert code == 0, printed
        assert len(pile.messages) == 200


async def test_nodemailer_posts_in_every_way(
    tls_door: MailDoor, pile: Pile, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = node.installed("nodemailer")
    trusted = {"tls": {"ca": certificate[0].read_text(), "servername": DOMAIN}, "host": "127.0.0.1"}
    lmtp_pile = Pile()
    async with opened(lmtp_pile, protocol="lmtp") as lmtp:
        ways: list[tuple[dict[str, Any], str]] = [
            ({"host": "127.0.0.1", "port": tls_door.port, "ignoreTLS": True}, "alice@example.org"),
            (trusted | {"port": tls_door.port, "requireTLS": True}, "alice@example.org"),
            (trusted | {"port": tls_door.tls_port, "secure": True}, "alice@example.org"),
            ({"host": "127.0.0.1", "port": lmtp.port, "lmtp": True}, "alice@example.org"),
            (trusted | {"port": tls_door.port}, "jürgen@example.org"),
        ]
        words = ".way {n}\n.\n..\nÄ ключ"
        mails = [
            [options, {"from": sender, "to": POST, "text": words.format(n=n), "html": "no"}]
            for n, (options, sender) in enumerate(ways)
        ]
        outcomes = await asyncio.to_thread(node.run, SCRIPT, folder, mails)
    assert outcomes == [[True, "250 2.0.0 Taken"]] * 5
    assert [m.text for m in pile.messages] == [words.format(n=n) for n in (0, 1, 2, 4)]
    assert pile.messages[-1].sender == "jürgen@example.org"
    assert [m.text for m in lmtp_pile.messages] == [words.format(n=3)]


async def test_nodemailer_hears_why_not(door: MailDoor) -> None:
    folder = node.installed("nodemailer")
    options = {"host": "127.0.0.1", "port": door.port}
    mails = [
        [options, {"from": "a@example.org", "to": f"nobody@{DOMAIN}", "text": "x"}],
        [options | {"size": True}, {"envelope": {"from": "a@example.org", "to": [POST], "size": 10**9}, "text": "x"}],
    ]
    outcomes = await asyncio.to_thread(node.run, SCRIPT, folder, mails)
    assert [outcome[0] for outcome in outcomes] == [False, False]
    assert outcomes[0][1].startswith("550 5.1.1 No such address here.")
