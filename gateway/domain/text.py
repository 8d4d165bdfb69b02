"""What a post's text is: its normal form, its length, the people, tags and links in it, and how too much of it is cut.

The rules for mentions, tags and links are the ones people know from other sites of this kind: ``@name`` and ``#tag``
stand apart from the word before them, a tag has a letter in it, a link ends before the punctuation of its sentence.
Everything here takes time linear in the length of the text, whatever the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain.types import MAX_LENGTH

_LINE_END = re.compile("\r\n?|\x85")
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_OUTER = "".join(chr(c) for c in (*range(0x20), 0x20, 0xA0, 0x1680, *range(0x2000, 0x200C), 0x2028, 0x2029)) + (
    "\u202f\u205f\u2060\u3000\ufeff"
)
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0" + "".join(map(chr, range(0xFE00, 0xFE10))))
_LONGEST_MARKS = 30  # on one letter; more is no language
_SHORT = 1000

_ELLIPSIS = "…"
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # two of them are one flag


# ---- the normal form


def normalise(raw: str) -> str:
    """The one form in which text is counted, compared, kept and sent.

    NFC; every line end is ``\\n``; control characters (but newline and tab), lone surrogates and U+FFFE/U+FFFF are
    out, because XML and databases refuse them; white space at both ends is off, the invisible kind too.
    """
    if raw.isascii() and raw.isprintable():
        return raw.strip()
    text = _LINE_END.sub("\n", raw)
    if _NOT_TEXT.search(text):
        if _SURROGATE.search(text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
        text = _NOT_TEXT.sub("", text)
    return recompose(text).strip(_OUTER)


def recompose(text: str) -> str:
    """``text`` in NFC. Sorting the marks on one letter takes the square of their number, so in long texts their runs
    are interrupted first, as Unicode UAX 15 says (stream-safe text)."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text if len(text) <= _SHORT else _stream_safe(text))


def _stream_safe(text: str) -> str:
    pieces: list[str] = []
    marks = 0
    for c in text:
        marks = marks + 1 if unicodedata.combining(c) else 0
        if marks > _LONGEST_MARKS:
            pieces.append("\u034f")
            marks = 1
        pieces.append(c)
    return "".join(pieces)


def length(text: str) -> int:
    """How many characters of a post's 140 the text takes: code points of its normal form."""
    return len(normalise(text))


def is_blank(text: str) -> bool:
    """Whether nobody could see anything of it: empty, or nothing but white space, joiners, fillers and the like."""
    return all(c.isspace() or c in _UNSEEN or unicodedata.category(c) in ("Cf", "Cc") for c in text)


# ---- mentions, tags, links


@dataclass(frozen=True, slots=True)
class Plain:
    """A stretch of text that is nothing special."""

    text: str


@dataclass(frozen=True, slots=True)
class Mention:
    """``@name`` as written in ``text``; ``name`` in lower case."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """``#tag`` as written in ``text``; ``tag`` case-folded and without its ``#``."""

    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A web address as written in ``text``; ``url`` is what it points to, scheme included."""

    url: str
    text: str


Part = Plain | Mention | Tag | Link

# A letter of a script written without spaces, such punctuation, or an emoji ends a link: the sentence goes on there.
_URL_CHARACTER = (
    r"[^\s<>\"“”„«»‹›‘’`…—\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U0001f000-\U0003ffff]"
)
_SPECIAL = re.compile(
    rf"""
    (?P<link> (?<![0-9A-Za-z@＠$\#＃]) (?: https?://(?=[\w\[]) | www\.(?=[\w-]{{1,63}}\.\w) ) {_URL_CHARACTER}+ )
  | (?<![0-9A-Za-z_À-ɏ@＠/\#＃$]) (?<!\+…) [@＠] (?P<name>[A-Za-z0-9_]{{1,15}}) (?![A-Za-z0-9_À-ɏ@＠]|://)
  | (?P<hash> (?<![\w&/\#＃]) [\#＃] (?=\w) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LEADING_MENTION = re.compile(r"[@＠]([A-Za-z0-9_]{1,15})(?![A-Za-z0-9_À-ɏ@＠]|://)")
_AFTER_LINK = frozenset(".,:;!?'*|\\^{}[(~")
_LONGEST_TAG = MAX_LENGTH - 1
_INSIDE_TAG = frozenset("_\u200c\u200d\u00b7\u30fb\u05f3\u05f4\u0f0b")


def parts(text: str) -> list[Part]:
    """Split a text for linking; the parts' ``text`` joined is the text again."""
    found: list[Part] = []
    done = 0
    for start, end, part in _special(text):
        if start > done:
            found.append(Plain(text[done:start]))
        found.append(part)
        done = end
    if done < len(text):
        found.append(Plain(text[done:]))
    return found


def mentions(text: str) -> list[str]:
    """The names mentioned, in lower case, in order, each once; never from inside a mail address or a link."""
    if "@" not in text and "＠" not in text:
        return []
    return list(dict.fromkeys(part.name for _, _, part in _special(text) if isinstance(part, Mention)))


def leading_mention(text: str) -> str | None:
    """The name of the person a text is addressed to: it begins with ``@name``."""
    match = _LEADING_MENTION.match(text)
    return match[1].lower() if match else None


def tags(text: str) -> list[str]:
    """The tags of a text, case-folded and without ``#``, in order, each once."""
    if "#" not in text and "＃" not in text:
        return []
    return list(dict.fromkeys(part.tag for _, _, part in _special(text) if isinstance(part, Tag)))


def _special(text: str) -> Iterator[tuple[int, int, Mention | Tag | Link]]:
    """Everything that is not plain, with where it starts and ends."""
    at = 0
    while match := _SPECIAL.search(text, at):
        start, at = match.span()
        if match["link"]:
            end = start + _link_length(match["link"])
            written = text[start:end]
            if "." in written or "://" in written:
                at = end
                yield start, end, Link(written if "://" in written[:8] else f"http://{written}", written)
        elif match["name"]:
            yield start, at, Mention(match["name"].lower(), match[0])
        else:
            at = _tag_end(text, at)
            word = text[start + 1 : at]
            folded = recompose(word.casefold())
            joined = text.startswith(("#", "＃", "://"), at)
            if len(folded) <= _LONGEST_TAG and any(c.isalpha() for c in folded) and not joined:
                yield start, at, Tag(folded, text[start:at])


def _link_length(link: str) -> int:
    """How much of the characters is link: the sentence's punctuation and a closing bracket it did not open are not."""
    end, unopened = len(link), link.count(")") - link.count("(")
    while end and (link[end - 1] in _AFTER_LINK or (link[end - 1] == ")" and unopened > 0)):
        end -= 1
        unopened += {"(": 1, ")": -1}.get(link[end], 0)
    return end


def _tag_end(text: str, at: int) -> int:
    start = at
    while at < len(text) and (
        text[at].isalnum() or text[at] in _INSIDE_TAG or unicodedata.category(text[at])[0] == "M"
    ):
        at += 1
    while at > start and text[at - 1] in _INSIDE_TAG and text[at - 1] != "_":
        at -= 1
    return at


# ---- too long


def shorten(text: str, link: str) -> str:
    """At most 140 characters: ``text`` cut at a word, "…" and ``link`` (the page where the whole stands, at most 100
    characters long). No link, mention or tag is cut through: half of one would lead elsewhere. Text that needs no
    cutting comes back as it is."""
    if len(text) <= MAX_LENGTH:
        return text
    cut = _cut(text, max(MAX_LENGTH - len(link) - 2, 0))
    return f"{text[:cut].rstrip().rstrip(',;:')}{_ELLIPSIS} {link}"


def split(text: str, most: int = 3) -> list[str] | None:
    """``text`` as at most ``most`` numbered pieces of at most 140 characters, cut at words: "(1/3) …"; None when it
    would need more. What is addressed to somebody stays so: each piece begins with that ``@name``."""
    if len(text) <= MAX_LENGTH:
        return [text]
    start = ""
    if match := _LEADING_MENTION.match(text):
        start, text = f"{match[0]} ", text[match.end() :].lstrip(" \n:,")
    room = MAX_LENGTH - len(start) - len("(1/3) ")
    pieces: list[str] = []
    while text:
        if len(pieces) == most:
            return None
        cut = len(text) if len(text) <= room else _cut(text, room) or room
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [f"{start}({i}/{len(pieces)}) {piece}" for i, piece in enumerate(pieces, 1)]


def _cut(text: str, room: int) -> int:
    """Where to cut a text that is longer than ``room``: before the last word that does not fit; inside it, between
    two visible characters, if it is a giant one, unless it is a link or the like: 0 when the text begins with that."""
    at = room
    while at and not text[at].isspace():
        at -= 1
    if at >= room // 2:
        return at
    at = room
    while at > room // 2 and _clings(text, at):
        at -= 1
    cut = at if not _clings(text, at) else room
    return next((start for start, end, _ in _special(text[: 2 * MAX_LENGTH]) if start < cut < end), cut)


def _clings(text: str, at: int) -> bool:
    """Whether the character at ``at`` belongs to the one before it: marks, joiners, skin tones, halves of flags."""
    c, before = text[at], text[at - 1]
    return (
        c == "\u200d"
        or before == "\u200d"
        or unicodedata.category(c)[0] == "M"
        or "\U0001f3fb" <= c <= "\U0001f3ff"
        or (c in _FLAG_LETTERS and (at - len(text[:at].rstrip(_FLAG_LETTERS))) % 2 == 1)
    )
