"""HTML mail as text; what its markup calls a quote or a signature is marked, line by line, as not the person's own.

A link leaves its words and where it leads, as in the plain text that mail programs write beside their HTML. Nothing
here raises for any markup: what the parser gives up on loses its tags and nothing else.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import islice

from inscriptis import Inscriptis  # type: ignore[import-untyped]  # the package has no types
from inscriptis.css_profiles import CSS_PROFILES  # type: ignore[import-untyped]  # the package has no types
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]  # the package has no types
from lxml.etree import LxmlError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from inbound.quotes import NOT_THEIRS

MAX_HTML = 100_000
"""Characters of HTML that are looked at, without its styles and comments."""

_MAX_BROKEN = 10_000
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"], display_images=False, display_links=False)
_BLANK_LINES = re.compile(r"\n[ \t\xa0]*\n(?:[ \t\xa0]*\n)+")
_NOT_SHOWN = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<(style|script)\b|<!--", re.IGNORECASE)
_ENDS_OF = {
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "": re.compile("-->"),
}
_MAX_QUOTES = 100
_LONGEST_LINK = 300
_WEB = re.compile(r"(?:https?://(?:www\.)?|www\.)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_BEGINS, _ENDS = "\ufdd1", "\ufdd2"
_MARK = re.compile(f"([{_BEGINS}{_ENDS}])")
_MARKS = str.maketrans("", "", f"{NOT_THEIRS}{_BEGINS}{_ENDS}")

_QUOTES = frozenset(
    {
        "gmail_quote",
        "gmail_quote_container",
        "gmail_extra",
        "protonmail_quote",
        "tutanota_quote",
        "yahoo_quoted",
        "zmail_extra",
    }
)
"""Classes of what holds a quote: the quotes within, or all of it if there are none."""

_THEIRS = frozenset(
    {
        "gmail_attr",
        "gmail_signature",
        "gmail_signature_prefix",
        "moz-cite-prefix",
        "moz-forward-container",
        "moz-email-headers-table",
        "moz-signature",
        "k9mail-signature",
        "protonmail_signature_block",
        "tutanota_signature",
        "bloop_sign",
        "__aliyun_signature_wrap",
    }
)
_SIGNATURE_ID = re.compile(
    r"(?:x_)*(?:Signature|ms-outlook-mobile-signature|AppleMailSignature|composer_signature|ntes-\w+-signature"
    r"|reply-intro|isReplyContent|isForwardContent)$",
    re.IGNORECASE,
)
_HISTORY_ID = re.compile(
    r"(?:x_)*(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|OLK_SRC_BODY_SECTION|zwchr)$",
    re.IGNORECASE,
)
_NAMES = frozenset({"quote", "messagereplysection", "isreplycontent"})
_WINGDINGS = {ord(char): sign for char, sign in zip("JKLàßèçóüû", "🙂😐🙁→←⇒⇐⇔✓✗", strict=True)}
"""What Outlook makes of ``:)`` and ``-->``: a letter in a font that has a sign there."""

_WINGDINGS |= {0xF000 + char: sign for char, sign in _WINGDINGS.items()}
_LONGEST_SIGN = 20


def to_text(source: str, pictures: Mapping[str, str] | None = None) -> str:
    """The words of an HTML mail, block by block on lines of their own. Where it shows one of the ``pictures``, which
    are by Content-ID, there stands its character."""
    source = (source if len(source) <= MAX_HTML else _seen(source))[:MAX_HTML].translate(_MARKS)
    try:
        tree = _tree(source)
        for element in list(tree.iter("blockquote", "div", "span", "pre", "table", "p", "hr")):
            if element.attrib:
                _mark(element)
                signs = element.text or ""
                if 0 < len(signs) <= _LONGEST_SIGN and "wingdings" in element.get("style", "").lower():
                    element.text = signs.translate(_WINGDINGS)
        _tell_links(tree)
        _tell_signs(tree)
        if pictures:
            _place(tree, pictures)
        return _render(tree) or _strip_tags(source)
    except (LxmlError, ValueError, LookupError, TypeError, AttributeError, RecursionError):  # markup beyond the library
        return _strip_tags(source)


def shown_in(source: str) -> frozenset[str]:
    """The Content-IDs of the pictures that an HTML mail shows."""
    return frozenset(re.findall(r"cid:([^\"'\s<>)]{1,250})", source[:MAX_HTML]))


def _tree(source: str) -> HtmlElement:
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return document_fromstring(source.encode("utf-8", "replace"), parser=parser)


def _render(tree: HtmlElement) -> str:
    text = Inscriptis(tree, _CONFIG).get_text()
    text = "".join(_lines(text)) if _BEGINS in text else text
    return _BLANK_LINES.sub("\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip()


def _lines(text: str) -> Iterator[str]:
    """The text, with its marked stretches on lines that begin with the one mark that counts."""
    depth = 0
    for piece in _MARK.split(text):
        if piece == _BEGINS:
            yield "" if depth else "\n"
            depth += 1
        elif piece == _ENDS:
            depth = max(0, depth - 1)
            yield "" if depth else "\n"
        elif depth > 0:
            yield "\n".join(f"{NOT_THEIRS}{line.strip()}" if line.strip() else "" for line in piece.split("\n"))
        else:
            yield piece


def _mark(element: HtmlElement) -> None:
    """Put marks round what is not the person's own, as its program says it."""
    name = element.get("id", "")
    classes = frozenset(element.get("class", "").lower().split())
    if element.tag == "blockquote":
        cited = element.get("type") == "cite" or "cite" in element.attrib or "border-left" in element.get("style", "")
        if cited or _SIGNATURE_ID.match(name) or not classes.isdisjoint(_QUOTES):
            _mark_from(element, element)
    elif _HISTORY_ID.match(name) or "outlookmessageheader" in classes:
        *_, last = [element, *element.itersiblings()]
        _mark_from(element, last, after=True)
    elif _SIGNATURE_ID.match(name) or element.get("name", "").lower() in _NAMES or not classes.isdisjoint(_THEIRS):
        _mark_from(element, element)
    elif not classes.isdisjoint(_QUOTES) or any(each.endswith("yahoo_quoted") for each in classes):
        inner = list(islice(element.iter("blockquote"), _MAX_QUOTES))
        for each in inner or [element]:
            _mark_from(each, each)


def _mark_from(first: HtmlElement, last: HtmlElement, *, after: bool = False) -> None:
    """Put marks before the first and behind the last of some siblings, or behind the text ``after`` it as well."""
    parent = first.getparent()
    if parent is None:
        return
    before = first.getprevious()
    if before is None:
        parent.text = f"{parent.text or ''}{_BEGINS}"
    else:
        before.tail = f"{before.tail or ''}{_BEGINS}"
    last.tail = f"{last.tail or ''}{_ENDS}" if after else f"{_ENDS}{last.tail or ''}"


def _tell_links(tree: HtmlElement) -> None:
    """Behind words that are a link, where it leads; unless they say so themselves."""
    for element in tree.iter("a"):
        href = element.get("href", "").strip()
        if not _WEB.match(href) or len(href) > _LONGEST_LINK:
            continue
        words = "".join(islice(element.itertext(), _MAX_QUOTES)).strip()
        if words and not _WEB.match(words) and _bare(href) != _bare(words):
            element.tail = f" <{href}>{element.tail or ''}"


def _tell_signs(tree: HtmlElement) -> None:
    """Where a picture stands in for a character, as some programs send smileys: that character."""
    for element in tree.iter("img"):
        words = element.get("alt", "")[:_LONGEST_SIGN]
        if not words.isascii() and not any(char.isalnum() for char in words):
            element.tail = f"{words}{element.tail or ''}"


def _bare(link: str) -> str:
    return _WEB.sub("", link).rstrip("/").lower()


def _place(tree: HtmlElement, pictures: Mapping[str, str]) -> None:
    for element in tree.iter("img"):
        char = pictures.get(element.get("src", "").removeprefix("cid:"))
        if char:
            element.tail = f" {char} {element.tail or ''}"


def _seen(source: str) -> str:
    """The source without its styles, scripts and comments, which programs put before the first word."""
    kept: list[str] = []
    at = 0
    for found in _UNSEEN.finditer(source):
        if found.start() < at:
            continue
        kind = found.group(1)
        end = _ENDS_OF[kind.lower() if kind else ""].search(source, found.end())
        if end is None:
            break
        kept.append(source[at : found.start()])
        at = end.end()
    return "".join([*kept, source[at:]])


def _strip_tags(source: str) -> str:
    source = source[:_MAX_BROKEN]
    return unescape(_TAG.sub(" ", _NOT_SHOWN.sub(" ", source))).translate(_MARKS).strip()
