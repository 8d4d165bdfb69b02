"""Questions to real name servers on loopback, over UDP."""

import asyncio
import re
import time
from collections.abc import AsyncIterator

import pytest

from inbound.trust.questions import Answer, DnsResolver, Questions, Trouble, server
from tests.inbound.sending import TROUBLE, NameServer, Records, Zone

RECORDS: Records = {
    ("home.example", "TXT"): ["v=spf1 -all", "x" * 600, "Größe"],
    ("home.example", "MX"): ["10 mx.home.example.", "20 mx2.home.example."],
    ("mx.home.example", "A"): ["192.0.2.1", "192.0.2.2"],
    ("mx.home.example", "AAAA"): "2001:db8::1",
    ("1.2.0.192.in-addr.arpa", "PTR"): "mx.home.example.",
    ("s1._domainkey.home.example", "TXT"): "v=DKIM1; p=abc.",
    ("alias.example", "CNAME"): "mx.home.example.",
    ("broken.example", "TXT"): TROUBLE,
}


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    async with NameServer(RECORDS, silent=frozenset({"silent.example"})) as running:
        yield running


def resolver(names: NameServer, timeout: float = 30.0) -> DnsResolver:
    return DnsResolver([f"127.0.0.1:{names.port}"], timeout)


async def test_each_kind_of_record_comes_as_text(names: NameServer) -> None:
    ask = resolver(names)
    text = await ask("home.example", "TXT")
    assert isinstance(text, Answer)
    assert text.records[:2] == ("v=spf1 -all", "x" * 600)
    assert len(text.records) == 3
    assert await ask("s1._domainkey.home.example", "TXT") == Answer(("v=DKIM1; p=abc.",))
    assert await ask("home.example", "MX") == Answer(("mx.home.example", "mx2.home.example"))
    assert await ask("mx.home.example", "A") == Answer(("192.0.2.1", "192.0.2.2"))
    assert await ask("mx.home.example", "AAAA") == Answer(("2001:db8::1",))
    assert await ask("1.2.0.192.in-addr.arpa", "PTR") == Answer(("mx.home.example",))


async def test_what_is_not_there_is_an_answer(names: NameServer) -> None:
    ask = resolver(names)
    assert await ask("gone.example", "TXT") == Answer(exists=False)
    assert await ask("mx.home.example", "TXT") == Answer()
    assert await ask("_domainkey.home.example", "TXT") == Answer()


async def test_a_server_that_fails_is_trouble(names: NameServer) -> None:
    assert isinstance(await resolver(names)("broken.example", "TXT"), Trouble)


async def test_a_server_that_never_answers_is_trouble_in_time(names: NameServer) -> None:
    begun = time.monotonic()
    assert isinstance(await resolver(names, 0.2)("silent.example", "TXT"), Trouble)
    assert time.monotonic() - begun < 20


async def test_a_port_where_nobody_listens_is_trouble() -> None:
    assert isinstance(await DnsResolver(["127.0.0.1:1"], 0.2)("home.example", "TXT"), Trouble)


async def test_many_may_ask_at_once(names: NameServer) -> None:
    ask = resolver(names)
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(ask("mx.home.example", "A") for _ in range(50)))
    assert set(answers) == {Answer(("192.0.2.1", "192.0.2.2"))}


async def test_each_question_is_asked_once_and_what_cannot_be_a_name_never() -> None:
    zone = Zone({("home.example", "TXT"): "hello"})
    questions = Questions(zone)
    for _ in range(2):
        assert await questions.ask("Home.example.", "TXT") == Answer(("hello",))
    for name in (
        "",
        ".",
        "a..example",
        "x" * 64 + ".example",
        "a." * 127 + "example",
        "ü.example",
        "a b.example",
        "\0",
    ):
        assert await questions.ask(name, "TXT") == Answer(exists=False)
    assert zone.asked == ["TXT home.example"]


async def test_after_so_many_questions_there_is_only_trouble() -> None:
    questions = Questions(Zone({("a.example", "A"): "192.0.2.1"}), most=2)
    assert await questions.ask("a.example", "A") == Answer(("192.0.2.1",))
    assert await questions.ask("b.example", "A") == Answer(exists=False)
    assert not questions.too_many
    assert isinstance(await questions.ask("c.example", "A"), Trouble)
    assert questions.too_many
    assert await questions.ask("a.example", "A") == Answer(("192.0.2.1",))


def test_a_server_is_written_with_a_port_or_without() -> None:
    assert server("192.0.2.1") == ("192.0.2.1", 53)
    assert server("192.0.2.1:5300") == ("192.0.2.1", 5300)
    assert server("[::1]") == ("::1", 53)
    assert server("[::1]:5300") == ("::1", 5300)
    for wrong in ("", "localhost", "::1", "192.0.2.1:", "192.0.2.1:x", "[::1", "192.0.2.1 "):
        with pytest.raises(ValueError, match="^" + re.escape(wrong) + "$"):
            server(wrong)
