"""A mail without the inside of what is large: all that follows works on two megabytes at the most.

The beginning of every part is kept, and every line that may be a boundary, wherever it stands.
"""

import re
from mmap import mmap

Content = bytes | mmap
"""A mail as it came: in memory, or in a file that is looked at as if it were."""

_LARGE = 128 * 1024  # bytes of a head, or of a body in base64: text is that long only by mistake
_LARGE_TEXT = 512 * 1024
_MOST = 2 * 1024 * 1024
_LOOKED_THROUGH = 1024 * 1024  # bytes in one search, which nothing else in this process can interrupt
_BASE64 = re.compile(rb"^content-transfer-encoding:[ \t]*[\"']?base64", re.IGNORECASE | re.MULTILINE)


def thin(raw: Content) -> bytes:
    """The mail without the inside of what is large: enough to read every text and count every part."""
    if len(raw) <= _LARGE:
        return raw[:]
    kept: list[bytes] = []
    done = at = size = 0
    while at < len(raw) and size + at - done < _MOST:
        end = _find(raw, b"\n--", at + 1, len(raw))
        if end - at > _LARGE:
            kept += [raw[done:at], *_ends(raw, at, end)]
            size += sum(map(len, kept[-3:]))
            done = end
        at = end
    kept.append(raw[done:at])
    return b"".join(kept)[:_MOST]


def _ends(raw: Content, at: int, end: int) -> tuple[bytes, bytes]:
    """The first lines of a part's head, and of its body."""
    if at == 0 and raw[:1] in {b"\r", b"\n"}:  # there is no head
        return b"", _lines(raw, at, end, _LARGE_TEXT)
    body = min(_find(raw, empty, at, min(end, at + _LARGE)) for empty in (b"\n\r\n", b"\n\n"))
    if body == min(end, at + _LARGE):
        body = min(_find(raw, empty, body, end) for empty in (b"\n\r\n", b"\n\n"))
    head = _lines(raw, at, body, _LARGE)
    return head, _lines(raw, body, end, _LARGE if _BASE64.search(head) else _LARGE_TEXT)


def _lines(raw: Content, at: int, end: int, most: int) -> bytes:
    """So many whole lines as ``most`` bytes have, of those between two places."""
    if end - at <= most:
        return raw[at:end]
    last = raw.rfind(b"\n", at + most // 2, at + most)
    return raw[at : last if last > 0 else at + most]


def _find(raw: Content, what: bytes, at: int, end: int) -> int:
    """Where it is next, ``end`` if nowhere. Searched by the megabyte: nothing else runs in this process meanwhile."""
    while at < end:
        found = raw.find(what, at, min(end, at + _LOOKED_THROUGH))
        if found >= 0:
            return found
        at += _LOOKED_THROUGH - len(what) + 1
    return end
