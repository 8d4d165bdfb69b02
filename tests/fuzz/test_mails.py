"""Any mail at all is understood: no error, no long time, and nothing that a database could not hold."""

import base64
import logging
import quopri
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from inbound.mail import understand
from inbound.message import BounceAddress, Door, Inbound, PostingAddress
from inbound.mime import MAX_TEXT
from tests.fuzz.trying import bounded, repeated, tried

POST = {"post+alice@birds.example": PostingAddress(7)}
BOUNCE = {"bounce+x@birds.example": BounceAddress(40)}
SENDERS = st.sampled_from(["", "a@home.example", "mailer-daemon@home.example", "@", "a" * 250]) | st.text(max_size=20)
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # as the door does: it writes mail into its log
NOW = datetime(2030, 1, 1, tzinfo=UTC)

CHARSETS = st.sampled_from(
    [
        "utf-8",
        "us-ascii",
        "iso-8859-1",
        "windows-1252",
        "iso-2022-jp",
        "utf-7",
        "utf-16",
        "gb2312",
        "hz",
        "koi8-r",
        "big5",
        "euc-kr",
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "undefined",
        "hex",
        "base64",
        "rot13",
        "bz2",
        "zlib",
        "mbcs",
        "x-nonsense",
        "utf-8'",
        "ü",
        "\x00",
        "utf-8;x",
    ]
) | st.text(max_size=8)
KINDS = st.sampled_from(
    [
        "text/plain",
        "text/html",
        "text/calendar",
        "text/rfc822-headers",
        "image/png",
        "application/octet-stream",
        "message/rfc822",
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "message/partial",
        "message/external-body",
        "multipart/mixed",
        "application/pgp-encrypted",
        "text",
        "x/y/z",
        "TEXT/PLAIN",
    ]
)
MULTIPARTS = st.sampled_from(
    ["mixed", "alternative", "related", "signed", "report", "digest", "encrypted", "parallel", "form-data"]
)
BOUNDARIES = st.sampled_from(["b", "bb", "--", "=_x", " ", "b b", "'", '"', "b" * 70, "b" * 400, "ü", ""])
ENCODINGS = st.sampled_from(
    [
        "",
        "7bit",
        "8bit",
        "binary",
        "base64",
        "quoted-printable",
        "x-uuencode",
        "uuencode",
        "BASE64 ",
        "x-nonsense",
        "\xff",
    ]
)
ADJECTIVES = st.sampled_from(
    [
        "",
        "; format=flowed",
        "; format=flowed; delsp=yes",
        "; name*0*=utf-8''%FC; name*1=x",
        "; method=REQUEST",
        "; charset*=utf-8'en'%",
        '; name="=?utf-8?b?',
        "; =",
        "; a*=''%ff",
        "; a*1=x; a*=y",
        '; x="' + ";" * 500,
        "; method*=undefined''x",
        "; format*0=flo; format*1=wed",
    ]
)
VALUES = st.one_of(
    st.binary(max_size=60).map(lambda value: value.replace(b"\n", b" ").replace(b"\r", b" ")),
    st.sampled_from(
        [
            b"=?utf-8?b?SGFsbG8=?=",
            b"=?utf-8?q?=?=",
            b"=?undefined?q?=FF?=",
            b"=?idna?b?/////w==?=",
            b"=?utf-8*en?q?a?=",
            b"\xc3\xbc\xff",
            b"auto-replied",
            b"",
        ]
    ),
    repeated((b"=?", 2000), (b"=?x?b?", 300), (b"=?utf-8?b?" + b"A" * 101 + b"?=", 30), (b"=?utf-8?b?=?= ", 100)),
    repeated((b"<", 5000), (b"(", 5000), (b'"', 5000), (b"a@b, ", 2000), (b"x\r\n ", 2000), (b"Re: ", 500)),
    repeated((b'";";', 20_000), (b"a*0=x;", 5000), (b";\r\n ", 20_000)),
)
NAMES = st.sampled_from(
    b"Subject From To Date Message-ID Received References In-Reply-To Auto-Submitted Precedence X-Loop Content-ID "
    b"Delivered-To List-Id Return-Path Reply-To Content-Disposition Content-Type Content-Transfer-Encoding Status "
    b"Action Diagnostic-Code Final-Recipient MIME-Version X: \xff :".split()
) | st.binary(min_size=1, max_size=10).filter(lambda name: b"\n" not in name)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=5).map(
    lambda found: b"".join(b"%s: %s\r\n" % pair for pair in found)
)
MANY_HEADERS = st.tuples(NAMES, VALUES, st.sampled_from([30, 60, 2000])).map(
    lambda found: (b"%s: %s\r\n" % (found[0], found[1][:200])) * found[2]
)
WORDS = st.one_of(
    st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=80),
    st.sampled_from(
        [
            b"On Monday alice wrote:\n> hello\n",
            b"-- \nAlice",
            b"begin 644 x\n`\nend\n",
            b"-----Original Message-----\nFrom: a\nSent: b\nTo: c\n",
        ]
    ),
    repeated((b"> ", 1000), (b"word ", 1000), (b"a\n", 2000), (b"On Mon, ", 500), (b"A", 9000), (b"=\n=3D=", 300)),
    repeated((b"<p>", 1000), (b"<div>x", 1500), (b"<table><tr><td>", 300), (b"<blockquote type=cite>", 200)),
    repeated((b"<!--", 1000), (b"<style>x", 1000), (b"&#9999999999;", 500), (b"</div>", 1000)),
    repeated((b"\x1b$B", 500), (b"+ADw-", 500), (b"\xe3\x81\x82", 3000), (b"\xfc\xe4\xf6 ", 50)),
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that holds no other; ``encoded`` whether the body is in the encoding that it is labelled with."""

    kind: str
    charset: str
    encoding: str
    adjective: str
    headers: bytes
    body: bytes
    encoded: bool

    def write(self) -> bytes:
        label = f"Content-Type: {self.kind}; charset={self.charset}{self.adjective}\r\n"
        encoding = f"Content-Transfer-Encoding: {self.encoding}\r\n" if self.encoding else ""
        body = self.body
        if self.encoded and self.encoding == "base64":
            body = base64.encodebytes(body)
        if self.encoded and self.encoding == "quoted-printable":
            body = quopri.encodestring(body)
        return (label + encoding).encode("utf-8", "replace") + self.headers + b"\r\n" + body


@dataclass(frozen=True, slots=True)
class Branch:
    """A part that holds others; it may lack its end, or announce another boundary than it uses."""

    kind: str
    boundary: str
    announced: str
    headers: bytes
    preamble: bytes
    inner: Sequence["Leaf | Branch | Nested"]
    ends: bool

    def write(self) -> bytes:
        line = b"--" + self.boundary.encode()
        label = f'Content-Type: multipart/{self.kind}; boundary="{self.announced}"\r\n'.encode()
        parts = b"".join(b"\r\n%s\r\n%s" % (line, part.write()) for part in self.inner)
        return label + self.headers + b"\r\n" + self.preamble + parts + (b"\r\n%s--\r\n" % line if self.ends else b"")


@dataclass(frozen=True, slots=True)
class Nested:
    """A part within ``depth`` others of one kind."""

    kind: str
    depth: int
    inner: "Leaf | Branch | Nested"

    def write(self) -> bytes:
        if self.kind == "message":
            return b"Content-Type: message/rfc822\r\n\r\n" * self.depth + self.inner.write()
        opens = b"".join(
            b"Content-Type: multipart/%s; boundary=n%d\r\n\r\n--n%d\r\n" % (self.kind.encode(), level, level)
            for level in range(self.depth)
        )
        return (
            opens + self.inner.write() + b"".join(b"\r\n--n%d--\r\n" % level for level in reversed(range(self.depth)))
        )


LEAVES = st.builds(
    Leaf,
    kind=KINDS,
    charset=CHARSETS,
    encoding=ENCODINGS,
    adjective=ADJECTIVES,
    headers=HEADERS,
    body=WORDS,
    encoded=st.booleans(),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        BOUNDARIES.flatmap(
            lambda boundary: st.builds(
                Branch,
                kind=MULTIPARTS,
                boundary=st.just(boundary),
                announced=st.sampled_from([boundary] * 5 + ["other"]),
                headers=HEADERS,
                preamble=WORDS,
                inner=st.lists(inner, max_size=4),
                ends=st.sampled_from([True, True, True, False]),
            )
        ),
        st.builds(
            Nested,
            kind=st.sampled_from(["mixed", "alternative", "related", "signed", "message"]),
            depth=st.sampled_from([2, 19, 21, 58, 70, 500, 3000]),
            inner=inner,
        ),
    ),
    max_leaves=8,
)
LINE_ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"])


def understood(content: bytes, sender: str, doors: dict[str, Door] = POST) -> list[Inbound]:
    """What the content means, after all has been looked at that holds for any."""
    with bounded():
        messages = understand(content, sender, doors, "birds.example", NOW)
    for message in messages:
        for words in (
            message.text,
            message.subject,
            message.message_id,
            message.failure,
            message.cut,
            message.raw,
            message.remote_id,
        ):
            assert "\0" not in words
            words.encode()
        assert len(message.text) <= MAX_TEXT
        assert "\n" not in message.subject
        assert len(message.remote_id) == 64
    assert len(messages) in (0, len(doors))
    return messages


@tried(100, 8000)
@given(top=HEADERS | MANY_HEADERS, tree=TREES, end=LINE_ENDS, sender=SENDERS)
def test_any_tree_of_parts_is_understood(top: bytes, tree: Leaf | Branch | Nested, end: bytes, sender: str) -> None:
    understood((top + tree.write()).replace(b"\r\n", end), sender)


@tried(100, 8000)
@given(
    tree=TREES,
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), st.binary(max_size=6)), min_size=1, max_size=6),
)
def test_a_mail_that_was_damaged_on_the_way_is_understood(
    tree: Leaf | Branch | Nested, changes: list[tuple[float, int, bytes]]
) -> None:
    content = tree.write()
    for where, length, put in changes:
        at = int(where * len(content))
        content = content[:at] + put + content[at + length :]
    understood(content, "a@home.example")


@tried(40, 4000)
@given(top=HEADERS, tree=TREES)
def test_any_report_on_a_mail_of_ours_is_understood(top: bytes, tree: Leaf | Branch | Nested) -> None:
    understood(b"From: mailer-daemon@home.example\r\n" + top + tree.write(), "", BOUNCE)


@tried(100, 5000)
@given(content=st.binary(max_size=2000), sender=SENDERS)
@example(content=b"", sender="a@home.example")
def test_any_bytes_are_understood(content: bytes, sender: str) -> None:
    understood(content, sender)


def plain(words: str) -> Leaf:
    """A part as every mail program writes it."""
    return Leaf("text/plain", "utf-8", "quoted-printable", "", b"", words.encode(), encoded=True)


ORDERLY = st.recursive(
    st.just(None),
    lambda inner: st.lists(inner, min_size=1, max_size=3),
    max_leaves=10,
)


@tried(60, 2000)
@given(shape=ORDERLY, word=st.from_regex(r"[a-zäöü]{3,10}", fullmatch=True))
def test_every_text_of_an_orderly_mail_is_read_in_order(shape: list[object] | None, word: str) -> None:
    written: list[str] = []

    def build(inner: object, depth: int) -> Leaf | Branch:
        if not isinstance(inner, list):
            written.append(f"{word}{len(written)}")
            return plain(written[-1])
        parts = [build(each, depth + 1) for each in inner]
        return Branch("mixed", f"b{depth}", f"b{depth}", b"", b"", parts, ends=True)

    content = b"From: a@home.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n" + build(shape, 0).write()
    (post,) = understood(content, "a@home.example")
    assert post.text.split() == written
    assert (post.subject, post.dropped, post.automatic) == ("s", 0, None)
