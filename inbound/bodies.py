"""Which parts of a mail hold a person's words, what they say, and what else it brought along.

Of alternatives one counts, of signed mail what was signed, of a group of related parts the first. The rest are
attachments, unless a program put them there by itself: signatures, keys, calendars, small pictures, and those that
stand in what was quoted or signed with. Depth and number of parts are bounded.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from inbound import pictures, sealed, tnef
from inbound.headers import header, parameter
from inbound.mime_parts import Part, parse, parts_of
from inbound.texts import MAX_TEXT, from_html, text_of
from inbound.transfer import content
from inbound.wrapping import looks_wrapped, unwrap_like

MAX_DEPTH = 20
MAX_OPENED = 5
"""Parts of one mail that are opened because a mail is packed up in them (S/MIME, ``winmail.dat``): in a few bytes there
may be hundreds more, and so on in each of them."""
MAX_READ = 6 * MAX_TEXT
"""Characters that are read in all parts of one mail, of each no more than MAX_TEXT: HTML takes long."""

_LONGEST_EXCUSE = 300

_PLAIN = frozenset(
    {"text/plain", "text/markdown", "text/x-markdown", "text/x-plain", "text/unknown", "application/pgp"}
)
_TEXTS = _PLAIN | {"text/html", "text/enriched", "text/richtext", "text/rtf"}
_MACHINERY = frozenset(
    {
        "application/applefile",
        "application/ics",
        "application/pgp-encrypted",
        "application/pgp-keys",
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/smil",
        "application/x-pkcs7-signature",
        "message/delivery-status",
        "message/disposition-notification",
        "text/rfc822-headers",
    }
)
_MAILS = frozenset({"message/rfc822", "message/global"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pgp-encrypted", "application/x-microsoft-rpmsg-message"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_PLACEHOLDER = re.compile(r"\[(?:cid:[^\]\s]{1,200}|image: [^\]\n]{1,200})\]")
"""Where the HTML twin has a picture."""

_UUENCODED = re.compile(
    r"^begin [0-7]{3,4} \S[^\n]{0,200}\n(?:M[ -`]{59,61}\n)*+(?:[ -L][ -`]{0,60}\n)?(?:`?[ \t]*\n)?end[ \t]*$",
    re.MULTILINE,
)


@dataclass(slots=True)
class Found:
    """What was found in a part.

    ``texts``     the words, in order; those of HTML with the marks of ``inbound.html``.
    ``dropped``   how many attachments there are.
    ``sealed``    something in it is encrypted.
    ``spare``     texts that only count if there are no others: a phone's, which have names as attachments do, and
                  Outlook's, in its own form; each with how many attachments it is.
    ``mails``     those among the attachments that are whole mails.
    """

    texts: list[str] = field(default_factory=list)
    dropped: int = 0
    sealed: bool = False
    spare: list[tuple[str, int]] = field(default_factory=list)
    mails: list[Part] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        self.texts += other.texts
        self.dropped += other.dropped
        self.sealed |= other.sealed
        self.spare += other.spare
        self.mails += other.mails

    @property
    def says_something(self) -> bool:
        return any(text.strip() for text in self.texts)


class _Effort:
    """What a mail may cost, wherever in it that is."""

    def __init__(self) -> None:
        self._opened = self._read = 0
        self._meant: dict[Part, int] = {}

    def may_open(self) -> bool:
        """Whether one more part may be opened, which counts it."""
        self._opened += 1
        return self._opened <= MAX_OPENED

    def may_read(self, part: Part) -> bool:
        """Whether one more text may be read, which counts it. What is called plain may be HTML as well."""
        self._read += min(len(part.body), MAX_TEXT)
        return self._read <= MAX_READ

    def meant(self, root: Part, rest: Sequence[Part]) -> int:
        """How many pictures somebody meant to send with a text: looked at once, however often it is asked."""
        if root not in self._meant:
            self._meant[root] = pictures.meant(root, rest) if self.may_read(root) else len(rest)
        return self._meant[root]


class _Place(NamedTuple):
    """How deep in a mail a part stands."""

    effort: _Effort
    depth: int = 0

    def below(self) -> "_Place":
        return _Place(self.effort, self.depth + 1)


def words_in(part: Part) -> Found:
    """All that a mail says, and what it brought along."""
    found = _in(part, _Place(_Effort()))
    if not found.says_something and found.spare:
        found.texts = [text for text, _ in found.spare]
        found.dropped -= sum(count for _, count in found.spare)
    return found


def adds_nothing(subject: str, mail: Part) -> bool:
    """Whether a subject says no more than that this mail is passed on: it is none or that of the mail, with at most a
    word before it."""
    theirs = header(mail, "subject")
    return not subject or (subject.endswith(theirs) if theirs else subject.endswith(":"))


def forwarded(found: Found, subject: str) -> Found | None:
    """What a mail says that was forwarded as an attachment and without a word: nothing else came with it, and the
    ``subject`` adds nothing. Another one is the person's, and is all they say."""
    if found.says_something or found.sealed or len(found.mails) != 1 or found.dropped != 1:
        return None
    (mail,) = found.mails
    if not adds_nothing(subject, mail):
        return None
    within = words_in(mail)
    return within if within.says_something or within.sealed else None


def _in(part: Part, place: _Place) -> Found:
    kind = part.get_content_type()
    if kind in _ENCRYPTED:
        return Found(sealed=True)
    inner = parts_of(part) if kind.startswith("multipart/") and place.depth < MAX_DEPTH else []
    if not inner:
        return _leaf(part, kind, place)
    match kind:
        case "multipart/alternative":
            return _choose(inner, place)
        case "multipart/signed":
            return _in(inner[0], place.below())
        case "multipart/related":
            return _related(part, inner, place)
        case _:
            found = Found()
            for each in inner:
                found.add(_in(each, place.below()))
            return found


def _choose(alternatives: Sequence[Part], place: _Place) -> Found:
    """The plain text if it says anything, else the last and richest alternative that does."""
    for part in alternatives:
        if part.get_content_type() != "text/plain" or _is_attachment(part, "text/plain"):
            continue
        plain = text_of(part) if place.effort.may_read(part) else ""
        if plain.strip() and not _is_excuse(plain):
            plain = _PLACEHOLDER.sub("", plain)
            others = [other for other in alternatives if other is not part]
            if looks_wrapped(plain):
                twins = (text for other in others for text in _in(other, place.below()).texts)
                plain = unwrap_like(plain, "\n".join(twins))
            return Found([plain], sum(_dropped_beside(other, place.below()) for other in others))
    for part in reversed(alternatives):
        found = _in(part, place.below())
        if found.says_something or found.sealed:
            return found
    return _leaf(alternatives[0], alternatives[0].get_content_type(), place.below())


def _is_excuse(plain: str) -> bool:
    """Whether a plain text only says that there is one in HTML."""
    if len(plain) > _LONGEST_EXCUSE or "html" not in (words := plain.lower()):
        return False
    return any(word in words for word in ("view", "client", "support", "display", "browser", "reader", "program"))


def _dropped_beside(part: Part, place: _Place) -> int:
    """How many attachments lie within an alternative that was not chosen."""
    inner = parts_of(part) if part.get_content_type().startswith("multipart/") and place.depth < MAX_DEPTH else []
    below = place.below()
    if part.get_content_type() == "multipart/related" and inner:
        root, rest = pictures.root(part, inner)
        return _dropped_beside(root, below) + place.effort.meant(root, rest)
    return sum(_is_dropped(each) if not parts_of(each) else _dropped_beside(each, below) for each in inner)


def _related(part: Part, inner: Sequence[Part], place: _Place) -> Found:
    root, rest = pictures.root(part, inner)
    found = _in(root, place.below())
    if root.get_content_maintype() in {"text", "multipart"}:
        found.dropped += place.effort.meant(root, rest)
    else:  # a phone's message, whose first part only says how to show the others
        for each in rest:
            found.add(_in(each, place.below()))
    return found


def _leaf(part: Part, kind: str, place: _Place) -> Found:
    """What a part without parts is: words, something that was packed up, or an attachment."""
    if part.is_multipart():  # a mail, or parts that are too deep
        return Found(dropped=kind not in _MACHINERY, mails=parts_of(part) if kind in _MAILS else [])
    name = _name(part)
    if kind in _TNEF or name == "winmail.dat":
        return _from_outlook(part) if place.effort.may_open() else Found(dropped=1)
    if name == "smime.p7m" or (kind in _SMIME and (not name or not place.depth)):  # with another name it is a file
        return _from_smime(part, place) if place.depth < MAX_DEPTH and place.effort.may_open() else Found(dropped=1)
    if not _is_attachment(part, kind):
        if not place.effort.may_read(part):
            return Found(dropped=1)
        text = text_of(part)
        bare, dropped = _UUENCODED.subn("", text) if "\nend" in text else (text, 0)
        return Found([bare], dropped)
    if kind == "text/plain" and (part.get_content_disposition() != "attachment" or name.startswith("text_")):
        return Found(dropped=1, spare=[(text_of(part), 1)])
    return Found(dropped=_is_dropped(part))


def _from_outlook(part: Part) -> Found:
    read = tnef.read(content(part))
    if read is None:
        return Found(dropped=1)
    return Found(dropped=read.attachments, spare=[(read.text or from_html(read.html), 0)])


def _from_smime(part: Part, place: _Place) -> Found:
    match sealed.opened(content(part)):
        case sealed.Sealed():
            return Found(sealed=True)
        case sealed.Opened(b""):
            return Found()
        case sealed.Opened(inside):
            mail = parse(inside)
            return _in(mail, place.below()) if "content-type" in mail else Found(dropped=1)
        case None:
            return Found(dropped=1, sealed="enveloped" in parameter(part, "smime-type").lower())


def _is_attachment(part: Part, kind: str) -> bool:
    """Whether a part is more, or less, than a text to be read where it stands."""
    if kind not in _TEXTS and not kind.startswith("multipart/"):
        return True
    return bool(_name(part)) or part.get_content_disposition() == "attachment"


def _is_dropped(part: Part) -> bool:
    """Whether the sender is to hear of it."""
    kind = part.get_content_type()
    calendar = kind == "text/calendar" and bool(parameter(part, "method"))
    return not calendar and kind not in _MACHINERY and _is_attachment(part, kind)


def _name(part: Part) -> str:
    if "content-disposition" not in part and "name" not in part.get("content-type", ""):
        return ""
    return (parameter(part, "filename", "content-disposition") or parameter(part, "name")).lower()
