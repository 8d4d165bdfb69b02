"""Texts in base64 are read where they certainly are that, and nowhere else."""

from base64 import b64encode

import pytest

from gateway.domain.base64_text import plain

WORDS = "The 41 is late again, so start without me. Käse is in the fridge."


@pytest.mark.parametrize("words", [WORDS, "Привет всем, сегодня собрание в семь часов вечера", "two\nlines " * 6])
def test_words_in_base64_are_words(words):
    assert plain(b64encode(words.encode()).decode()) == words


def test_lines_of_base64_are_one_text():
    packed = b64encode((WORDS * 3).encode()).decode()
    assert plain("\r\n".join(packed[n : n + 76] for n in range(0, len(packed), 76))) == WORDS * 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hi",
        WORDS,
        b64encode(b"a short one").decode(),
        "x" * 80,
        "https://example.org/" + "a" * 60,
        b64encode(bytes(range(256))).decode(),
        b64encode(b"nospacesinthisatallnospacesinthisatallnospacesinthisatall").decode(),
        b64encode(WORDS.encode()).decode()[:-1],
        f"look: {b64encode(WORDS.encode()).decode()}",
    ],
)
def test_anything_else_stays_as_it_is(text):
    assert plain(text) == text
