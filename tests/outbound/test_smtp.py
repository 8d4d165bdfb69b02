"""A mail as it goes over the wire: nothing within it can be taken for its end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.smtp import on_the_wire

PIECES = st.lists(
    st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b"\0", b"a", b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\x85"]),
    max_size=20,
).map(b"".join)


def as_received(wire: bytes) -> bytes:
    """What a server makes of it (RFC 5321 4.5.2)."""
    assert wire.endswith(b"\r\n.\r\n") or wire == b".\r\n"
    lines = wire[:-3].split(b"\r\n")[:-1]
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)


@given(mail=PIECES)
def test_no_reader_finds_an_end_before_the_end(mail: bytes) -> None:
    wire = on_the_wire(mail)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", wire)
    for line_end in (rb"\r\n", rb"\n", rb"\r", rb"\r\n?|\n"):
        lines = re.split(line_end, wire)
        assert [line.strip(b"\r\n") for line in lines].index(b".") == len(lines) - 2


@given(mail=PIECES)
def test_what_arrives_is_what_was_sent_with_proper_line_ends(mail: bytes) -> None:
    proper = re.sub(rb"\r\n|\r|\n", b"\r\n", mail)
    if not proper.endswith(b"\r\n"):
        proper += b"\r\n"
    assert as_received(on_the_wire(mail)) == proper


@pytest.mark.parametrize(
    ("mail", "wire"),
    [
        (b"a: b\r\n\r\n.\r\n", b"a: b\r\n\r\n..\r\n.\r\n"),
        (b".a\r\n", b"..a\r\n.\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r\r\n.", b"a\r\n\r\n..\r\n.\r\n"),
    ],
)
def test_lines_that_begin_with_a_dot_get_another(mail: bytes, wire: bytes) -> None:
    assert on_the_wire(mail) == wire
