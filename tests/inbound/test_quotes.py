"""A person's own words out of what they sent, in the languages people write and as mail programs write them."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.quotes import NOT_THEIRS, Words, own_words
from tests.inbound.mails import SAMPLES, Sample
from tests.inbound.phrases import LANGUAGES, Language

OLDER = "Coffee?\n\nIf so, where: here or there?"
QUOTED = "\n".join(f"> {line}".rstrip() for line in OLDER.split("\n"))


def each(field: str) -> "pytest.MarkDecorator":
    """Every phrase of a kind, in every language."""
    return pytest.mark.parametrize(
        ("language", "phrase"),
        [
            pytest.param(language, phrase, id=f"{language.name}: {' '.join(phrase.split())[:50]}")
            for language in LANGUAGES
            for phrase in getattr(language, field)
        ],
    )


def without_blank_lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\xa0", " ").split("\n") if line.strip()]


def wrapped(line: str) -> Iterator[str]:
    """A line as programs break it: in two, not near its beginning."""
    words = line.split(" ")
    for at in range(1, len(words)):
        if len(" ".join(words[:at])) < 35:
            continue
        yield " ".join(words[:at]) + "\n" + " ".join(words[at:])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_person_s_own_words_stay_and_nothing_else_does(sample: Sample) -> None:
    assert own_words(sample.text, answers=sample.answers).own == sample.words


@each("introductions")
def test_a_quote_below_goes_with_the_line_that_introduces_it(language: Language, phrase: str) -> None:
    for introduction in (phrase, *wrapped(phrase)):
        words = own_words(f"{language.says}\n\n{introduction}\n\n{QUOTED}\n")
        assert words.own == language.says
        assert without_blank_lines(words.cut) == without_blank_lines(f"{introduction}\n{QUOTED}")


@each("introductions")
def test_a_line_of_the_person_s_own_right_above_an_introduction_stays(language: Language, phrase: str) -> None:
    for line in (
        language.answer,
        language.says.split("\n\n")[0],
        phrase.split(" ")[0] + " ok.",
        "On my way",
        "At noon,",
    ):
        assert own_words(f"{line}\n{phrase}\n{QUOTED}\n").own == line
        assert own_words(f"{line}\n{phrase}\n\n{OLDER}\n", answers=True).own == line


@each("introductions")
def test_an_answer_below_the_quote_stays(language: Language, phrase: str) -> None:
    assert own_words(f"{phrase}\n{QUOTED}\n\n{language.says}\n").own == language.says


@each("introductions")
def test_answers_between_the_lines_stay_in_their_order(language: Language, phrase: str) -> None:
    first, second = language.says.split("\n\n")
    text = f"{first}\n\n{phrase}\n> Coffee?\n{second}\n> When?\n>\n> At noon?\n{language.answer}\n> Bye\n"
    assert without_blank_lines(own_words(text).own) == [first, second, language.answer]


@each("introductions")
def test_an_older_mail_without_quote_marks_goes_with_the_line_that_introduces_it(
    language: Language, phrase: str
) -> None:
    words = own_words(f"{language.says}\n\n{phrase}\n\n{OLDER}\n", answers=True)
    assert words == Words(language.says, f"{phrase}\n\n{OLDER}")


@each("introductions")
def test_a_line_that_introduces_a_quote_within_a_quote_is_quoted(language: Language, phrase: str) -> None:
    text = f"{language.says}\n\n> {phrase}\n> \n>> {OLDER.splitlines()[0]}\n"
    assert own_words(text).own == language.says


@each("heads")
def test_an_older_mail_goes_with_the_headers_above_it(language: Language, phrase: str) -> None:
    for rule in ("", "________________________________\n", "-----------------------\n"):
        for head in (phrase, "\n\n".join(phrase.split("\n")), phrase.replace(" ", "\xa0", 3)):
            words = own_words(f"{language.says}\n\n{rule}{head}\n\n{OLDER}\n")
            assert words.own == language.says
            assert without_blank_lines(words.cut) == without_blank_lines(f"{rule}{head}\n{OLDER}")


@each("titles")
def test_an_older_or_forwarded_mail_goes_with_its_title(language: Language, phrase: str) -> None:
    words = own_words(f"{language.says}\n\n{phrase}\n{language.heads[0]}\n\n{OLDER}\n")
    assert words.own == language.says
    assert OLDER in words.cut
    assert own_words(f"{language.says}\n\n{phrase}\n\n{OLDER}\n").own == language.says


@each("titles")
def test_a_mail_forwarded_without_a_word_is_what_was_forwarded(language: Language, phrase: str) -> None:
    assert own_words(f"{phrase}\n{language.heads[0]}\n\n{OLDER}\n").own == OLDER


@each("phones")
def test_the_last_line_of_phones_and_apps_goes(language: Language, phrase: str) -> None:
    assert own_words(f"{language.says}\n\n{phrase}\n") == Words(language.says, phrase)
    below = f"{language.introductions[0]}\n{QUOTED}"
    assert own_words(f"{language.says}\n\n{phrase}\n\n{below}\n").own == language.says
    assert own_words(f"{language.says}\n\n{phrase}\n\n{language.heads[0]}\n\n{OLDER}\n").own == language.says


@each("closings")
def test_how_people_close_goes_with_their_name(language: Language, phrase: str) -> None:
    assert own_words(f"{language.says}\n\n{phrase}\n").own == language.says
    assert own_words(f"{language.says}\n\n{phrase}\n\n{language.phones[0]}\n").own == language.says
    assert own_words(f"{language.says}\n\n{phrase}\n\n{language.heads[0]}\n\n{OLDER}\n").own == language.says


@each("footers")
def test_what_lawyers_add_goes(language: Language, phrase: str) -> None:
    for rule in ("", "________________\n", "*****\n"):
        words = own_words(f"{language.says}\n\n{rule}{phrase}\n")
        assert words.own == language.says
        assert phrase in words.cut
    assert own_words(f"{language.says}\n\n{language.closings[0]}\n\n{phrase}\n").own == language.says


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
@pytest.mark.parametrize("only", ["phones", "closings", "footers", "titles", "heads", "introductions"])
def test_what_is_all_that_a_mail_says_is_never_cut_to_nothing(language: Language, only: str) -> None:
    for phrase in getattr(language, only):
        if "\n" in phrase or only != "phones":  # the line of a phone says nothing about what its owner would say
            assert own_words(phrase).own.strip()


@pytest.mark.parametrize(
    "text",
    [
        "On my birthday grandma wrote:\nhappy birthday",
        "On 3 May 2019 she wrote:\n\nImagination is more important.\n\nI like that.",
        "From: the kitchen\nlunch is ready",
        "From here it is far.\nTo: nobody in particular",
        "Note: bring milk\nAlso: bread\nAnd: time",
        "one\n-----\ntwo",
        "To buy:\n- milk\n- bread\n* tea",
        "Thanks,\nthat was a good talk and I learned a lot about birds.\n\nSecond paragraph.",
        "Got it.\nThanks,\nsee you at noon then",
        "Best of all:\nthe owl is back",
        "This message is for Bob: come home.\nDinner is ready.",
        "At 10:30 we meet:\nbring tea",
        "I wrote to bob@example.org at 10:15:\nno answer yet",
        "Viele Grüße aus Rom, es ist warm\nund sonnig",
        "Von: Rom\nAn: euch alle\nwir kommen",
        "Le matin:\ncafé",
        "Den besten Kaffee gibt es hier:\nam Bahnhof",
        "W dniu premiery:\nbrawo",
        "В полдень:\nкофе",
        "2026年11月22日は:\n祝日です",
        "Sent from the top of the mountain to all of you down there in the valley, and it is a long line, so it is "
        "mine.\n"
        "And more.",
        "```\nFrom: a\n```",
        "Subject: something\nand no more of it",
        "De: nada",
        "P.S.: one more thing",
        "https://birds.example/owl\nhttps://birds.example/wren",
        "1. first:\n2. second:\n3. third:",
        "Von meinem Balkon aus:\nein Falke",
        "Hallo Bob,\nDanke.\nIch komme um acht",
        "Hi Bob,\nThanks.\nIt was a good talk",
        "You were a great audience.\nThank you!",
        "好的\n谢谢\n明天见",
        "Come at eight.\n\nBest regards\nBob\n\nP.S. Bring the map.",
        "Come at eight.\n\n-- \nBob\n\nPS: bring the map".replace("-- ", "--"),
        "Kommt um acht.\n\nViele Grüße\nBob\n\nPS: die Karte!",
        "Ciao,\nvengo alle otto",
        "Grüße aus Rom, es ist warm",
        "The best,\nthe very best owls",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert own_words(text) == Words(text, "")


def test_what_was_quoted_above_a_forwarded_mail_stays_apart_from_the_words() -> None:
    text = (
        "Look at this.\n\n---------- Forwarded message ---------\nFrom: Carol <carol@example.org>\n\nThe owl is back.\n"
    )
    assert own_words(text) == Words(
        "Look at this.", "---------- Forwarded message ---------\nFrom: Carol <carol@example.org>\n\nThe owl is back."
    )


def test_an_answer_of_nothing_but_a_quote_has_no_words_and_says_what_was_cut() -> None:
    words = own_words(f"On 22/11/2026 10:15, alice wrote:\n{QUOTED}\n", answers=True)
    assert words.own == ""
    assert "Coffee?" in words.cut


def test_lines_that_markup_calls_a_quote_are_cut_wherever_they_stand() -> None:
    text = f"one\n{NOT_THEIRS}theirs\ntwo\n{NOT_THEIRS}theirs too\nthree"
    assert own_words(text) == Words("one\ntwo\nthree", "theirs\ntheirs too")
    assert own_words(f"{NOT_THEIRS}only theirs") == Words("only theirs", "")
    assert own_words(f"{NOT_THEIRS}only theirs", answers=True) == Words("", "only theirs")


def test_a_long_text_under_two_dashes_is_no_signature() -> None:
    text = "one\n-- \n" + "\n".join(f"line {number} of a poem" for number in range(40))
    assert own_words(text).own == text.replace("-- ", "--")


PIECES = [
    phrase
    for language in LANGUAGES
    for field in ("introductions", "heads", "titles", "phones", "closings", "footers")
    for phrase in getattr(language, field)
]
PHONES = frozenset(phrase for language in LANGUAGES for phrase in language.phones)
LINES = st.sampled_from([*PIECES, "", "> a", ">> b", "-- ", "a", "a:", "_____", f"{NOT_THEIRS}x"]) | st.text(
    max_size=20
)


@given(st.lists(LINES, max_size=8), st.booleans())
def test_every_word_is_either_kept_or_told_as_cut(pieces: list[str], answers: bool) -> None:
    text = "\n".join(pieces)
    words = own_words(text, answers=answers)

    def said(text: str) -> list[str]:
        return sorted(text.replace("\xa0", " ").replace(NOT_THEIRS, "").replace(">", " ").split())

    assert said(f"{words.own}\n{words.cut}") == said(text)


@given(st.lists(LINES.filter(lambda line: line not in PHONES), max_size=8))
def test_own_words_are_never_cut_to_nothing_outside_an_answer(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    if any(char.isalnum() for char in text):
        assert own_words(text).own


@pytest.mark.parametrize(
    "line",
    [
        "On " * 30_000,
        "From: a\n" * 12_000,
        "> " * 50_000,
        "On 10:15 a@b.c wrote:\n" * 4000,
        "Am\n" * 30_000,
        "-" * 100_000,
        "(" * 90_000,
        "this e-mail " * 8000,
        "this e-mail\n" * 8000,
        "x<" * 50_000,
        "a:\n" * 30_000,
        "On a\n" * 20_000 + ":",
        "von: a\n\n" * 12_000,
        ">:\n" * 30_000,
        "a" * 99_999 + ":",
        ("On " + "9 " * 190 + ":\n") * 250,
        "best\n" * 20_000,
        "-- \n" * 30_000,
        "a@" * 50_000 + ":",
        "__\n" * 30_000,
        "sent from\n" * 10_000,
    ],
)
def test_hostile_text_is_read_quickly(line: str) -> None:
    begun = time.process_time()
    own_words(line)
    assert time.process_time() - begun < 2
