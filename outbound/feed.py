"""Feeds as bytes: one model, three writers: RSS 2.0, Atom 1.0 (RFC 4287) and JSON Feed 1.1.

The bytes depend on nothing but the feed: the dates are its items' own, never now, so an unchanged feed has an
unchanged digest. Control characters that XML 1.0 forbids are taken out here again, whatever the store holds, since
one of them would cost the reader the whole feed.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from xml.etree import ElementTree as ET

_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TTL_MINUTES = "5"

ET.register_namespace("atom", _ATOM)
ET.register_namespace("dc", _DC)


class Format(StrEnum):
    """The three formats, by the ending of their addresses."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """Its media type, without the charset, which is always UTF-8."""
        return f"application/{'feed+json' if self is Format.JSON else f'{self}+xml'}"


@dataclass(frozen=True, slots=True)
class Item:
    """One post; it is never edited.

    ``id``     its identity for ever, an address that leads to its page; ``url`` is that page, which may move when the
               author takes another name.
    ``title``  the words on one line; empty for none, which RSS and JSON Feed allow, and Atom fills with the author.
    ``html``   the words as HTML, all its links absolute.
    ``tags``   without their ``#``.
    """

    id: str
    url: str
    title: str
    html: str
    author: str
    author_url: str
    published: datetime
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed and the page it belongs to. ``url`` is the page, ``self_url`` where these very bytes are served, ``hub``
    who tells of news in it (WebSub), empty for nobody."""

    title: str
    description: str
    url: str
    self_url: str
    items: tuple[Item, ...]
    hub: str = ""

    @property
    def updated(self) -> datetime:
        """When it last gained an item; 1970 when it is empty."""
        return max((item.published for item in self.items), default=_EPOCH)


def render(feed: Feed, kind: Format) -> bytes:
    """The feed in that format, UTF-8."""
    return _WRITERS[kind](feed)


def rss(feed: Feed) -> bytes:
    """RSS 2.0 (rssboard.org/rss-specification). No ``author``, since that must be a mail address: ``dc:creator``."""
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.url)
    _add(channel, "description", feed.description)
    ET.SubElement(channel, f"{{{_ATOM}}}link", rel="self", type=Format.RSS.media_type, href=feed.self_url)
    if feed.hub:
        ET.SubElement(channel, f"{{{_ATOM}}}link", rel="hub", href=feed.hub)
    if feed.items:
        _add(channel, "lastBuildDate", format_datetime(feed.updated, usegmt=True))
    _add(channel, "ttl", _TTL_MINUTES)
    for item in feed.items:
        entry = ET.SubElement(channel, "item")
        if item.title:
            _add(entry, "title", item.title)
        _add(entry, "link", item.url)
        _add(entry, "description", item.html)
        _add(entry, f"{{{_DC}}}creator", item.author)
        for tag in item.tags:
            _add(entry, "category", tag)
        _add(entry, "guid", item.id, isPermaLink="true")
        _add(entry, "pubDate", format_datetime(item.published, usegmt=True))
    return _bytes(root)


def atom(feed: Feed) -> bytes:
    """Atom 1.0 (RFC 4287). A feed's id is the address of its page, an entry's outlives a renaming of its author."""
    root = ET.Element("feed", xmlns=_ATOM)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.description)
    _add(root, "id", feed.url)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=feed.url)
    ET.SubElement(root, "link", rel="self", type=Format.ATOM.media_type, href=feed.self_url)
    if feed.hub:
        ET.SubElement(root, "link", rel="hub", href=feed.hub)
    _add(root, "updated", feed.updated.isoformat(timespec="seconds"))
    if not feed.items:  # where no entry names an author, the feed must (4.1.1)
        _add(ET.SubElement(root, "author"), "name", feed.title)
    for item in feed.items:
        entry = ET.SubElement(root, "entry")
        _add(entry, "title", item.title or item.author)
        _add(entry, "id", item.id)
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=item.url)
        _add(entry, "published", item.published.isoformat(timespec="seconds"))
        _add(entry, "updated", item.published.isoformat(timespec="seconds"))
        author = ET.SubElement(entry, "author")
        _add(author, "name", item.author)
        _add(author, "uri", item.author_url)
        for tag in item.tags:
            ET.SubElement(entry, "category", term=_clean(tag), label=f"#{_clean(tag)}")
        _add(entry, "content", item.html, type="html")
    return _bytes(root)


def json_feed(feed: Feed) -> bytes:
    """JSON Feed 1.1 (jsonfeed.org/version/1.1)."""
    items = [
        {
            "id": item.id,
            "url": item.url,
            **({"title": _clean(item.title)} if item.title else {}),
            "content_html": _clean(item.html),
            "date_published": item.published.isoformat(timespec="seconds"),
            "authors": [{"name": _clean(item.author), "url": item.author_url}],
            **({"tags": [_clean(tag) for tag in item.tags]} if item.tags else {}),
        }
        for item in feed.items
    ]
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _clean(feed.title),
        "description": _clean(feed.description),
        "home_page_url": feed.url,
        "feed_url": feed.self_url,
        **({"hubs": [{"type": "WebSub", "url": feed.hub}]} if feed.hub else {}),
        "items": items,
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _clean(text)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _bytes(root: ET.Element) -> bytes:
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


_WRITERS: dict[Format, Callable[[Feed], bytes]] = {Format.RSS: rss, Format.ATOM: atom, Format.JSON: json_feed}
