"""Whose language is spoken, and until when."""

import asyncio

import pytest

from gateway.domain.speech import ENGLISH, Language, Languages, Speaking, counted, mark, say, spoken

SHOUTING = Language("xx", str.upper, lambda one, many, n: (one if n < 3 else many).upper())
LANGUAGES = Languages({"en": ENGLISH, "xx": SHOUTING})


def test_english_is_spoken_where_nothing_else_is() -> None:
    assert spoken() is ENGLISH
    assert say("You are {name} now.", name="ann") == "You are ann now."
    assert [counted("{n} post", "{n} posts", n) for n in (0, 1, 2)] == ["0 posts", "1 post", "2 posts"]
    assert mark("just so") == "just so"


def test_a_language_is_spoken_in_its_block_and_what_was_before_is_spoken_after() -> None:
    with LANGUAGES.speaking("xx"):
        assert say("hello {NAME}", NAME="ann") == "HELLO ann"
        assert counted("{N} post".lower(), "posts", 2, N="x")
        with LANGUAGES.speaking("en"):
            assert say("hello") == "hello"
        assert say("hello") == "HELLO"
    assert say("hello") == "hello"


def test_an_error_does_not_leave_a_language_behind() -> None:
    def fail() -> None:
        with LANGUAGES.speaking("xx"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert spoken() is ENGLISH


def test_who_has_chosen_none_or_one_that_is_gone_is_spoken_to_as_the_site_has_it() -> None:
    site = Languages(LANGUAGES.by_code, SHOUTING)
    assert [site.of(code) for code in (None, "", "tlh", "en", "xx")] == [
        SHOUTING,
        SHOUTING,
        SHOUTING,
        ENGLISH,
        SHOUTING,
    ]
    assert site.said(lambda: say("hello"), None) == "HELLO"
    assert site.in_each(lambda: say("hello")) == ["hello", "HELLO"]


def test_words_that_somebody_wrote_are_no_template() -> None:
    for written in ("{name}", "{", "}", "{0.__class__}", "%(n)s", "100 %"):
        assert say("{text}!", text=written) == f"{written}!"
        assert counted("{n} {text}", "{n} {text}", 2, text=written) == f"2 {written}"


async def test_people_who_are_served_at_once_do_not_hear_each_others_language() -> None:
    met = asyncio.Barrier(2)

    async def serve(code: str) -> list[str]:
        heard = []
        with LANGUAGES.speaking(code):
            for _ in range(3):
                await met.wait()
                heard.append(say("hello"))
        return heard

    assert await asyncio.gather(serve("en"), serve("xx")) == [["hello"] * 3, ["HELLO"] * 3]
    assert spoken() is ENGLISH


async def test_what_a_task_begins_does_not_change_what_its_maker_speaks() -> None:
    async def speak() -> None:
        Speaking(SHOUTING).__enter__()

    await asyncio.create_task(speak())
    assert spoken() is ENGLISH
