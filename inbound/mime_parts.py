"""A mail's bytes as a tree of parts.

Two ways lead there. Nearly all mail is one part, or several side by side, with its lines and boundaries as they should
be: that is cut up by a few searches (:func:`cut`), as the standard library's parser would read it. Everything else is
split line by line, and what is broken is read as it was meant: lines that end in anything, a body that begins without
an empty line, boundaries that are missing, unknown, or used twice.

Nothing here raises for any bytes, and nothing takes long: headers are read as plain strings (the library's structured
header parser raises on hostile ones), those with parameters only as far as honest ones go (it takes the square of their
length), depth and number of parts are bounded, and the inside of what is large is cut out first.
"""

import re
from collections.abc import Set as AbstractSet
from email.message import Message
from email.policy import Compat32
from typing import Any

from inbound.thinning import Content, thin

MAX_PARTS = 200
"""Parts of one that are looked at."""

_MAX_PARAMETERS = 2000
_MAX_DEPTH = 30
_MAX_PARTS = 2000
_MAX_FIELDS = 1000
_LONGEST = 128 * 1024
"""Characters of a header, or before the first boundary where it must be guessed."""

_FIELD = re.compile(r"([!-9;-~]++):[ \t]*+((?:[^ \t\r][^\r]*+(?:\r\n[ \t][^\r]*+)*+)?+)(?:\r\n|\Z)")
_HEAD = re.compile(f"(?:{_FIELD.pattern})*+")
_NAME = re.compile(r"[!-9;-~]+[ \t]*:")
_KNOWN = frozenset(
    {
        "bcc",
        "cc",
        "content-disposition",
        "content-id",
        "content-transfer-encoding",
        "content-type",
        "date",
        "delivered-to",
        "dkim-signature",
        "from",
        "in-reply-to",
        "message-id",
        "mime-version",
        "received",
        "references",
        "reply-to",
        "return-path",
        "sender",
        "subject",
        "to",
        "x-mailer",
    }
)
"""Headers of which every mail has some."""

_GUESSED = re.compile(r"^--(?=\S)([^\n]{1,200}+)\nContent-(?=[^\n]*:)", re.MULTILINE | re.IGNORECASE)
_ONE_PARAMETER = re.compile(r"[\w.+-]+/[\w.+-]+;\s*([\w-]+)=(\"?)([\w.:+/=-]+)\2", re.ASCII)


class _Plain(Compat32):
    """Header values as they came, so that raw 8-bit ones can be repaired."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value[:_MAX_PARAMETERS] if name.lower().startswith("content-") else value


PLAIN = _Plain()


class Part(Message):
    """A mail or a part of it: asked for the same headers again and again, and never changed once it is read.

    ``body`` is what it holds as it came, 8-bit bytes as surrogates; empty if it has parts.
    """

    def __init__(self, policy: Compat32 = PLAIN) -> None:
        super().__init__(policy)
        self._first: dict[str, str] = {}
        self._kind = ""
        self.body = ""

    @property
    def names(self) -> AbstractSet[str]:
        """The headers that it has, in lower case."""
        return self._first.keys()

    def set_raw(self, name: str, value: str) -> None:
        super().set_raw(name, value)
        self._first.setdefault(name.lower(), PLAIN.header_fetch_parse(name, value))
        self._kind = ""

    def set_payload(self, payload: Any, charset: Any = None) -> None:
        super().set_payload(payload, charset)
        self.body = payload if isinstance(payload, str) else ""

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


def parse(raw: Content) -> Part:
    """The structure of a mail, as deep and as far as anybody looks."""
    raw = thin(raw)
    mail = cut(raw)
    if mail is None or ("content-type" not in mail and b"\nContent-" in raw):
        return _Splitter().whole(raw.decode("ascii", "surrogateescape"))
    return mail


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
    parts = _cut_body(body, _boundary(mail))
    if parts is None:
        return None
    mail.set_payload(parts)
    return mail


def _boundary(part: Part) -> str:
    try:
        return part.get_boundary() or ""
    except (ValueError, LookupError, TypeError):  # a fault of the stdlib's reader
        return ""


def _cut_head(part: Part, text: str) -> str | None:
    """Give the part its headers; returns what stands after the empty line."""
    head, empty_line, body = ("", "\r\n", text[2:]) if text.startswith("\r\n") else text.partition("\r\n\r\n")
    if not empty_line or not _HEAD.fullmatch(head):
        return None
    for name, value in _FIELD.findall(head):
        part.set_raw(name, value)
    return body


def _cut_body(body: str, boundary: str) -> list[Message | str] | None:
    """The parts between the boundaries (RFC 2046 5.1.1)."""
    if not boundary:
        return None
    parts: list[Message | str] = []
    pieces = f"\r\n{body}".split(f"\r\n--{boundary}", _MAX_PARTS)[1:]
    for piece in pieces:
        if piece == "--" or piece.startswith("--\r\n"):
            return (parts or None) if piece is pieces[-1] else None
        part = Part()
        inside = _cut_head(part, piece[2:]) if piece.startswith("\r\n") else None
        if inside is None or part.get_content_maintype() in {"multipart", "message"}:
            return None
        part.set_payload(inside)
        parts.append(part)
    return None


def parts_of(part: Part) -> list[Part]:
    """The parts that a part holds, the first of them; none where it holds a text, whatever its label says."""
    inner = part.get_payload() if part.is_multipart() else []
    return [p for p in inner[:MAX_PARTS] if isinstance(p, Part)] if isinstance(inner, list) else []


class _Splitter:
    """Reads any mail at all, line by line."""

    def __init__(self) -> None:
        self._left = _MAX_PARTS

    def whole(self, text: str) -> Part:
        """A mail."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        bare = text.lstrip("\n")
        named = _NAME.match(bare)
        if named and named.group().rstrip(": \t").lower() in _KNOWN:
            text = bare
        mail = Part()
        body = _read_head(mail, text)
        head = text[: len(text) - len(body)]
        if mail.names.isdisjoint(_KNOWN) and not head.endswith("\n\n"):  # it may be text that looks like headers
            mail, body = Part(), text.removeprefix("\n")
        guessed = None if "content-type" in mail else _GUESSED.search(body, 0, _LONGEST)
        if guessed and (guessed.start() == 0 or body.count(f"\n--{guessed.group(1).rstrip()}") > 1):
            mail.set_raw("Content-Type", "multipart/mixed")
        self._fill(mail, body, 0)
        return mail

    def _part(self, text: str, depth: int, default: str = "text/plain") -> Part:
        self._left -= 1
        part = Part()
        part.set_default_type(default)
        self._fill(part, _read_head(part, text), depth)
        return part

    def _fill(self, part: Part, body: str, depth: int) -> None:
        """Give the part what it holds: a text, or parts of its own."""
        kind = part.get_content_type()
        inside: list[Message | str] = []
        if depth >= _MAX_DEPTH or self._left <= 0:
            pass
        elif kind.startswith("multipart/"):
            default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
            inside = self._parts(_pieces(body, _boundary(part)), depth, default)
        elif kind == "message/delivery-status":
            inside = self._parts([block.strip("\n") for block in body.split("\n\n") if block.strip()], depth)
        elif kind.startswith("message/"):
            inside = self._parts([body], depth)
        part.set_payload(inside or body)

    def _parts(self, pieces: list[str], depth: int, default: str = "text/plain") -> list[Message | str]:
        return [self._part(piece, depth + 1, default) for piece in pieces[: self._left]]


def _read_head(part: Part, text: str) -> str:
    """Give the part its headers; returns what stands after them. A line that is none ends them, empty or not, unless
    they go on behind it."""
    at, name, value = 0, "", ""
    fields = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        found = _NAME.match(line)
        if not line or not (found or name or line.startswith(("From ", ">From "))):
            break
        if found:
            fields += 1
            if name and fields <= _MAX_FIELDS:
                part.set_raw(name, value)
            name, value = found.group()[:-1].rstrip(), line[found.end() :].lstrip(" \t")
        elif line[0] in " \t" and (line.strip() or _goes_on(text, end)):
            value += f"\n{line}" if len(value) < _LONGEST else ""
        elif not _goes_on(text, end):
            at = at if line.strip() else end
            break
        at = end + 1
    if name and fields <= _MAX_FIELDS:
        part.set_raw(name, value)
    return text[at:].removeprefix("\n")


def _goes_on(text: str, end: int) -> bool:
    """Whether the line after the one that ends here is surely a header."""
    found = _NAME.match(text, end + 1)
    return found is not None and found.group()[:-1].rstrip().lower() in _KNOWN


def _pieces(body: str, boundary: str) -> list[str]:
    """What stands between the boundaries; where the one that is announced is not there, between lines that look like
    some. One that ends the parts too early ends none: more may follow."""
    pieces = _between(body, boundary) if boundary else []
    if not pieces and (guessed := _GUESSED.search(body)):
        pieces = _between(body, guessed.group(1).rstrip().removesuffix("--"))
    return pieces


def _between(body: str, boundary: str) -> list[str]:
    body = f"\n{body}"
    mark = f"\n--{boundary}"
    pieces: list[str] = []
    begun = -1
    at = body.find(mark)
    while at >= 0 and len(pieces) < _MAX_PARTS:
        end = body.find("\n", at + len(mark))
        end = len(body) if end < 0 else end
        rest = body[at + len(mark) : end].rstrip()
        if rest in {"", "--"}:
            if begun >= 0:
                pieces.append(body[begun : max(at, begun)])
            begun = end + 1 if not rest else -1
        at = body.find(mark, max(end, at + 1))
    if 0 <= begun < len(body):
        pieces.append(body[begun:])
    return pieces
