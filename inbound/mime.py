"""A mail as a person's words: the text part, else the HTML as text, in the charset it is really in.

Nothing here raises for any mail, and nothing takes long: depth and number of parts are bounded. What the person quoted
or signed with is taken off by ``inbound.quotes``.
"""

import re
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header

from inbound.mime_parts import Part
from inbound.quotes import looks_wrapped, own_words, unflow, unwrap_like

MAX_DEPTH = 20
MAX_PARTS = 200
MAX_TEXT = 100_000
"""Characters of text that are looked at; a post has 140."""

_MAX_LOGO = 15_000  # bytes
_ENOUGH = 8  # bytes beyond ASCII before statistics know better than the commonest charset
_MAX_SUBJECT = 250

_TEXTS = frozenset({"text/plain", "text/html"})
_MACHINERY = frozenset(
    {
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-encrypted",
        "message/delivery-status",
        "message/disposition-notification",
        "text/rfc822-headers",
    }
)


_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,240}>")
_REPLY = re.compile(r"\s*(re|aw|antw|rép|rif|sv|vs|res)(\[\d+\])?\s?:", re.IGNORECASE)
_SEVEN_BIT = re.compile(r"iso-2022|hz|utf-7", re.IGNORECASE)
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person wrote. ``dropped`` counts the attachments that were left behind."""

    text: str
    subject: str
    message_id: str
    dropped: int


def read(mail: Part) -> Letter:
    """The words, subject and Message-ID of a parsed mail. The subject stands in for an empty text, unless it is that
    of the mail that is answered."""
    subject = header(mail, "subject")
    texts, dropped = _gather(mail)
    answers = bool(_REPLY.match(subject))
    text = own_words("\n\n".join(words for words in texts if words.strip())[:MAX_TEXT], answers=answers)
    if not text and not answers:
        text = subject
    found = _ID.search(mail.get("message-id", ""))
    return Letter(text=text, subject=subject, message_id=found.group() if found else "", dropped=dropped)


def header(mail: Part, name: str) -> str:
    """A header's text on one line, decoded (RFC 2047) and repaired; empty if there is none."""
    value = mail.get(name, "")[: 4 * _MAX_SUBJECT]
    if value.isascii() and "=?" not in value:
        return _one_line(value)
    try:
        pieces = decode_header(value)
    except (MessageError, ValueError, LookupError, TypeError):  # a malformed encoded word stays as it was written
        pieces = [(value, None)]
    words = "".join(
        decode(piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece, charset)
        for piece, charset in pieces
    )
    return _one_line(words)


def parameter(part: Part, name: str, of: str = "content-type") -> str:
    """A parameter of a header, as it is written (RFC 2231 marks off); empty if there is none or it can't be read."""
    try:
        value = part.get_param(name, "", of)
    except (ValueError, TypeError, LookupError):  # a fault of the stdlib's reader
        return ""
    return value[2] if isinstance(value, tuple) else str(value)


def parts_of(part: Part) -> list[Part]:
    """The parts that a part holds, the first 200 of them; none where it holds a text, whatever its label says."""
    inner = part.get_payload() if part.is_multipart() else []
    return [p for p in inner[:MAX_PARTS] if isinstance(p, Part)] if isinstance(inner, list) else []


def decode(data: bytes, charset: str | None) -> str:
    """Bytes as text. The label is believed only where the bytes do not say better: valid UTF-8 is UTF-8 whatever
    the label claims, except under the seven-bit encodings of East Asia."""
    charset = (charset or "us-ascii").lower()
    tries = [charset, "utf-8"] if _SEVEN_BIT.match(charset) else ["utf-8", _widened(charset)]
    for name in tries:
        try:
            return _clean(data.decode(name))
        except (ValueError, LookupError, DeprecationWarning):  # wrong or unknown label, or Python's own escapes
            continue
    guess = _guess(data[:10_000]) if sum(byte > 127 for byte in data[:200]) >= _ENOUGH else None
    return _clean(data.decode(guess or "cp1252", "replace"))


def _guess(data: bytes) -> str | None:
    """The charset that the bytes look like."""
    from charset_normalizer import from_bytes  # loaded with the first mail that lies about its charset: 3 MB

    best = from_bytes(data).best()
    return best.encoding if best else None


def _widened(charset: str) -> str:
    """What a label means in practice (the WHATWG's table of labels, the part that mail needs)."""
    match charset.replace("_", "-"):
        case "iso-8859-1" | "latin-1" | "latin1":
            return "cp1252"
        case "gb2312" | "gbk":
            return "gb18030"
        case "ks-c-5601-1987":
            return "cp949"
        case _:
            return charset


def _clean(text: str) -> str:
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())[:_MAX_SUBJECT]


def _gather(part: Part, depth: int = 0) -> tuple[list[str], int]:
    """The texts of a part in order, and how many attachments it holds. Of alternatives only one counts, of signed
    mail only what was signed."""
    kind = part.get_content_type()
    inner = _inner(part, kind) if depth < MAX_DEPTH else None
    if inner is None:
        words = _words(part, kind)
        return ([], int(kind not in _MACHINERY)) if words is None else ([words], 0)
    if kind == "multipart/alternative":
        return _choose(inner, depth)
    found = [_gather(p, depth + 1) for p in inner]
    return [words for texts, _ in found for words in texts], sum(dropped for _, dropped in found)


def _choose(alternatives: list[Part], depth: int) -> tuple[list[str], int]:
    """The plain text if it says anything, else the last and richest alternative that does."""
    for part in alternatives:
        plain = _words(part, "text/plain") if part.get_content_type() == "text/plain" else None
        if plain and plain.strip():
            others = [p for p in alternatives if p is not part]
            if looks_wrapped(plain):
                texts = [words for p in others for words in _gather(p, depth + 1)[0]]
                plain = unwrap_like(plain, "\n".join(texts))
            inner = [inside for p in others for inside in _inner(p, p.get_content_type()) or []]
            return [plain], sum(_pictures(p, depth + 2) for p in inner)
    for part in reversed(alternatives):
        texts, dropped = _gather(part, depth + 1)
        if any(words.strip() for words in texts):
            return texts, dropped
    return [], 0


def _pictures(part: Part, depth: int) -> int:
    """How many attachments lie in a part of an alternative that was not chosen."""
    kind = part.get_content_type()
    inner = _inner(part, kind) if depth < MAX_DEPTH else None
    return int(_is_attachment(part, kind)) if inner is None else sum(_pictures(p, depth + 1) for p in inner)


def _inner(part: Part, kind: str) -> list[Part] | None:
    """The parts that count of a multipart that has some."""
    if not (kind.startswith("multipart/") and part.is_multipart()):
        return None
    parts = parts_of(part)
    match kind:
        case "multipart/signed":
            return parts[:1]
        case "multipart/related":
            return parts[:1] + [p for p in parts[1:] if len(_bytes(p)) > _MAX_LOGO]
        case _:
            return parts


def _is_attachment(part: Part, kind: str) -> bool:
    if kind not in _TEXTS and not kind.startswith("multipart/"):
        return True
    if "content-disposition" not in part:
        return False
    named = parameter(part, "filename", "content-disposition") or parameter(part, "name")
    return part.get_content_disposition() == "attachment" or bool(named)


def _bytes(part: Part) -> bytes:
    """What a leaf holds, its transfer encoding off."""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _words(part: Part, kind: str) -> str | None:
    """The text of a leaf, plain where a multipart lacks its parts; None if it is an attachment."""
    if _is_attachment(part, kind) or part.is_multipart():
        return None
    data = _bytes(part)
    if len(data) > 4 * MAX_TEXT:
        data = data[: data.rfind(b"\n", 0, 4 * MAX_TEXT)]  # at a line's end, so as not to cut a character in two
    text = decode(data, parameter(part, "charset"))[:MAX_TEXT]
    if kind == "text/html":
        from inbound.html import to_text  # loaded with the first mail in HTML: the parser takes 5 MB

        return to_text(text)
    if parameter(part, "format").lower() == "flowed":
        return unflow(text, delete_space=parameter(part, "delsp").lower() == "yes")
    return text
