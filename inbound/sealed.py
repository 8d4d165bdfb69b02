"""Signed mail is opened and read; encrypted mail is known for what it is.

S/MIME's structures (RFC 8551, RFC 5652) are walked down to what was signed, and no further: who signed it is nobody's
question here. Of OpenPGP (RFC 9580, RFC 3156) only the frames of text are known. Nothing here raises for any bytes.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

_MOST = 256 * 1024  # bytes that are unpacked: a mail that was compressed is one without much in it
_DEEPEST = 12
_MOST_PARTS = 10_000
_MOST_FRAMES = 100

_SEQUENCE, _OID, _OCTETS, _OCTETS_IN_PIECES = 0x30, 0x06, 0x04, 0x24
_PKCS = bytes.fromhex("2a864886f70d01")
_SIGNED = _PKCS + b"\x07\x02"
_COMPRESSED = _PKCS + b"\x09\x10\x01\x09"
_ENCRYPTED = frozenset({_PKCS + b"\x07\x03", _PKCS + b"\x07\x04", _PKCS + b"\x07\x06", _PKCS + b"\x09\x10\x01\x17"})

_ARMOUR = re.compile(r"^-----(BEGIN|END) PGP ([A-Z ]{1,40})-----[ \t]*$", re.MULTILINE)
_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_FRAMES = frozenset({"SIGNATURE", "PUBLIC KEY BLOCK"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A mail of its own was inside; empty if there were only certificates."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """It is encrypted."""


def opened(data: bytes) -> Opened | Sealed | None:
    """What an ``application/pkcs7-mime`` holds; None if it is something else."""
    kind, held = _typed(data, _first(data, _Element(0, 0, len(data))))
    if kind in _ENCRYPTED:
        return Sealed()
    if kind not in {_SIGNED, _COMPRESSED}:
        return None
    sequences = [part for part in _parts(data, _first(data, held)) if part.tag == _SEQUENCE]
    place = 1 if kind == _COMPRESSED else 0
    if len(sequences) <= place:
        return Opened(b"")
    content = b"".join(_octets(data, part, 0) for part in _parts(data, _typed(data, sequences[place])[1]))
    if kind == _SIGNED:
        return Opened(content)
    try:
        return Opened(zlib.decompressobj().decompress(content, _MOST))
    except zlib.error:
        return None


def unframed(text: str) -> str:
    """A text that is signed within itself, without the frame round it, and without keys and signatures."""
    if "-----BEGIN PGP " not in text:
        return text
    kept: list[str] = []
    at, signed = 0, False
    for found in islice(_ARMOUR.finditer(text), _MOST_FRAMES):
        begins, kind = found.group(1) == "BEGIN", found.group(2)
        if found.start() < at or kind not in _FRAMES | {"SIGNED MESSAGE"}:
            continue
        kept.append(_undashed(text[at : found.start()], signed=signed))
        at = found.end()
        signed = begins and kind == "SIGNED MESSAGE"
        if signed:  # its headers end with an empty line
            end = text.find("\n\n", at)
            at = at if end < 0 else end + 2
        elif begins:
            end = text.find(f"-----END PGP {kind}-----", at)
            at = len(text) if end < 0 else end + len(f"-----END PGP {kind}-----")
    kept.append(_undashed(text[at:], signed=signed))
    return "".join(kept)


def is_sealed(text: str) -> bool:
    """Whether a text has an encrypted one in it."""
    return _MESSAGE in text and _MESSAGE in text.split("\n")


def _undashed(text: str, *, signed: bool) -> str:
    return re.sub(r"^- ", "", text, flags=re.MULTILINE) if signed else text


@dataclass(frozen=True, slots=True)
class _Element:
    """A piece of BER: its tag, and where its content begins and ends."""

    tag: int
    begins: int
    ends: int


def _typed(data: bytes, element: _Element | None) -> tuple[bytes, _Element | None]:
    """What a structure says it is, and what it holds."""
    parts = list(islice(_parts(data, element), 2))
    if not parts or parts[0].tag != _OID:
        return b"", None
    return data[parts[0].begins : parts[0].ends], parts[1] if len(parts) > 1 else None


def _octets(data: bytes, element: _Element, depth: int) -> bytes:
    """Octets in one piece or in several."""
    if element.tag == _OCTETS:
        return data[element.begins : element.ends]
    if element.tag != _OCTETS_IN_PIECES or depth > _DEEPEST:
        return b""
    return b"".join(_octets(data, part, depth + 1) for part in _parts(data, element))


def _first(data: bytes, element: _Element | None) -> _Element | None:
    return next(_parts(data, element), None)


def _parts(data: bytes, element: _Element | None) -> Iterator[_Element]:
    at = element.begins if element else 0
    for _ in range(_MOST_PARTS if element else 0):
        found = _element(data, at, element.ends if element else 0, 0)
        if found is None:
            return
        part, at = found
        yield part


def _element(data: bytes, at: int, end: int, depth: int) -> tuple[_Element, int] | None:
    """The element that begins here, and where the next one does; None at the end, and where there is none."""
    if at + 2 > end or data[at : at + 2] == b"\0\0" or data[at] & 0x1F == 0x1F or depth > _DEEPEST:
        return None
    tag, length, at = data[at], data[at + 1], at + 2
    if length == 0x80:  # its end is marked
        begins = at
        while (found := _element(data, at, end, depth + 1)) is not None:
            at = found[1]
        return _Element(tag, begins, at), min(at + 2, end)
    if length > 0x80:
        size = length - 0x80
        length, at = int.from_bytes(data[at : at + size], "big"), at + size
    return _Element(tag, at, min(at + length, end)), min(at + length, end)
