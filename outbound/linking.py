"""A post's words as HTML: names, tags and addresses become absolute links, all else is escaped.

Names and addresses say that they are written from left to right, since they are, amid Hebrew or Arabic, too, and tags
that they have a way of their own: so each keeps its sign before it. What says so is passed over when a browser looks
which way the whole is written (``dir="auto"``): answers, which begin with a name, and words to a group are not English
for that.
"""

import re
from html import escape
from urllib.parse import quote

from gateway.domain.text import Link, Mention, Plain, Tag, parts

_KEPT = "!#$%&'()*+,/:;=?@[]~"
"""What a web address may hold as it is (RFC 3986 2.2), and ``%``, which is an escape that stands already."""

_TO_A_GROUP = re.compile(r"!\w{1,15}(?= )", re.ASCII)


def linked(text: str, public_url: str) -> str:
    """HTML for ``text``, its line breaks kept as ``<br>``. ``public_url`` has no trailing slash."""
    group = _TO_A_GROUP.match(text)
    to, rest = (f"<bdi>{group[0]}</bdi>", text[group.end() :]) if group else ("", text)
    return to + "".join(_html(part, public_url) for part in parts(rest)).replace("\n", "<br>\n")


def tag_url(tag: str, public_url: str) -> str:
    """The address of a tag's page."""
    return f"{public_url}/tags/{quote(tag, safe='')}"


def _html(part: Plain | Mention | Tag | Link, public_url: str) -> str:
    match part:
        case Plain(words):
            return escape(words)
        case Mention(name, words):
            return f'<a href="{escape(public_url)}/@{name}" dir="ltr">{escape(words)}</a>'
        case Tag(tag, words):
            return f'<a href="{escape(tag_url(tag, public_url))}" rel="tag" dir="auto">{escape(words)}</a>'
        case Link(url, words):
            return f'<a href="{escape(quote(url, safe=_KEPT))}" rel="nofollow noopener" dir="ltr">{escape(words)}</a>'
