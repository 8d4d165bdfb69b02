"""A part's bytes, its transfer encoding off: base64, quoted-printable and uuencode as they come, not as they should.

Nothing here raises, and nothing gets longer than what it was made of.
"""

import binascii
import re

from inbound.mime_parts import Part

_ENCODING = re.compile(r"[\s\"']*([\w-]+)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_PADDED = re.compile(rb"[^=]+=*")
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_PADDING = re.compile(rb"(?<![ \t])[ \t]++$", re.MULTILINE)
_EQUALS = re.compile(rb"=(?==)")
_LONGEST_WORD = 20
_LONGEST_UU = 61


def content(part: Part) -> bytes:
    """What a part holds. Of one that has parts itself: nothing."""
    return _undone(_as_came(part), _encoding(part))


def _undone(data: bytes, encoding: str) -> bytes:
    match encoding:
        case "" | "7bit" | "8bit":
            return data
        case "base64":
            return from_base64(b"\n".join(line for line in data.split(b"\n") if len(line.split()) < 2))
        case "quoted-printable" | "quotedprintable" | "quoted":
            return from_quoted(data)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return from_uuencode(data)
        case _:
            return data


def text_content(part: Part) -> bytes:
    """The same of a text, which is what it says if its label is plainly wrong: nothing that base64 could be."""
    data, encoding = _as_came(part), _encoding(part)
    found = _undone(data, encoding)
    if encoding != "base64":
        return found
    lines = [line.split() for line in data.split(b"\n")]
    worded = sum(len(word) for line in lines if len(line) > 1 for word in line)
    other = b"".join(line[0] for line in lines if len(line) == 1)
    garbled = not found or 20 * len(_CONTROL.findall(found)) > len(found) or not (_is_whole(other) or _is_utf8(found))
    return data if garbled and (worded >= len(other) or len(other) < _LONGEST_WORD) else found


def from_base64(text: str | bytes) -> bytes:
    """What base64 holds: whatever is not of it is passed over, missing padding is supplied, and what follows a padding
    is a piece of its own."""
    data = text.encode("ascii", "ignore") if isinstance(text, str) else text
    held = []
    for piece in _PADDED.findall(_NOT_BASE64.sub(b"", data)):
        bare = piece.rstrip(b"=")
        bare = bare[: len(bare) - (len(bare) % 4 == 1)]
        held.append(binascii.a2b_base64(bare + b"=" * (-len(bare) % 4)))
    return b"".join(held)


def from_quoted(data: bytes) -> bytes:
    """What quoted-printable holds (RFC 2045 6.7); an ``=`` that means nothing stays."""
    if b"\r" in data:  # the library takes a lone one for the end of all
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = _PADDING.sub(b"", data)
    return binascii.a2b_qp(_EQUALS.sub(b"=3D", data) if b"==" in data else data)  # it takes two for one


def from_uuencode(data: bytes) -> bytes:
    """What uuencode holds; nothing if there is no beginning."""
    lines = iter(data.splitlines())
    if not any(line.startswith(b"begin ") for line in lines):
        return b""
    held = []
    for line in lines:
        if line.strip() in {b"end", b"`", b""}:
            break
        try:
            held.append(binascii.a2b_uu(line[: _LONGEST_UU + 1]))
        except binascii.Error:  # white space at the end was lost, or something was added there
            length = ((line[0] - 32) & 63) * 4 // 3 + 2
            held.append(_uu_line(line[:length].ljust(length)))
    return b"".join(held)


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""


def _as_came(part: Part) -> bytes:
    return part.body.encode("utf-8", "surrogateescape")


def _encoding(part: Part) -> str:
    found = _ENCODING.match(part.get("content-transfer-encoding", ""))
    return found.group(1).lower() if found else ""


def _is_whole(data: bytes) -> bool:
    """Whether this is base64 and nothing else."""
    return len(data) % 4 == 0 and not _NOT_BASE64.search(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except ValueError:
        return False
    return True
