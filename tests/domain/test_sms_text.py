"""What a text costs as SMS, and what is made plain to save a segment.

The counts in the tables are those of the provider's own counter (the npm package sms-segments-calculator 1.3.0).
"""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.sms_text import Composed, compose, is_gsm, segments, without_pictures

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"


def test_the_alphabet_has_127_characters_and_10_that_take_two_places():
    assert len(set(BASIC)) == 127
    assert {c for c in map(chr, range(0x110000)) if is_gsm(c)} == set(BASIC) | set(EXTENSION)
    assert all(segments(c * 160) == 1 for c in BASIC)
    assert all((segments(c * 80), segments(c * 81)) == (1, 2) for c in EXTENSION)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the pair does not fit place 153, so it opens the second segment
        ("a" * 151 + "€" + "a" * 153, 2),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("я" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),  # 67 units hold 33 pairs
        ("`", 1),
        ("`" * 71, 2),
        ("á" * 71, 2),
        ("alice: " + "x" * 139, 1),
        ("alice: “" + "x" * 138, 3),
    ],
)
def test_how_many_segments_a_text_takes(text, count):
    assert segments(text) == count


def packed(text: str) -> int:
    """The count by packing the places one after the other."""
    if all(c in BASIC + EXTENSION for c in text):
        sizes, whole, part = [2 if c in EXTENSION else 1 for c in text], 160, 153
    else:
        sizes, whole, part = [len(c.encode("utf-16-le", "surrogatepass")) // 2 for c in text], 70, 67
    if sum(sizes) <= whole:
        return 1
    filled = [0]
    for size in sizes:
        if filled[-1] + size > part:
            filled.append(0)
        filled[-1] += size
    return len(filled)


ANY_TEXT = st.text(st.characters(), max_size=500)
SMS_TEXT = st.text(st.sampled_from(BASIC + EXTENSION * 3), max_size=500)
TYPOGRAPHIC = st.text(st.sampled_from(BASIC[:40] + "“”‘’–—…\u00a0áíóúçłđŽ½°\u200b\u0301\u0336я😀"), max_size=300)


@given(ANY_TEXT | SMS_TEXT | TYPOGRAPHIC)
@example("€" * 153)
def test_the_count_is_that_of_packing_one_after_the_other(text):
    assert segments(text) == packed(text)


# ---- made plain

LONG = "x" * 70


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“It’s” ‘here’ „now‟ «so» ‹it›", '"It\'s" \'here\' "now" "so" \'it\''),
        ("a–b—c…d\u00a0e\u2009f\tg", "a-b-c...d e f g"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen", "zerowidth softhyphen"),
        ("Já não há pão à noite", "Ja nao ha pao à noite"),
        ("Zażółć gęślą jaźń", "Zazolc gesla jazn"),
        ("Łódź Đà Nẵng İstanbul ığdır", "Lodz Dà Nang Istanbul igdir"),
        ("garçon Çelik œuvre Œuvre þú ẞ", "garcon Çelik oeuvre OEuvre thu SS"),
        ("e\u0301te\u0301 n\u0303 x\u0304", "été ñ x"),
        ("ﬁne Ⅳ ＡＢ１！", "fine IV AB1!"),
        ("1½ cups at 20°C", "1 1/2 cups at 20 deg C"),
        ("→ © ® ™ № ≤ ±", "-> (c) (R) (TM) No. <= +/-"),
        ("`code´ 3×4÷2 − 1", "'code' 3x4/2 - 1"),
        ("“http://x.org/~a” – www.y.org…", '"http://x.org/~a" - www.y.org...'),
        ("à è é ü ß € [ok] ’", "à è é ü ß € [ok] '"),
    ],
)
def test_what_is_made_plain(text, plain):
    assert compose(text + LONG) == Composed(plain + LONG, 1)


@pytest.mark.parametrize(
    "text",
    [
        "short “quotes” that fit one segment anyway",
        "Привет “мир” " * 10,
        "Ελληνικά “Δ” " * 10,
        "你好“世界” " * 20,
        "“emoji” 😀 " * 20,
        "“heart” ❤ " * 20,
        "“he” שלום " * 20,
        "s\u0336t\u0336r\u0336uck “out” " * 10,
        "a link keeps its accents: http://example.org/café?q=– and that is final",
        "x² + y² = “z²” " * 10,
        "“𝐛𝐨𝐥𝐝” " * 20,
        "“a\ud800” " * 20,
    ],
)
def test_what_cannot_become_plain_as_a_whole_or_saves_nothing_goes_out_as_it_is(text):
    assert compose(text) == Composed(text, segments(text))


def test_a_text_that_is_gsm_already_is_not_touched():
    text = "Crème brul[é]e € ~ " * 9
    assert compose(text) == Composed(text, segments(text))


def test_plain_text_is_not_taken_when_it_is_longer_in_the_end():
    text = "№" * 70
    assert segments(text) == 1
    assert compose(text).text == text


@given(ANY_TEXT | TYPOGRAPHIC)
def test_composing_never_costs_more_and_loses_no_letter(text):
    composed = compose(text)
    assert composed.segments == segments(composed.text) <= segments(text)
    assert compose(composed.text) == composed
    if composed.text != text:
        assert is_gsm(composed.text)
        assert letters(composed.text) >= letters(text)


def letters(text: str) -> int:
    return sum(unicodedata.category(c)[0] in "LN" for c in unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ok \N{GRINNING FACE}!", "ok !"),
        ("\N{PERSON WITH FOLDED HANDS}\U0001f3fd thanks", "thanks"),
        ("\u201cso\u201d", '"so"'),
        ("\u041f\u0440\u0438\u0432\u0435\u0442 \N{WAVING HAND SIGN}", "\u041f\u0440\u0438\u0432\u0435\u0442"),
        ("a\nb", "a\nb"),
    ],
)
def test_pictures_are_left_out_and_letters_never(text, kept):
    assert without_pictures(text) == kept
