"""Mails made to take long or much memory take neither."""

import base64
import struct
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inbound.letters import understand
from inbound.message import PostingAddress

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOST_SECONDS, MOST_MEGABYTES = 6.0, 200
HEAD = b"From: a@example.org\r\nSubject: hi\r\nMIME-Version: 1.0\r\n"


def peak() -> int:
    """The most memory that this process has held since it was last reset, in megabytes."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def multi(kind: bytes, *parts: bytes) -> bytes:
    inside = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return b"Content-Type: multipart/" + kind + b"; boundary=b\r\n\r\n" + inside + b"--b--\r\n"


def nested(levels: int, kind: bytes = b"mixed") -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/%s; boundary=b%d\r\n\r\n--b%d\r\n" % (kind, level, level) for level in range(levels)
    )
    return opened + b"\r\nwords" + b"".join(b"\r\n--b%d--" % level for level in reversed(range(levels)))


def encoded(data: bytes) -> bytes:
    return b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data).replace(b"\n", b"\r\n")


def compressed(content: bytes) -> bytes:
    """An S/MIME message that is compressed, of which a kilobyte becomes a megabyte."""

    def ber(tag: int, *held: bytes) -> bytes:
        inside = b"".join(held)
        return bytes([tag, 0x84]) + len(inside).to_bytes(4, "big") + inside

    kind, data = bytes.fromhex("060b2a864886f70d0109100109"), bytes.fromhex("06092a864886f70d010701")
    inside = ber(0x30, data, ber(0xA0, ber(0x04, zlib.compress(content))))
    return ber(0x30, kind, ber(0xA0, ber(0x30, ber(0x02, b"\0"), ber(0x30), inside)))


PACKED = b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n"
WINMAIL = b"Content-Type: application/ms-tnef; name=winmail.dat\r\n"
QUOTED = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"


def packed(pack: Callable[[bytes], bytes], levels: int) -> bytes:
    """A hundred times what is packed up, in which that is a hundred times, and so on."""
    inside = b"Content-Type: text/plain\r\n\r\nwords\r\n"
    for _ in range(levels):
        inside = multi(b"mixed", *[pack(inside)] * 100)
    return inside


def _unpacks() -> bytes:
    """A ``winmail.dat`` of thirty kilobytes whose text is a quarter of a megabyte."""
    rtf = b"\0{words} " + (b"\xff" + b"\x00\x0f" * 8) * 1_900
    document = struct.pack("<III", len(rtf), 256 * 1024, 0x75465A4C) + b"\0\0\0\0" + rtf
    held = struct.pack("<I", 1) + struct.pack("<HHII", 0x102, 0x1009, 1, len(document)) + document
    held += b"\0" * (-len(held) % 4)
    return b"\x78\x9f\x3e\x22\x01\x00" + struct.pack("<BII", 1, 0x00069003, len(held)) + held + b"\0\0"


UNPACKS = _unpacks()


def related(levels: int) -> bytes:
    """Texts with pictures that belong to them, within which there are others of the kind."""
    inside = b"Content-Type: text/plain\r\n\r\nwords\r\n"
    plain = b"\r\n" + b"word " * 12 + b"\r\nword\r\n"
    html = b"Content-Type: text/html\r\n\r\n" + b"<p>x<b>y</b>\r\n" * 6_000 + b"<img src=cid:p>\r\n"
    picture = b"Content-Type: image/png\r\nContent-ID: <p>\r\n" + encoded(b"x" * 20_000)
    for level in range(levels):
        texts = multi(b"alternative", plain, html, inside).replace(b"--b", b"--a%d" % level)
        both = multi(b"related", texts.replace(b"boundary=b", b"boundary=a%d" % level), picture)
        inside = both.replace(b"--b", b"--r%d" % level).replace(b"boundary=b", b"boundary=r%d" % level)
    return inside


MB = 1024 * 1024
BOMBS: dict[str, Callable[[], bytes]] = {
    "ten thousand parts": lambda: multi(b"mixed", *[b"\r\nwords"] * 10_000),
    "ten thousand parts in HTML": lambda: multi(
        b"mixed", *[b"Content-Type: text/html\r\n\r\n<p>" + b"x" * 2_000] * 10_000
    ),
    "ten thousand alternatives": lambda: multi(b"alternative", *[b"Content-Type: text/html\r\n\r\n"] * 10_000),
    "ten thousand related pictures": lambda: multi(
        b"related", b"Content-Type: text/html\r\n\r\n<img src=cid:a>", *[b"Content-Type: image/png\r\n\r\n"] * 10_000
    ),
    "half a million empty parts": lambda: multi(b"mixed", *[b""] * 500_000),
    "a thousand levels": lambda: nested(1_000),
    "a thousand levels of alternatives": lambda: nested(1_000, b"alternative"),
    "a thousand levels of related parts": lambda: nested(1_000, b"related"),
    "a thousand levels of signed parts": lambda: nested(1_000, b"signed"),
    "ten thousand mails in each other": lambda: b"Content-Type: message/rfc822\r\n\r\n" * 10_000 + b"words",
    "a header of 20 megabytes": lambda: b"X-Long: " + b"y" * 20 * MB + b"\r\n\r\nwords",
    "a subject of 20 megabytes": lambda: b"Subject: " + b"=?utf-8?q?=C3=BC?= " * (MB // 2) + b"\r\n\r\nwords",
    "a subject folded a million times": lambda: b"Subject: x" + b"\r\n y" * MB + b"\r\n\r\nwords",
    "a type of 20 megabytes": lambda: b"Content-Type: text/plain; " + b"a=b; " * (4 * MB) + b"\r\n\r\nwords",
    "a type with a million pieces": lambda: b"Content-Type: text/plain" + b";\r\n a*0=b" * MB + b"\r\n\r\nwords",
    "a hundred thousand header lines": lambda: b"X-Line: y\r\n" * 100_000 + b"\r\nwords",
    "a million header lines": lambda: b"X: y\r\n" * MB + b"\r\nwords",
    "a million traces": lambda: b"X-Received: from a by b\r\n" * MB + b"\r\nwords",
    "huge encoded words": lambda: b"Subject: =?utf-8?b?" + b"QUJD" * 5 * MB + b"?=\r\n\r\nwords",
    "a million tags": lambda: b"Content-Type: text/html\r\n\r\n" + b"<i>x</i>" * MB,
    "tables in tables": lambda: b"Content-Type: text/html\r\n\r\n" + b"<table><tr><td>" * MB,
    "lists in lists": lambda: b"Content-Type: text/html\r\n\r\n" + b"<ul><li>" * MB,
    "quotes in quotes": lambda: b"Content-Type: text/html\r\n\r\n" + b"<blockquote type=cite>" * MB,
    "comments without end": lambda: b"Content-Type: text/html\r\n\r\n" + b"<!--" * 5 * MB,
    "styles without end": lambda: b"Content-Type: text/html\r\n\r\n" + b"<style>" * 3 * MB,
    "twenty megabytes of one word": lambda: b"\r\n" + b"x" * 20 * MB,
    "twenty megabytes of spaces": lambda: b"\r\n" + b" " * 20 * MB + b"x",
    "twenty megabytes of line ends": lambda: b"\r\n" * 10 * MB,
    "twenty megabytes of quote marks": lambda: b"\r\n" + b"> " * 10 * MB,
    "quoted a million times": lambda: b"\r\n" + b">>>> x\r\n" * MB,
    "introductions without end": lambda: b"\r\n" + b"On 10:15 a@b.c wrote:\r\n" * MB,
    "headers of older mails without end": lambda: b"\r\n" + b"From: a\r\n\r\n" * MB,
    "colons": lambda: b"\r\n" + b"a:\r\n" * MB,
    "footers": lambda: b"\r\n" + b"this e-mail\r\n" * MB,
    "boundaries": lambda: b"Content-Type: multipart/mixed\r\n\r\n" + b"--x\r\nContent-A: b\r\n" * MB,
    "dashes": lambda: b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"\r\n--" * 5 * MB,
    "a flood of base64": lambda: b"Content-Type: text/plain\r\n" + encoded(b"x\n" * 7 * MB),
    "a flood of noise in base64": lambda: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=A=B !\r\n" * 2 * MB,
    "a flood of quoted-printable": lambda: b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 20 * MB,
    "soft line ends": lambda: b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * 6 * MB,
    "a flood of utf-7": lambda: b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+" * 20 * MB,
    "shifts without end": lambda: b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + b"\x1b$B" * 5 * MB,
    "bytes in no charset": lambda: b"\r\n" + b"\xe9\xff" * 10 * MB,
    "flowed lines": lambda: b"Content-Type: text/plain; format=flowed\r\n\r\n" + b">> x \r\n" * MB,
    "wrapped lines": lambda: multi(
        b"alternative", b"\r\n" + (b"word " * 12 + b"\r\n") * 50_000, b"Content-Type: text/html\r\n\r\n" + b"word " * MB
    ),
    "a bomb in S/MIME": lambda: b"Content-Type: application/pkcs7-mime\r\n" + encoded(compressed(b"a" * 100 * MB)),
    "a mail in a hundred mails in a hundred mails": lambda: packed(lambda part: PACKED + encoded(compressed(part)), 4),
    "a winmail.dat a hundred times": lambda: multi(b"mixed", *[WINMAIL + encoded(UNPACKS)] * 100),
    "spaces before every end but the last": lambda: QUOTED + (b" " * 60_000 + b"x\r\n") * 8,
    "spaces behind what may be a boundary": lambda: (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + (b"--y" + b" " * 60_000 + b"\r\n") * 30
    ),
    "markup in parts that are called plain": lambda: multi(
        b"mixed", *[b"\r\n<html>" + b"<p>x<b>y</b>\r\n" * 6_000] * 25
    ),
    "pictures in alternatives in pictures": lambda: related(9),
    "structures without end": lambda: b"Content-Type: application/pkcs7-mime\r\n" + encoded(b"\x30\x80" * MB),
    "signed in itself without end": lambda: b"\r\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\r\n" * MB,
    "winmail.dat": lambda: (
        b"Content-Type: application/ms-tnef\r\n" + encoded(b"\x78\x9f\x3e\x22\0\0" + b"\1" + bytes(8 * MB))
    ),
    "uuencoded without end": lambda: b"\r\n" + b"begin 644 x\r\n" * MB,
    "rich text": lambda: b"Content-Type: text/rtf\r\n\r\n" + b"{\\u1" * 4 * MB,
    "enriched text": lambda: b"Content-Type: text/enriched\r\n\r\n" + b"<x><<" * 4 * MB,
}


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS)
def test_a_mail_made_to_burst_does_not(make: Callable[[], bytes]) -> None:
    content = HEAD + make()
    Path("/proc/self/clear_refs").write_text("5")  # forget the most that was held before
    before, begun = peak(), time.process_time()
    (message,) = understand(content, "a@example.org", {"post+x@birds.example": PostingAddress(7)}, "birds.example", NOW)
    assert time.process_time() - begun < MOST_SECONDS
    assert peak() - before < MOST_MEGABYTES
    assert len(message.text) <= 100_000
    assert len(message.cut) <= 10_000
    assert len(message.raw) <= 256 * 1024
