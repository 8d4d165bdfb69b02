"""Outlook's ``winmail.dat``: its text, and how many attachments are in it.

From Microsoft's "[MS-OXTNEF]: Transport Neutral Encapsulation Format (TNEF) Data Algorithm". Only what stands before
the attachments is read, which is where the text is. Nothing here raises for any bytes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from inbound import rtf
from inbound.charsets import decode

_SIGNATURE = b"\x78\x9f\x3e\x22"
_BODY, _CODE_PAGE, _PROPERTIES, _ATTACHMENT = 0x0002800C, 0x00069007, 0x00069003, 0x00069002
_MOST = 2_000  # attributes, or properties

_PLAIN, _HTML, _RTF, _INTERNET_CODE_PAGE = 0x1000, 0x1013, 0x1009, 0x3FDE
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
"""The bytes that each type of property takes; those of any other have their length before them."""

_STRING, _UNICODE, _NAMED = 0x1E, 0x1F, 0x8000


@dataclass(frozen=True, slots=True)
class Tnef:
    """What is in a ``winmail.dat``: its text, plain or in HTML; one of them may be empty, or both."""

    text: str
    html: str
    attachments: int


def read(data: bytes) -> Tnef | None:
    """Read it as far as it goes; None if it is none at all."""
    if not data.startswith(_SIGNATURE):
        return None
    attributes = list(_attributes(data))
    charset = next((_code_page(value) for kind, value in attributes if kind == _CODE_PAGE), "")
    text = next((_string(value, charset) for kind, value in attributes if kind == _BODY), "")
    found = dict(_properties(next((value for kind, value in attributes if kind == _PROPERTIES), b"")))
    html = _said(found, _HTML, _code_page(found.get(_INTERNET_CODE_PAGE, (0, b""))[1]) or charset)
    text = text or _said(found, _PLAIN, charset)
    if not text.strip() and not html.strip() and _RTF in found:
        text = rtf.to_text(rtf.decompressed(found[_RTF][1]))
    return Tnef(text.strip(), html, sum(kind == _ATTACHMENT for kind, _ in attributes))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    for _ in range(_MOST):
        if at + 9 > len(data):
            return
        kind, length = struct.unpack_from("<II", data, at + 1)
        yield kind, data[at + 9 : at + 9 + length]
        at += 9 + length + 2


def _properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Each property's name with its type and its (first) value."""
    at = 4
    for _ in range(_MOST):
        if at + 4 > len(data):
            return
        kind, name = struct.unpack_from("<HH", data, at)
        at += 4
        if name >= _NAMED:
            at = _after_name(data, at)
        several, kind = bool(kind & 0x1000), kind & 0x0FFF
        count = 1
        if several or kind not in _FIXED:
            count, at = _number(data, at), at + 4
        value = b""
        for each in range(min(count, _MOST)):
            length = _FIXED.get(kind, 0)
            if kind not in _FIXED:
                length, at = _number(data, at), at + 4
            value = value if each else data[at : at + length]
            at += (length + 3) // 4 * 4
            if at > len(data):
                break
        yield name, (kind, value)


def _after_name(data: bytes, at: int) -> int:
    """Where a property's value begins that is named by a number or by words."""
    at += 16
    length = _number(data, at + 4) if _number(data, at) else 0
    return at + 8 + (length + 3) // 4 * 4


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _code_page(value: bytes) -> str:
    return f"cp{_number(value, 0)}" if len(value) >= 4 else ""


def _said(found: dict[int, tuple[int, bytes]], name: int, charset: str) -> str:
    kind, value = found.get(name, (0, b""))
    return _string(value, "utf-16-le" if kind == _UNICODE else charset)


def _string(value: bytes, charset: str) -> str:
    return decode(value, charset).rstrip("\0")
