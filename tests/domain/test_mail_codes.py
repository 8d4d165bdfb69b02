"""What the status of a returned mail means: the table, what is refined, and what operators read of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import Fault
from gateway.domain.mail_codes import ACTIONS, CODES, FAULTS, Meaning, code_of, fault_of, status_of


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("5.1.1", Meaning.NO_MAILBOX),
        ("5.1.2", Meaning.NO_MAILBOX),
        ("5.1.99", Meaning.NO_MAILBOX),
        ("5.1.8", Meaning.OURS),
        ("5.2.1", Meaning.NO_MAILBOX),
        ("5.2.2", Meaning.NOT_NOW),
        ("5.2.3", Meaning.MESSAGE),
        ("5.2.99", Meaning.NOT_NOW),
        ("5.3.0", Meaning.NOT_NOW),
        ("5.3.4", Meaning.MESSAGE),
        ("5.4.4", Meaning.NO_MAILBOX),
        ("5.4.7", Meaning.NOT_NOW),
        ("5.5.0", Meaning.NO_MAILBOX),
        ("5.5.2", Meaning.OURS),
        ("5.6.0", Meaning.MESSAGE),
        ("5.7.1", Meaning.NOT_NOW),
        ("5.7.26", Meaning.OURS),
        ("5.7.17", Meaning.NO_MAILBOX),
        ("5.0.0", Meaning.NO_MAILBOX),
        ("5.9.9", Meaning.NO_MAILBOX),
        ("", Meaning.NO_MAILBOX),
        ("nonsense", Meaning.NO_MAILBOX),
        ("4.1.1", Meaning.NOT_NOW),
        ("4.4.7", Meaning.NOT_NOW),
        ("4.7.1", Meaning.NOT_NOW),
    ],
)
def test_a_status_means_what_the_table_says(status: str, meaning: Meaning) -> None:
    assert code_of(status).meaning is meaning
    assert code_of(status).words


@pytest.mark.parametrize(
    ("words", "given_as", "status"),
    [
        ("smtp; 550 5.1.1 user unknown", "5.1.1", "5.1.1"),
        ("smtp; 552 5.2.2 over quota", "5.0.0", "5.2.2"),
        ("smtp; 552 5.2.2 over quota", "5.1.1", "5.1.1"),
        ("smtp; 550 no such user", "5.0.0", "5.1.1"),
        ("smtp; 552 try later", "5.0.0", "5.2.2"),
        ("smtp; 554 delivery error: dd This user doesn't have a mail.example account", "5.0.0", "5.1.1"),
        ("smtp; 554 rejected", "5.0.0", "5.7.1"),
        ("smtp; 521 host takes no mail", "", "5.1.10"),
        ("smtp; 503 bad sequence", "", "5.5.1"),
        ("smtp; 451 greylisted", "4.0.0", "4.0.0"),
        ("421 4.4.2 connection lost", "", "4.4.2"),
        ("550-5.1.1 The account does not exist", "", "5.1.1"),
        ("#5.1.1 bad mailbox", "", "5.1.1"),
        ("The mailbox is full", "", "5.2.2"),
        ("retry timeout exceeded", "", "4.4.7"),
        ("Unknown user: bob", "", "5.1.1"),
        ("listed at a blocklist", "5.0.0", "5.7.1"),
        ("host 192.0.2.55 said: 5.7.1 no", "", "5.7.1"),
        ("something", "5.0.0", "5.0.0"),
        ("something", "2.0.0", "2.0.0"),
        ("room 550 is empty until 5.10.2026", "", "5.1.1"),
        ("", "", ""),
    ],
)
def test_words_tell_more_than_a_status_without_a_detail(words: str, given_as: str, status: str) -> None:
    assert status_of(words, given_as) == status


@given(st.text(max_size=300), st.text(max_size=20))
def test_any_words_have_a_fault(words: str, status: str) -> None:
    assert fault_of(f"{status_of(words, status)} {words}") in Fault


def test_every_meaning_has_its_fault_and_its_action_in_words() -> None:
    assert set(FAULTS) == set(ACTIONS) == set(Meaning)


@pytest.mark.parametrize("status", sorted(CODES))
def test_the_operators_page_says_what_each_status_means_and_leads_to(status: str) -> None:
    page = Path("docs/operations.md").read_text(encoding="utf-8")
    assert f"| {status} | {CODES[status].words} | {CODES[status].meaning} |" in page
    assert f"| {CODES[status].meaning} | {ACTIONS[CODES[status].meaning]} |" in page
