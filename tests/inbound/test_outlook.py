"""Outlook's own forms: ``winmail.dat``, and the RTF in it."""

import base64
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound import rtf, tnef
from inbound.mime import Letter, read
from inbound.mime_parts import parse
from inbound.tnef import Tnef

RTF = (
    rb"{\rtf1\ansi\ansicpg1252\fromtext \fbidis \deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}}"
    rb"{\colortbl\red0\green0\blue0;}\uc1\pard\plain\deftab360 \f0\fs20 See you at noon.\par \par "
    rb"Bring the map: Gr\'fc\'dfe \u8211? Bob\par }"
)
COMPRESSED = bytes.fromhex(
    "9f000000dd0000004c5a467525dfd30b03000a00726370673132352232034374657805426269fe6404000330010301f702a403e30200"
    "0463680ac07365743020ef07130280029108ef650a0602800c60ce6300500b090164333611b00ba6910651652079086020610540946e"
    "6f02202e0aa720420510806e67207468652000c080703a2047725c271130191910646618800c60383231b4313f17f06f0c300ab27d1a"
    "c0"
)
"""The same, as another program compresses it."""

WORDS = "See you at noon.\n\nBring the map: Grüße – Bob"


def attribute(level: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def long(name: int, value: int) -> bytes:
    return struct.pack("<HHI", 0x03, name, value)


def sized(kind: int, name: int, *values: bytes) -> bytes:
    head = struct.pack("<HHI", kind, name, len(values))
    return head + b"".join(struct.pack("<I", len(value)) + value + b"\0" * (-len(value) % 4) for value in values)


def winmail(*attributes: bytes, properties: tuple[bytes, ...] = ()) -> bytes:
    held = struct.pack("<I", len(properties)) + b"".join(properties)
    listed = (*attributes, attribute(1, 0x00069003, held)) if properties else attributes
    return b"\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x00089006, b"\0\0\1\0") + b"".join(listed)


NAMED = (
    struct.pack("<HH", 0x03, 0x8005) + bytes(16) + struct.pack("<II", 0, 7) + struct.pack("<I", 1)
    + struct.pack("<HH", 0x1F, 0x8006) + bytes(16) + struct.pack("<II", 1, 6) + b"a\0b\0\0\0" + b"\0\0"
    + struct.pack("<II", 1, 4) + b"x\0\0\0"
)  # fmt: skip
ATTACHED = attribute(2, 0x00069002, bytes(14))
CODE_PAGE = attribute(1, 0x00069007, struct.pack("<II", 1251, 0))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (winmail(attribute(1, 0x0002800C, b"plain\0")), Tnef("plain", "", 0)),
        (winmail(CODE_PAGE, attribute(1, 0x0002800C, "привет\0".encode("cp1251"))), Tnef("привет", "", 0)),
        (winmail(properties=(sized(0x1F, 0x1000, "grüße\0".encode("utf-16-le")),)), Tnef("grüße", "", 0)),
        (winmail(CODE_PAGE, properties=(sized(0x1E, 0x1000, "привет\0".encode("cp1251")),)), Tnef("привет", "", 0)),
        (
            winmail(properties=(long(0x3FDE, 65001), sized(0x102, 0x1013, "<p>grüße</p>".encode()))),
            Tnef("", "<p>grüße</p>", 0),
        ),
        (
            winmail(properties=(long(0x3FDE, 1251), sized(0x102, 0x1013, "<p>привет</p>".encode("cp1251")))),
            Tnef("", "<p>привет</p>", 0),
        ),
        (winmail(properties=(sized(0x102, 0x1009, COMPRESSED),)), Tnef(WORDS, "", 0)),
        (winmail(ATTACHED, ATTACHED, properties=(sized(0x102, 0x1009, COMPRESSED),)), Tnef(WORDS, "", 2)),
        (
            winmail(
                properties=(NAMED[:28], NAMED[28:], sized(0x101E, 0x0E00, b"a", b"bc"), sized(0x1E, 0x1000, b"plain"))
            ),
            Tnef("plain", "", 0),
        ),
        (
            winmail(
                properties=(
                    struct.pack("<HHQ", 0x40, 0x0039, 5),
                    struct.pack("<HHI", 0x0B, 1, 1),
                    sized(0x1E, 0x1000, b"x"),
                )
            ),
            Tnef("x", "", 0),
        ),
        (winmail(), Tnef("", "", 0)),
    ],
    ids=range(11),
)
def test_the_text_is_found_in_each_of_its_forms(data: bytes, found: Tnef) -> None:
    assert tnef.read(data) == found


def letter(data: bytes, text: str = "", kind: str = "application/ms-tnef; name=winmail.dat") -> Letter:
    held = base64.encodebytes(data).decode()
    part = f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{held}"
    if not text:
        return read(parse(f"Subject: hi\n{part}".replace("\n", "\r\n").encode()))
    raw = f"Subject: hi\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n{text}\n--b\n{part}--b--\n"
    return read(parse(raw.replace("\n", "\r\n").encode()))


def test_its_text_counts_where_the_mail_has_no_other() -> None:
    data = winmail(properties=(sized(0x102, 0x1009, COMPRESSED),))
    assert letter(data).text == "See you at noon.\n\nBring the map: Grüße – Bob"
    assert letter(data, "see you").text == "see you"
    assert letter(data, "see you").dropped == 0
    for kind in ("application/octet-stream; name=winmail.dat", "application/vnd.ms-tnef"):
        assert letter(data, kind=kind).text.startswith("See you at noon.")
    html = winmail(properties=(sized(0x102, 0x1013, b"<p>one</p><p>two</p>"),))
    assert letter(html).text == "one\n\ntwo"


def test_the_attachments_in_it_are_counted_and_one_that_cannot_be_read_is_one() -> None:
    data = winmail(attribute(1, 0x0002800C, b"plain\0"), ATTACHED, ATTACHED)
    assert letter(data) == Letter("plain", "hi", "", 2)
    assert letter(data, "see you") == Letter("see you", "hi", "", 2)
    assert letter(b"nothing of the kind", "see you") == Letter("see you", "hi", "", 1)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (RTF, WORDS),
        (rb"{\rtf1 plain {\b bold} text}", "plain bold text"),
        (rb"{\rtf1\ansi one\line two\tab three\par\par four}", "one\ntwo\tthree\n\nfour"),
        (rb"{\rtf1\ansicpg1251 \'ef\'f0\'e8\'e2\'e5\'f2}", "привет"),
        (rb"{\rtf1\uc1 \u-10179?\u-8704? smile}", "😀 smile"),
        (rb"{\rtf1\uc2 \u20320??{\uc0 \u22909}}", "你好"),
        (rb"{\rtf1 a\{b\}c\\d\~e\_f\-g}", "a{b}c\\d\xa0e-fg"),
        (rb"{\rtf1{\*\generator nobody}{\info{\author Bob}}{\pict 00ff}{\fonttbl{\f0 Arial;}}seen}", "seen"),
        (rb"{\rtf1\ldblquote hi\rdblquote\emdash\endash\bullet}", "“hi”—–•"),
        (rb"{\rtf1 unclosed {\b and", "unclosed and"),
        (rb"closed } too often } here", "closed  too often  here"),
        (rb"{\rtf1\ansi{\*\htmltag64 <p>}kept{\*\htmltag72 </p>}\htmlrtf\par\htmlrtf0 too}", "kept\ntoo"),
        (b"no rtf at all", "no rtf at all"),
        (b"", ""),
    ],
)
def test_rtf_leaves_its_words(source: bytes, words: str) -> None:
    assert rtf.to_text(source) == words


def test_what_is_compressed_is_read_and_what_is_cut_off_as_far_as_it_goes() -> None:
    assert rtf.decompressed(COMPRESSED) == RTF
    plain = struct.pack("<III", len(RTF) + 12, len(RTF), 0x414C454D) + b"\0\0\0\0" + RTF
    assert rtf.decompressed(plain) == RTF
    for end in range(len(COMPRESSED)):
        assert RTF.startswith(rtf.decompressed(COMPRESSED[:end]))


@given(st.binary(max_size=200), st.integers(0, 300))
def test_broken_files_never_make_the_reader_fail(noise: bytes, at: int) -> None:
    whole = winmail(CODE_PAGE, ATTACHED, properties=(NAMED, sized(0x102, 0x1009, COMPRESSED)))
    tnef.read(whole[:at] + noise + whole[at:])
    tnef.read(whole[:6] + noise)
    rtf.decompressed(COMPRESSED[:12] + noise)
    rtf.to_text(RTF[:at] + noise + RTF[at:])


@pytest.mark.parametrize(
    "data",
    [
        winmail(properties=(sized(0x102, 0x1009, COMPRESSED[:16] + b"\xff" + b"\x00\x0f" * 100_000),)),
        winmail(*[ATTACHED] * 10_000),
        winmail(properties=(long(1, 1),) * 100_000),
        winmail(properties=(struct.pack("<HHI", 0x1003, 1, 0xFFFFFFFF) + bytes(400_000),)),
        winmail(attribute(1, 0x0002800C, b"a" * 1_000_000)),
    ],
    ids=range(5),
)
def test_hostile_files_are_read_quickly(data: bytes) -> None:
    begun = time.process_time()
    tnef.read(data)
    assert time.process_time() - begun < 6


@pytest.mark.parametrize(
    "source", [b"{" * 300_000, b"\\u1" * 100_000, b"\\'" * 150_000, b"\\" * 300_000, b"\\par" * 70_000]
)
def test_hostile_rtf_is_read_quickly(source: bytes) -> None:
    begun = time.process_time()
    rtf.to_text(source)
    assert time.process_time() - begun < 6
