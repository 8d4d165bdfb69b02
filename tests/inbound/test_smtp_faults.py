"""Each thing that a client can do wrong on the wire, or that somebody in between can do to it."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from gateway import metrics
from inbound.mail import MailDoor
from tests.inbound.talking import DOMAIN, POST, Line, Pile, connected, opened, ready_for_data, until
from tests.wiring import free_port, other_loopback

STRANGERS = {"own_networks": (), "greet_pause": 0.0}
"""Nobody is let off anything."""

MAIL, RCPT = b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<%s>\r\n" % POST.encode()
LETTER = b"Subject: x\r\n\r\nhello\r\n.\r\n"


def turned_away(reason: str) -> float:
    return metrics.REGISTRY.get_sample_value("birdwire_mail_turned_away_total", {"reason": reason}) or 0.0


async def is_over(line: Line) -> bool:
    return await line.reader.read() == b""


async def at_rest(door: MailDoor) -> None:
    """Nobody is connected, and nothing is held for anybody."""
    await until(lambda: not door._sessions and door._in_hand == 0)
    assert door.gate._all == 0
    assert not door.gate._connections


async def takes_the_next(door: MailDoor) -> None:
    async with ready_for_data(door) as line:
        assert (await line.ask(LETTER)).startswith("250")


@asynccontextmanager
async def greeted(door: MailDoor) -> AsyncIterator[Line]:
    async with connected(door) as line:
        assert (await line.hear()).startswith("220")
        assert (await line.ask(b"EHLO me.example\r\n")).startswith("250")
        yield line


# Haste


async def test_who_talks_before_the_greeting_is_turned_away_and_counted(pile: Pile) -> None:
    before = turned_away("hasty")
    async with opened(pile, own_networks=(), greet_pause=60.0) as door:
        async with connected(door) as line:
            assert (await line.ask(b"EHLO me\r\n" + MAIL)).startswith("554 5.5.0")
            assert await is_over(line)
        await at_rest(door)
    assert turned_away("hasty") == before + 1


async def test_who_waits_for_the_greeting_is_welcome(pile: Pile) -> None:
    async with opened(pile, own_networks=(), greet_pause=0.2) as door:
        began = asyncio.get_running_loop().time()
        async with ready_for_data(door) as line:
            assert asyncio.get_running_loop().time() - began > 0.19
            assert (await line.ask(LETTER)).startswith("250")


async def test_a_machine_of_ours_does_not_wait(pile: Pile) -> None:
    async with opened(pile, greet_pause=60.0) as door:
        await takes_the_next(door)


@pytest.mark.parametrize(
    "hasty",
    [
        b"EHLO me\r\n" + MAIL,
        b"HELO me\r\nNOOP\r\n",
        b"NOOP\r\n" + MAIL,
        b"VRFY alice\r\nRSET\r\n",
        b"EHLO me\r\nM",
    ],
)
async def test_a_command_before_the_answer_that_must_be_heard_ends_it(pile: Pile, hasty: bytes) -> None:
    async with opened(pile, **STRANGERS) as door, connected(door) as line:
        await line.hear()
        assert (await line.ask(hasty)).startswith("554 5.5.0")
        assert await is_over(line)


async def test_a_mail_before_the_word_to_go_on_ends_it(pile: Pile) -> None:
    async with opened(pile, **STRANGERS) as door:
        async with greeted(door) as line:
            await line.say(MAIL + RCPT + b"DATA\r\n" + LETTER)
            assert [(await line.hear())[:3] for _ in range(3)] == ["250", "250", "554"]
            assert await is_over(line)
        await at_rest(door)
        await takes_the_next(door)
    assert len(pile.messages) == 1


async def test_an_envelope_may_come_at_once_with_data_at_its_end(pile: Pile) -> None:
    async with opened(pile, **STRANGERS) as door, greeted(door) as line:
        await line.say(b"RSET\r\n" + MAIL + RCPT + b"RCPT TO:<nobody@birds.example>\r\nDATA\r\n")
        assert [(await line.hear())[:3] for _ in range(5)] == ["250", "250", "250", "550", "354"]
        assert (await line.ask(LETTER)).startswith("250")


# Too much


async def test_so_many_mails_a_minute_are_taken_from_one_address(pile: Pile) -> None:
    async with opened(pile, **STRANGERS, mails_per_minute=2) as door:
        for _ in range(2):
            await takes_the_next(door)
        async with greeted(door) as line:
            assert (await line.ask(MAIL)).startswith("450 4.7.1")
            assert (await line.ask(RCPT)).startswith("503")
    assert len(pile.messages) == 2


async def test_so_many_recipients_a_minute_may_one_address_ask_for(pile: Pile) -> None:
    async with opened(pile, **STRANGERS, recipients_per_minute=3) as door, greeted(door) as line:
        await line.ask(MAIL)
        answers = [(await line.ask(b"RCPT TO:<post+%d@birds.example>\r\n" % n))[:3] for n in range(4)]
        assert answers == ["550", "550", "550", "450"]


async def test_a_machine_of_ours_is_not_counted(pile: Pile) -> None:
    async with opened(pile, mails_per_minute=1, recipients_per_minute=1, max_mails_per_connection=1) as door:
        async with ready_for_data(door) as line:
            assert (await line.ask(LETTER)).startswith("250")
            assert (await line.ask(MAIL)).startswith("250")
        await takes_the_next(door)


async def test_so_many_mails_are_taken_over_one_connection(pile: Pile) -> None:
    async with opened(pile, **STRANGERS, max_mails_per_connection=2) as door:
        async with greeted(door) as line:
            for _ in range(2):
                for command in (MAIL, RCPT, b"DATA\r\n", LETTER):
                    assert (await line.ask(command))[0] in "23"
            assert (await line.hear()).startswith("421 4.7.0")
            assert await is_over(line)
        await takes_the_next(door)
    assert len(pile.messages) == 3


async def test_errors_are_counted_until_a_mail_is_taken(pile: Pile) -> None:
    async with opened(pile, max_errors=3) as door, greeted(door) as line:
        for _ in range(3):
            for _ in range(2):
                assert (await line.ask(b"RCPT TO:<a@b.example>\r\n")).startswith("503")
            for command in (MAIL, RCPT, b"DATA\r\n", LETTER):
                assert (await line.ask(command))[0] in "23"
        for _ in range(3):
            assert (await line.ask(b"DATA\r\n")).startswith("503")
        assert (await line.ask(b"NOOP\r\n")).startswith("421 4.7.0")
        assert await is_over(line)


async def test_too_many_recipients_are_no_errors(pile: Pile) -> None:
    async with opened(pile, max_errors=3, max_recipients=2) as door, greeted(door) as line:
        await line.say(MAIL + 50 * RCPT + b"DATA\r\n")
        codes = [(await line.hear())[:3] for _ in range(52)]
        assert codes == ["250"] * 3 + ["452"] * 48 + ["354"]


async def test_starting_over_and_over_without_a_mail_ends_it(door: MailDoor) -> None:
    async with greeted(door) as line:
        answers = []
        while not answers or answers[-1].startswith("250"):
            answers += [await line.ask(MAIL), await line.ask(b"RSET\r\n")]
        assert answers[-1].startswith("421 4.7.0")
        assert 90 <= len(answers) <= 101


async def test_a_command_that_trickles_in_is_not_waited_for(pile: Pile) -> None:
    before = turned_away("slow")
    async with opened(pile, timeout=0.3) as door:
        async with connected(door) as line:
            await line.hear()

            async def trickle() -> None:
                while True:
                    await line.say(b"N")
                    await asyncio.sleep(0.05)  # that it takes this time is what the door looks at

            trickling = asyncio.create_task(trickle())
            assert (await line.hear()).startswith("421 4.4.2")
            trickling.cancel()
        await at_rest(door)
    assert turned_away("slow") == before + 1


async def test_who_is_not_answered_in_time_is_not_to_blame(pile: Pile) -> None:
    pile.free.clear()
    async with opened(pile, timeout=0.8) as door, ready_for_data(door) as line:
        await line.say(LETTER)
        await pile.entered.wait()
        await asyncio.sleep(1.2)  # longer than a client may be silent
        pile.free.set()
        assert (await line.hear()).startswith("250")


# Nonsense


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"VRFY alice\r\n", "252 2."),
        (b"VRFY \xff\xfe\r\n", "252 2."),
        (b"VRFY\r\n", "501 5."),
        (b"EXPN staff\r\n", "502 5."),
        (b"HELP\r\n", "214 2."),
        (b"HELP me\r\n", "214 2."),
        (b"NOOP whatever\r\n", "250 2."),
        (b"noop\r\n", "250 2."),
        (b"RSET\r\n", "250 2."),
        (b"RSET now\r\n", "501 5."),
        (b"QUIT now\r\n", "501 5."),
        (b"DATA now\r\n", "503 5."),
        (b"AUTH PLAIN AGEAYg==\r\n", "502 5."),
        (b"STARTTLS\r\n", "502 5."),
        (b"BDAT 5 LAST\r\n", "500 5."),
        (b"ETRN birds.example\r\n", "500 5."),
        (b"EHLO\r\n", "501 5."),
        (b"EHLO \xff\r\n", "501 5."),
        (b"HELO " + b"x" * 300 + b"\r\n", "501 5."),
        (b"MAIL\r\n", "501 5."),
        (b"MAIL FROM:<a\rb@example.org>\r\n", "500 5."),
        (b"MAIL FROM:<a\0b@example.org>\r\n", "500 5."),
        (b"\0\r\n", "500 5."),
        (b"MAIL FROM:<\xc3\xbc@example.org>\r\n", "553 5.6.7"),
        (b"MAIL FROM:<\xff@example.org>\r\n", "553 5.1.7"),
        (b"MAIL FROM:<a@example.org> SIZE=26214401\r\n", "552 5.3.4"),
        (b"MAIL FROM:<a@example.org> SIZE=\xc2\xb2\r\n", "501 5."),
        (b"MAIL FROM:<a@example.org> BODY=BINARYMIME\r\n", "501 5."),
        (b"MAIL FROM:<a@example.org> RET=FULL\r\n", "555 5."),
        (b"RCPT TO:<post+alice@birds.example>\r\n", "503 5."),
        (b"\xe2\x80\x8bNOOP\r\n", "500 5."),
        (b" NOOP\r\n", "500 5."),
        (b"\r\n", "500 5."),
        (b"\n", "500 5."),
        (b"x" * 70_000 + b"\r\n", "500 5.5.2"),
        (b"NOOP " + b"x" * 600 + b"\r\n", "500 5.5.2"),
    ],
)
async def test_every_command_has_its_answer_and_the_next_mail_is_taken(
    door: MailDoor, pile: Pile, command: bytes, answer: str
) -> None:
    async with greeted(door) as line:
        assert (await line.ask(command)).startswith(answer)
        for proper in (MAIL, RCPT, b"DATA\r\n", LETTER):
            assert (await line.ask(proper))[0] in "23"
        assert (await line.ask(b"QUIT\r\n")).startswith("221 2.")
        assert await is_over(line)
    assert len(pile.messages) == 1


async def test_rset_and_a_new_greeting_forget_the_mail(door: MailDoor) -> None:
    async with greeted(door) as line:
        for forget in (b"RSET\r\n", b"EHLO me\r\n", b"HELO me\r\n"):
            await line.ask(MAIL)
            await line.ask(RCPT)
            assert (await line.ask(MAIL)).startswith("503")
            assert (await line.ask(forget)).startswith("250")
            assert (await line.ask(b"DATA\r\n")).startswith("503")


async def test_after_helo_there_are_no_extensions(door: MailDoor) -> None:
    async with connected(door) as line:
        await line.hear()
        assert await line.ask(b"HELO me\r\n") == f"250 {DOMAIN}"
        assert (await line.ask(b"MAIL FROM:<a@example.org> SIZE=10\r\n")).startswith("501")
        assert (await line.ask(MAIL)).startswith("250")


@pytest.mark.parametrize("verb", [b"GET / HTTP/1.1", b"POST /x HTTP/1.1", b"CONNECT a:25 HTTP/1.1"])
async def test_a_browser_that_was_led_here_is_hung_up_on(door: MailDoor, pile: Pile, verb: bytes) -> None:
    async with connected(door) as line:
        await line.hear()
        smuggled = b"EHLO me\r\n" + MAIL + RCPT + b"DATA\r\n" + LETTER
        assert (await line.ask(verb + b"\r\nHost: a\r\n\r\n" + smuggled)).startswith("554 5.5.1")
        assert await is_over(line)
    assert pile.messages == []


# Hanging up

POINTS = [
    b"",
    b"EH",
    b"EHLO me\r\n",
    b"EHLO me\r\n" + MAIL,
    b"EHLO me\r\n" + MAIL + RCPT,
    b"EHLO me\r\n" + MAIL + RCPT + b"DATA\r\n",
    b"EHLO me\r\n" + MAIL + RCPT + b"DATA\r\n" + LETTER[:-5],
    b"EHLO me\r\n" + MAIL + RCPT + b"DATA\r\n" + LETTER[:-1],
]


@pytest.mark.parametrize("said", POINTS)
@pytest.mark.parametrize("how", ["close", "abort", "half"])
async def test_who_hangs_up_leaves_nothing_behind(door: MailDoor, pile: Pile, said: bytes, how: str) -> None:
    async with connected(door) as line:
        await line.hear()
        await line.say(said)
        match how:
            case "close":
                line.writer.close()
            case "abort":
                line.writer.transport.abort()
            case _:
                line.writer.write_eof()
                await line.reader.read()
        await at_rest(door)
    assert pile.messages == []
    await takes_the_next(door)


@pytest.mark.parametrize("proxies", [(), ("127.0.0.1",)])
async def test_who_is_gone_at_once_leaves_nothing_behind(pile: Pile, proxies: tuple[str, ...]) -> None:
    async with opened(pile, proxies=proxies) as door:
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", door.port)) as gone:
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                gone.send(b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n")
        await at_rest(door)


async def test_who_has_said_all_still_hears_the_answers(door: MailDoor, pile: Pile) -> None:
    async with connected(door) as line:
        await line.say(b"EHLO me\r\n" + MAIL + RCPT + b"DATA\r\n" + LETTER)
        line.writer.write_eof()
        heard = (await line.reader.read()).decode().splitlines()
        assert [each[:3] for each in heard if each[3:4] == " "] == ["220", "250", "250", "250", "354", "250"]
        await at_rest(door)
    assert len(pile.messages) == 1


async def test_a_mail_whose_client_is_gone_is_taken_all_the_same(door: MailDoor, pile: Pile) -> None:
    pile.free.clear()
    async with ready_for_data(door) as line:
        await line.say(LETTER)
        await pile.entered.wait()
        line.writer.transport.abort()
        pile.free.set()
        await at_rest(door)
    await door.close()
    assert len(pile.messages) == 1


async def test_who_does_not_hear_our_last_words_is_not_waited_for(
    pile: Pile, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that never answers the end of TLS keeps its connection for no longer than a moment."""
    monkeypatch.setattr("inbound.smtp_connection._GOODBYE", 0.1)
    cert, key = certificate
    async with opened(pile, tls_cert=str(cert), tls_key=str(key), timeout=2.0) as door:
        with socket.create_connection(("127.0.0.1", door.port)) as plain:
            await asyncio.to_thread(_start_tls_and_fall_silent, plain, cert)
            await at_rest(door)


def _start_tls_and_fall_silent(plain: socket.socket, cert: Path) -> None:
    plain.recv(1000)
    plain.sendall(b"STARTTLS\r\n")
    plain.recv(1000)
    context = ssl.create_default_context(cafile=str(cert))
    secured = context.wrap_socket(plain.dup(), server_hostname=DOMAIN)
    secured.sendall(b"EHLO me\r\n")
    secured.recv(1000)
    secured.detach()


# TLS


def client_context(cert: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(cert))


async def test_nothing_said_before_tls_is_obeyed_after_it(pile: Pile, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    async with opened(pile, tls_cert=str(cert), tls_key=str(key)) as door, connected(door) as line:
        await line.hear()
        await line.ask(b"EHLO me\r\n")
        await line.ask(MAIL)
        assert (await line.ask(b"STARTTLS\r\nEHLO evil\r\nNOOP\r\nMAIL FROM:<evil@ex")).startswith("220")
        await line.writer.start_tls(client_context(cert), server_hostname=DOMAIN)
        assert (await line.ask(MAIL)).startswith("503")  # the greeting, too, must come again
        assert "STARTTLS" not in await line.ask(b"EHLO me\r\n")
        assert (await line.ask(b"MAIL FROM:<a@example.org>\r\n")).startswith("250")


async def test_a_stranger_who_goes_on_in_the_clear_after_starttls_is_hung_up_on(
    pile: Pile, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    async with opened(pile, **STRANGERS, tls_cert=str(cert), tls_key=str(key)) as door, connected(door) as line:
        await line.hear()
        assert (await line.ask(b"STARTTLS\r\nNOOP\r\n")).startswith("554 5.5.0")
        assert await is_over(line)


async def test_tls_may_begin_with_the_first_byte(pile: Pile, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    async with opened(pile, tls_cert=str(cert), tls_key=str(key), tls_port=free_port(), **STRANGERS) as door:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", door.tls_port, ssl=client_context(cert), server_hostname=DOMAIN
        )
        line = Line(reader, writer)
        assert (await line.hear()).startswith("220")
        assert "STARTTLS" not in await line.ask(b"EHLO me\r\n")
        for command in (MAIL, RCPT, b"DATA\r\n", LETTER):
            assert (await line.ask(command))[0] in "23"
        assert (await line.ask(b"QUIT\r\n")).startswith("221")
        writer.close()
        await at_rest(door)
        await takes_the_next(door)
    assert len(pile.messages) == 2


@pytest.mark.parametrize("what", [b"EHLO me\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 500, b""])
async def test_what_is_no_tls_is_hung_up_on(pile: Pile, certificate: tuple[Path, Path], what: bytes) -> None:
    cert, key = certificate
    async with opened(pile, tls_cert=str(cert), tls_key=str(key), tls_port=free_port(), timeout=1.5) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.tls_port)
        writer.write(what)
        assert b"220" not in await reader.read()
        writer.close()
        await at_rest(door)
        for how in ("close", "abort"):
            async with connected(door) as line:
                await line.hear()
                await line.ask(b"STARTTLS\r\n")
                await line.say(what)
                getattr(line.writer if how == "close" else line.writer.transport, how)()
                await at_rest(door)
        await takes_the_next(door)


async def test_the_door_closes_while_somebody_shakes_hands(pile: Pile, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    async with opened(pile, tls_cert=str(cert), tls_key=str(key)) as door, connected(door) as line:
        await line.hear()
        await line.ask(b"STARTTLS\r\n")
        await door.close()
        assert not door._sessions


# Proxies

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
BEHIND = {"proxies": ("127.0.0.0/8",), **STRANGERS}


def v2(source: str, *, local: bool = False, extra: bytes = b"") -> bytes:
    family, kind = (socket.AF_INET6, 0x21) if ":" in source else (socket.AF_INET, 0x11)
    address = socket.inet_pton(family, source)
    body = address + address + struct.pack("!HH", 40_000, 25) + extra
    return SIGNATURE + struct.pack("!BBH", 0x20 if local else 0x21, 0 if local else kind, len(body)) + body


@pytest.mark.parametrize(
    ("said", "peer"),
    [
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n", ("192.0.2.7", 40_000)),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 25\r\n", ("2001:db8::7", 40_000)),
        (v2("192.0.2.7"), ("192.0.2.7", 40_000)),
        (v2("2001:db8::7", extra=b"\x04\x00\x01x"), ("2001:db8::7", 40_000)),
    ],
)
async def test_who_comes_through_a_proxy_is_known_by_its_own_address(
    pile: Pile, said: bytes, peer: tuple[str, int]
) -> None:
    async with opened(pile, **BEHIND) as door, connected(door) as line:
        assert (await line.ask(said)).startswith("220")
        (session,) = door._sessions
        assert session.session is not None
        assert session.session.peer == peer
        assert list(door.gate._connections.values()) == [1]
        for command in (b"EHLO me\r\n", MAIL, RCPT, b"DATA\r\n", LETTER):
            assert (await line.ask(command))[0] in "23"


@pytest.mark.parametrize("said", [b"PROXY UNKNOWN\r\n", v2("192.0.2.7", local=True)])
async def test_a_proxy_may_come_for_itself(pile: Pile, said: bytes) -> None:
    async with opened(pile, **BEHIND) as door, connected(door) as line:
        assert (await line.ask(said)).startswith("220")
        (session,) = door._sessions
        assert session.session is not None
        assert session.session.peer[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "said",
    [
        b"EHLO me\r\n",
        b"PROXY TCP4 192.0.2.7\r\n",
        b"PROXY TCP4 nobody 198.51.100.1 40000 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 70000 25\r\n",
        b"PROXY " + b"x" * 70_000 + b"\r\n",
        SIGNATURE + b"\x31\x11\x00\x0c" + b"x" * 12,
        SIGNATURE[:8],
    ],
)
async def test_a_proxy_that_does_not_say_for_whom_it_comes_is_hung_up_on(
    pile: Pile, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr("inbound.smtp_connection._PROXY_PATIENCE", 0.2)
    before = turned_away("proxy")
    async with opened(pile, **BEHIND) as door:
        async with connected(door) as line:
            await line.say(said)
            with suppress(ConnectionResetError):  # what came after the header was not read any more
                assert await line.reader.read() == b""
        await at_rest(door)
    assert turned_away("proxy") == before + 1


async def test_a_proxy_that_only_looks_whether_the_door_is_there_is_no_fault(pile: Pile) -> None:
    before = turned_away("proxy")
    async with opened(pile, **BEHIND) as door:
        for _ in range(3):
            async with connected(door):
                pass
        await at_rest(door)
    assert turned_away("proxy") == before


async def test_nobody_but_a_proxy_may_say_for_whom_it_comes(pile: Pile) -> None:
    async with opened(pile, proxies=("192.0.2.0/24",)) as door, connected(door) as line:
        await line.hear()
        assert (await line.ask(b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n")).startswith("500 5.5.1")
        (session,) = door._sessions
        assert session.session is not None
        assert session.session.peer[0] == "127.0.0.1"


async def test_limits_are_those_of_the_address_behind_the_proxy(pile: Pile) -> None:
    one, other = (b"PROXY TCP4 192.0.2.%d 198.51.100.1 40000 25\r\n" % n for n in (1, 2))
    async with opened(pile, **BEHIND, max_connections_per_host=1, mails_per_minute=1) as door:
        async with connected(door) as first, connected(door) as second, connected(door) as third:
            assert (await first.ask(one)).startswith("220")
            assert (await second.ask(one)).startswith("421 4.7.0")
            assert (await third.ask(other)).startswith("220")
            for line, code in ((first, "250"), (third, "250")):
                await line.ask(b"EHLO me\r\n")
                assert (await line.ask(MAIL)).startswith(code)
            await first.ask(b"RSET\r\n")
            assert (await first.ask(MAIL)).startswith("450")
        await at_rest(door)


async def test_haste_behind_a_proxy_is_haste(pile: Pile) -> None:
    said = b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n"
    async with opened(pile, **(BEHIND | {"greet_pause": 60.0})) as door, connected(door) as line:
        assert (await line.ask(said + b"EHLO me\r\n")).startswith("554 5.5.0")


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_address_behind_a_proxy_stays_under_tls(
    pile: Pile, certificate: tuple[Path, Path], at_once: bool
) -> None:
    cert, key = certificate
    async with opened(pile, tls_cert=str(cert), tls_key=str(key), tls_port=free_port(), **BEHIND) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.tls_port if at_once else door.port)
        line = Line(reader, writer)
        await line.say(v2("192.0.2.7"))
        if not at_once:
            await line.hear()
            await line.ask(b"STARTTLS\r\n")
        await writer.start_tls(client_context(cert), server_hostname=DOMAIN)
        if at_once:
            assert (await line.hear()).startswith("220")
        assert (await line.ask(b"EHLO me\r\n")).startswith("250")
        (session,) = door._sessions
        assert session.session is not None
        assert session.session.peer == ("192.0.2.7", 40_000)
        writer.close()
        await at_rest(door)


async def test_a_handshake_that_came_in_one_piece_with_the_proxys_word_goes_on(
    pile: Pile, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    async with opened(pile, tls_cert=str(cert), tls_key=str(key), tls_port=free_port(), **BEHIND) as door:
        heard = await asyncio.to_thread(_shake_hands_at_once, door.tls_port, v2("192.0.2.7"), cert)
        assert heard.startswith(b"220")
        await at_rest(door)


def _shake_hands_at_once(port: int, first: bytes, cert: Path) -> bytes:
    """A client that sends ``first`` and its hello in one write."""
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context(cert).wrap_bio(came, goes, server_hostname=DOMAIN)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        while True:
            try:
                heard = tls.read(1000) if tls.version() else tls.do_handshake()
            except ssl.SSLWantReadError:
                plain.sendall(first + goes.read())
                first = b""
                came.write(plain.recv(65_536))
            else:
                if heard:
                    return heard


async def test_over_lmtp_nobody_is_a_stranger(pile: Pile) -> None:
    rules = STRANGERS | {"mails_per_minute": 1, "recipients_per_minute": 100, "greet_pause": 60.0}
    async with opened(pile, protocol="lmtp", **rules) as door, connected(door) as line:
        mail = MAIL + RCPT + b"DATA\r\n" + LETTER
        await line.say(b"LHLO me\r\n" + mail + mail + b"QUIT\r\n")
        heard = (await line.reader.read()).decode().splitlines()
        assert [each[:3] for each in heard if each[3:4] == " "].count("354") == 2
    assert len(pile.messages) == 2


# Where it listens


async def test_it_listens_on_several_addresses_of_both_kinds(pile: Pile) -> None:
    port, hosts = free_port(), ("127.0.0.1", other_loopback())
    async with opened(pile, host=", ".join(hosts), port=port):
        for host in hosts:
            reader, writer = await asyncio.open_connection(host, port)
            assert (await reader.readline()).startswith(b"220")
            writer.close()


async def test_lmtp_may_come_over_a_socket_in_the_file_system(pile: Pile, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    for _ in range(2):  # what the last run left behind is no hindrance
        async with opened(pile, host=f"unix:{path}", protocol="lmtp", **STRANGERS) as door:
            line = Line(*await asyncio.open_unix_connection(str(path)))
            await line.say(b"LHLO me\r\n" + MAIL + RCPT + RCPT + b"DATA\r\n" + LETTER + b"QUIT\r\n")
            heard = (await line.reader.read()).decode().splitlines()
            codes = [each[:3] for each in heard if each[3:4] == " "]
            assert codes == ["220", "250", "250", "250", "250", "354", "250", "250", "221"]
            line.writer.close()
            await at_rest(door)
    assert path.stat().st_mode & 0o777 == 0o666
