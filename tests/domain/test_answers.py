"""Every answer in every language: what it costs, what the law wants in it, and that nobody's words break it."""

import inspect
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import command_help, poll, reply, reply_posts, reply_site
from gateway.domain.command_table import TABLE
from gateway.domain.reply_form import SEGMENT
from gateway.domain.sms_text import is_gsm, segments
from gateway.domain.speech import Language, Languages, Speaking
from gateway.languages import codes, languages
from tests.domain.answers import MAILBOX, NAME, SITE, URL, answers, functions

ALL = languages()
OTHERS = [code for code in codes() if code != "en"]
_ENGLISH_LETTERS = re.compile(r"[A-Za-z]{2,}")

THEIR_OWN = ("reply_reading.post-", "reply_reading.whois-", "reply_mail.handed_on")
"""Answers that repeat what somebody wrote."""

WRAPPED = Language(
    "xx",
    lambda template: f"⟦{template}⟧",
    lambda one, many, number: f"⟦{one if number == 1 else many}⟧",
)


@pytest.mark.parametrize("code", OTHERS)
def test_an_answer_costs_no_more_than_in_english(code: str) -> None:
    dear = {}
    for name, words in answers():
        english, said = ALL.said(words, "en"), ALL.said(words, code)
        if segments(said) > segments(english) or (is_gsm(english) and not is_gsm(said)):
            dear[name] = (len(said), said)
    assert not dear


def test_an_answer_that_is_one_text_in_english_is_one_in_gsm_letters() -> None:
    one = [words for _, words in answers() if segments(ALL.said(words, "en")) == 1]
    assert len(one) > 200
    for words in one:
        for said in ALL.in_each(words):
            assert not is_gsm(ALL.said(words, "en")) or (is_gsm(said) and segments(said) == 1), said


@pytest.mark.parametrize("code", codes())
def test_who_opts_in_is_told_the_programme_the_frequency_the_rates_help_and_stop(code: str) -> None:
    with ALL.speaking(code):
        frequency_and_rates = reply.terms("-")[:-2]
        for said in (
            reply.joined(SITE, NAME),
            reply.joined_by_following(SITE, NAME, can_join=True),
            reply.started(SITE, "", known=False),
            reply.claimed(SITE, NAME),
            reply_site.signed_up(SITE, NAME),
        ):
            assert said.startswith(f"{SITE}: ")
            assert frequency_and_rates in said
            assert {"HELP", "STOP"} <= set(re.findall(r"\b[A-Z]+\b", said))
        asked = reply.prove_phone(SITE, NAME, "482913")
        assert {"HELP", "STOP", "482913"} <= set(re.findall(r"\b[A-Z0-9]+\b", asked))


def test_the_terms_in_german() -> None:
    with ALL.speaking("de"):
        assert reply.joined("Ulm", "ann") == (
            "Ulm: du bist ann. Jede SMS wird ein Beitrag. Anzahl der SMS variiert. Es gilt dein Tarif. "
            "HELP für Hilfe, STOP zum Beenden."
        )


@pytest.mark.parametrize("code", codes())
def test_help_fits_one_text(code: str) -> None:
    link = f"https://{'x' * 47}/help"
    with ALL.speaking(code):
        for contact in ("", MAILBOX):
            said = reply.help_(SITE, URL, contact)
            assert segments(said) == 1
            assert "STOP" in said
            assert segments(reply.help_after_stop(SITE, URL, contact)) == 1
        for topic in (None, *{word for row in TABLE for word in row.words}):
            said = command_help.help_text(topic, link)
            assert segments(said) == 1, (topic, said)
            assert said.endswith(link)


@pytest.mark.parametrize("code", codes())
def test_a_result_fits_one_text(code: str) -> None:
    with ALL.speaking(code):
        said = poll.result("q" * 140, ("pizza", "soup"), {1: 100_000})
        assert segments(f"{SITE[:0]}{said}") == 1
        assert len(said) <= SEGMENT


def test_the_forms_of_commands_in_german() -> None:
    forms = {row.form: row for row in TABLE}
    with ALL.speaking("de"):
        assert command_help.form(forms["FOLLOW name"]) == "FOLLOW name"
        assert command_help.form(forms["SLEEP hours"]) == "SLEEP stunden"
        assert command_help.form(forms["POLL question / a / b"]) == "POLL frage / a / b"
        assert command_help.form(forms["VOTE n"]) == "VOTE n"
    assert all(command_help.form(row) == row.form for row in TABLE)


def test_what_stands_for_something_in_a_form_is_known() -> None:
    with Speaking(WRAPPED):
        for row in TABLE:
            left = re.sub("⟦.*?⟧", "", command_help.form(row))
            assert not re.findall("[a-z]{2,}", left), left


def test_no_answer_has_a_word_that_is_not_said() -> None:
    wrapped = Languages({"xx": WRAPPED})
    allowed = {"MORE", *(word for value in (NAME, SITE, URL, MAILBOX) for word in _ENGLISH_LETTERS.findall(value))}
    for name, words in answers():
        said = wrapped.said(words, "xx")
        if name.startswith(THEIR_OWN):
            continue
        while "⟦" in said:
            fewer = re.sub("⟦[^⟦⟧]*(?:⟧|$)", "", said)
            assert fewer != said
            said = fewer
        assert set(_ENGLISH_LETTERS.findall(said)) <= allowed | {"login", "help", "x" * 32, "x" * 140}, (name, said)


@pytest.mark.parametrize("code", codes())
@given(data=st.data())
def test_whatever_is_put_into_an_answer_it_is_said(code: str, data: st.DataObject) -> None:
    name, function = data.draw(st.sampled_from(list(functions())))
    arguments = [_anything(data, each) for each in inspect.signature(function).parameters.values()]
    if None in arguments:
        return
    by_place = [value for value, each in arguments if each.kind is not each.KEYWORD_ONLY]  # type: ignore[misc]
    by_name = {each.name: value for value, each in arguments if each.kind is each.KEYWORD_ONLY}  # type: ignore[misc]
    with ALL.speaking(code):
        assert isinstance(function(*by_place, **by_name), str), name


def _anything(data: st.DataObject, parameter: inspect.Parameter) -> tuple[object, inspect.Parameter] | None:
    """A value of the parameter's type; None for types that are no words, numbers or choices."""
    kinds: dict[object, st.SearchStrategy[object]] = {str: st.text(), int: st.integers(0), bool: st.booleans()}
    strategy = kinds.get(parameter.annotation)
    return None if strategy is None else (data.draw(strategy), parameter)


def test_a_refusal_that_gives_the_text_back_gives_all_of_it() -> None:
    with ALL.speaking("de"):
        assert reply_posts.with_text(reply_posts.too_long(2), "{x}" * 60).endswith(f" Dein Text: {'{x}' * 60}")
        said: Callable[[], str] = reply_posts.duplicate
        assert said() == "Dasselbe hast du gerade eben geschrieben. Es steht nur einmal da."
