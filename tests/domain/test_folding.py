"""The words of a text, folded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.folding import LONGEST, MOST, fold, one_word


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Lost KEYS, lost keys!", ["lost", "keys"]),
        ("Café café cafe\u0301 CAFE", ["cafe"]),
        ("Straße STRASSE", ["strasse"]),
        ("#wifi @bob https://x.org/a_b", ["wifi", "bob", "https", "x", "org", "a", "b"]),
        ("room 101, 3.14", ["room", "101", "3", "14"]),
        ("ﬁne ＷＩＦＩ №5", ["fine", "wifi", "no5"]),
        ("Ёлка елка", ["елка"]),
        ("שָׁלוֹם שלום", ["שלום"]),
        ("हिन्दी", ["हिन्दी"]),
        ("がか", ["がか"]),
        ("น้ำ", ["น้ํา"]),
        ("한국어", ["한국어"]),
        ("☃ … \u0301", []),
        ("", []),
    ],
)
def test_a_text_has_these_words(text: str, words: list[str]) -> None:
    assert fold(text) == words


def test_one_word_is_one_word_and_nothing_else() -> None:
    assert one_word(" WiFi! ") == "wifi"
    assert one_word("wi-fi") is None
    assert one_word("?") is None


@given(st.text(max_size=300))
def test_folding_again_changes_nothing_and_no_word_can_end_a_query(text: str) -> None:
    words = fold(text)
    assert fold(" ".join(words)) == words
    assert all(word and not set(word) & set(" \"'\\&|!()*:") for word in words)


def test_words_are_bounded() -> None:
    assert [len(word) for word in fold("x" * 10_000)] == [LONGEST]
    assert len(fold(" ".join(map(str, range(5_000))))) == MOST
