"""Texts as octets and back: what goes over a carrier's wire, and what comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import sms_text, sms_wire
from gateway.domain.sms_wire import Header, Part, decode, encode, joined, split_header

ANY = st.text(
    st.one_of(st.sampled_from(sms_text.BASIC + "^{}€[]"), st.sampled_from("äßя中🍰")), min_size=1, max_size=700
)
GSM = st.text(st.sampled_from(sms_text.BASIC + "^{}\\[~]|€\f"), min_size=1, max_size=700)


def read_back(encoded: sms_wire.Encoded) -> tuple[list[Part | None], str]:
    parts, words = [], []
    for octets in encoded.parts:
        header, rest = split_header(octets) if len(encoded.parts) > 1 else (Header(), octets)
        parts.append(header.part)
        words.append(decode(rest, encoded.coding) or "")
    return parts, joined(words)


@given(st.one_of(ANY, GSM))
def test_any_text_comes_back_as_it_was_in_as_many_parts_as_are_counted(text):
    encoded = encode(text, 7)
    parts, words = read_back(encoded)
    assert words == text
    assert len(encoded.parts) == sms_text.segments(text)
    if len(parts) > 1:
        assert parts == [Part(7, len(parts), n) for n in range(1, len(parts) + 1)]


@given(GSM)
def test_a_part_holds_at_most_153_places_and_no_half_of_an_escape(text):
    for octets in encode(text, 0).parts:
        body = octets[6:] if sms_text.segments(text) > 1 else octets
        assert len(body) <= (153 if sms_text.segments(text) > 1 else 160)
        assert not body.endswith(b"\x1b")


@given(st.text(st.sampled_from("🍰я"), min_size=71, max_size=300))
def test_no_surrogate_pair_is_parted(text):
    for octets in encode(text, 0).parts:
        assert len(octets) <= 140
        octets[6:].decode("utf-16-be")


def test_the_alphabet_is_that_of_the_specification():
    assert encode("@£$¥èéùìòÇ\nØø\rÅå", 0).parts == (bytes(range(16)),)
    assert encode("ΔÆßÉ !Ää§à", 0).parts == (bytes([0x10, 0x1C, 0x1E, 0x1F, 0x20, 0x21, 0x5B, 0x7B, 0x5F, 0x7F]),)
    assert encode("{€}", 0).parts == (b"\x1b\x28\x1b\x65\x1b\x29",)


def test_where_the_default_alphabet_is_latin_1_the_parts_are_cut_as_the_phone_counts_them():
    encoded = encode("ä{" * 80, 3, latin_1=True)
    assert len(encoded.parts) == sms_text.segments("ä{" * 80) == 2
    assert encoded.parts[0][6:].decode("latin-1") == "ä{" * 51
    assert encode("5 €", 0, latin_1=True) == sms_wire.Encoded(sms_wire.UCS2, ("5 €".encode("utf-16-be"),))


@pytest.mark.parametrize(
    ("octets", "coding", "words"),
    [
        (b"\x1b\x65 \x00", 0, "€ @"),
        (b"\x1bA", 0, "A"),
        (b"\x04\x1f", 8, "\u041f"),
        (b"\x04\x1f\x04", 8, "\u041f"),
        (b"caf\xe9", 3, "caf\xe9"),
        (b"hi\xff", 1, "hi\ufffd"),
        (b"\x01\x02", 4, None),
        (b"\x01\x02", 0xF5, None),
        (b"hi", 0xF1, "hi"),
        (b"hi", 0x11, "hi"),
        (b"\x00h", 0x18, "h"),
        (b"\x00h", 0xE0, "h"),
        (b"hi", 0xC8, "hi"),
    ],
)
def test_a_message_is_read_by_its_data_coding(octets, coding, words):
    assert decode(octets, coding) == words


@pytest.mark.parametrize(
    ("octets", "header", "rest"),
    [
        (b"\x05\x00\x03\x09\x02\x01hi", Header(Part(9, 2, 1)), b"hi"),
        (b"\x06\x08\x04\x01\x09\x03\x03hi", Header(Part(265, 3, 3)), b"hi"),
        (b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x01\x02\x01x", Header(Part(1, 2, 1), to_program=True), b"x"),
        (b"\x05\x00\x03\x09\x02\x03hi", Header(), b"hi"),  # the third of two
        (b"\x05\x00\x03\x09\x01\x01hi", Header(), b"hi"),
        (b"\x05\x00\x09\x09", Header(), b""),
        (b"\xff", Header(), b""),
        (b"", Header(), b""),
    ],
)
def test_a_header_says_which_part_a_message_is(octets, header, rest):
    assert split_header(octets) == (header, rest)


def test_a_pair_that_two_parts_share_is_made_whole():
    high, low = "🍰".encode("utf-16-be")[:2], "🍰".encode("utf-16-be")[2:]
    assert joined([decode(high, 8) or "", decode(low, 8) or ""]) == "🍰"
    assert joined([decode(high, 8) or ""]) == "\ufffd"


@given(st.binary(max_size=200), st.integers(0, 255))
def test_no_octets_break_the_reading(octets, coding):
    header, rest = split_header(octets)
    words = decode(rest, coding)
    if words is not None:
        joined([words]).encode()
    assert header.part is None or 1 <= header.part.number <= header.part.total
