"""The parts that belong to an HTML text (``multipart/related``, RFC 2387), and which of them somebody meant to send.

Logos of signatures and pictures in quotes come along by themselves. Small ones are never counted; large ones where the
text shows them, and not if it is in what is cut off.
"""

from collections.abc import Sequence

from inbound.headers import parameter
from inbound.mime_parts import Part, parts_of
from inbound.quotes import own_words
from inbound.texts import markup_of
from inbound.transfer import content

_MAX_LOGO = 15_000  # bytes
_STAND_INS = range(0xFDD8, 0xFDF0)
"""Characters that stand for pictures, and that nobody writes."""


def root(part: Part, inner: Sequence[Part]) -> tuple[Part, list[Part]]:
    """The part that the others belong to, and those."""
    start = parameter(part, "start").strip("<> ")
    named = (each for each in inner if start and _content_id(each) == start)
    texts = (each for each in inner if each.get_content_maintype() in {"text", "multipart"})
    found = next(named, None) or next(texts, inner[0])
    return found, [each for each in inner if each is not found]


def meant(text: Part, others: Sequence[Part]) -> int:
    """How many of the parts that belong to a text are more than what came along with a signature or a quote."""
    large = [part for part in others if len(content(part)) > _MAX_LOGO]
    source = _markup(text) if large else ""
    if not source:
        return len(large)
    from inbound.html import shown_in, to_text  # loaded with the first mail in HTML

    shown = shown_in(source)
    chars = {_content_id(part): chr(char) for part, char in zip(large, _STAND_INS, strict=False)}
    kept = own_words(to_text(source, chars)).own
    return sum(_content_id(part) not in shown or chars.get(_content_id(part), kept) in kept for part in large)


def _markup(part: Part) -> str:
    """The first HTML text in a part."""
    return next((markup_of(each) for each in (part, *parts_of(part)) if each.get_content_type() == "text/html"), "")


def _content_id(part: Part) -> str:
    return str(part.get("content-id", "")).strip("<> \t\r\n")
