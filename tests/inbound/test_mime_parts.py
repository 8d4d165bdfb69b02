"""A mail's structure: the quick way to it and the standard library's come to the same."""

import time
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbound.mime_parts import cut, parse

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


@given(st.lists(st.sampled_from(_LINES), max_size=14))
def test_parts_in_a_proper_frame_are_cut_as_the_library_reads_them(lines: list[bytes]) -> None:
    body = b"\r\n".join([b"--b", *lines, b"--b", b"", b"text", b"--b--", b""])
    raw = b"Subject: hi\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + body
    assert tree(parse(raw)) == as_the_library_reads(raw)


@pytest.mark.parametrize("raw", [PLAIN, BOTH, b"\r\nonly text\r\n"])
def test_the_shapes_of_nearly_all_mail_need_no_library(raw: bytes) -> None:
    assert cut(raw) is not None


@pytest.mark.parametrize(
    "raw",
    [
        b"no headers at all",
        b"",
        PLAIN.replace(b"\r\n", b"\n"),
        BOTH.replace(b"--b--", b""),
        BOTH.replace(b"--b\r\n", b"--b \r\n"),
        BOTH.replace(b"text/plain", b"message/rfc822"),
        BOTH.replace(b"text/plain", b"multipart/mixed; boundary=c"),
        BOTH.replace(b"alternative", b"digest"),
        PLAIN.replace(b"Subject:", b"Subject"),
        PLAIN.replace(b"Subject:", b"Content-Type: multipart/mixed; x="),
    ],
)
def test_anything_else_is_the_library_s_to_read(raw: bytes) -> None:
    assert cut(raw) is None
    assert tree(parse(raw)) == as_the_library_reads(raw)


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
    ],
)
def test_hostile_structures_are_cut_quickly(raw: bytes) -> None:
    begun = time.process_time()
    cut(raw)
    assert time.process_time() - begun < 2
