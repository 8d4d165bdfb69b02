"""A mail's structure: the quick way to it and the standard library's come to the same."""

import mmap
import tempfile
import time
from email.message import Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesParser
from email.policy import Compat32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbound.mime_parts import cut, parse
from inbound.thinning import thin

PLAIN = b"Subject: hi\r\nFrom: Bob <bob@example.org>\r\n\r\nSee you at noon.\r\n"
BOTH = (
    b'Subject: hi\r\nDKIM-Signature: v=1;\r\n\tb=abc\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n'
    b"before\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n\r\n--b\r\n\r\nno headers\r\n--b--\r\nafter\r\n"
)

Tree = tuple[list[tuple[str, str]], str, "str | list[Tree]"]


class _Raw(Compat32):
    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


def tree(mail: Message) -> Tree:
    """All of a mail that anybody here asks for."""
    inner = mail._payload  # type: ignore[attr-defined]  # as it is kept; get_payload decodes what it should not
    parts = [tree(part) for part in inner] if isinstance(inner, list) else inner
    return list(mail.raw_items()), mail.get_content_type(), parts


def as_the_library_reads(raw: bytes) -> Tree:
    return tree(BytesParser(policy=_Raw()).parsebytes(raw))


_LINES = [
    b"",
    b"--b",
    b"--b--",
    b"--b ",
    b"--bb",
    b"--",
    b"Subject: hi",
    b"Subject:",
    b"Subject : hi",
    b"From x",
    b":",
    b" folded",
    b"\t",
    b"X: \xe4\x00",
    b"Content-Type: multipart/mixed; boundary=b",
    b"Content-Type: multipart/mixed; boundary=c",
    b'content-type: multipart/alternative;\r\n boundary="b"',
    b"Content-Type: multipart/digest; boundary=b",
    b"Content-Type: multipart/mixed",
    b"Content-Type: message/rfc822",
    b"Content-Type: text/plain; charset=utf-8",
    b"Content-Transfer-Encoding: base64",
    b"some text",
    b"\xff",
    b"--c",
]


@given(
    st.lists(st.sampled_from(_LINES), max_size=14).map(b"\r\n".join)
    | st.lists(st.sampled_from([*_LINES, b"\r", b"\n", b"\r\n"]) | st.binary(max_size=8), max_size=14).map(b"".join)
)
@example(PLAIN)
@example(BOTH)
def test_what_is_cut_is_cut_as_the_library_reads_it(raw: bytes) -> None:
    mail = cut(raw)
    if mail is not None:
        assert tree(mail) == as_the_library_reads(raw)


@pytest.mark.parametrize("raw", [PLAIN, BOTH, b"\r\nonly text\r\n"])
def test_the_shapes_of_nearly_all_mail_need_no_library(raw: bytes) -> None:
    assert cut(raw) is not None


def leaves(mail: Message) -> list[tuple[str, str]]:
    """The kind and the text of each part that has none itself, with one kind of line end."""
    if isinstance(mail._payload, list):  # type: ignore[attr-defined]  # as it is kept
        return [leaf for part in mail._payload for leaf in leaves(part)]  # type: ignore[attr-defined]
    return [(mail.get_content_type(), str(mail._payload or "").replace("\r\n", "\n"))]  # type: ignore[attr-defined]


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.just("\n"), max_size=40)
KINDS = st.sampled_from(["mixed", "alternative", "related", "parallel", "report", "form-data", "digest", "signed"])


def _multipart(inner: list[Message], kind: str) -> Message:
    mail = MIMEMultipart(kind, _subparts=inner)
    del mail["MIME-Version"]
    return mail


TREES: st.SearchStrategy[Message] = st.recursive(
    TEXTS.map(MIMEText),
    lambda inner: st.builds(_multipart, st.lists(inner, min_size=1, max_size=3), KINDS) | inner.map(MIMEMessage),
    max_leaves=6,
)


@given(TREES, st.sampled_from(["\r\n", "\n"]))
def test_mail_of_any_structure_is_read_as_the_library_reads_it(mail: Message, line_end: str) -> None:
    mail["Subject"] = "hi"
    raw = mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", line_end.encode())
    assert leaves(parse(raw)) == leaves(BytesParser(policy=_Raw()).parsebytes(raw))


def frame(inside: str, head: str = 'Content-Type: multipart/mixed; boundary="b"') -> bytes:
    return f"Subject: hi\n{head}\n\n{inside}".replace("\n", "\r\n").encode()


ONE, TWO = "--b\nContent-Type: text/plain\n\none\n", "--b\nContent-Type: text/plain\n\ntwo\n"


@pytest.mark.parametrize(
    "raw",
    [
        frame(f"{ONE}{TWO}--b--\n"),
        frame(f"{ONE}{TWO}"),
        frame(f"{ONE}{TWO}--b"),
        frame(f"{ONE}{TWO}--b--"),
        frame(f"before\n\n{ONE}{TWO}--b--\nafter\n"),
        frame(f"{ONE}{TWO}--b--\n").replace(b"\r\n", b"\n"),
        frame(f"{ONE}{TWO}--b--\n").replace(b"\r\n", b"\r"),
        frame(f"{ONE}{TWO}--b--\n").replace(b"--b\r\n", b"--b \t\r\n"),
        frame(f"{ONE}--b--\n{TWO}--b--\n"),
        frame(f"{ONE}{TWO}--b--\n", "Content-Type: multipart/mixed"),
        frame(f"{ONE}{TWO}--b--\n", "Content-Type: multipart/mixed; boundary"),
        frame(f"{ONE}{TWO}--b--\n", "Content-Type: multipart/mixed; boundary=other"),
        frame(f"{ONE}{TWO}--b--\n", 'Content-Type: multipart/mixed;\n boundary="b'),
        frame(f"{ONE}{TWO}--b--\n", "Content-Type: multipart/mixed; boundary=b (as it is)"),
        frame(f"{ONE}{TWO}--b--\n", "Content-Type: multipart/mixed; boundary*1=x; boundary*=y"),
        frame(f"{ONE}{TWO}--b--\n", "Content-Type: multipart/mixed; boundary*=undefined''x"),
        frame(f"{ONE}{TWO}--b--\n", "X-Mailer: lost the rest"),
        frame(f"This is a multi-part message in MIME format.\n\n{ONE}{TWO}--b--\n", "MIME-Version: 1.0"),
        b"\r\n\r\n" + frame(f"{ONE}{TWO}--b--\n"),
        b"From someone Sun Nov 22 10:15:00 2026\r\n" + frame(f"{ONE}{TWO}--b--\n"),
        frame(f"{ONE}{TWO}--b--\n").replace(b"Subject: hi", b"Subject : hi"),
        frame(f"{ONE}{TWO}--b--\n").replace(b"Subject: hi", b"Subject: hi\r\nfolded without a space"),
        frame(f"{ONE}{TWO}--b--\n").replace(b"Subject: hi", b"Subject: hi\r\n \r\n"[:-2]),
        frame(ONE.replace("\n\n", "\n") + TWO + "--b--\n"),
        frame(f"{ONE}--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\ntwo\n--b--\n"),
        frame(f"{ONE}--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\ntwo\n--b--\n--b--\n"),
    ],
    ids=range(26),
)
def test_parts_are_found_however_the_frame_round_them_is_broken(raw: bytes) -> None:
    texts = [text.strip() for kind, text in leaves(parse(raw)) if kind == "text/plain"]
    assert texts == ["one", "two"]


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"Subject: hi\r\n\r\nwords\r\n", "words"),
        (b"Subject: hi\n\nwords\n", "words"),
        (b"Subject: hi\r\rwords\r", "words"),
        (b"Subject: hi\r\nwords without an empty line\r\nmore\r\n", "words without an empty line\nmore"),
        (b"From: a@b.example\nSubject: hi\nNote that this is text: yes\n\nmore", "Note that this is text: yes\n\nmore"),
        (b"no headers at all", "no headers at all"),
        (b"no: headers\r\nthis: is text", "no: headers\nthis: is text"),
        (b"\r\nonly text", "only text"),
        (b"Subject: hi", ""),
        (b"", ""),
        (b"\n\n\n", "\n\n"),
        (b"Subject: hi\r\n \r\nwords\r\n", "words"),
        (b"Subject: hi\r\n\r\n\r\nwords\r\n", "\nwords"),
        (b": no name\r\n\r\nwords", ": no name\n\nwords"),
        (b"\xff\xfe: x\r\n\r\nwords", "\udcff\udcfe: x\n\nwords"),
    ],
)
def test_the_body_begins_where_the_headers_end(raw: bytes, body: str) -> None:
    mail = parse(raw)
    assert mail.body.replace("\r\n", "\n").removesuffix("\n") == body.removesuffix("\n")


def test_a_report_is_read_block_by_block() -> None:
    raw = frame(
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nAction: failed\n\n\n"
        "Action: delayed\n--b\nContent-Type: message/rfc822\n\nSubject: theirs\n\nwords\n--b--\n",
        "Content-Type: multipart/report; boundary=b",
    )
    status, returned = parse(raw).get_payload()
    assert [block.get("action") for block in status.get_payload()] == [None, "failed", "delayed"]
    assert returned.get_payload()[0].get("subject") == "theirs"


def test_depth_and_number_of_parts_are_bounded() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(1_000))
    mail, depth = parse(deep + b"\r\nwords"), 0
    while mail.is_multipart():
        mail, depth = mail.get_payload()[0], depth + 1
    assert depth == 30
    wide = frame("--b\n\nx\n" * 10_000 + "--b--\n")
    assert len(parse(wide).get_payload()) == 2_000


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_thinning_keeps_every_text_and_the_beginning_of_what_is_large(line_end: bytes) -> None:
    large = b"QUJD" * 18 + line_end
    raw = line_end.join(
        [
            b"Subject: hi",
            b"Content-Type: multipart/mixed; boundary=b",
            b"",
            b"--b",
            b"",
            b"first",
            b"--b",
            b"Content-Type: image/png",
            b"Content-Transfer-Encoding: base64",
            b"",
            large * 100_000 + b"--b",
            b"Content-Type: application/octet-stream",
            b"",
            b"\x00binary " * 1_000_000,
            b"--b",
            b"",
            b"last",
            b"--b--",
            b"",
        ]
    )
    small = thin(raw)
    assert len(small) < 1024 * 1024
    assert [text.strip() for kind, text in leaves(parse(raw)) if kind == "text/plain"] == ["first", "last"]
    assert [kind for kind, _ in leaves(parse(raw))] == [
        "text/plain",
        "image/png",
        "application/octet-stream",
        "text/plain",
    ]
    assert thin(small) == small
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert thin(mapped) == small


@pytest.mark.parametrize("head", [b"X: y\r\n" * 4_000_000, b"X: " + b"y" * 20_000_000 + b"\r\n"], ids=["lines", "line"])
def test_of_a_head_of_megabytes_the_beginning_is_kept_and_the_body_behind_it(head: bytes) -> None:
    begun = time.process_time()
    mail = parse(b"Subject: hi\r\n" + head + b"\r\nwords\r\n")
    assert time.process_time() - begun < 2
    assert mail.get("subject") == "hi"
    assert mail.body.strip() == "words"


def test_the_first_of_several_headers_is_the_one_that_counts() -> None:
    mail = parse(b"Subject: one\r\nSUBJECT: two\r\n\r\n")
    assert mail.get("sUbject") == "one"
    assert mail.get_all("subject") == ["one", "two"]
    assert "SUBJECT" in mail
    assert mail.names == {"subject"}
    assert mail.get("from") is None


@pytest.mark.parametrize("name", ["charset", "boundary", "format", "name"])
@pytest.mark.parametrize(
    "value",
    [
        "text/plain; charset=utf-8",
        'text/plain;CHARSET="UTF-8"',
        "text/plain;\r\n\tcharset=us-ascii; format=flowed",
        "text/plain; charset*=us-ascii'en'utf-8",
        "text/plain; name*0=a; name*1=b",
        'multipart/mixed; boundary="=_a b"',
        "multipart/mixed; boundary==_a/b:c+d",
        "multipart/mixed; boundary",
        'multipart/mixed; boundary="a',
        'multipart/mixed; boundary=a"',
        "text/plain; xcharset=utf-8",
        "text/plain; charset=a=b",
        "charset=utf-8",
        "",
    ],
)
def test_a_parameter_is_what_the_library_says_it_is(value: str, name: str) -> None:
    raw = f"Content-Type: {value}\r\n\r\n".encode()
    assert parse(raw).get_param(name, "-") == BytesParser(policy=_Raw()).parsebytes(raw).get_param(name, "-")


@pytest.mark.parametrize(
    "raw",
    [
        b"a:b\r\n" * 100_000 + b"\r\n",
        b"a:b\r\n" * 100_000 + b"x\r\n\r\n",
        b"a: b\r\n" + b" \r\n" * 100_000 + b"x\r\n\r\n",
        b"a" * 500_000 + b"\r\n\r\n",
        b"a:" + b" \t" * 200_000 + b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000 + b"--b--",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 100_000,
        b"Content-Type: multipart/mixed\r\n\r\n" + b"--b\r\n" * 100_000,
        b"Content-Type: multipart/mixed\r\n\r\n" + b"--" * 100_000,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bx\r\n" * 100_000,
        b"Content-Type: message/rfc822\r\n\r\n" * 5_000,
        b"Content-Type: message/delivery-status\r\n\r\n" + b"a: b\r\n\r\n" * 100_000,
        b"From: a\r\nx\r\n" * 100_000,
        b"\n--" * 8_000_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(5_000)),
    ],
)
def test_hostile_structures_are_cut_quickly(raw: bytes) -> None:
    begun = time.process_time()
    cut(raw)
    parse(raw)
    assert time.process_time() - begun < 2
