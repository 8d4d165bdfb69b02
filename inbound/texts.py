"""The text of a part that holds one, whatever form it is in, as plain text."""

import re

from inbound import enriched, rtf, sealed
from inbound.charsets import decode, is_known
from inbound.headers import parameter
from inbound.mime_parts import Part
from inbound.transfer import text_content
from inbound.wrapping import unflow

MAX_TEXT = 100_000
"""Characters of text that are looked at; a post has 140."""

_MAX_MARKUP = 512 * 1024
_DOCUMENT = re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]{1,200}charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)


def text_of(part: Part) -> str:
    """What a part says; lines of HTML that are not the person's own have the mark of ``inbound.quotes``."""
    match part.get_content_type():
        case "text/html":
            return from_html(markup_of(part))
        case "text/rtf":
            return rtf.to_text(text_content(part))
        case "text/enriched" | "text/richtext":
            return enriched.to_text(_decoded(part))
        case _:
            return _plain(part)


def markup_of(part: Part) -> str:
    """The HTML in a part, in the charset that its label says, or else its own head."""
    data = _up_to(text_content(part), _MAX_MARKUP)
    charset = parameter(part, "charset")
    if not is_known(charset) and (named := _CHARSET.search(data, 0, 4_000)):
        charset = named.group(1).decode()
    return decode(data, charset)


def from_html(source: str) -> str:
    """The words of some HTML."""
    if not source:
        return ""
    from inbound.html import to_text  # loaded with the first mail in HTML: the parser takes 5 MB

    return to_text(source)


def _plain(part: Part) -> str:
    text = _decoded(part)
    if _DOCUMENT.match(text):
        return from_html(text)
    if parameter(part, "format").lower() == "flowed":
        text = unflow(text, delete_space=parameter(part, "delsp").lower() == "yes")
    return sealed.unframed(text)


def _decoded(part: Part) -> str:
    return decode(_up_to(text_content(part), 4 * MAX_TEXT), parameter(part, "charset"))[:MAX_TEXT]


def _up_to(data: bytes, most: int) -> bytes:
    """The first lines of what is longer than ``most``, so as not to cut a character in two."""
    return data if len(data) <= most else data[: data.rfind(b"\n", 0, most)]
