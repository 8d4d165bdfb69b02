"""A mail's bytes as a tree of parts.

Two ways lead to the same tree. Nearly all mail is one part, or several side by side, with its lines and boundaries as
they should be: that is cut up here. Everything else is the standard library's to read. Its parser goes line by line
and compiles a regular expression for each mail, which for a short one takes longer than all the rest.

Nothing here raises for any bytes, and nothing takes long: headers are read as plain strings (the stdlib's structured
header parser raises on hostile ones), those with parameters only as far as honest ones go (it takes the square of their
length), nesting is bounded, and the inside of a large attachment is cut out first.
"""

import re
from collections.abc import Set as AbstractSet
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import Compat32
from typing import Any, cast

_MAX_BOUNDARIES = 60
_MAX_ENCODED = 128 * 1024
_MAX_THINNED = 2 * 1024 * 1024
_MAX_PARAMETERS = 2000
_NESTING = re.compile(rb"boundary[ \t]*=|^content-type:[ \t]*message/", re.MULTILINE)
_ENCODED = re.compile(rb"^content-transfer-encoding:[ \t]*base64", re.IGNORECASE | re.MULTILINE)
_BODY = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(r"([!-9;-~]++):[ \t]*+((?:[^ \t\r][^\r]*+(?:\r\n[ \t][^\r]*+)*+)?+)(?:\r\n|\Z)")
_HEAD = re.compile(f"(?:{_FIELD.pattern})*+")
_ONE_PARAMETER = re.compile(r"[\w.+-]+/[\w.+-]+;\s*([\w-]+)=(\"?)([\w.:+/=-]+)\2", re.ASCII)


class _Plain(Compat32):
    """Header values as they came, so that raw 8-bit ones can be repaired."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value[:_MAX_PARAMETERS] if name.lower().startswith("content-") else value


PLAIN = _Plain()


class Part(Message):
    """A mail or a part of it: asked for the same headers again and again, and never changed once it is read."""

    def __init__(self, policy: Compat32 = PLAIN) -> None:
        super().__init__(policy)
        self._first: dict[str, str] = {}
        self._kind = ""

    @property
    def names(self) -> AbstractSet[str]:
        """The headers that it has, in lower case."""
        return self._first.keys()

    def set_raw(self, name: str, value: str) -> None:
        super().set_raw(name, value)
        self._first.setdefault(name.lower(), PLAIN.header_fetch_parse(name, value))
        self._kind = ""

    def get(self, name: str, failobj: Any = None) -> Any:
        return self._first.get(name.lower(), failobj)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._first

    def get_param(
        self, param: str, failobj: Any = None, header: str = "content-type", unquote: bool = True
    ) -> Any:  # the stdlib's
        value = self.get(header, "")
        if param not in value.lower():
            return failobj
        alone = _ONE_PARAMETER.fullmatch(value)
        if alone and alone.group(1).lower() == param:
            return alone.group(3)
        return super().get_param(param, failobj, header, unquote)

    def get_content_type(self) -> str:
        if not self._kind:
            self._kind = super().get_content_type()
        return self._kind


_PARSER = BytesParser(Part, policy=PLAIN)
_HEADER_PARSER = BytesHeaderParser(Part, policy=PLAIN)


def parse(raw: bytes) -> Part:
    """The structure of a mail; of one that nests absurdly deep only the headers."""
    raw = thin(raw)
    try:
        mail = cut(raw)
        if mail is not None:
            return mail
        if len(_NESTING.findall(raw.lower())) <= _MAX_BOUNDARIES:
            return cast("Part", _PARSER.parsebytes(raw))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):  # a fault of the stdlib's parser
        pass
    return cast("Part", _HEADER_PARSER.parsebytes(raw))


def cut(raw: bytes) -> Part | None:
    """A mail of one part, or of several without parts of their own, as the parser would read it; None if it is not
    so, or not written as it should be."""
    if not raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r"):
        return None
    mail = Part()
    body = _cut_head(mail, raw.decode("ascii", "surrogateescape"))
    kind = mail.get_content_type()
    if body is None or kind.startswith("message/") or kind == "multipart/digest":
        return None
    if not kind.startswith("multipart/"):
        mail.set_payload(body)
        return mail
    parts = _cut_body(body, mail.get_boundary())
    if parts is None:
        return None
    mail.set_payload(parts)
    return mail


def _cut_head(part: Part, text: str) -> str | None:
    """Give the part its headers; returns what stands after the empty line."""
    head, empty_line, body = ("", "\r\n", text[2:]) if text.startswith("\r\n") else text.partition("\r\n\r\n")
    if not empty_line or not _HEAD.fullmatch(head):
        return None
    for name, value in _FIELD.findall(head):
        part.set_raw(name, value)
    return body


def _cut_body(body: str, boundary: str | None) -> list[Message | str] | None:
    """The parts between the boundaries (RFC 2046 5.1.1)."""
    if not boundary:
        return None
    parts: list[Message | str] = []
    for piece in f"\r\n{body}".split(f"\r\n--{boundary}")[1:]:
        if piece == "--" or piece.startswith("--\r\n"):
            return parts or None
        part = Part()
        inside = _cut_head(part, piece[2:]) if piece.startswith("\r\n") else None
        if inside is None or part.get_content_maintype() in {"multipart", "message"}:
            return None
        part.set_payload(inside)
        parts.append(part)
    return None


def thin(raw: bytes) -> bytes:
    """The mail without the inside of large attachments: enough to read every text and count every part."""
    if len(raw) <= _MAX_ENCODED:
        return raw
    kept, done, begun = [], 0, 0
    for found in _ENCODED.finditer(raw):
        if found.end() < begun:
            continue
        body = _BODY.search(raw, found.end())
        if body is None:
            break
        begun = body.end()
        end = raw.find(b"\n--", begun)
        end = len(raw) if end < 0 else end
        if end - begun > _MAX_ENCODED:
            kept.append(raw[done : raw.rfind(b"\n", 0, begun + _MAX_ENCODED)])
            done = begun = end
    kept.append(raw[done:])
    return b"".join(kept)[:_MAX_THINNED]
