"""HTML mail as text: what was quoted or signed with is taken out of the tree first, where mail programs mark it."""

import re
from html import unescape

from inscriptis import Inscriptis  # type: ignore[import-untyped]  # the package has no types
from inscriptis.css_profiles import CSS_PROFILES  # type: ignore[import-untyped]  # the package has no types
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]  # the package has no types
from lxml.etree import LxmlError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

MAX_HTML = 100_000
"""Characters of HTML that are looked at."""

_MAX_BROKEN = 10_000
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"], display_images=False, display_links=False)
_BLANK_LINES = re.compile(r"\n[ \t\xa0]*\n(?:[ \t\xa0]*\n)+")
_NOT_SHOWN = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")

_QUOTE_CLASSES = frozenset(
    {
        "gmail_attr",
        "gmail_signature",
        "gmail_signature_prefix",
        "moz-cite-prefix",
        "moz-signature",
        "k9mail-signature",
        "protonmail_quote",
        "protonmail_signature_block",
        "tutanota_quote",
        "yahoo_quoted",
    }
)
_SIGNATURE_ID = re.compile(r"(?:x_)*(Signature|ms-outlook-mobile-signature|AppleMailSignature)$", re.IGNORECASE)
_HISTORY_ID = re.compile(r"(?:x_)*(divRplyFwdMsg|appendonsend|mail-editor-reference-message-container)$", re.IGNORECASE)


def to_text(source: str) -> str:
    """The words of an HTML mail, block by block on lines of their own; links and pictures leave only their words.

    If taking the quotes out leaves nothing, they stay in. Markup that the parser gives up on loses its tags only.
    """
    source = source[:MAX_HTML]
    try:
        tree = _tree(source)
        _drop_history(tree)
        return _render(tree) or _render(_tree(source)) or _strip_tags(source)
    except (LxmlError, ValueError, LookupError, TypeError, AttributeError, RecursionError):  # markup beyond the library
        return _strip_tags(source)


def _tree(source: str) -> HtmlElement:
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return document_fromstring(source.encode("utf-8", "replace"), parser=parser)


def _render(tree: HtmlElement) -> str:
    text = Inscriptis(tree, _CONFIG).get_text()
    return _BLANK_LINES.sub("\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip()


def _drop_history(tree: HtmlElement) -> None:
    for element in list(tree.iter("blockquote", "div", "span", "pre", "table", "p")):
        name = element.get("id", "")
        classes = element.get("class", "").split()
        cited = element.tag == "blockquote" and (element.get("type") == "cite" or "gmail_quote" in classes)
        if cited or _SIGNATURE_ID.match(name) or not _QUOTE_CLASSES.isdisjoint(classes):
            _drop(element)
        elif _HISTORY_ID.match(name):
            for later in list(element.itersiblings()):
                _drop(later)
            _drop(element)


def _drop(element: HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _strip_tags(source: str) -> str:
    source = source[:_MAX_BROKEN]
    return unescape(_TAG.sub(" ", _NOT_SHOWN.sub(" ", source))).strip()
