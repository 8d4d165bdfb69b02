"""A text as the octets that a phone network carries, and back: alphabets, parts, and the header that joins them.

Over SMPP each character of the GSM alphabet has an octet of its own, the extension table two (3GPP TS 23.038 6.2.1);
any other text is UTF-16, the high octet first. What fits no single message goes as parts, each behind a header that
says which text it is of, of how many, and the how manieth (3GPP TS 23.040 9.2.3.24.1). Parts are cut as
``gateway.domain.sms_text`` counts them: never between an escape and its character, nor inside a surrogate pair.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.domain import sms_text

DEFAULT, UCS2 = 0, 8
"""The data codings that we send (SMPP 3.4 5.2.19): the carrier's default alphabet, and UTF-16."""

_BINARY = 4
_CODECS = {
    1: "ascii",
    3: "latin-1",
    5: "shift_jis",
    6: "iso8859_5",
    7: "iso8859_8",
    10: "iso2022_jp",
    13: "euc_jp",
    14: "euc_kr",
}

_ESCAPE = 0x1B
_CODES = {c: code + (code >= _ESCAPE) for code, c in enumerate(sms_text.BASIC)}
_EXTENDED = dict(zip(sms_text.EXTENSION, (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65), strict=True))
_OCTETS = {c: bytes([code]) for c, code in _CODES.items()} | {c: bytes([_ESCAPE, x]) for c, x in _EXTENDED.items()}
_CHARACTERS = {code: c for c, code in _CODES.items()}
_EXTENSIONS = {code: c for c, code in _EXTENDED.items()}

_JOINED_8, _JOINED_16 = 0x00, 0x08
_PORTS = frozenset({0x04, 0x05})


@dataclass(frozen=True, slots=True)
class Part:
    """Which part a message is: the ``number``-th (from 1) of ``total`` of the text that its sender gave this
    ``reference``, and the ``words`` that it carries; they may begin or end with half of a surrogate pair."""

    reference: int
    total: int
    number: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """What a message's header says: the part that it is, None for the whole; ``to_program``: it is for a program on a
    phone (a port is named), and no person's words."""

    part: Part | None = None
    to_program: bool = False


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as it is sent: its data coding, and the octets of each part, header included where there are several."""

    coding: int
    parts: tuple[bytes, ...]


def encode(text: str, reference: int, *, latin_1: bool = False) -> Encoded:
    """The text as octets, in as many parts as ``sms_text.segments`` counts; ``reference`` (0 to 255) joins them.

    ``latin_1``: the carrier's default alphabet is ISO 8859-1, and it makes GSM of it by itself."""
    if sms_text.is_gsm(text) and (not latin_1 or _is_latin_1(text)):
        octets = [c.encode("latin-1") if latin_1 else _OCTETS[c] for c in text]
        places, coding, whole, room = [len(_OCTETS[c]) for c in text], DEFAULT, 160, 153
    else:
        octets = [c.encode("utf-16-be", "replace") for c in text]
        places, coding, whole, room = [len(each) for each in octets], UCS2, 140, 134
    if sum(places) <= whole:
        return Encoded(coding, (b"".join(octets),))
    cut = list(_cut(octets, places, room))
    headers = (bytes([5, _JOINED_8, 3, reference % 256, len(cut), n]) for n in range(1, len(cut) + 1))
    return Encoded(coding, tuple(header + part for header, part in zip(headers, cut, strict=True)))


def _is_latin_1(text: str) -> bool:
    return all(ord(c) < 256 for c in text)


def _cut(octets: list[bytes], places: list[int], room: int) -> Iterator[bytes]:
    taken, left = bytearray(), room
    for each, needs in zip(octets, places, strict=True):
        if needs > left:
            yield bytes(taken)
            taken.clear()
            left = room
        taken += each
        left -= needs
    yield bytes(taken)


def decode(octets: bytes, coding: int, *, latin_1: bool = False) -> str | None:
    """The words in a message of this data coding (SMPP 3.4 5.2.19; 3GPP TS 23.038 4); None when it holds none.

    Half of a surrogate pair stays as it is, since the other half may be in the next part."""
    kind = coding
    if 0x10 <= coding < 0x20:
        kind = {0x04: _BINARY, 0x08: UCS2}.get(coding & 0x0C, DEFAULT)
    elif coding >= 0xF0:
        kind = _BINARY if coding & 0x04 else DEFAULT
    elif coding >= 0xE0:
        kind = UCS2
    match kind:
        case 2 | 4 | 9:
            return None
        case 8:
            return octets[: len(octets) & ~1].decode("utf-16-be", "surrogatepass")
        case _ if kind in _CODECS:
            return octets.decode(_CODECS[kind], "replace")
        case _:
            return octets.decode("latin-1") if latin_1 else _from_gsm(octets)


def _from_gsm(octets: bytes) -> str:
    """An octet that is in no table is left out; an unknown extension is its basic character (TS 23.038 6.2.1.1)."""
    words, escaped = [], False
    for code in octets:
        if code == _ESCAPE:
            escaped = True
            continue
        words.append((_EXTENSIONS.get(code) if escaped else None) or _CHARACTERS.get(code, ""))
        escaped = False
    return "".join(words)


def joined(words: Iterable[str]) -> str:
    """The words of all parts, surrogate pairs made whole again."""
    return "".join(words).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def split_header(octets: bytes) -> tuple[Header, bytes]:
    """The header at the beginning of a message that has one, and what follows it. One that makes no sense says
    nothing, and all that follows its length is taken for the message."""
    if not octets:
        return Header(), octets
    end = 1 + octets[0]
    return read_header(octets[:end]), octets[end:]


def read_header(octets: bytes) -> Header:
    """A header with its length in front; elements that are not known are passed over."""
    part, to_program, at = None, False, 1
    while at + 2 <= len(octets):
        kind, length = octets[at], octets[at + 1]
        value = octets[at + 2 : at + 2 + length]
        at += 2 + length
        if len(value) < length:
            break
        if kind == _JOINED_8 and length == 3:
            part = part_of(value[0], value[1], value[2]) or part
        elif kind == _JOINED_16 and length == 4:
            part = part_of(int.from_bytes(value[:2]), value[2], value[3]) or part
        elif kind in _PORTS:
            to_program = True
    return Header(part, to_program)


def part_of(reference: int, total: int, number: int) -> Part | None:
    """The part that these three make; None when they make none, so that the message is whole."""
    return Part(reference, total, number) if total > 1 and 1 <= number <= total else None
