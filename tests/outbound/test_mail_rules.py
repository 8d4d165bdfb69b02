"""Every kind of mail, held to the rules of others by programs that others wrote."""

import asyncio
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from itertools import cycle, islice
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.domain.delivery import Sent
from gateway.domain.digest import MOST
from gateway.domain.types import Digest, NoticeKind, Outgoing, Thread
from outbound.mail import MailTransport, OutboundMailSettings
from outbound.mail_digest import LARGEST_PAGE
from outbound.mail_text import render
from tests import kept, node
from tests.outbound.letters import LETTERS, OLDER, SITE
from tests.wiring import free_port

STRICT = default.clone(raise_on_defect=True)
CHECKER = """
const {HtmlValidate} = require("html-validate");
const rules = {"no-inline-style": "off", "require-sri": "off", "long-title": "off"};
const checker = new HtmlValidate({extends: ["html-validate:recommended"], rules: rules});
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const found = given.map((html) => {
  const report = checker.validateStringSync(html);
  return report.results.flatMap((result) => result.messages.map((each) => `${each.ruleId}: ${each.message}`));
});
process.stdout.write(JSON.stringify(found));
"""
SINK = shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin")
CLIPPED_OVER = 102_000
"""Octets of HTML beyond which Gmail shows no more."""

every_letter = pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)


def read(letter: Outgoing) -> EmailMessage:
    message = message_from_bytes(render(letter, SITE), policy=STRICT)
    assert isinstance(message, EmailMessage)
    return message


def html_of(letter: Outgoing) -> str:
    body = read(letter).get_body(("html",))
    assert body is not None
    return str(body.get_content())


@every_letter
def test_a_strict_parser_finds_no_fault(letter: Outgoing) -> None:
    raw = render(letter, SITE)
    head = raw.partition(b"\r\n\r\n")[0]
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76
    message = read(letter)
    for part in message.walk():
        assert not part.defects
        for value in part.values():
            assert not getattr(value, "defects", ())
    for once in ("From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "Auto-Submitted"):
        assert len(message.get_all(once, [])) == 1, once
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@every_letter
def test_big_receivers_take_it(letter: Outgoing) -> None:
    """What Gmail and Yahoo ask of those who send to many."""
    message = read(letter)
    assert message["From"].addresses[0].domain == SITE.mail_domain
    assert re.fullmatch(r"<delivery\.\d+\.[a-z2-7]{26}@mail\.town\.example>", message["Message-ID"])
    assert message["Date"].datetime == letter.queued_at
    answers = letter.in_reply_to or letter.notice in (NoticeKind.ANSWER, NoticeKind.PROOF)
    assert ("List-Unsubscribe" in message) != bool(answers)
    if not answers:
        first = message["List-Unsubscribe"].split(",")[0]
        assert first.startswith("<https://town.example/unsubscribe/")
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert re.fullmatch(r"(.*) ?<[a-z0-9-]+\.mail\.town\.example>", message["List-Id"])
        identifiers = message["Feedback-ID"].split(":")
        assert len(set(identifiers)) == len(identifiers) == 3
        assert identifiers[-1] == "birdwire"
        assert first.strip("<>") in html_of(letter)


fragments = st.sampled_from(
    [
        "#a ",
        "#é ",
        "#字 ",
        "@bo ",
        "http://a.b ",
        "http://a.b/?é&",
        '"',
        "'",
        "&",
        "<",
        "\n",
        " ",
        "🎉",
        "字",
        "ü",
        "x",
        "&amp;",
    ]
)
words = st.lists(fragments, min_size=1, max_size=140).map(lambda pieces: ("".join(pieces * 70))[:140].strip() or "x")
"""What takes most room as HTML, over and over."""


@settings(max_examples=60)
@given(st.lists(st.tuples(words, words, st.booleans()), min_size=1, max_size=8), st.integers(0, 99))
@example([("#字 " * 35, "\n" * 70 + '"' * 70, True)], 0)
@example([("x" + "\n" * 138 + "x", "🎉" * 140, True)], 5)
@example([('"' * 140, "'" * 140, True)], 5)
@example([("@bo " * 35, "'" * 140, False)], 5)
@example([("🎉" * 140, "🎉" * 140, True)], 5)
def test_no_digest_is_so_large_that_it_is_cut_off(posts: list[tuple[str, str, bool]], more: int) -> None:
    """Whatever forty posts are in it: all their words are, and each can be answered and opened."""
    forty = [
        replace(
            OLDER,
            id=n,
            post_id=n,
            conversation_id=n,
            text=text,
            author="x" * 15,
            reply_to_id=7,
            via="#" + "字" * 20,
            thread=Thread("", "", answered, "y" * 15, 7) if is_answer else None,
        )
        for n, (text, answered, is_answer) in enumerate(islice(cycle(posts), MOST), 100)
    ]
    html = html_of(replace(LETTERS["a digest of one"], digest=Digest(tuple(forty), more, "Asia/Kolkata")))
    assert len(html.encode()) <= LARGEST_PAGE
    assert html.count("mailto:reply+") == MOST
    shown = re.findall(r'class="words">(.*?)</p>', html.replace("\r\n", "\n"), re.DOTALL)
    assert [unescape(re.sub("<br>|<a [^>]*>|</a>", "", each)) for each in shown] == [each.text for each in forty]


def test_where_room_is_scarce_the_newest_posts_keep_their_links_and_what_they_answer() -> None:
    answered = Thread("", "", "older words", "carol", 2)
    posts = [
        replace(OLDER, id=n, post_id=n, conversation_id=n, text=f"{n} " + "#t " * 45, reply_to_id=2, thread=answered)
        for n in range(100, 100 + MOST)
    ]
    letter = replace(LETTERS["a digest of one"], digest=Digest(tuple(posts), 0, "Asia/Kolkata"))
    entries = html_of(letter).split('<div class="post">')[1:]
    full = ["<blockquote" in each for each in entries]
    assert full == sorted(full)
    assert 1 < sum(full) < MOST
    for is_full, each in zip(full, entries, strict=True):
        assert each.count('rel="tag"') == (45 if is_full else 0)
        assert each.count("#t ") + each.count("#t<") == 45
        assert ("?subject=" in each) == is_full
    plain = read(letter).get_body(("plain",))
    assert plain is not None
    assert str(plain.get_content()).count("> carol: older words") == MOST


@every_letter
def test_both_parts_say_the_same_and_nothing_comes_from_elsewhere(letter: Outgoing) -> None:
    html = html_of(letter)
    assert len(html.encode()) < CLIPPED_OVER
    for tag in ("<img", "<link", "<script", "<iframe", "<table", "url(", "src=", "background", "@import"):
        assert tag not in html, tag
    assert 'name="color-scheme" content="light dark"' in html
    assert 'name="viewport"' in html
    for link in re.findall(r'href="([^"]*)"', html):
        assert link.startswith(("https://town.example/", "https://x.example/", "mailto:reply+")), link
    plain = read(letter).get_body(("plain",))
    assert plain is not None
    words = str(plain.get_content())
    for each in letter.digest.posts if letter.digest else [letter]:
        said = each.text.split("\n")[0].strip()
        told_how = letter.notice in (NoticeKind.REQUEST, NoticeKind.NUDGE)  # in words of its own
        assert (said.partition(". ")[0] if told_how else said) in words


def test_a_html_checker_finds_no_fault() -> None:
    pages = {name: html_of(each) for name, each in LETTERS.items()}
    kept.keep(pages)
    folder = node.installed("html-validate")
    found = node.run(CHECKER, folder, list(pages.values()))
    assert dict(zip(LETTERS, found, strict=True)) == {name: [] for name in LETTERS}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for everybody: a sink that root starts writes as somebody else."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.skipif(SINK is None, reason="smtp-sink is not installed (postfix on Debian)")
async def test_postfix_takes_every_kind_of_mail_as_it_is(folder: Path) -> None:
    assert SINK is not None
    port = free_port()
    as_whom = ["-u", "nobody"] if os.geteuid() == 0 else []
    running = await asyncio.create_subprocess_exec(
        SINK, *as_whom, "-d", f"{folder}/mail.", f"127.0.0.1:{port}", "100", stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(20):
            while not _listens(port):  # noqa: ASYNC110 - another process gives no event to wait for
                await asyncio.sleep(0.02)
            wire = MailTransport(OutboundMailSettings(port=port), SITE)
            for letter in LETTERS.values():
                assert isinstance(await wire.send(letter), Sent)
            await wire.close()
    finally:
        running.terminate()
        await running.wait()
    got = _kept(folder)
    for letter in LETTERS.values():
        sent = render(letter, SITE).replace(b"\r\n", b"\n")
        assert any(sent.strip() in each for each in got)


def _kept(folder: Path) -> list[bytes]:
    return [file.read_bytes().replace(b"\r\n", b"\n") for file in folder.iterdir()]


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
