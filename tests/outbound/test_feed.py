"""The feed writers: what is in the bytes, and that nothing else is."""

import json
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.feed import Feed, Format, Item, render
from outbound.linking import linked

AT = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)
ITEM = Item(
    id="https://b.example/posts/7",
    url="https://b.example/@alice/7",
    title="alice: 1 < 2 & so on",
    html='1 &lt; 2 &amp; <a href="https://b.example/tags/so">#so</a> on',
    author="alice",
    author_url="https://b.example/@alice",
    published=AT,
    tags=("so",),
)
FEED = Feed("B", "All of B", "https://b.example/", "https://b.example/public.rss", (ITEM,))


@pytest.mark.parametrize("kind", [Format.RSS, Format.ATOM])
def test_a_reader_finds_title_words_address_author_date_and_tags(kind: Format) -> None:
    found = feedparser.parse(render(FEED, kind))
    assert not found.bozo
    assert (found.feed.title, found.feed.link) == ("B", "https://b.example/")
    [entry] = found.entries
    assert (entry.title, entry.link, entry.id, entry.author) == (ITEM.title, ITEM.url, ITEM.id, "alice")
    assert entry.published_parsed[:6] == (2026, 11, 22, 10, 0, 30)
    assert [tag.term for tag in entry.tags] == ["so"]
    assert "https://b.example/tags/so" in (entry.summary if kind is Format.RSS else entry.content[0].value)
    assert any(link.rel == "self" and link.href == FEED.self_url for link in found.feed.links)


def test_rss_names_no_author_but_a_creator_and_its_guid_outlives_a_renaming() -> None:
    root = ET.fromstring(render(FEED, Format.RSS))  # noqa: S314  # our own bytes
    item = root.find("channel/item")
    assert item is not None
    assert item.find("author") is None
    guid = item.find("guid")
    assert guid is not None
    assert (guid.text, guid.attrib) == (ITEM.id, {"isPermaLink": "true"})
    assert root.findtext("channel/lastBuildDate") == "Sun, 22 Nov 2026 10:00:30 GMT"


def test_json_feed_says_its_version_and_gives_dates_with_a_zone() -> None:
    found = json.loads(render(FEED, Format.JSON))
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    [item] = found["items"]
    assert (item["id"], item["url"]) == (ITEM.id, ITEM.url)
    assert item["date_published"] == "2026-11-22T10:00:30+00:00"
    assert item["authors"] == [{"name": "alice", "url": ITEM.author_url}]
    assert item["tags"] == ["so"]


@pytest.mark.parametrize("kind", list(Format))
def test_an_empty_feed_is_a_feed(kind: Format) -> None:
    empty = Feed("B", "All of B", "https://b.example/", "https://b.example/x", ())
    if kind is Format.JSON:
        assert json.loads(render(empty, kind))["items"] == []
    else:
        assert not feedparser.parse(render(empty, kind)).bozo


def test_a_post_without_a_title_has_none_except_in_atom_which_must() -> None:
    feed = Feed(
        "B", "", "https://b.example/", "https://b.example/x", (Item(ITEM.id, ITEM.url, "", "hi", "alice", "", AT),)
    )
    assert b"<item><link>" in render(feed, Format.RSS)
    assert "title" not in json.loads(render(feed, Format.JSON))["items"][0]
    assert feedparser.parse(render(feed, Format.ATOM)).entries[0].title == "alice"


@given(text=st.text(), kind=st.sampled_from(Format))
def test_no_text_breaks_a_feed_and_the_same_feed_has_the_same_bytes(text: str, kind: Format) -> None:
    item = Item(
        id="https://b.example/posts/1",
        url="https://b.example/@a/1",
        title=text,
        html=linked(text, "https://b.example"),
        author=text,
        author_url="https://b.example/@a",
        published=AT,
        tags=(text,),
    )
    feed = Feed(text, text, "https://b.example/", "https://b.example/x", (item,))
    written = render(feed, kind)
    assert written == render(feed, kind)
    if kind is Format.JSON:
        json.loads(written)
    else:
        ET.fromstring(written)  # noqa: S314  # our own bytes


def test_names_tags_and_addresses_become_absolute_links_and_the_rest_is_escaped() -> None:
    html = linked('@Bob <b> #Café "q" https://x.example/?a=1&b=ü.\nnext', "https://b.example")
    assert '<a href="https://b.example/@bob" dir="ltr">@Bob</a> &lt;b&gt; ' in html
    assert '<a href="https://b.example/tags/caf%C3%A9" rel="tag" dir="auto">#Café</a>' in html
    assert 'href="https://x.example/?a=1&amp;b=%C3%BC"' in html
    assert html.endswith(".<br>\nnext")
    assert linked("!garden מי משקה?", "https://b.example") == "<bdi>!garden</bdi> מי משקה?"
    assert linked("!important", "https://b.example") == "!important"


@given(st.text(alphabet="<>\"'&@#ab:/. \n"))
def test_no_text_brings_markup_of_its_own(text: str) -> None:
    root = ET.fromstring(f"<p>{linked(text, 'https://b.example').replace('<br>', '<br/>')}</p>")  # noqa: S314  # our own bytes
    assert {element.tag for element in root.iter()} <= {"p", "a", "br"}
    assert "".join(root.itertext()) == text
