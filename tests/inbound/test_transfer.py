"""What a part holds, however its transfer encoding is broken."""

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.mime_parts import parse
from inbound.transfer import content, from_base64, from_quoted, from_uuencode, text_content

WORDS = "Grüße aus München, wir sehen uns um zwölf".encode()
ENCODED = base64.b64encode(WORDS)
UUENCODED = b"begin 644 note.txt\n%:&5L;&\\\n`\nend\n"


def part(encoding: str, body: bytes) -> bytes:
    return text_content(parse(f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body))


@pytest.mark.parametrize(
    "body",
    [
        ENCODED,
        base64.encodebytes(WORDS),
        base64.encodebytes(WORDS).replace(b"\n", b"\r\n"),
        ENCODED.rstrip(b"="),
        ENCODED + b"====",
        b"\r\n\r\n" + ENCODED + b"\r\n\r\n",
        ENCODED[:10] + b"!" + ENCODED[10:],
        ENCODED[:11] + b"\x00\xff" + ENCODED[11:],
        b"  " + ENCODED[:20] + b"\r\n\t" + ENCODED[20:],
        ENCODED + b"\r\n\r\n_______________\r\nA list of birds and of people\r\n",
        b"[This mail came from outside]\r\n" + ENCODED,
        base64.b64encode(WORDS[:10]) + b"\r\n" + base64.b64encode(WORDS[10:]),
    ],
    ids=range(12),
)
def test_base64_is_read_through_noise_and_without_its_padding(body: bytes) -> None:
    assert part("base64", body) == WORDS


@pytest.mark.parametrize("encoding", ["BASE64", " base64 ", '"base64"', "base64;", "base64 (as it is)"])
def test_an_encoding_is_known_however_it_is_written(encoding: str) -> None:
    assert part(encoding, ENCODED) == WORDS


@pytest.mark.parametrize("text", [b"see you at noon", b"hello", b"noon?\r\nor later, as you like", "Grüße!".encode()])
def test_a_text_that_only_says_it_is_base64_is_left_as_it_is(text: bytes) -> None:
    assert part("base64", text) == text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (quopri.encodestring(WORDS), WORDS),
        (b"Gr=C3=BC=C3=9Fe", "Grüße".encode()),
        (b"Gr=c3=bc=c3=9fe", "Grüße".encode()),
        (b"one =\r\nline", b"one line"),
        (b"one = \t\r\nline", b"one line"),
        (b"one =\nline", b"one line"),
        (b"one =\rline", b"one line"),
        (b"two  \r\nlines=20\r\n", b"two\nlines \n"),
        (b"a=ZZb =1 50% =", b"a=ZZb =1 50% "),
        (b"2+2=4, a==b", b"2+2=4, a==b"),
        ("schön".encode(), "schön".encode()),
        (b"=C3\r\n=BC", b"\xc3\n\xbc"),
        (b"", b""),
    ],
)
def test_quoted_printable_is_read_as_far_as_it_is_any(body: bytes, words: bytes) -> None:
    assert part("quoted-printable", body).replace(b"\r\n", b"\n") == words


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary", "", "x-nonsense", "8-bit", "none"])
def test_what_is_not_encoded_or_not_known_is_as_it_came(encoding: str) -> None:
    assert part(encoding, WORDS) == WORDS


@pytest.mark.parametrize(
    ("body", "held"),
    [
        (UUENCODED, b"hello"),
        (UUENCODED.replace(b"\n", b"\r\n"), b"hello"),
        (UUENCODED.replace(b"&\\\n", b"&\\   \n"), b"hello"),
        (UUENCODED.replace(b"`\nend\n", b""), b"hello"),
        (b"no beginning", b""),
        (b"begin 644 x\n\xff\xff\xff\nend", b""),
    ],
)
def test_uuencode_is_read_as_far_as_it_goes(body: bytes, held: bytes) -> None:
    assert from_uuencode(body) == held


@given(st.binary(max_size=200))
def test_what_is_encoded_as_it_should_be_is_read_as_it_was(data: bytes) -> None:
    raw = b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data)
    assert content(parse(raw)) == data
    assert from_quoted(quopri.encodestring(data.replace(b"\r", b""))) == data.replace(b"\r", b"")


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "8bit", "base64;x"]))
def test_no_bytes_make_the_reader_fail(data: bytes, encoding: str) -> None:
    assert len(part(encoding, data)) <= len(data)
    from_base64(data)
    from_uuencode(b"begin 644 a\n" + data)
