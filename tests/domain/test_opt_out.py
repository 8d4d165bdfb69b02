"""No more texts, in whatever words: the whole message must ask for it, and nothing else may."""

import string
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain import wish as c
from gateway.domain.command import parse
from gateway.domain.command_table import TABLE
from gateway.domain.opt_out import LONGEST, WORDS, is_request, may_be

ASKS = [
    "stop texting me",
    "Stop texting me!!!",
    "STOP TEXTING",
    "please stop",
    "Stop, please.",
    "stop now",
    "Stop stop stop",
    "please unsubscribe",
    "Unsubscribe me",
    "please unsubscribe me from this list, thanks",
    "unsubscribe from all messages",
    "stop sending me messages",
    "Stop sending these texts to my phone.",
    "stop messaging me",
    "stop contacting this number",
    "Please don't text me",
    "Don\u2019t text me again",
    "do not message this number anymore",
    "dont send me any more texts",
    "no more texts",
    "No more messages please",
    "I don\u2019t want any more texts",
    "i do not want to receive these messages",
    "I no longer wish to receive text messages from you.",
    "no longer want your texts",
    "unsub",
    "UNSUB me please",
    "Unsubscribe all",
    "remove me",
    "Remove me from your list",
    "remove my number",
    "take me off this list",
    "delete my number from your system",
    "opt me out",
    "Opt me out of these texts",
    "opt out please",
    "I want to opt out",
    "I'd like to unsubscribe",
    "can you please stop texting me?",
    "could you remove me from this service?",
    "cancel my subscription",
    "stop all texts",
    "stop the alerts",
    "end all messages",
    "I revoke my consent",
    "hi, please stop sending me updates \U0001f620",
    "stop\ntexting\nme",
    "ＳＴＯＰ ＴＥＸＴＩＮＧ ＭＥ",
    "st\u00f3p texting me",
    "st\u00adop texting me",
    *WORDS,
    *(word.upper() for word in WORDS),
    "Stopp!",
    "“ARRET”",
    "Arre\u0302t.",
    "Alto 🙏",
]
ASKS_NOT = [
    "",
    "?",
    "stop it",
    "stop by at nine",
    "stop sign",
    "Stop the press",
    "hey stop",
    "unsubscribe?",
    "opt out?",
    "stop texting me and come over",
    "stop texting me bob",
    "@bob stop texting me",
    "@stop texting me",
    "#stop texting me",
    "bob: stop texting me",
    "POST stop texting me",
    "R stop texting me",
    "he said stop texting me",
    "I won't stop texting me",
    "don't stop texting me",
    "do not unsubscribe",
    "never stop",
    "nonstop",
    "how do I unsubscribe",
    "please unsubscribe everybody",
    "no more updates today",
    "No more news",
    "I don't want any more",
    "I don't want to get texts from bob",
    "I don't want your messages to stop",
    "I no longer want to receive visitors",
    "do not want",
    "unsub bob",
    "unsubscribe all of them",
    "end of message",
    "remove me not",
    "remove meat",
    "take me out",
    "take me off",
    "take me home",
    "delete me",
    "leave me alone",
    "stop bugging me",
    "don't text me",
    "I cancel",
    "cancel the meeting",
    "end the meeting",
    "quit smoking",
    "fin",
    "basta",
    "alto saxophone",
    "para",
    "stopp mal",
    "arretez-vous ici",
    "STOP 2",
    "stop texting 5551234567",
    "stop texting me http://example.org",
]


@pytest.mark.parametrize("text", ASKS)
def test_a_request_in_plain_words_is_a_stop(text: str) -> None:
    assert is_request(text)
    assert parse(text) == c.Stop()


@pytest.mark.parametrize("text", ASKS_NOT)
def test_what_only_holds_such_words_is_none(text: str) -> None:
    assert not is_request(text)
    assert parse(text) != c.Stop()


def test_the_command_that_deletes_an_account_stays_one() -> None:
    assert parse("delete me") == c.DeleteMe()


@pytest.mark.parametrize("text", [*ASKS, *(word for row in TABLE if row.read("") == c.Stop() for word in row.words)])
@pytest.mark.parametrize("form", ["{}", "'{}'", " {}!", "({})."])
def test_the_quick_look_misses_none(text: str, form: str) -> None:
    said = form.format(text)
    assert parse(said) == c.Stop()
    assert may_be(said)
    assert may_be(said.lower())


def test_the_quick_look_spares_most_messages_the_reading() -> None:
    assert not any(map(may_be, ["see you at nine", "@bob yes", "R thanks", "1234", "", "JOIN alice", "x" * 500]))


WORD = st.text(string.ascii_lowercase, min_size=1, max_size=8)
FILLERS = {"please", "pls", "plz", "kindly", "now", "again", "anymore", "immediately", "asap", "thanks", "ok"} | {
    *("hi", "hello", "hey", "okay", "sorry", "just", "and", "all", "stop", "me", "us", "off", "sms", "texts", "texting")
}


@given(st.sampled_from(ASKS), st.sampled_from(["", " ", "\n", "! ", "“"]), st.sampled_from(["", ".", "!!", " 🙏", "”"]))
def test_case_space_and_ornaments_change_nothing(text: str, before: str, after: str) -> None:
    assert is_request(before + text.swapcase() + after) or text.swapcase().casefold() != text.casefold()


@given(st.sampled_from(ASKS), WORD.filter(lambda word: word not in FILLERS), st.booleans())
@example("stop", "sign", False)
def test_one_strange_word_at_either_end_makes_it_something_else(text: str, word: str, before: bool) -> None:
    assert not is_request(f"{word} {text}" if before else f"{text} {word}")


@given(st.text())
def test_a_message_without_any_word_of_refusal_is_none(text: str) -> None:
    refusals = ("stop", "text", "mess", "sub", "opt", "remove", "take", "get", "delete", "consent", "sms", "msgs")
    plain = text.casefold()
    if plain.isascii() and not any(word in plain for word in (*refusals, *WORDS, "quit", "arret")):
        assert not is_request(text)


@given(st.text(min_size=LONGEST + 1))
def test_what_is_long_says_more_than_that(text: str) -> None:
    assert not is_request(text)


def test_no_message_makes_it_slow() -> None:
    worst = ["please " * 14, "stop all the your my " * 4, "stop " * 20, "unsubscribe me from all the your my " * 2]
    start = process_time()
    for text in worst:
        for _ in range(100):
            is_request(text[:LONGEST])
    assert process_time() - start < 0.4  # it takes a fortieth of that
