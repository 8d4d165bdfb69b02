"""Normal form, length, mentions, tags, links, and cutting."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.text import (
    Link,
    Mention,
    Plain,
    Tag,
    is_blank,
    leading_mention,
    length,
    mentions,
    normalise,
    parts,
    shorten,
    split,
    tags,
)

ANY_TEXT = st.text(st.characters(), max_size=400)
PIECES = [*"ab @#/.:!()_-1é\u0301🎉👨\u200d你ك\n", "http://", "www.", "@bob", "#tag", "://"]
MARKED = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)

# ---- the normal form


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  hi  ", "hi"),
        ("a\r\nb\rc\nd\x85e", "a\nb\nc\nd\ne"),
        ("a\tb", "a\tb"),
        ("a\x00b\x1bc\x7fd\x9be", "abcde"),
        ("\ufeffhi\u200b", "hi"),
        ("\u3000hi\u00a0", "hi"),
        ("e\u0301", "é"),
        ("e\x00\u0301", "é"),
        ("\ud83d\ude00", "😀"),
        ("a\ud83db\ude00", "ab"),
        ("a\ufffeb\uffffc", "abc"),
        ("👨\u200d👩", "👨\u200d👩"),
    ],
)
def test_the_normal_form(raw, text):
    assert normalise(raw) == text


@given(ANY_TEXT)
@example("e\u0301" * 600)
@example("e" + "\u0301\u0316" * 600)
@example("\u1100\u1161\u11a8 \x00\u0301")
def test_a_text_in_normal_form_stays_as_it_is(raw):
    text = normalise(raw)
    assert normalise(text) == text
    assert unicodedata.is_normalized("NFC", text)
    assert text.encode() is not None
    assert text == text.strip()


@pytest.mark.timeout(60)
def test_endless_marks_on_one_letter_cost_no_endless_time():
    text = normalise("e" + "\u0301\u0316" * 500_000)
    assert unicodedata.is_normalized("NFC", text[:2000])


def test_the_length_is_counted_in_code_points_of_the_normal_form():
    assert length(" e\u0301😀 \r\n") == 2
    assert length("👨\u200d👩\u200d👧") == 5


@pytest.mark.parametrize("text", ["", " \n", "\u200d", "\u2800\u3164\ufe0f", "\u2066\u2069"])
def test_what_nobody_can_see_is_blank(text):
    assert is_blank(text)


@pytest.mark.parametrize("text", [".", "\u0301", "  a", "😀\ufe0f"])
def test_what_can_be_seen_is_not_blank(text):
    assert not is_blank(text)


# ---- mentions, tags, links


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Bob and @alice_1, @bob!", ["bob", "alice_1"]),
        (".@bob (@carol) “@dan” -@eve", ["bob", "carol", "dan", "eve"]),
        ("你好@bob你好", ["bob"]),
        ("＠bob", ["bob"]),
        ("mail bob@example.com or a.b@c.org", []),
        ("@bob@example.social", []),
        ("@abcdefghijklmnop", []),
        ("@bobé é@bob", []),
        ("http://x.org/@bob medium.com/@bob", []),
        ("@bob's @bob-smith @bob.", ["bob"]),
        ("@ bob @@bob @!", []),
        ("@bob://x", []),
        ("RT @bob: hi", ["bob"]),
        ("so…@bob, not post+…@birds.example, whose secret was taken out", ["bob"]),
    ],
)
def test_who_is_mentioned(text, names):
    assert mentions(text) == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("@Bob hi", "bob"),
        ("@bob: hi", "bob"),
        ("@bob", "bob"),
        (".@bob hi", None),
        ("hi @bob", None),
        ("@bob@x.org", None),
        ("", None),
    ],
)
def test_whom_a_text_is_addressed_to(text, name):
    assert leading_mention(text) == name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#Lunch and #lunch at #Café!", ["lunch", "café"]),
        ("#2026 #1st #_ #_a", ["1st", "_a"]),
        ("a#b &#39; ##x #x#y", []),
        ("#Straße #ΣΊΣΥΦΟΣ", ["strasse", "σίσυφοσ"]),
        ("#हिन्दी #ไทย #日本語。", ["हिन्दी", "ไทย", "日本語"]),
        ("#می\u200cخواهم", ["می\u200cخواهم"]),
        ("＃fullwidth", ["fullwidth"]),
        ("#tag❤️ #️⃣1 (#in) “#quoted”", ["tag", "in", "quoted"]),
        ("http://x.org/#part /#no", []),
        ("#" + "a" * 139, ["a" * 139]),
        ("#" + "a" * 140, []),
    ],
)
def test_which_tags_a_text_has(text, found):
    assert tags(text) == found


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see http://x.org/a?b=c&d#e.", ["http://x.org/a?b=c&d#e"]),
        ("(http://x.org/a_(b)) https://y.org/!", ["http://x.org/a_(b)", "https://y.org/"]),
        ("“http://x.org” <http://y.org>", ["http://x.org", "http://y.org"]),
        ("www.x.org, WWW.Y.org", ["http://www.x.org", "http://WWW.Y.org"]),
        ("HTTPS://X.org", ["HTTPS://X.org"]),
        ("见http://x.org/a。谢谢 http://y.org中", ["http://x.org/a", "http://y.org"]),
        ("http://x.org—that’s it http://y.org/a…more", ["http://x.org", "http://y.org/a"]),
        ("http://x.org🎉", ["http://x.org"]),
        ("http://localhost:8140/@bob/1", ["http://localhost:8140/@bob/1"]),
        ("http://[::1]/", ["http://[::1]/"]),
        ("http:// https://... www. www.x ftp://x.org x.org awww.x.org", []),
        ("javascript:alert(1) ahttp://x.org", []),
    ],
)
def test_which_links_a_text_has(text, urls):
    assert [part.url for part in parts(text) if isinstance(part, Link)] == urls


def test_the_parts_of_a_text_say_how_each_was_written():
    assert parts("Hi @Bob, #Tag www.x.org.") == [
        Plain("Hi "),
        Mention("bob", "@Bob"),
        Plain(", "),
        Tag("tag", "#Tag"),
        Plain(" "),
        Link("http://www.x.org", "www.x.org"),
        Plain("."),
    ]


@given(ANY_TEXT | MARKED)
def test_the_parts_joined_are_the_text(text):
    found = parts(text)
    assert "".join(part.text for part in found) == text
    assert mentions(text) == list(dict.fromkeys(part.name for part in found if isinstance(part, Mention)))
    assert tags(text) == list(dict.fromkeys(part.tag for part in found if isinstance(part, Tag)))
    assert not any(isinstance(one, Plain) and isinstance(next_, Plain) for one, next_ in pairwise(found))


@given(MARKED.map(normalise))
def test_a_text_is_addressed_to_its_first_mention_or_nobody(text):
    name = leading_mention(text)
    assert name is None or mentions(text)[0] == name


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["http://", "www.", "@", "#", "#a", "@a ", "(", "http://a(", "#\u0301", "www.a.a)", "1#"]
)
def test_a_hundred_thousand_characters_are_taken_apart_at_once(unit):
    text = unit * (100_000 // len(unit))
    assert "".join(part.text for part in parts(text)) == text


# ---- too long

PAGE = "https://birdwire.example.org/@alice/123"


def test_a_long_text_is_cut_at_a_word_and_ends_with_the_link():
    cut = shorten("word " * 40, PAGE)
    assert cut == "word " * 19 + f"word… {PAGE}"
    assert len(cut) <= 140


def test_the_comma_before_the_cut_goes():
    assert shorten("word, " * 40, PAGE).endswith(f"word… {PAGE}")


def test_a_text_that_fits_is_not_cut():
    assert shorten("a" * 140, PAGE) == "a" * 140


def test_a_giant_word_is_cut_inside_but_no_family_is_parted():
    family = "👨\u200d👩\u200d👧\u200d👦"
    cut = shorten(family * 40, PAGE).removesuffix(f"… {PAGE}")
    assert cut == family * (len(cut) // len(family))


def test_no_flag_is_cut_in_half():
    cut = shorten("a" + "🇩🇪" * 100, PAGE).removesuffix(f"… {PAGE}")
    assert cut == "a" + "🇩🇪" * (len(cut) // 2)


def test_a_link_stays_whole_when_a_text_is_split():
    url = f"https://example.org/{'a' * 90}"
    pieces = split(f"Please do read this one: {url} before we meet tomorrow")
    assert pieces == ["(1/2) Please do read this one:", f"(2/2) {url} before we meet tomorrow"]


def test_a_link_is_dropped_rather_than_broken():
    text = f"Read this: https://example.org/{'a' * 200}"
    assert shorten(text, PAGE) == f"Read this… {PAGE}"


@given(ANY_TEXT | st.text(st.sampled_from("ab \n\u0301👨\u200d,🇩🇪"), min_size=120, max_size=300), st.integers(10, 100))
def test_what_is_cut_has_at_most_140_characters_and_is_in_normal_form(raw, size):
    text, link = normalise(raw), "http://" + "x" * (size - 7)
    cut = shorten(text, link)
    assert length(cut) <= 140
    assert normalise(cut) == cut
    if len(text) > 140:
        kept = cut.removesuffix(f"… {link}")
        assert text.startswith(kept)


def test_where_no_room_is_left_the_link_stands_alone():
    assert shorten("word " * 40, "http://" + "x" * 150) == "… http://" + "x" * 150


def test_a_long_text_is_split_into_numbered_pieces():
    pieces = split("word " * 50)
    assert pieces is not None
    assert [piece[:6] for piece in pieces] == ["(1/2) ", "(2/2) "]
    assert " ".join(piece[6:] for piece in pieces).split() == ["word"] * 50


def test_a_short_text_is_one_piece_without_a_number():
    assert split("hi") == ["hi"]


def test_what_needs_more_pieces_than_allowed_is_not_split():
    assert split("word " * 82) is None
    assert split("word " * 82, most=4) is not None
    assert split("word " * 40, most=1) is None


def test_the_pieces_of_what_is_addressed_to_somebody_stay_addressed():
    pieces = split("@Bob " + "word " * 40)
    assert pieces is not None
    assert [leading_mention(piece) for piece in pieces] == ["bob", "bob"]
    assert pieces[1].startswith("@Bob (2/2) word")


@given(st.text(st.sampled_from("abc \n\u0301👨\u200d@"), min_size=100, max_size=460).map(normalise), st.integers(1, 4))
@example("@bob " + "a" * 140, 3)
@example("@bob" + " " * 140 + ".", 3)
def test_pieces_have_at_most_140_characters_and_lose_no_word(text, most):
    pieces = split(text, most)
    if pieces is None:
        assert len(text) > 140
        return
    assert len(pieces) <= most
    assert all(length(piece) <= 140 and normalise(piece) == piece for piece in pieces)
    if len(pieces) > 1:
        start = leading_mention(text)
        bare = [piece[len(start) + 2 if start else 0 :][6:] for piece in pieces]
        whole = text[len(start) + 1 :] if start else text
        assert "".join("".join(bare).split()) == "".join(whole.split())
