"""Several relays, relays that have enough, and Postfix's own sink."""

import asyncio
import tempfile
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.demo.mailbox import Mailbox
from gateway.domain.delivery import Bounced, Deferred, Sent
from outbound import mail_pool
from outbound.mail import RelaySettings
from tests import programs
from tests.outbound.relays import Script, letter, transport
from tests.wiring import free_port


def relay(server: Any, **more: Any) -> RelaySettings:
    return RelaySettings(host="127.0.0.1", port=server if isinstance(server, int) else server.port, **more)


async def test_the_relay_that_is_preferred_gets_the_mails() -> None:
    async with Mailbox() as first, Mailbox() as second:
        relays = (relay(second, preference=20), relay(first, preference=10))
        async with transport(1, relays=relays) as wire:
            for number in range(5):
                assert isinstance(await wire.send(letter(id=number)), Sent)
    assert (len(first.mails), len(second.mails)) == (5, 0)


@pytest.mark.parametrize("greeting", ["554 5.7.1 go away", "421 4.3.2 closing", "CUT", "HANG", "nonsense"])
async def test_when_it_does_not_let_us_in_the_next_one_gets_them(greeting: str) -> None:
    async with Script(GREETING=[greeting]) as first, Mailbox() as second:
        relays = (relay(first), relay(second, preference=1))
        async with transport(1, relays=relays, timeout=0.5, messages_per_connection=1) as wire:
            for number in range(3):
                assert isinstance(await wire.send(letter(id=number)), Sent)
    assert first.connections == 1
    assert len(second.mails) == 3


async def test_a_relay_that_is_back_is_preferred_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_pool, "PEER_RESTS", 0.0)
    port = free_port()
    async with Mailbox() as second:
        relays = (relay(port), relay(second, preference=1))
        async with transport(1, relays=relays, messages_per_connection=1) as wire:
            assert isinstance(await wire.send(letter(id=1)), Sent)
            async with Mailbox(port=port) as first:
                assert isinstance(await wire.send(letter(id=2)), Sent)
    assert (len(first.mails), len(second.mails)) == (1, 1)


async def test_a_login_that_one_relay_refuses_does_not_stop_the_mail() -> None:
    auth = ["250-script\r\n250 AUTH PLAIN"]
    async with Script(EHLO=auth, AUTH=["535 5.7.8 wrong"]) as first, Mailbox() as second:
        relays = (relay(first, username="a", password="b"), relay(second, preference=1))
        with structlog.testing.capture_logs() as logs:
            async with transport(1, relays=relays) as wire:
                assert isinstance(await wire.send(letter()), Sent)
    assert [entry["log_level"] for entry in logs] == ["error"]


@pytest.mark.parametrize("reply", ["550 5.7.1 sender not verified", "530 5.7.0 log in first"])
async def test_a_relay_that_does_not_take_us_as_a_sender_does_not_stop_the_mail(reply: str) -> None:
    with structlog.testing.capture_logs() as logs:
        async with Script(MAIL=["250 ok", reply]) as first, Mailbox() as second:
            relays = (relay(first), relay(second, preference=1))
            async with transport(1, relays=relays) as wire:
                for number in range(4):
                    assert isinstance(await wire.send(letter(id=number)), Sent)
    assert len(second.mails) == 3
    assert first.connections == 1
    assert sum(line.startswith("MAIL") for line in first.said) == 2  # it is not asked again with each mail
    assert [entry["log_level"] for entry in logs] == ["error"]


async def test_only_when_none_lets_us_in_all_mail_rests() -> None:
    async with (
        Script(GREETING=["421 4.3.2 closing"]) as first,
        Script(GREETING=["CUT"]) as second,
        transport(1, relays=(relay(first), relay(second))) as wire,
    ):
        outcome = await wire.send(letter())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide
    assert outcome.retry_after == 15


@pytest.mark.parametrize(("code", "pause"), [("535 5.7.8 wrong", 300), ("454 4.7.0 not now", 15)])
async def test_a_login_that_is_put_off_is_tried_again_soon(code: str, pause: float) -> None:
    script = Script(EHLO=["250-script\r\n250 AUTH PLAIN"], AUTH=[code])
    async with script as only, transport(only.port, username="a", password="b") as wire:
        outcome = await wire.send(letter())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide
    assert outcome.retry_after == pause


async def test_a_relay_that_bears_fewer_connections_gets_fewer_and_all_mails() -> None:
    greetings = ["220 script"] * 2 + ["421 4.7.0 too many connections"]
    async with Script(GREETING=greetings, pause=0.01) as only, transport(only.port, connections=8) as wire:
        outcomes = await asyncio.gather(*(wire.send(letter(id=n)) for n in range(40)))
        assert all(isinstance(outcome, Sent) for outcome in outcomes), outcomes
        assert wire._relays is not None
        assert wire._relays._places.allowed <= 4
    assert only.said.count("DATA") == 40


async def test_a_relay_that_has_enough_is_sent_less_at_once() -> None:
    async with Script(MAIL=["452 4.3.1 no room"]) as only, transport(only.port, connections=8) as wire:
        for number in range(3):
            outcome = await wire.send(letter(id=number))
            assert isinstance(outcome, Deferred)
            assert not outcome.route_wide
        assert wire._relays is not None
        assert wire._relays._places.allowed == 1


async def test_a_relay_that_ends_each_connection_after_some_mails_bears_as_many_as_before() -> None:
    turns = ["250 ok", "250 ok", "421 4.7.0 enough for one connection"]
    async with Script(MAIL=turns * 10) as only, transport(only.port, connections=2) as wire:
        for number in range(12):
            assert isinstance(await wire.send(letter(id=number)), Sent)
        assert wire._relays is not None
        assert wire._relays._places.allowed == 2


async def test_a_connection_carries_so_many_mails_and_no_more() -> None:
    async with Script() as only, transport(only.port, messages_per_connection=2) as wire:
        for number in range(5):
            assert isinstance(await wire.send(letter(id=number)), Sent)
        async with asyncio.timeout(30):
            await only.left.wait()
    assert only.connections == 3
    assert only.said.count("QUIT") == 3


def test_settings_of_relays_do_not_show_their_secrets() -> None:
    one = RelaySettings(host="mx.example", password="secret")
    assert "secret" not in repr(one)


# Postfix's sink


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that the sink may write in, whoever it runs as."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o777)
        yield folder


def texts_in(folder: Path) -> list[str]:
    """The text parts of the mails that the sink wrote there."""
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in folder.iterdir()]
    return [mail.get_body(("plain",)).get_content() for mail in mails]


async def test_postfix_sink_takes_every_mail_whole(open_folder: Path) -> None:
    async with programs.sink("-d", f"{open_folder}/%S.") as port, transport(port, connections=4) as wire:
        texts = [f"number {n}\n.\n..\nFrom me\n.\nend {n}" for n in range(40)]
        outcomes = await asyncio.gather(*(wire.send(letter(id=n, text=text)) for n, text in enumerate(texts)))
        assert all(isinstance(outcome, Sent) for outcome in outcomes), outcomes
    arrived = await asyncio.to_thread(texts_in, open_folder)
    assert len(arrived) == 40
    assert sorted(arrived) == sorted(text for text in arrived if any(text.startswith(f"{sent}\n") for sent in texts))
    assert len({text.splitlines()[0] for text in arrived}) == 40


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        (["-r", "rcpt"], Deferred),
        (["-r", "mail"], Deferred),
        (["-r", "."], Deferred),
        (["-f", "rcpt"], Bounced),
        (["-f", "data"], Bounced),
        (["-f", "."], Bounced),
        (["-q", "rcpt"], Deferred),
        (["-q", "data"], Deferred),
        (["-q", "."], Deferred),
        (["-f", "ehlo"], Sent),
        (["-e"], Sent),
        (["-p"], Sent),
        (["-8"], Sent),
        (["-w", "1"], Sent),
    ],
)
async def test_postfix_sink_in_a_bad_mood_is_understood(options: list[str], outcome: type) -> None:
    async with programs.sink(*options) as port, transport(port, timeout=10.0) as wire:
        assert isinstance(await wire.send(letter()), outcome)
        if outcome is Bounced:
            assert isinstance(await wire.send(letter()), outcome)
